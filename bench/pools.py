"""Warm calls: hob's pools beside bare pipes to the same worker, and beside uWSGI over HTTP."""

import contextlib
import pathlib
import re
import selectors
import shutil
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ECHO = HERE / "echo_worker.py"
AHEAD = 4  # calls that a worker of the pool "ahead" is given at a time
WORKERS, CONNECTIONS = 2, 8
SERVER = "uWSGI's HTTP server, 2 processes"
BARE = "uWSGI's processes alone, 2"
THREADS = "uWSGI's processes alone, 2 of 4 threads"
RELAY = "a bare relay in C"
# hob's own, and what is said of each behind the name of the figure.
OURS = {"hob": "", "ahead": f", concurrency: {AHEAD}",
        "one thread": f", concurrency: {AHEAD}, --threads 1"}
# How uWSGI takes connections. A process that takes them by itself stays with one until it is closed, so
# that needs a thread for each.
HTTP_SERVER = ("--http", "--http-keepalive")
PROCESSES = ("--http11-socket",)
PROCESSES_OF_THREADS = ("--http11-socket", "--threads", str(CONNECTIONS // WORKERS))
BODY = ('{"jsonrpc":"2.0","id":1,"method":"echo",'
        '"params":{"name":"title","file":"talk.md","count":17}}')
APPLICATION = """
import json

def application(environ, start_response):
    request = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    answer = {"jsonrpc": "2.0", "id": request["id"], "result": request["params"]}
    body = json.dumps(answer).encode()
    start_response("200 OK", [("Content-Type", "application/json"),
                              ("Content-Length", str(len(body)))])
    return [body]
"""


def in_process(bench):
    # On one core: where the system puts a worker decides more than anything that is measured here.
    pinned = ["taskset", "-c", "0"] if shutil.which("taskset") else []
    done = subprocess.run([*pinned, bench.tools / "pool_calls", str(bench.count(20000)),
                           sys.executable, ECHO], stdout=subprocess.PIPE, text=True, check=True)
    found = dict(line.split() for line in done.stdout.splitlines())
    raw = (float(found["raw_p50_us"]) + float(found["raw_again_p50_us"])) / 2
    bench.add("warm call in process, p50", float(found["pool_p50_us"]), "us",
              "bare pipes, same worker", raw)


def start_hobd(bench, workers, free_port, process, *more):
    """Two pools of the same workers: one of them is given further calls while it is at work, which wait
    in its pipe."""
    settings = bench.scratch / "pools.yml"
    settings.write_text("pools:\n" + "".join(
        f"  {name}:\n    command: [{sys.executable}, {ECHO}]\n"
        f"    workers: {{min: {workers}, max: {workers}, concurrency: {concurrency}}}\n"
        for name, concurrency in (("echo", 1), ("ahead", AHEAD))))
    settings.chmod(0o600)
    port = free_port()
    return process([bench.binaries / "hobd", "--port", str(port), "--socket", "none", "--state",
                    "none", "--config", settings, *more], port)


def start_uwsgi(bench, workers, free_port, process, how=HTTP_SERVER):
    """`how`: the option that takes the address, and what else there is."""
    application = bench.scratch / "echo_wsgi.py"
    application.write_text(APPLICATION)
    port = free_port()
    server = process(["uwsgi", "--plugins", "python3,http", how[0], f"127.0.0.1:{port}", *how[1:],
                      "--wsgi-file", application, "--processes", str(workers), "--master",
                      "--disable-logging", "--die-on-term"], port)
    if count_answered(port, "/", 1, 10) == 0:  # it listens before it has loaded the program
        raise RuntimeError("uWSGI does not answer")
    return server


def start_relay(bench, workers, free_port, process):
    port = free_port()
    return process([bench.tools / "floor_relay", str(port), str(workers), sys.executable, ECHO], port)


class Asking:
    """A kept-alive connection that asks again whenever it was answered."""

    def __init__(self, port, path):
        self.answers, self.text = 0, b""
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.request = (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json"
                        f"\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}").encode()

    def ask(self):
        self.socket.sendall(self.request)

    def hear(self):
        """False when the connection is over, or something else than 200 was answered."""
        try:
            got = self.socket.recv(65536)
        except OSError:
            got = b""
        self.text += got
        if not got or not self.text.startswith(b"HTTP/1.1 200 "[:len(self.text)]):
            return False
        head, _, body = self.text.partition(b"\r\n\r\n")
        size = re.search(rb"(?i)^content-length: *(\d+)", head, re.MULTILINE)
        if size and len(body) >= int(size.group(1)):
            self.answers, self.text = self.answers + 1, b""
            self.ask()
        return True


def count_answered(port, path, connections, seconds):
    """How many of so many kept-alive connections, all of which ask all the time, are answered at all,
    in so many seconds at most."""
    asking = [Asking(port, path) for _ in range(connections)]
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as waiting:
        for one in asking:
            stack.enter_context(one.socket)
            waiting.register(one.socket, selectors.EVENT_READ, one)
            one.ask()
        end = time.monotonic() + seconds
        while time.monotonic() < end and not all(one.answers for one in asking):
            for key, _ in waiting.select(0.1):
                if not key.data.hear():
                    waiting.unregister(key.fileobj)
    return sum(one.answers > 0 for one in asking)


def throughput(bench, port, path):
    script = bench.scratch / "post.lua"
    script.write_text(f"wrk.method = 'POST'\nwrk.body = '{BODY}'\n"
                      "wrk.headers['Content-Type'] = 'application/json'\n")
    done = subprocess.run(["wrk", "-t2", f"-c{CONNECTIONS}", "-d1s" if bench.quick else "-d2s", "-s",
                           script, f"http://127.0.0.1:{port}{path}"],
                          stdout=subprocess.PIPE, text=True, check=True)
    wrong = re.search(r"(Non-2xx.*|Socket errors.*)", done.stdout)
    if wrong:
        raise RuntimeError(f"{path}: {wrong.group(1)}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))


def start_rivals(bench, stack, free_port, process):
    """{name: (port, path)}"""
    port, other = (stack.enter_context(start_hobd(bench, WORKERS, free_port, process, *more)).port
                   for more in ((), ("--threads", "1")))
    rivals = {"hob": (port, "/api/rpc/echo"), "ahead": (port, "/api/rpc/ahead"),
              "one thread": (other, "/api/rpc/ahead")}
    starts = {}
    if shutil.which("uwsgi"):
        starts = {SERVER: (start_uwsgi, HTTP_SERVER), BARE: (start_uwsgi, PROCESSES),
                  THREADS: (start_uwsgi, PROCESSES_OF_THREADS)}
    else:
        print("(uwsgi is not installed: no peer for warm calls over HTTP)")
    if (bench.tools / "floor_relay").exists():
        starts[RELAY] = (start_relay,)
    for name, (start, *how) in starts.items():
        process_of = start(bench, WORKERS, free_port, process, *how)
        rivals[name] = (stack.enter_context(process_of).port, "/")
    return rivals


def those_who_answer_all(rivals):
    answered = {name: count_answered(port, path, CONNECTIONS, 3)
                for name, (port, path) in rivals.items()}
    for name, count in answered.items():
        if count < CONNECTIONS and name in OURS:
            raise RuntimeError(f"hob answers {count} of {CONNECTIONS} connections")
        if count < CONNECTIONS:
            print(f"({name}: {count} of {CONNECTIONS} connections are answered: no peer for them)")
    return [name for name, count in answered.items() if count == CONNECTIONS]


def over_http(bench, free_port, process):
    """Beside uWSGI's HTTP server, which hands requests to processes as hob does; beside its processes
    alone, where the program is in the process that reads the request; and beside the least that a
    process does which only passes requests on."""
    rounds = 2 if bench.quick else 5
    with contextlib.ExitStack() as stack:
        rivals = start_rivals(bench, stack, free_port, process)
        many = those_who_answer_all(rivals) if shutil.which("wrk") else []
        latency = {name: [] for name in rivals}
        rate = {name: [] for name in many}
        for _ in range(rounds):
            for name, (port, path) in rivals.items():
                latency[name].append(bench.latency(port, "POST", path, BODY, 5000)["p50_us"])
                if name in many:
                    rate[name].append(throughput(bench, port, path))
    all_calls = f"warm calls over HTTP, {CONNECTIONS} connections, {WORKERS} workers"
    for rival in [name for name in rivals if name not in OURS]:
        bench.add("warm call over HTTP, 1 connection, p50", latency["hob"], "us", rival,
                  latency[rival])
        if rival not in many:
            continue
        for name, how in OURS.items():
            bench.add(all_calls + how, rate[name], "/s", rival, rate[rival])


def suite(free_port, process):
    def bench_pools(bench):
        in_process(bench)
        over_http(bench, free_port, process)
    return bench_pools
