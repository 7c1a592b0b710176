"""Word documents through pandoc: the real one where it is installed, and others of that name that go
wrong in their own ways."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

HOB = os.environ.get("HOB", "hob")
PATIENCE = float(os.environ.get("HOB_TEST_PATIENCE", "60"))


class Docx(unittest.TestCase):
    def setUp(self):
        self.here = pathlib.Path(tempfile.mkdtemp(prefix="hob-test-docx-"))
        self.addCleanup(shutil.rmtree, self.here)
        (self.here / "bin").mkdir()
        (self.here / "word.docx").write_bytes(b"some bytes of a document")

    def pandoc(self, script):
        path = self.here / "bin" / "pandoc"
        path.write_text("#!/bin/sh\n" + script + "\n")
        path.chmod(0o755)

    def read(self, status=0, path=None):
        environment = dict(os.environ, HOB_CONFIG="none", PATH=path or "%s:%s" % (self.here / "bin",
                                                                                os.environ["PATH"]))
        done = subprocess.run([os.path.abspath(HOB), "read", "word.docx", "--format", "json"], cwd=self.here,
                              env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout) if status == 0 else done.stderr.decode()

    def test_it_gets_the_document_and_no_path(self):
        self.pandoc('for word; do echo "$word" >> words; done\n'
                    'printf -- "---\\ntitle: \\"%s\\"\\n---\\n\\nText *here*.\\n" "$(cat)"')
        self.assertEqual(self.read(), [{"title": "some bytes of a document", "content": "Text *here*."}])
        self.assertNotIn("word.docx", (self.here / "words").read_text())

    def test_what_it_complains_of_is_told(self):
        self.pandoc("cat > /dev/null; echo 'no good: part 3' >&2; exit 7")
        said = self.read(status=1)
        self.assertIn("no good: part 3", said)
        self.assertIn("word.docx", said)
        self.pandoc("kill -9 $$")
        self.assertIn("does not say why", self.read(status=1))

    def test_more_than_the_limit(self):
        self.pandoc("head -c 100000000 /dev/zero")
        self.assertIn("more than 64 MiB", self.read(status=1))

    def test_without_pandoc(self):
        said = self.read(status=1, path=str(self.here))
        self.assertIn("not installed", said)
        self.assertIn("apt-get install pandoc", said)

    @unittest.skipUnless(shutil.which("pandoc"), "pandoc is not installed")
    def test_a_real_document(self):
        source = "---\ntitle: A word\nauthor: Ida\n---\n\nSome *text* here.\n"
        subprocess.run(["pandoc", "--from=markdown", "--standalone", "-o", self.here / "word.docx"],
                       input=source.encode(), check=True)
        self.assertEqual(self.read(), [{"title": "A word", "author": "Ida", "content": "Some *text* here."}])


if __name__ == "__main__":
    unittest.main()
