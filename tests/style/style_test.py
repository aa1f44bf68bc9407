#!/usr/bin/env python3
"""The house style as a test: layers, cycles, sizes, names, sleeps, clock reads, format, ratchets.

Exits 0 when everything holds, 1 when something does not, 2 on wrong usage.
"""

import argparse
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import includes
import measures
import rules
from tree import load_tree

RATCHET = "tests/style/ratchet.json"
CLANG_FORMAT = "clang-format-14"


def hard_violations(files):
    """Yields (rule, path, line, text) of every hard rule."""
    checks = rules.ALL + [includes.layer_violations, includes.cycle_violations]
    for check in checks:
        for path, line, text in check(files):
            yield check.__name__, path, line, text


def format_violations(root, files):
    """Yields files that clang-format would change."""
    program = shutil.which(CLANG_FORMAT)
    if program is None:
        yield "format", ".", 1, f"{CLANG_FORMAT} is not installed (--no-format leaves it out)"
        return

    def differs(path):
        command = [program, "--dry-run", "--Werror", "--style=file", str(root / path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        first = done.stderr.splitlines()[0] if done.stderr else ""
        line = first.split(":")[1] if done.returncode and first.count(":") > 1 else "1"
        return done.returncode != 0, int(line) if line.isdigit() else 1

    paths = [f.path for f in files if f.kind == "cpp"]
    with ThreadPoolExecutor(max_workers=2) as pool:
        for path, (bad, line) in zip(paths, pool.map(differs, paths)):
            if bad:
                yield "format", path, line, f"not as {CLANG_FORMAT} writes it"


def read_ratchet(root):
    """Returns the stored numbers, empty where there are none."""
    path = root / RATCHET
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def report_measures(files, values, verbose):
    """Prints every number; with verbose also what lies behind it."""
    for name, value in values.items():
        print(f"  {name}: {value}")
    if verbose:
        for path, line, text in measures.documentation(files)[2]:
            print(f"  {path}:{line}: {text}")
        for place in measures.duplicate_lines(files)[2]:
            print(f"  duplicate: {place}")
        for file in files:
            if file.kind and len(file.lines) > measures.FILE_LINES_GOOD:
                print(f"  {file.path}: {len(file.lines)} lines")
            for function in file.functions if file.kind == "cpp" else []:
                if function.body_lines > measures.FUNCTION_LINES_GOOD:
                    print(f"  {file.path}:{function.first_line}: {function.name} has "
                          f"{function.body_lines} lines")


def parse_arguments(arguments):
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--update", action="store_true", help="store numbers that got better")
    parser.add_argument("--no-format", action="store_true", help="leave clang-format out")
    parser.add_argument("--verbose", action="store_true", help="list what lies behind the numbers")
    return parser.parse_args(arguments)


def main(arguments=None):
    """Runs every check and returns the exit status."""
    options = parse_arguments(arguments)
    files = load_tree(options.root)
    violations = list(hard_violations(files))
    if not options.no_format:
        violations += format_violations(options.root, files)
    for rule, path, line, text in violations:
        print(f"{path}:{line}: {text} [{rule}]")
    values = measures.measure(files)
    ratchet = read_ratchet(options.root)
    misses = list(measures.failures(values, ratchet))
    for text in misses:
        print(f"{text} [measures]")
    print("measured:")
    report_measures(files, values, options.verbose)
    if options.update:
        text = json.dumps(measures.tightened(values, ratchet), indent=2) + "\n"
        (options.root / RATCHET).parent.mkdir(parents=True, exist_ok=True)
        (options.root / RATCHET).write_text(text, encoding="utf-8")
    found = len(violations) + len(misses)
    print("style: ok" if not found else f"style: {found} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
