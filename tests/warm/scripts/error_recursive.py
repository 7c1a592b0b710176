import sys
def again(n):
    return again(n + 1)
try:
    again(0)
except RecursionError as error:
    print(error)
