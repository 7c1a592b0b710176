exec(compile("a = 1\nprint(a, __name__)", "<mine>", "exec"))
print(eval("a + 1"), (lambda: __name__)())
