# stdin: first\nsecond\n
print(input("? "), input())
try:
    input()
except EOFError as error:
    print("EOF", error)
