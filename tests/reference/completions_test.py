"""The shells complete what laterd has: python3 completions_test.py LATERD FOLDER."""

import os
import pathlib
import pty
import select
import shutil
import subprocess
import sys
import time
import unittest

import help_text

LATERD, FOLDER = sys.argv[1:3]


def lines_of(*command):
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    if ended.stderr:
        raise AssertionError(ended.stderr)
    return [line for line in ended.stdout.splitlines() if line]


def bash(*words):
    array = " ".join(f"'{word}'" for word in words)
    return lines_of("bash", "--norc", "--noprofile", "-uc",
                    f"source {FOLDER}/laterd.bash; COMP_WORDS=({array}); COMP_CWORD={len(words) - 1}; _laterd; "
                    'printf "%s\\n" "${COMPREPLY[@]}"')


def fish(*words):
    said = lines_of("fish", "--no-config", "-c", f"source {FOLDER}/laterd.fish; complete -C '{' '.join(words)}'")
    return [line.split("\t")[0] for line in said]


class Zsh:
    """An interactive zsh on a terminal of its own, for its completion works nowhere else."""

    def __enter__(self):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvpe("zsh", ["zsh", "-f", "-i"], {**os.environ, "TERM": "dumb", "PS1": "", "LC_ALL": "C.UTF-8"})
        self.type(f"PS1=; fpath=({FOLDER} $fpath); autoload -Uz compinit; compinit -u -D; setopt no_beep no_auto_menu\r")
        self.type("print read''y\r")
        self.read_until(["ready"])
        return self

    def __exit__(self, *_):
        os.close(self.terminal)
        os.waitpid(self.pid, 0)

    def type(self, text):
        os.write(self.terminal, text.encode())

    def read_until(self, words, patience=20):
        """What is shown, as soon as all the words are in it."""
        shown = ""
        end = time.monotonic() + patience
        while not all(word in shown for word in words):
            ready, _, _ = select.select([self.terminal], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"zsh shows {shown!r}, not {words}")
            shown += os.read(self.terminal, 4096).decode(errors="replace")
        return shown

    def complete(self, begun, words):
        # What is typed is echoed, so that only what is added to it counts.
        self.type(begun)
        self.read_until([begun.split()[-1]])
        self.type("\t\t")
        shown = self.read_until(words)
        self.type("\x15print cle''ared\r")  # ^U: the line is taken back
        self.read_until(["cleared"])
        return shown


class CompletionsTest(unittest.TestCase):
    def check_shell(self, complete):
        commands = help_text.commands(LATERD)
        self.assertEqual(sorted(commands), sorted(complete("laterd", "")))
        self.assertEqual(["check"], complete("laterd", "ch"))
        for command in commands:
            options = help_text.options(LATERD, command)
            self.assertIn("--help", options)
            for option in [each for each in options if each.startswith("--")]:
                self.assertEqual([option], complete("laterd", command, option), f"{command} {option}")
            self.assertEqual([], [each for each in complete("laterd", command, "--")
                                  if each not in options and each != "--version"])

    @unittest.skipUnless(shutil.which("bash"), "bash is not installed")
    def test_bash(self):
        self.check_shell(bash)
        table = pathlib.Path(FOLDER) / "laterd.fish"
        self.assertEqual([str(table)], bash("laterd", "run", "-c", str(table)[:-2]))
        self.assertEqual(["--version"], bash("laterd", "--v"))

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish(self):
        self.check_shell(fish)
        self.assertEqual(["--version"], fish("laterd", "--v"))

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh(self):
        with Zsh() as zsh:
            commands = help_text.commands(LATERD)
            zsh.complete("laterd ", [f"{command} " for command in commands])
            for command in commands:
                options = [each for each in help_text.options(LATERD, command) if each.startswith("--")]
                zsh.complete(f"laterd {command} --", [each.removeprefix("--") for each in options])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
