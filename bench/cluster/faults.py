#!/usr/bin/env python3
"""How long real nodes take to pass over one that is killed or hangs, and whether pauses fool them.

Starts router nodes and engine nodes (each with one engine, a fast fake) on this machine, then again
and again kills (SIGKILL) or stops (SIGSTOP) one engine node and watches /ready of every router for
the engine to be down there, brings the node back and waits until it is up everywhere. After that
every engine node is paused for 300 ms, one after the other, over and over: nobody may be held down.

  faults.py --bin B --fake B/bench/http/bench_fake_engine --rounds 20

Prints `name value unit n spread` lines: median, and p99 as the highest of so few.
"""

import argparse
import http.client
import json
import os
import pathlib
import random
import signal
import statistics
import subprocess
import tempfile
import threading
import time

POLL_SECONDS = 0.003
NEVER = threading.Event()
FILE_HEAD = """troupe: 1
cluster: {{name: bench, file: "{folder}/seeds"}}
nodes:
"""
ROUTER = """  router-{n}:
    link: {{listen: 127.0.0.1:0}}
    endpoint: {{listen: 127.0.0.1:0}}
    actors: [router: {{policy: prefix}}]
"""
ENGINE = """  engine-{n}:
    link: {{listen: 127.0.0.1:0}}
    actors: [engine: {{name: e, kind: openai, url: "http://{address}"}}]
"""


class Node:
    """A process of the cluster, and what its log says."""

    def __init__(self, args, folder, name):
        self.name = name
        self.command = [f"{args.bin}/troupe", "up", "-c", f"{folder}/nodes.yaml", "--node", name]
        self.seeds = pathlib.Path(folder, "seeds")
        self.log = []
        self.start()

    def start(self):
        """Starts the process, and tells the others where its link is."""
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        threading.Thread(target=self.read, args=(self.process.stderr,), daemon=True).start()
        last = "listening on http://" if self.name.startswith("router") else "linked at tcp://"
        for line in self.process.stdout:
            if line.startswith("linked at tcp://"):
                with self.seeds.open("a", encoding="utf-8") as seeds:
                    seeds.write(line.removeprefix("linked at tcp://"))
            if line.startswith("listening on http://"):
                host, port = line.removeprefix("listening on http://").strip().rsplit(":", 1)
                self.endpoint = (host, int(port))
            if line.startswith(last):
                return
        raise SystemExit(f"node {self.name} did not come up")

    def read(self, stream):
        """Keeps the log."""
        with stream:
            self.log += list(stream)

    def engines_up(self):
        """Returns the engines that are up, as a router says."""
        connection = http.client.HTTPConnection(*self.endpoint, timeout=10)
        connection.request("GET", "/ready")
        engines = json.loads(connection.getresponse().read())["engines"]
        connection.close()
        return {engine["name"] for engine in engines if engine["up"]}

    def seconds_until(self, engine, up, since):
        """Returns when this router holds the engine to be up, or not, in seconds since."""
        while (engine in self.engines_up()) != up:
            NEVER.wait(POLL_SECONDS)
        return time.monotonic() - since


def all_seconds_until(routers, engine, up, since):
    """The same of all routers."""
    times = []
    threads = [threading.Thread(target=lambda r=r: times.append(r.seconds_until(engine, up, since)))
               for r in routers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def say(name, values, unit):
    """Prints one figure."""
    values = sorted(values)
    p99 = values[min(len(values) - 1, int(len(values) * 0.99))]
    print(f"{name}_p50 {statistics.median(values):.3f} {unit} {len(values)} "
          f"{values[0]:.3f}-{values[-1]:.3f}", flush=True)
    print(f"{name}_p99 {p99:.3f} {unit} {len(values)}", flush=True)


def fail_over(args, routers, engines, how):
    """Kills or stops one engine node after the other; returns the routers' times."""
    times = []
    for _ in range(args.rounds):
        node = random.choice(engines)
        engine = f"{node.name}.e"
        began = time.monotonic()
        node.process.send_signal(how)
        times += all_seconds_until(routers, engine, False, began)
        if how == signal.SIGKILL:
            node.process.wait()
            node.start()
        else:
            node.process.send_signal(signal.SIGCONT)
        all_seconds_until(routers, engine, True, time.monotonic())
    return times


def pause_all(args, nodes, engines):
    """Pauses engine nodes for 300 ms; prints how many verdicts and suspicions that made."""
    before = {node.name: len(node.log) for node in nodes}
    began = time.monotonic()
    count = 0
    while time.monotonic() - began < args.pause_seconds:
        node = engines[count % len(engines)]
        node.process.send_signal(signal.SIGSTOP)
        NEVER.wait(0.3)
        node.process.send_signal(signal.SIGCONT)
        NEVER.wait(0.1)
        count += 1
    NEVER.wait(2)
    said = [line for node in nodes for line in node.log[before[node.name]:]]
    hours = len(nodes) * (time.monotonic() - began) / 3600
    down = sum(" a node is down" in line for line in said)
    suspect = sum(" a node is a suspect" in line for line in said)
    print(f"pauses_of_300_ms {count}")
    print(f"held_down_wrongly {down} in {hours:.2f} node-hours")
    print(f"suspected_and_cleared {suspect} in {hours:.2f} node-hours", flush=True)


def main():
    """Runs all of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="folder of troupe")
    parser.add_argument("--fake", required=True, help="bench_fake_engine")
    parser.add_argument("--routers", type=int, default=3)
    parser.add_argument("--engines", type=int, default=9)
    parser.add_argument("--rounds", type=int, default=20, help="of each kind of fault")
    parser.add_argument("--pause-seconds", type=float, default=60)
    args = parser.parse_args()
    nodes = []
    with tempfile.TemporaryDirectory() as folder:
        fake = subprocess.Popen([args.fake, "--model", "m"],
                                stdout=subprocess.PIPE, text=True)
        address = "127.0.0.1:" + fake.stdout.readline().split()[1]
        pathlib.Path(folder, "seeds").touch()
        pathlib.Path(folder, "nodes.yaml").write_text(
            FILE_HEAD.format(folder=folder) +
            "".join(ROUTER.format(n=n) for n in range(args.routers)) +
            "".join(ENGINE.format(n=n, address=address) for n in range(args.engines)),
            encoding="utf-8")
        try:
            names = [f"router-{n}" for n in range(args.routers)]
            names += [f"engine-{n}" for n in range(args.engines)]
            nodes += [Node(args, folder, name) for name in names]
            routers, engines = nodes[:args.routers], nodes[args.routers:]
            for node in engines:
                all_seconds_until(routers, f"{node.name}.e", True, time.monotonic())
            say("killed", fail_over(args, routers, engines, signal.SIGKILL), "s")
            say("hung", fail_over(args, routers, engines, signal.SIGSTOP), "s")
            pause_all(args, nodes, engines)
        finally:
            fake.kill()
            for node in nodes:
                os.kill(node.process.pid, signal.SIGKILL)
                node.process.wait()


if __name__ == "__main__":
    main()
