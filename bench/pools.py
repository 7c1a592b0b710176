"""Warm calls: hob's pools beside bare pipes to the same worker, and beside uWSGI over HTTP."""

import contextlib
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ECHO = HERE / "echo_worker.py"
AHEAD = 4  # calls that a worker of the pool "ahead" is given at a time
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


def start_hobd(bench, workers, free_port, process):
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
                    "none", "--config", settings], port)


def start_uwsgi(bench, workers, free_port, process):
    application = bench.scratch / "echo_wsgi.py"
    application.write_text(APPLICATION)
    port = free_port()
    return process(["uwsgi", "--plugin", "python3", "--http11-socket", f"127.0.0.1:{port}",
                    "--wsgi-file", application, "--processes", str(workers), "--master",
                    "--disable-logging", "--die-on-term"], port)


def start_relay(bench, workers, free_port, process):
    port = free_port()
    return process([bench.tools / "floor_relay", str(port), str(workers), sys.executable, ECHO], port)


def throughput(bench, port, path):
    script = bench.scratch / "post.lua"
    script.write_text(f"wrk.method = 'POST'\nwrk.body = '{BODY}'\n"
                      "wrk.headers['Content-Type'] = 'application/json'\n")
    done = subprocess.run(["wrk", "-t2", "-c8", "-d1s" if bench.quick else "-d2s", "-s", script,
                           f"http://127.0.0.1:{port}{path}"],
                          stdout=subprocess.PIPE, text=True, check=True)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))


def start_rivals(bench, stack, free_port, process):
    """{name: (port, path)}"""
    port = stack.enter_context(start_hobd(bench, 2, free_port, process)).port
    rivals = {"hob": (port, "/api/rpc/echo"), "ahead": (port, "/api/rpc/ahead")}
    others = {"uwsgi": start_uwsgi, "relay": start_relay}
    if not shutil.which("uwsgi"):
        print("(uwsgi is not installed: no peer for warm calls over HTTP)")
        del others["uwsgi"]
    if not (bench.tools / "floor_relay").exists():
        del others["relay"]
    for name, start in others.items():
        rivals[name] = (stack.enter_context(start(bench, 2, free_port, process)).port, "/")
    return rivals


def over_http(bench, free_port, process):
    """Beside uWSGI, which has the program in the process that reads the request, and beside the least
    that a process does which only passes requests on."""
    rounds = 2 if bench.quick else 5
    with contextlib.ExitStack() as stack:
        rivals = start_rivals(bench, stack, free_port, process)
        latency = {name: [] for name in rivals}
        rate = {name: [] for name in rivals}
        for _ in range(rounds):
            for name, (port, path) in rivals.items():
                latency[name].append(bench.latency(port, "POST", path, BODY, 5000)["p50_us"])
                if shutil.which("wrk"):
                    rate[name].append(throughput(bench, port, path))
        name = "warm calls over HTTP, 8 connections, 2 workers"
        for rival, against in (("uwsgi", "uWSGI, 2 processes"), ("relay", "a bare relay in C")):
            if rival not in rivals:
                continue
            bench.add("warm call over HTTP, 1 connection, p50", latency["hob"], "us", against,
                      latency[rival])
            if rate["hob"]:
                bench.add(name, rate["hob"], "/s", against, rate[rival])
                bench.add(f"{name}, concurrency: {AHEAD}", rate["ahead"], "/s", against, rate[rival])
        if "uwsgi" in rivals and "relay" in rivals:
            bench.add("the bare relay, 1 connection, p50", latency["relay"], "us",
                      "uWSGI, 2 processes", latency["uwsgi"])
            bench.add("the bare relay, 8 connections, 2 workers", rate["relay"], "/s",
                      "uWSGI, 2 processes", rate["uwsgi"])


def suite(free_port, process):
    def bench_pools(bench):
        in_process(bench)
        over_http(bench, free_port, process)
    return bench_pools
