#!/usr/bin/env python3
"""Prints `passed failed` of a JUnit file; names what was skipped on stderr."""

import sys
import xml.etree.ElementTree as ElementTree


def count(path):
    """Returns (passed, failed, skipped names); an error counts as failed."""
    passed, failed, skipped = 0, 0, []
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            skipped.append(case.get("name"))
        else:
            passed += 1
    return passed, failed, skipped


def main():
    """Reads the file named on the command line; one that is missing or empty is a failure."""
    try:
        passed, failed, skipped = count(sys.argv[1])
    except (OSError, ElementTree.ParseError) as problem:
        print(f"no test report: {problem}", file=sys.stderr)
        return 1
    for name in skipped:
        print(f"skipped: {name}", file=sys.stderr)
    if passed + failed + len(skipped) == 0:
        print(f"no test ran in {sys.argv[1]}", file=sys.stderr)
        return 1
    print(passed, failed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
