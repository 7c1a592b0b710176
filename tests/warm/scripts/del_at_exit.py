class Thing:
    def __init__(self, name):
        self.name = name
    def __del__(self):
        print("gone", self.name)
one = Thing("one")
two = [Thing("two")]
two.append(two)
print("end")
