# env: PYTHONHASHSEED=0
print(hash("text"), hash(b"bytes"), set("abcdef"))
