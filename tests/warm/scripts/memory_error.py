# limits: AS=800000000
try:
    bytearray(10**10)
except MemoryError:
    print("MemoryError")
