#!/usr/bin/env python3
"""Runs the examples of a page: what its comments mark, in order, in one scratch directory that begins
as a copy of examples/cv.

    <!-- run -->          the indented block below is run by sh; where lines begin with `$ `, those are
                          the commands, and what stands below each is what it prints; a block without
                          them may print anything but a table without rows
    <!-- save: NAME -->   the block below is the file NAME
    <!-- first: COMMAND -->   is run, and not shown to readers

Blocks of README.md with `$ ` are run without a mark. From the command line: examples.py PAGE
[--chroot DIRECTORY]; exit status 1, and what went wrong, when an example does not do what it says.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
MARK = re.compile(r"<!-- (run|save|first)(?:: (.*?))? -->$")
EMPTY_TABLE = re.compile(r"^0 rows × \d+ columns?$", re.MULTILINE)
PATIENCE = 120


class Wrong(Exception):
    pass


class Step:
    """A block, or a hidden command, and the line where it stands."""

    def __init__(self, kind, argument, line, text):
        self.kind, self.argument, self.line, self.text = kind, argument, line, text


def block_at(lines, start):
    """The indented block that begins at or after `start`, and where it ends."""
    while start < len(lines) and not lines[start].strip():
        start += 1
    end = start
    while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
        end += 1
    text = "\n".join(line[4:] for line in lines[start:end]).rstrip("\n")
    return text + "\n" if text else "", end


def steps_of(page):
    lines = page.read_text(encoding="utf-8").split("\n")
    at, before = 0, ""
    while at < len(lines):
        mark = MARK.match(lines[at])
        if mark and mark.group(1) == "first":
            yield Step("first", None, at + 1, mark.group(2) + "\n")
        elif mark:
            text, end = block_at(lines, at + 1)
            if not text:
                raise Wrong(f"{page.name}:{at + 1}: there is no block below the mark")
            yield Step(mark.group(1), mark.group(2), at + 2, text)
            at = end - 1
        elif page.name == "README.md" and lines[at].startswith("    $ ") and not before.strip():
            text, end = block_at(lines, at)
            yield Step("run", None, at + 1, text)
            at = end - 1
        before = lines[at]
        at += 1


def commands_of(text):
    """Pairs of a command and what it prints; None for a script, of which a page does not say it."""
    if not text.startswith("$ "):
        return [(text, None)]
    pairs = []
    for line in text.splitlines():
        if line.startswith("$ "):
            pairs.append([line[2:], ""])
        else:
            pairs[-1][1] += line + "\n"
    return [(command, printed.rstrip("\n")) for command, printed in pairs]


class Place:
    """Where examples are run: a scratch directory, on this machine or below another root."""

    def __init__(self, environment, chroot=None):
        self.chroot = chroot
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="hob-examples-",
                                                  dir=f"{chroot}/tmp" if chroot else None))
        self.directory = self.root / "cv"
        shutil.copytree(ROOT / "examples" / "cv", self.directory,
                        ignore=shutil.ignore_patterns("build", ".gitignore"))
        # A make that runs these tests must not speak to one that an example starts.
        self.environment = {name: value for name, value in environment.items()
                            if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}

    def run(self, script):
        """The exit status and all that was printed."""
        command = ["sh", "-e", "-c", script]
        if self.chroot:
            inside = "/" + str(self.directory.relative_to(self.chroot))
            command = ["chroot", self.chroot, "sh", "-e", "-c", f"cd '{inside}'\n{script}"]
        done = subprocess.run(command, cwd=self.directory, env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=PATIENCE)
        return done.returncode, done.stdout

    def clear(self):
        shutil.rmtree(self.root)


def run_page(page, environment, chroot=None):
    """How many examples there are; raises Wrong."""
    place = Place(environment, chroot)
    count = 0
    try:
        for step in steps_of(page):
            where = f"{page.name}:{step.line}"
            if step.kind == "save":
                (place.directory / step.argument).write_text(step.text, encoding="utf-8")
                continue
            for command, expected in commands_of(step.text):
                status, printed = place.run(command)
                if status != 0:
                    raise Wrong(f"{where}: {command.strip()}\nstatus {status}\n{printed}")
                if expected is None and EMPTY_TABLE.search(printed):
                    raise Wrong(f"{where}: {command.strip()}\nfinds nothing to show:\n{printed}")
                if expected is not None and printed.rstrip("\n") != expected:
                    raise Wrong(f"{where}: {command}\nprints\n{printed}\nand not\n{expected}")
            count += step.kind == "run"
    finally:
        place.clear()
    return count


def main():
    parser = argparse.ArgumentParser(description="run the examples of a page")
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--chroot")
    arguments = parser.parse_args()
    environment = dict(os.environ, HOB_CONFIG="none", HOME="/tmp", LC_ALL="C.UTF-8")
    try:
        print(f"{arguments.page.name}: {run_page(arguments.page, environment, arguments.chroot)} run")
    except Wrong as wrong:
        print(wrong, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
