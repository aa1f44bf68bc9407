#!/usr/bin/env python3
"""Measures how long an engine takes from its start until it takes requests.

  start_to_ready.py --runs 5 build/release/troupe engine --model SmolLM2-135M-Instruct.Q4_1.gguf

Prints lines `name value unit n spread`: wall-clock time, the processor time of all its threads in
it, and its memory then (its own pages and its share of others).
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import time


def threads_cpu_ms(pid):
    """Processor time of all threads, to the nanosecond the kernel keeps."""
    stats = pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(s.read_text().split()[0]) for s in stats) / 1e6


def memory_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("the kernel does not tell the memory of the engine")


def start(command):
    """Starts, waits and ends one engine; returns what was measured."""
    reader, writer = os.pipe()
    environment = {**os.environ, "TROUPE_READY_FD": str(writer)}
    began = time.perf_counter()
    with subprocess.Popen(command, pass_fds=(writer,), env=environment,
                          stderr=subprocess.DEVNULL) as process:
        os.close(writer)
        with os.fdopen(reader) as said:
            line = said.readline()
        ready_ms = 1000 * (time.perf_counter() - began)
        if not line:
            raise SystemExit("the engine ended before it was ready")
        measured = ready_ms, threads_cpu_ms(process.pid), memory_mib(process.pid)
        process.terminate()
    return measured


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("command", nargs=argparse.REMAINDER, help="troupe engine ...")
    options = parser.parse_args()
    runs = [start(options.command) for _ in range(options.runs)]
    names = (("start_to_ready", "ms"), ("start_processor_time", "ms"), ("memory_pss", "MiB"))
    for (name, unit), values in zip(names, zip(*runs)):
        spread = f"{min(values):.4g}-{max(values):.4g}"
        print(f"{name} {statistics.median(values):.4g} {unit} {len(values)} {spread}")


if __name__ == "__main__":
    main()
