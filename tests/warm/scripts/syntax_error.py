print("never")
def broken(:
