class Keep:
    pass
k = Keep()
k.me = k
k.file = open("cycle.txt", "w")
k.file.write("cycle")
