# env: PYTHONHASHSEED=42
print(hash("text"), list({"a", "b", "c", "d"}))
