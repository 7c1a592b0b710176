# options: -O
assert False
print(__debug__)
