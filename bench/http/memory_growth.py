#!/usr/bin/env python3
"""Memory of a node that is sent distinct prompts, one after another: it must come to rest.

  memory_growth.py --bin build/release/bench/http --troupe build/release/troupe \
      [--requests 1000000] [--body-bytes 4096] [--policy session] [--engines 4]

Starts fake engines and a node before them, sends the load, and prints resident memory at every
tenth of it as `name value unit n spread` lines. The machine need not be idle for that.
"""

import argparse
import contextlib
import json
import pathlib
import re
import select
import socket
import subprocess
import urllib.request

STEPS = 10


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def resident_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) / 1024


def wait_ready(port):
    for _ in range(600):
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5):
                return
        select.select([], [], [], 0.1)
    raise SystemExit("the node did not become ready")


def measure(given, running):
    engines = []
    for _ in range(given.engines):
        port = free_port()
        running.append(subprocess.Popen([given.bin / "bench_fake_engine", "--port", str(port)]))
        engines += ["--engine", f"http://127.0.0.1:{port}"]
    port = free_port()
    node = subprocess.Popen([given.troupe, "up", "--port", str(port), "--policy", given.policy,
                             "--log-level", "warn", *engines], stdout=subprocess.DEVNULL)
    running.append(node)
    wait_ready(port)
    print(f"memory_start {resident_mib(node.pid):.1f} MiB 1 -", flush=True)
    count = given.requests // STEPS
    for step in range(1, STEPS + 1):
        out = subprocess.run(
            [given.bin / "bench_http_load", "--target", f"127.0.0.1:{port}", "--requests",
             str(count), "--first", str((step - 1) * count), "--distinct", "yes", "--body-bytes",
             str(given.body_bytes)], check=True, capture_output=True, text=True)
        errors = json.loads(out.stdout)["errors"]
        print(f"memory_after_{step * count} {resident_mib(node.pid):.1f} MiB 1 errors={errors}",
              flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--troupe", type=pathlib.Path, required=True)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--body-bytes", type=int, default=4096)
    parser.add_argument("--policy", default="session")
    parser.add_argument("--engines", type=int, default=4)
    given = parser.parse_args()
    running = []
    try:
        measure(given, running)
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


if __name__ == "__main__":
    main()
