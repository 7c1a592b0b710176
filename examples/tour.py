#!/usr/bin/env python3
"""The main job, on real input: everything that a build asks of the CV in examples/cv.

    tour.py BINARIES    BINARIES holds hob and hobd

Starts hobd on a free port in examples/cv, extracts each field of each talk as a Makefile would,
reads the tables through the HTTP API, prints what came and how long it took, and stops the server.
"""

import http.client
import json
import pathlib
import re
import signal
import subprocess
import sys
import time

CV = pathlib.Path(__file__).resolve().parent / "cv"
TABLES = [("grants", "grants.csv"), ("people", "people.yml"), ("publications", "publications.yml"),
          ("teaching", "teaching.json")]


def milliseconds(start):
    return (time.perf_counter() - start) * 1000


class Server:
    """hobd on a free port, stopped when the block ends, however it ends."""

    def __enter__(self):
        began = time.perf_counter()
        # A session of its own, so that Ctrl-C reaches this program, which then stops the server.
        # Signals wait until it is known, or an early Ctrl-C would leave it behind.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            self.process = subprocess.Popen(
                [self.binaries / "hobd", "--port", "0", "--socket", "none", "--state", "none",
                 "--config", "none"],
                cwd=CV, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                start_new_session=True,
                preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT]))
            ready = re.search(r"http://[^:]+:(\d+)", self.process.stdout.readline())
            # One that came meanwhile is raised here, and nobody else would stop the server.
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        except KeyboardInterrupt:
            self.__exit__()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        if not ready:
            self.process.wait()
            sys.exit("hobd did not start")
        self.port, self.took = int(ready.group(1)), milliseconds(began)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.status = self.process.wait(20)

    def __init__(self, binaries):
        self.binaries = binaries
        self.status = None


def post(client, path, body):
    client.request("POST", path, body=json.dumps(body), headers={"Content-Type": "application/json"})
    answer = json.loads(client.getresponse().read())
    if answer["status"] != "success":
        sys.exit(f"{path} {body}: {answer.get('error_message') or answer.get('error')}")
    return answer


def read_fields_by_command(binaries, talks, fields):
    """One process a talk, as a Makefile calls it."""
    found = {}
    began = time.perf_counter()
    for talk in talks:
        out = subprocess.run([binaries / "hob", "field", "batch", f"talks/{talk}", "--fields", *fields],
                             cwd=CV, stdout=subprocess.PIPE, text=True, check=True).stdout
        found[talk] = out
    return found, milliseconds(began)


def read_fields_by_server(client, talks, fields):
    """One request a field, over one connection that stays open."""
    found = 0
    began = time.perf_counter()
    for talk in talks:
        for field in fields:
            answer = post(client, "/api/talk/field", {
                "field": field, "markdown_file": f"talks/{talk}", "config_files": ["_lamd.yml"]})
            found += answer["value"] not in ("", None)
    return found, milliseconds(began)


def show(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0]), row[1].ljust(widths[1]), row[2].rjust(widths[2])]
        print("  ".join(cells).rstrip())
        if number == 0:
            print("  ".join("─" * width for width in widths))


def main(binaries):
    talks = sorted(path.name for path in (CV / "talks").glob("*.md"))
    fields = (CV / "fields.txt").read_text().split()
    rows = [("step", "what came", "time")]
    with Server(binaries) as server:
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        rows.append(("start hobd", f"ready on port {server.port}", f"{server.took:.1f} ms"))
        found, took = read_fields_by_command(binaries, talks, fields)
        lines = sum(text.count("\n") for text in found.values())
        rows.append(("hob field batch", f"{lines} lines from {len(talks)} talks, a process each",
                     f"{took:.1f} ms"))
        count, took = read_fields_by_server(client, talks, fields)
        asked = len(talks) * len(fields)
        rows.append(("POST /api/talk/field", f"{count} of {asked} fields have a value",
                     f"{took:.1f} ms"))
        for name, filename in TABLES:
            began = time.perf_counter()
            data = post(client, "/api/read_data", {"interface_file": f"interfaces/{name}.yml",
                                                   "directory": "."})["data"]
            took = milliseconds(began)
            shape = "{} rows × {} columns".format(*data["shape"])
            rows.append((f"POST /api/read_data {filename}", shape, f"{took:.1f} ms"))
        client.close()
        began = time.perf_counter()
    rows.append(("stop hobd", f"exit status {server.status}", f"{milliseconds(began):.1f} ms"))
    sample = next(iter(found.items()))
    print(f"What a build reads of examples/cv, for example of {sample[0]}:\n")
    for line in sample[1].splitlines()[:3]:
        print(f"  {line[:96]}")
    print()
    show(rows)
    return server.status


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
    except KeyboardInterrupt:
        sys.exit(130)
