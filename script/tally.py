"""Counts the test cases of a meson test run: prints `N passed, M failed`, fails when one failed or none ran.

A Catch2 program reports how many of its cases passed; anything else counts as one case.
"""

import json
import pathlib
import re
import sys

ALL_PASSED = re.compile(r"^All tests passed \(\d+ assertions? in (\d+) test cases?\)$", re.MULTILINE)
SOME_FAILED = re.compile(r"^test cases: .*$", re.MULTILINE)


def number_of(word, line):
    found = re.search(r"(\d+) " + word, line)
    return int(found.group(1)) if found else 0


def count(test):
    """(passed, failed) of one program."""
    ok = test["result"] in ("OK", "EXPECTEDFAIL")
    if test["result"] == "SKIP":
        return 0, 0
    output = test.get("stdout", "")
    if ok:
        cases = ALL_PASSED.findall(output)
        return (int(cases[-1]) if cases else 1), 0
    lines = SOME_FAILED.findall(output)
    # One that crashed or ran out of time has no summary, or failed after it.
    return (number_of("passed", lines[-1]), max(number_of("failed", lines[-1]), 1)) if lines else (0, 1)


def main(path):
    log = pathlib.Path(path)
    tests = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
    counts = [count(test) for test in tests]
    passed = sum(each[0] for each in counts)
    failed = sum(each[1] for each in counts)
    sys.stdout.flush()
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
