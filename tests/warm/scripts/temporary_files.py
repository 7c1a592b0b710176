import tempfile, os
d = tempfile.TemporaryDirectory(dir=".")
with tempfile.NamedTemporaryFile(dir=".", suffix=".x") as f:
    print(os.path.exists(f.name))
print(len(os.listdir(".")))
