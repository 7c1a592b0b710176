import sys
seen = []
sys.setprofile(lambda frame, event, arg: seen.append(frame.f_code.co_name) if event == "call" else None)
def g(): pass
g()
sys.setprofile(None)
print(seen)
