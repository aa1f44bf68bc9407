#!/usr/bin/env python3
"""Runs the fuzz targets of build/fuzz from their kept inputs, or keeps what they found.

    tools/fuzz.py run --seconds 600                 all targets, as many at a time as processors
    tools/fuzz.py run --seconds 60 gguf topology    these two
    tools/fuzz.py keep                              chooses few inputs that reach nearly as much

What a run finds on top of tests/fuzz/corpus lies in build/fuzz/found/TARGET; an input that breaks a
target lies in build/fuzz/broken, and its target's log names it. `keep` takes over what reaches new
code. A broken input goes to tests/fuzz/corpus/TARGET by hand, with the fix.
"""

import argparse
import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / "build/fuzz/tests/fuzz"
FOUND = ROOT / "build/fuzz/found"
BROKEN = ROOT / "build/fuzz/broken"
LOGS = ROOT / "build/fuzz/logs"
CORPUS = ROOT / "tests/fuzz/corpus"
DICTIONARIES = ROOT / "tests/fuzz/dictionaries"
INPUT_SECONDS_MAX = 60  # with sanitizers, on a busy machine: a template may take 5,000,000 steps
INPUT_BYTES_MAX = 4096
KEPT_FILES_MAX = 48
KEPT_FILE_BYTES_MAX = 4096
MEMORY_MIB_MAX = 2048

children = set()


def all_targets():
    """Returns the names of all targets, from their sources."""
    sources = (ROOT / "tests/fuzz").glob("*_fuzz.cpp")
    return sorted(source.name.removesuffix("_fuzz.cpp") for source in sources)


def call(command, log):
    """Runs a command with its output in a file; returns its status."""
    with open(log, "wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as child:
        children.add(child)
        status = child.wait()
        children.discard(child)
    return status


def end_children(number, _frame):
    """Ends what runs when the script itself is ended."""
    for child in list(children):
        child.kill()
    os._exit(128 + number)


def last_number(pattern, text):
    """Returns the last match of a pattern with one number, zero where there is none."""
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def run_target(target, seconds):
    """Fuzzes one target; returns (target, executions, edges covered, whether nothing broke)."""
    found = FOUND / target
    found.mkdir(parents=True, exist_ok=True)
    command = [PROGRAMS / f"{target}_fuzz", f"-max_total_time={seconds}",
               f"-timeout={INPUT_SECONDS_MAX}", f"-rss_limit_mb={MEMORY_MIB_MAX}",
               f"-max_len={INPUT_BYTES_MAX}", "-print_final_stats=1",
               f"-artifact_prefix={BROKEN}/{target}-"]
    dictionary = DICTIONARIES / f"{target}.dict"
    if dictionary.exists():
        command.append(f"-dict={dictionary}")
    command.append(found)
    if (CORPUS / target).is_dir():
        command.append(CORPUS / target)
    log = LOGS / f"{target}.log"
    status = call(command, log)
    text = log.read_text(encoding="utf-8", errors="replace")
    executions = last_number(r"stat::number_of_executed_units: (\d+)", text)
    return target, executions, last_number(r"cov: (\d+)", text), status == 0


def write_junit(path, results):
    """Writes the results as a JUnit file, as the other suites of ./check do."""
    suite = ElementTree.Element("testsuite", name="fuzz")
    for target, _, _, is_good in results:
        case = ElementTree.SubElement(suite, "testcase", name=f"fuzz/{target}")
        if not is_good:
            ElementTree.SubElement(case, "failure", message=f"see {LOGS / target}.log")
    ElementTree.ElementTree(suite).write(path)


def run(options):
    """Fuzzes the targets and prints a line for each; returns the exit status."""
    for folder in (BROKEN, LOGS):
        folder.mkdir(parents=True, exist_ok=True)
    results = []
    print(f"{'target':<20}{'seconds':>8}{'executions':>13}{'edges':>8}")
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        work = [pool.submit(run_target, target, options.seconds) for target in options.targets]
        for done in concurrent.futures.as_completed(work):
            target, executions, edges, is_good = done.result()
            results.append(done.result())
            verdict = "" if is_good else f"  BROKEN, see {LOGS / target}.log"
            print(f"{target:<20}{options.seconds:>8}{executions:>13}{edges:>8}{verdict}",
                  flush=True)
    if options.junit:
        write_junit(options.junit, sorted(results))
    return 0 if all(is_good for *_, is_good in results) else 1


def merge(target, sources):
    """Returns inputs that together reach all edges the sources reach, those that add most first."""
    with tempfile.TemporaryDirectory() as kept:
        command = [PROGRAMS / f"{target}_fuzz", "-set_cover_merge=1", "-use_counters=0",
                   f"-max_len={KEPT_FILE_BYTES_MAX}", f"-timeout={INPUT_SECONDS_MAX}", kept]
        status = call(command + sources, LOGS / f"{target}.merge.log")
        if status != 0:
            raise RuntimeError(f"{target}: cannot merge, see {LOGS / target}.merge.log")
        # libFuzzer chooses greedily and writes in the order of its choice.
        written = sorted(Path(kept).iterdir(), key=lambda path: path.stat().st_mtime_ns)
        return {path.name: path.read_bytes() for path in written}


def keep(options):
    """Replaces the kept inputs by few that cover nearly as much as all that is there."""
    LOGS.mkdir(parents=True, exist_ok=True)
    for target in options.targets:
        sources = [folder for folder in (CORPUS / target, FOUND / target) if folder.is_dir()]
        chosen = merge(target, sources)
        # A long tail of single edges is not kept: the first 48 reach about 95 of 100.
        first = list(chosen)[:KEPT_FILES_MAX]
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            if not old.name.startswith("found-"):
                old.unlink()
        for name in first:
            (folder / name[:16]).write_bytes(chosen[name])
        total = sum(path.stat().st_size for path in folder.iterdir())
        print(f"{target:<20}{len(list(folder.iterdir())):>4} files {total:>8} bytes")
    return 0


def main():
    """Reads the command line and does what it says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    for action in (run, keep):
        command = commands.add_parser(action.__name__, help=action.__doc__.splitlines()[0])
        command.set_defaults(action=action)
        command.add_argument("targets", nargs="*", help="all of them by default")
    commands.choices["run"].add_argument("--seconds", type=int, default=60, help="for each target")
    commands.choices["run"].add_argument("--jobs", type=int, default=os.cpu_count())
    commands.choices["run"].add_argument("--junit", help="where to write a JUnit file")
    options = parser.parse_args()
    known = all_targets()
    unknown = [target for target in options.targets if target not in known]
    if unknown:
        parser.error(f"no such target: {', '.join(unknown)}; there are: {', '.join(known)}")
    options.targets = options.targets or known
    unbuilt = [target for target in options.targets if not (PROGRAMS / f"{target}_fuzz").exists()]
    if unbuilt:
        parser.error(f"not built: {', '.join(unbuilt)}; ./check --fuzz builds all of them")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end_children)
    return options.action(options)


if __name__ == "__main__":
    sys.exit(main())
