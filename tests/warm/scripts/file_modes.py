import os
os.umask(0o027)
with open("a.txt", "w") as f:
    print(oct(os.stat("a.txt").st_mode), f.fileno(), file=f)
os.makedirs("d/e")
print(sorted(os.listdir()), oct(os.stat("d").st_mode))
