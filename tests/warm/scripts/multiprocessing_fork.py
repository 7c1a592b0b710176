import multiprocessing
def work(n, q):
    q.put(n * 2)
if __name__ == "__main__":
    q = multiprocessing.Queue()
    ps = [multiprocessing.Process(target=work, args=(n, q)) for n in range(3)]
    for p in ps: p.start()
    print(sorted(q.get() for _ in ps))
    for p in ps: p.join()
    print([p.exitcode for p in ps], multiprocessing.current_process().name)
