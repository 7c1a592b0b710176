#!/usr/bin/env python3
"""What ARCHITECTURE.md says of the code as a whole: scripts/check-layers finds what is in the wrong place,
and the list of globals is complete.

Environment: HOB_CORE, the static library; without it (where a sanitizer or a counter has added its own)
globals are not looked at.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Layers(unittest.TestCase):
    def check(self, name, line):
        """What the script says of one file with one line."""
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory, name)
            path.parent.mkdir(parents=True)
            path.write_text(line + "\n")
            done = subprocess.run([sys.executable, str(ROOT / "scripts" / "check-layers"), directory],
                                  stdout=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 1 if f"{name}:1: " in done.stdout else 0, done.stdout)
        return done.returncode == 0

    def test_the_tree_is_in_order(self):
        done = subprocess.run([sys.executable, str(ROOT / "scripts" / "check-layers")],
                              stdout=subprocess.PIPE, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, "layers: every include points down\n"))

    def test_headers_of_the_system_and_of_layers_below(self):
        for name, line in (("base/x.c", "#include <stdio.h>"), ("base/x.c", "#include <sys/mman.h>"),
                           ("profile/x.c", "#  include <linux/seccomp.h>"),
                           ("access/x.c", '#include "base/file.h"'),
                           ("access/x.c", '#include "access/access.h"'),
                           ("access/xml.c", "#include <expat.h>"),
                           ("libhob/x.c", "#include <hob/libhob.h>")):
            self.assertTrue(self.check(name, line), (name, line))

    def test_what_points_up_or_is_of_another_library(self):
        for name, line in (("base/x.c", '#include "value/value.h"'),
                           ("pool/x.c", '#include "warm/key.h"'),
                           ("elsewhere/x.c", '#include "base/file.h"'),
                           ("base/x.c", '#include "x.h"'),
                           ("base/x.c", "#include <curl/curl.h>"),
                           ("base/x.c", "#include <openssl/ssl.h>"),
                           ("server/x.c", "#include <uv.h>"),
                           ("server/x.c", '#include "curl/curl.h"'),
                           ("base/x.c", "#include <expat.h>"),
                           ("server/x.c", "#include <hob/libhob.h>"),
                           ("base/x.c", "#include HEADER")):
            self.assertFalse(self.check(name, line), (name, line))


@unittest.skipUnless(os.environ.get("HOB_CORE"), "this build has globals that are not the project's")
class Globals(unittest.TestCase):
    def test_the_list_of_globals_is_complete(self):
        table = subprocess.run(["nm", "-f", "sysv", os.environ["HOB_CORE"]], check=True,
                               stdout=subprocess.PIPE, text=True).stdout
        there = set()
        for line in table.splitlines():
            fields = [field.strip() for field in line.split("|")]
            if (len(fields) == 7 and fields[3] in ("OBJECT", "TLS")
                    and re.match(r"\.t?(bss|data)|\*COM\*", fields[6])
                    and not fields[6].startswith(".data.rel.ro")):
                # Those of functions are NAME.1 to gcc and FUNCTION.NAME to clang.
                there.add(re.sub(r"\.\d+$", "", fields[0]).split(".")[-1])
        section = (ROOT / "ARCHITECTURE.md").read_text().split("\n## Globals\n")[1]
        listed = set(re.findall(r"`([a-z_]+)`", section)) - {"const"}
        self.assertEqual(listed, there)


if __name__ == "__main__":
    unittest.main()
