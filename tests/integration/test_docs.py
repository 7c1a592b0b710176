#!/usr/bin/env python3
"""The reference pages of docs/ are what the programs print, word for word: `make docs` writes them.

Environment: HOB and HOBD, the paths of the programs.
"""

import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def printed(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout


class Reference(unittest.TestCase):
    maxDiff = None

    def test_commands(self):
        self.assertEqual((ROOT / "docs" / "commands.md").read_text(),
                         printed(os.environ["HOB"], "help", "--markdown"))

    def test_code_in_help_is_code(self):
        """Help texts and markdown write code alike; a mark that is escaped would be printed."""
        text = printed(os.environ["HOB"], "help", "--markdown")
        self.assertIn("`hob help formats`", text)
        self.assertNotIn("\\`", text)

    def test_routes(self):
        self.assertEqual((ROOT / "docs" / "http-api.md").read_text(),
                         printed(os.environ["HOBD"], "--routes-markdown"))

    def test_settings(self):
        self.assertEqual((ROOT / "docs" / "settings.md").read_text(),
                         printed(os.environ["HOBD"], "--settings-markdown"))

    def test_the_man_page_of_hobd_has_its_options(self):
        help_has = re.findall(r"^  (--[a-z-]+)(?: (\S+))?", printed(os.environ["HOBD"], "--help"), re.M)
        page = (ROOT / "man" / "hobd.1").read_text().replace("\\-", "-")
        page = page.split(".SH OPTIONS")[1].split(".SH")[0]
        page_has = re.findall(r'^\.BI? (--[a-z-]+)(?: " (\S+)")?$', page, re.M)
        self.assertEqual(page_has, help_has)
        self.assertGreater(len(page_has), 10)

    def test_links_lead_somewhere(self):
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"),
                     *(ROOT / "examples").rglob("README.md")]:
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
                self.assertTrue((page.parent / target).exists(), f"{page.name}: {target}")


if __name__ == "__main__":
    unittest.main()
