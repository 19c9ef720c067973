"""What `laterd --help` says that there is."""

import re
import subprocess


def text_of(laterd, *arguments):
    return subprocess.run([laterd, *arguments], check=True, capture_output=True, text=True).stdout


def commands(laterd):
    below = text_of(laterd, "--help").split("Subcommands:")[1]
    found = []
    for line in below.splitlines()[1:]:
        if not line.startswith("  "):
            break
        word = line.split()[0]
        if re.match(r"  [a-z]", line):
            found.append(word)
    return found


def options(laterd, command):
    """The long options of a command, and its -c."""
    below = text_of(laterd, command, "--help").split("Options:")[1]
    return re.findall(r"(?<![\w-])(?:--[a-z]+|-[a-z])(?=[\s,])", below.split("\n\n")[0])
