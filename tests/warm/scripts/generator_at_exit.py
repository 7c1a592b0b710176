def numbers():
    try:
        yield 1
    finally:
        print("closed")
g = numbers()
print(next(g))
