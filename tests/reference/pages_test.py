"""The manual pages are right roff and tell of every key, command and option: python3 pages_test.py REFERENCE LATERD PAGE..."""

import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import help_text

REFERENCE, LATERD, *PAGES = sys.argv[1:]


def shown(page):
    ended = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=1000", page], check=True, capture_output=True, text=True)
    return re.sub(r".\x08", "", ended.stdout)


def page(name):
    return next(each for each in PAGES if pathlib.Path(each).name == name)


@unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
class PagesTest(unittest.TestCase):
    def test_mandoc_has_nothing_to_say(self):
        self.assertEqual(2, len(PAGES))
        for each in PAGES:
            ended = subprocess.run(["mandoc", "-T", "lint", each], check=False, capture_output=True, text=True)
            # Whether the other page is installed is the machine's affair.
            said = [line for line in (ended.stdout + ended.stderr).splitlines()
                    if "referenced manual not found" not in line and "mandoc.db" not in line]
            self.assertEqual([], said)

    @unittest.skipUnless(shutil.which("man"), "man is not installed")
    def test_groff_has_nothing_to_say(self):
        for each in PAGES:
            ended = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", each], check=False,
                                   capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})
            self.assertEqual((0, ""), (ended.returncode, ended.stderr))

    def test_every_key_of_this_version_is_told_of(self):
        text = shown(page("laterd.yaml.5"))
        keys = subprocess.run([REFERENCE, "keys"], check=True, capture_output=True, text=True).stdout.split()
        self.assertGreater(len(keys), 50)
        for key in keys:
            name = re.sub(r"(properties|secrets)\.\*", r"\1.PROPERTY", key).replace("*", "NAME")
            self.assertRegex(text, re.compile(rf"^ +{re.escape(name)}( |$)", re.MULTILINE))
        self.assertNotIn("@KEYS@", text)

    def test_every_command_and_option_is_told_of(self):
        text = shown(page("laterd.1"))
        commands = help_text.commands(LATERD)
        self.assertIn("check", commands)
        for command in commands:
            self.assertRegex(text, re.compile(rf"^ +{command}( |$)", re.MULTILINE))
            for option in help_text.options(LATERD, command):
                self.assertRegex(text, rf"(^|[\s\[,]){re.escape(option)}\b", f"{command} {option}")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
