import csv, json, io
with open("t.csv", "w", newline="") as f:
    csv.writer(f).writerows([["a", "b"], [1, "x,y"]])
with open("t.json", "w") as f:
    json.dump({"k": [1, 2.5, None, "ü"]}, f, indent=1)
print(open("t.csv").read(), json.load(open("t.json")))
