#!/usr/bin/env python3
"""Starts a fleet of modelled engines on this machine and drives them all together.

  modelled_fleet.py --program build/release/troupe --load build/release/bench/http/bench_http_load

Prints `name value unit n spread` lines: start to ready (one engine at a time), memory an engine,
requests a second of the whole fleet with the processor time they cost, latency. n is the number of
engines or of runs, spread the smallest and the largest of them.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import time

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Engine:
    """One engine process: started, waited for until it takes requests, ended at the end."""

    def __init__(self, program, profile):
        reader, writer = os.pipe()
        began = time.perf_counter()
        command = [program, "engine", f"--model-time={profile}", "--log-level=error"]
        environment = {**os.environ, "TROUPE_READY_FD": str(writer)}
        self.process = subprocess.Popen(command, pass_fds=(writer,), env=environment)
        os.close(writer)
        with os.fdopen(reader) as said:
            line = said.readline().split()
        self.ready_ms = 1000 * (time.perf_counter() - began)
        if not line:
            raise SystemExit("an engine ended before it was ready")
        self.port = int(line[1])

    def memory_kib(self):
        """What is in memory because of this engine: its share of shared pages, its own pages."""
        found = {}
        for line in pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name in ("Pss", "Rss"):
                found[name] = int(rest.split()[0])
        return found

    def cpu_seconds(self):
        parts = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(parts[11]) + int(parts[12])) / TICKS_PER_SECOND


def figure(name, values, unit):
    spread = f"{min(values):.4g}-{max(values):.4g}"
    print(f"{name} {statistics.median(values):.4g} {unit} {len(values)} {spread}", flush=True)


def drive(options, engines):
    """One run of the load program over all engines; returns what it told, and processor seconds."""
    before = sum(e.cpu_seconds() for e in engines)
    command = [options.load, "--target", ",".join(f"127.0.0.1:{e.port}" for e in engines),
               "--mode", "open" if options.rate else "closed", "--rate", str(options.rate or 1),
               "--connections", str(options.connections), "--seconds", str(options.seconds),
               "--body-bytes", str(options.body_bytes), "--max-tokens", str(options.max_tokens),
               "--model", options.model]
    told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return told, sum(e.cpu_seconds() for e in engines) - before


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True, help="the troupe binary")
    parser.add_argument("--load", required=True, help="the bench_http_load binary")
    parser.add_argument("--profile", default="config/profiles/instant.yaml")
    parser.add_argument("--model", default="instant", help="the profile's name")
    parser.add_argument("--engines", type=int, default=200)
    parser.add_argument("--connections", type=int, default=400, help="closed loop: so many at once")
    parser.add_argument("--rate", type=int, default=0, help="open loop: so many a second")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--body-bytes", type=int, default=512)
    parser.add_argument("--max-tokens", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    engines = []
    try:
        for _ in range(options.engines):
            engines.append(Engine(options.program, options.profile))
        figure("start_to_ready", [e.ready_ms for e in engines], "ms")
        told = [drive(options, engines) for _ in range(options.repeats)]
        figure("requests", [t["requests"] / t["seconds"] for t, _ in told], "1/s")
        figure("errors", [t["errors"] for t, _ in told], "requests")
        figure("engine_cpu", [1e6 * cpu / max(t["requests"], 1) for t, cpu in told], "us/request")
        figure("latency_p50", [t["p50_ms"] for t, _ in told], "ms")
        figure("latency_p99", [t["p99_ms"] for t, _ in told], "ms")
        memory = [e.memory_kib() for e in engines]
        figure("memory_pss", [m["Pss"] / 1024 for m in memory], "MiB")
        figure("memory_rss", [m["Rss"] / 1024 for m in memory], "MiB")
    finally:
        for e in engines:
            e.process.terminate()
        for e in engines:
            e.process.wait()


if __name__ == "__main__":
    main()
