import threading, time
def work():
    time.sleep(0.5)
    print("late")
threading.Thread(target=work).start()
print("main is done")
