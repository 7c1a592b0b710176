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


def start_server(binaries):
    began = time.perf_counter()
    server = subprocess.Popen([binaries / "hobd", "--port", "0", "--socket", "none"], cwd=CV,
                              stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                              start_new_session=True)
    ready = re.search(r"http://[^:]+:(\d+)", server.stdout.readline())
    if not ready:
        server.wait()
        sys.exit("hobd did not start")
    return server, int(ready.group(1)), milliseconds(began)


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
    server, port, took = start_server(binaries)
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        rows.append(("start hobd", f"ready on port {port}", f"{took:.1f} ms"))
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
    finally:
        client.close()
        server.send_signal(signal.SIGTERM)
        began = time.perf_counter()
        status = server.wait(20)
    rows.append(("stop hobd", f"exit status {status}", f"{milliseconds(began):.1f} ms"))
    sample = next(iter(found.items()))
    print(f"What a build reads of examples/cv, for example of {sample[0]}:\n")
    for line in sample[1].splitlines()[:3]:
        print(f"  {line[:96]}")
    print()
    show(rows)
    return status


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
    except KeyboardInterrupt:
        sys.exit(130)
