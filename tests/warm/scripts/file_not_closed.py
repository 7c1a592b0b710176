f = open("left-open.txt", "w")
f.write("written without closing\n" * 3)
