from concurrent.futures import ThreadPoolExecutor, ProcessPoolExecutor
def square(n):
    return n * n
if __name__ == "__main__":
    with ThreadPoolExecutor(2) as pool:
        print(list(pool.map(square, range(5))))
    with ProcessPoolExecutor(2) as pool:
        print(list(pool.map(square, range(5))))
