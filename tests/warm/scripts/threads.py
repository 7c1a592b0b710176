import threading
def work():
    print(threading.current_thread().name, threading.main_thread().name)
t = threading.Thread(target=work)
t.start()
print(threading.current_thread() is threading.main_thread(), threading.active_count() in (1, 2))
