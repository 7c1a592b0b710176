#!/usr/bin/env python3
"""What `make install` puts somewhere is complete: programs are built against it with pkg-config's
flags alone, the examples of the pages run with it, and uninstalling leaves nothing.

Environment: HOB_BUILD, the build directory.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ["HOB_BUILD"])
sys.path.insert(0, str(ROOT / "tests"))
sys.dont_write_bytecode = True

import examples  # noqa: E402  # found by the path above


def run(*command, **more):
    return subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **more)


def files_below(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = pathlib.Path(tempfile.mkdtemp(prefix="hob-installed-"))
        cls.root = cls.scratch / "root"
        # `make uninstall` goes by it, and is to remove what the user has installed.
        cls.log = BUILD / "meson-logs" / "install-log.txt"
        cls.before = cls.log.read_bytes() if cls.log.exists() else None
        done = run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", cls.root)
        if done.returncode != 0:
            raise AssertionError(done.stdout)
        description = next(cls.root.rglob("hob.pc"))
        text = description.read_text()
        prefix = re.search(r"^prefix=(.*)$", text, re.MULTILINE).group(1)
        cls.prefix = pathlib.Path(str(cls.root) + prefix)
        cls.libraries = description.parent.parent
        # As if the prefix were where the tree lies.
        description.write_text(text.replace(f"prefix={prefix}", f"prefix={cls.prefix}"))
        cls.environment = dict(
            os.environ, PKG_CONFIG_PATH=str(description.parent), LC_ALL="C.UTF-8",
            LD_LIBRARY_PATH=str(cls.libraries), PATH=f"{cls.prefix}/bin:{os.environ['PATH']}",
            HOB_CONFIG="none", HOB_PYTHON=str(cls.prefix / "share/hob/python"),
            HOME=str(cls.scratch), XDG_STATE_HOME=str(cls.scratch / "state"))
        # Commands of examples start a server, which is for this test alone.
        runtime = cls.scratch / "run"
        runtime.mkdir(mode=0o700)
        cls.environment["XDG_RUNTIME_DIR"] = str(runtime)
        for name in ("HOB_SERVER", "HOB_SESSION", "HOB_AUTOSTART", "HOB_STATE"):
            cls.environment.pop(name, None)

    @classmethod
    def tearDownClass(cls):
        run(cls.prefix / "bin/hob", "serve", "--stop", env=cls.environment)
        cls.log.unlink(missing_ok=True)
        if cls.before is not None:
            cls.log.write_bytes(cls.before)
        shutil.rmtree(cls.scratch)

    def build(self, name, *flags):
        program = self.scratch / name
        made = run("sh", "-c",
                   f"cc -Wall -Wextra -Werror {ROOT}/examples/libhob/{name}.c -o {program}"
                   f" $(pkg-config --cflags --libs hob) {' '.join(flags)}", env=self.environment)
        self.assertEqual(made.returncode, 0, made.stdout)
        return program

    def test_columns(self):
        program = self.build("columns")
        done = run(program, ROOT / "examples/cv/grants.csv", "amount", env=self.environment)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertTrue(done.stdout.startswith("24 rows\n"), done.stdout)
        self.assertIn("sum of amount: ", done.stdout)
        done = run(program, "none.csv", "amount", env=self.environment)
        self.assertEqual((done.returncode, done.stdout),
                         (1, "columns: cannot open 'none.csv': No such file or directory\n"))

    def test_warm_calls(self):
        program = self.build("warm_calls", "-pthread")
        done = run(program, ROOT / "examples/libhob/worker.py", env=self.environment)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(done.stdout, (
            "square of 7: 49\neight calls at once: 0 failed\n"
            'batch: [{"jsonrpc":"2.0","id":"a","result":9},{"jsonrpc":"2.0","id":"b","result":16}]\n'))
        # Only the program itself says what went wrong.
        done = run(program, "none.py", env=self.environment)
        self.assertEqual(done.returncode, 1)
        self.assertEqual([line for line in done.stdout.splitlines()
                          if not re.match(r"warm_calls: |eight calls|batch: ", line)], [])

    def test_static(self):
        """The static library works too, and shows no name that is not public."""
        archive = self.libraries / "libhob.a"
        if not archive.exists():
            self.skipTest("there is no objcopy")
        program = self.scratch / "columns_static"
        made = run("sh", "-c", f"cc {ROOT}/examples/libhob/columns.c {archive} -o {program}"
                   " $(pkg-config --cflags hob)"
                   " $(pkg-config --static --libs hob | sed s/-lhob//)", env=self.environment)
        self.assertEqual(made.returncode, 0, made.stdout)
        environment = {key: value for key, value in self.environment.items()
                       if key != "LD_LIBRARY_PATH"}
        done = run(program, ROOT / "examples/cv/grants.csv", "amount", env=environment)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.symbols("nm", "-g", "--defined-only", archive), self.declared())

    def symbols(self, *command):
        done = run(*command)
        self.assertEqual(done.returncode, 0, done.stdout)
        lines = [line.split() for line in done.stdout.splitlines()]
        return {line[2].split("@")[0] for line in lines if len(line) == 3 and line[1] != "A"}

    def declared(self):
        text = "".join(path.read_text() for path in (self.prefix / "include/hob").glob("*.h"))
        text = re.sub(r"/\*.*?\*/|^#.*?$", "", text, flags=re.DOTALL | re.MULTILINE)
        names = set(re.findall(r"LIBHOB_API[^;(]*?(\w+)\(", text))
        self.assertIn("libhob_pool_call", names)
        return names

    def test_exported_symbols(self):
        """Those of the headers, no more and no fewer."""
        shared = self.libraries / "libhob.so.0"
        self.assertEqual(self.symbols("nm", "-D", "--defined-only", shared), self.declared())

    def test_headers_stand_alone(self):
        for header in sorted((self.prefix / "include/hob").glob("*.h")):
            for language in ("c", "c++"):
                done = run("cc", "-x", language, "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
                           "-pedantic", f"-I{self.prefix}/include", "-", env=self.environment,
                           input=f"#include <hob/{header.name}>\n")
                self.assertEqual(done.returncode, 0, done.stdout)

    def test_what_is_there(self):
        there = set(files_below(self.prefix))
        for name in ("bin/hob", "bin/hobd", "bin/mdfield", "include/hob/libhob.h",
                     "share/hob/python/hob_worker/__main__.py", "share/hob/python/hob/client.py",
                     "share/man/man1/hob.1", "share/man/man1/hobd.1", "share/doc/hob/README.md",
                     "share/doc/hob/docs/embed-libhob.md",
                     "share/doc/hob/examples/libhob/columns.c"):
            self.assertIn(name, there)
        self.assertEqual([name for name in there if "__pycache__" in name or "/tests" in name], [])

    def test_what_computes_is_found_through_links_and_after_a_move(self):
        table = self.scratch / "t.csv"
        table.write_text("name\nAda\n")
        interface = self.scratch / "t.yml"
        interface.write_text("input: {type: csv, filename: t.csv, compute: {field: x, "
                             "function: render_liquid, args: {template: '{{name}}'}, "
                             "row_args: {name: name}}}\n")
        moved = self.scratch / "moved"
        shutil.copytree(self.prefix, moved, symlinks=True)
        links = self.scratch / "links"
        links.mkdir()
        (links / "hob").symlink_to(moved / "bin/hob")
        (links / "tables").symlink_to("hob")
        for program, path in ((moved / "bin/hob", ""), (links / "hob", ""), (links / "tables", ""),
                              ("hob", links), (self.prefix / "bin/hob", "")):
            with self.subTest(program=program):
                done = run(str(program), "help", "functions", cwd=self.scratch,
                           env=dict(self.environment, PATH=f"{path}:{os.environ['PATH']}"))
                self.assertIn("liquid", done.stdout)
                done = run(str(program), "read", "t.yml", "--format", "csv", cwd=self.scratch,
                           env=dict(self.environment, PATH=f"{path}:{os.environ['PATH']}"))
                self.assertEqual((done.returncode, done.stdout), (0, "name,x\nAda,Ada\n"))

    def test_python_packages(self):
        """Where workers look for them, and complete."""
        done = run("python3", "-B", "-c", "import hob, hob_worker; print('found')",
                   env=dict(self.environment, PYTHONPATH=str(self.prefix / "share/hob/python")),
                   cwd=self.scratch)
        self.assertEqual(done.stdout, "found\n")

    def test_pages(self):
        pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
        for page in pages:
            with self.subTest(page=page.name):
                count = examples.run_page(page, self.environment)
                if page.name in ("README.md", "speed-up-a-makefile.md", "embed-libhob.md",
                                 "query-tables.md", "sessions.md"):
                    self.assertGreater(count, 0)

    def test_wrong_examples_are_found(self):
        """The runner itself notices an example that is not true."""
        page = self.scratch / "page.md"
        for text, right in [("<!-- run -->\n\n    $ echo a\n    a\n", True),
                            ("<!-- run -->\n\n    $ echo a\n    b\n", False),
                            ("<!-- run -->\n\n    false\n", False),
                            ("<!-- run -->\n\n    hob read grants.csv --limit 1\n", True),
                            ("<!-- run -->\n\n    hob read grants.csv --limit 0\n", False),
                            ("<!-- run -->\n\n    hob read grants.csv --where 'amount < 0'\n", False),
                            ("<!-- first: false -->\n", False),
                            ("<!-- save: x -->\n    1\n\n<!-- run -->\n    $ cat x\n    1\n", True),
                            ("<!-- run -->\n\nno block\n", False)]:
            page.write_text(text)
            try:
                examples.run_page(page, self.environment)
                self.assertTrue(right, text)
            except examples.Wrong:
                self.assertFalse(right, text)

    def test_links_of_installed_pages_lead_somewhere(self):
        place = self.prefix / "share/doc/hob"
        pages = [*place.glob("*.md"), *place.glob("docs/*.md"), *place.rglob("README.md")]
        self.assertGreater(len(pages), 10)
        for page in pages:
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
                self.assertTrue((page.parent / target).exists(), f"{page.name}: {target}")

    def test_uninstall(self):
        """In a tree of its own: whatever was installed goes, directories too."""
        root = self.scratch / "other"
        (root / "kept").mkdir(parents=True)
        done = run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", root)
        self.assertEqual(done.returncode, 0, done.stdout)
        done = run("ninja", "-C", BUILD, "uninstall")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(files_below(root), ["kept"])


if __name__ == "__main__":
    unittest.main()
