#!/usr/bin/env python3
"""Runs two linked nodes before given engines, for measure.py: the router here, the proxies there.

  measure.py … --system 'two=bench/http/two_nodes.py --troupe B/troupe --port {port} {engines}'

What a request costs beyond one node is what links, and whatever travels over them, cost both
processes.
"""

import argparse
import pathlib
import signal
import subprocess
import sys
import tempfile

NODES = """troupe: 1
cluster: {{name: bench, file: "{folder}/seeds"}}
nodes:
  front:
    link: {{listen: 127.0.0.1:0}}
    endpoint: {{listen: 127.0.0.1:{port}}}
    actors: [router: {{policy: prefix}}]
  back:
    link: {{listen: 127.0.0.1:0}}
    actors:
{engines}
"""
ENGINE = "      - engine: {{name: e{number}, kind: openai, url: 'http://{address}'}}\n"


def start(args, file, node):
    """Starts a node; returns its process and where its link listens."""
    process = subprocess.Popen(
        [args.troupe, "up", "-c", file, "--node", node, "--log-level", "error"],
        stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("linked at tcp://"):
            return process, line.removeprefix("linked at tcp://").strip()
    raise SystemExit(f"node {node} did not come up")


def main():
    """Runs both until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--troupe", required=True, help="the program")
    parser.add_argument("--port", required=True, help="of the endpoint")
    parser.add_argument("engines", help="HOST:PORT,HOST:PORT")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory() as folder:
        engines = "".join(ENGINE.format(number=number, address=address)
                          for number, address in enumerate(args.engines.split(",")))
        file = pathlib.Path(folder, "nodes.yaml")
        file.write_text(NODES.format(folder=folder, port=args.port, engines=engines),
                        encoding="utf-8")
        seeds = pathlib.Path(folder, "seeds")
        seeds.write_text("", encoding="utf-8")
        running = []
        try:
            for node in ("back", "front"):
                process, link = start(args, file, node)
                running.append(process)
                seeds.write_text(seeds.read_text(encoding="utf-8") + link + "\n", encoding="utf-8")
            running[-1].wait()
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait()


if __name__ == "__main__":
    main()
