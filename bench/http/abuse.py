#!/usr/bin/env python3
"""What hostile and heavy clients do to a node, while a normal client is served beside them.

  abuse.py --bin build/release/bench/http --troupe build/release/troupe --repeats 3

Prints `name value unit n spread` lines: medians over the repeats, spread as lowest-highest.
  normal_*        a client of 50 requests/s: p99 and failures, alone and beside each abuse
  slowloris_*     connections that send a byte of a header a second; how many are held at the end
  churn_*         connections opened and reset at once: how many a minute, and how many were refused
  fresh_node      memory of the node before all this
  idle_*          memory of connections that do nothing, and of the node that holds them
  streams_*       streams open at once: chunks that never came, failures
"""

import argparse
import json
import pathlib
import resource
import socket
import statistics
import struct
import subprocess
import threading
import time

from measure import Running, free_port, wait_until_serving

SOURCES = 64  # addresses of the loopback that clients come from: each has its own ports
CHUNKS = 75   # of each streamed answer
RESET = struct.pack("ii", 1, 0)


def connect(port, number):
    """Opens a connection from one of many addresses."""
    made = socket.socket()
    made.bind((f"127.0.1.{number % SOURCES + 1}", 0))
    made.settimeout(5)
    made.connect(("127.0.0.1", port))
    made.setblocking(False)
    return made


def memory_kib(pid):
    """Resident memory of a process."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def is_answered(connection):
    """Whether something comes back within ten seconds."""
    connection.settimeout(10)
    try:
        return bool(connection.recv(4096))
    except OSError:
        return False


class Bench:
    """One node under abuse, and what was seen."""

    def __init__(self, args, port, pid):
        self.args, self.port, self.pid = args, port, pid
        self.figures = {}

    def note(self, name, unit, value):
        """Keeps one figure."""
        self.figures[name, unit] = value

    def load(self, *flags):
        """Starts the load program."""
        command = [f"{self.args.bin}/bench_http_load", "--target", f"127.0.0.1:{self.port}",
                   "--model", "m", *map(str, flags)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def beside(self, name, abuse):
        """Runs a normal client and the abuse at once; both end together."""
        over = threading.Event()
        worker = threading.Thread(target=abuse, args=(over,))
        worker.start()
        client = self.load("--mode", "open", "--rate", 50, "--seconds", self.args.seconds)
        told = json.loads(client.communicate()[0])
        over.set()
        worker.join()
        self.note(f"normal_{name}_p99", "ms", told["p99_ms"])
        self.note(f"normal_{name}_failed", "requests", told["errors"])

    def slowloris(self, over):
        """Connections that send a header byte by byte."""
        held = [connect(self.port, n) for n in range(self.args.slow)]
        self.note("slowloris_opened", "connections", len(held))
        for each in held:
            each.send(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
        while not over.wait(1):
            for each in list(held):
                try:
                    each.send(b"a")
                except OSError:
                    held.remove(each)
                    each.close()
        self.note("slowloris_held", "connections", len(held))
        for each in held:
            each.close()

    def churn(self, over):
        """Connections that are reset as soon as they are open, at a bounded rate."""
        opened = refused = 0
        began = time.monotonic()
        while not over.is_set():
            ahead = opened / (self.args.churn / 60) - (time.monotonic() - began)
            if ahead > 0:
                over.wait(ahead)
            try:
                made = connect(self.port, opened)
                made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                made.close()
            except OSError:
                refused += 1
            opened += 1
        self.note("churn_rate", "1/min", opened * 60 / (time.monotonic() - began))
        self.note("churn_refused", "connections", refused)

    def idle(self):
        """Memory of connections that do nothing, after one request each."""
        before = memory_kib(self.pid)
        held = []
        for n in range(self.args.idle):
            made = connect(self.port, n)
            made.send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            held.append(made)
        answered = sum(map(is_answered, held))
        with_all = memory_kib(self.pid)
        self.note("idle_answered", "connections", answered)
        self.note("idle_memory", "KiB/connection", (with_all - before) / max(len(held), 1))
        self.note("idle_node", "MiB", with_all / 1024)
        for each in held:
            each.close()

    def streams(self):
        """Many streams at once: every chunk of every answer has to come."""
        told = json.loads(self.load("--mode", "stream", "--connections", self.args.streams,
                                    "--seconds", self.args.seconds).communicate()[0])
        # The last event of each answer is [DONE].
        missed = told["requests"] * (CHUNKS + 1) - told["chunks"]
        self.note("streams_answered", "streams", told["requests"])
        self.note("streams_failed", "streams", told["errors"])
        self.note("streams_missed", "chunks", missed)
        self.note("streams_p99", "ms", told["p99_ms"])

    def run(self):
        """Runs everything once."""
        self.note("fresh_node", "MiB", memory_kib(self.pid) / 1024)
        self.beside("alone", lambda over: over.wait())
        self.beside("slowloris", self.slowloris)
        self.beside("churn", self.churn)
        self.idle()
        self.streams()
        return self.figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="folder of the bench_ programs")
    parser.add_argument("--troupe", required=True, help="the program")
    parser.add_argument("--seconds", type=int, default=20, help="of each part")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--slow", type=int, default=4000, help="slowloris connections")
    parser.add_argument("--churn", type=int, default=100_000, help="connections a minute")
    parser.add_argument("--idle", type=int, default=10_000, help="idle connections")
    parser.add_argument("--streams", type=int, default=2000, help="streams at once")
    args = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    figures = {}
    engine = [f"{args.bin}/bench_fake_engine", "--model", "m", "--chunks", str(CHUNKS),
              "--interval-ms", "100"]
    for _ in range(args.repeats):
        with Running(engine) as fake:
            url = "http://127.0.0.1:" + fake.stdout.readline().split()[1]
            port = free_port()
            with Running([args.troupe, "up", "--port", str(port), "--engine", url]) as node:
                wait_until_serving(port, "m", node)
                for key, value in Bench(args, port, node.pid).run().items():
                    figures.setdefault(key, []).append(value)
    for (name, unit), values in figures.items():
        spread = f"{min(values):.2f}-{max(values):.2f}"
        print(f"{name} {statistics.median(values):.2f} {unit} {len(values)} {spread}")


if __name__ == "__main__":
    main()
