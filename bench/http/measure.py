#!/usr/bin/env python3
"""CPU microseconds a request (and a streamed chunk) that HTTP proxies cost, side by side.

Systems under test are commands in which {port} and {engines} (host:port,host:port) or {urls}
(each engine as http://host:port, behind its own flag, see --url-flag) are filled in:

  measure.py --bin build/release/bench/http \
      --system 'troupe=build/release/troupe up --port {port} {urls}' --repeats 3

nginx (2 workers) and the floor proxy run too unless --only-given. Prints `name value unit n spread`
lines: medians over the repeats, spread as lowest-highest.
"""

import argparse
import json
import os
import pathlib
import shlex
import signal
import socket
import statistics
import subprocess
import tempfile

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

NGINX = """
daemon off; worker_processes 2; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_max_body_size 64m; client_body_buffer_size 256k;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  keepalive_requests 100000000;
  upstream engines {{ {servers} keepalive 128; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://engines; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""

# Name, unit of work counted, flags of the load program.
LOADS = [
    ("1kB", "requests", "--mode closed --connections 64 --body-bytes 1024"),
    ("16kB", "requests", "--mode closed --connections 64 --body-bytes 16384"),
    ("128kB", "requests", "--mode closed --connections 64 --body-bytes 131072"),
    ("200rps", "requests", "--mode open --rate 200 --body-bytes 1024"),
    ("chunk", "chunks", "--mode stream --connections 16 --body-bytes 1024"),
]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def tree(pid):
    """The process and all below it."""
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += tree(int(child))
    return found


def cpu_seconds(pid):
    total = 0
    for each in tree(pid):
        parts = pathlib.Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(parts[11]) + int(parts[12])
    return total / TICKS_PER_SECOND


class Running:
    """A process that is stopped with all below it at the end of the block."""

    def __init__(self, command):
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, start_new_session=True
        )

    def __enter__(self):
        return self.process

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def wait_until_serving(port, model, process):
    """Asks until a completion is answered: a router may need a moment to find its engines."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "hi"}]})
    head = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    message = f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    for _ in range(200_000):
        if process.poll() is not None:
            raise SystemExit("a system under test ended before it served")
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as s:
                s.sendall(message.encode())
                if s.recv(100).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            pass
    raise SystemExit(f"nothing serves on port {port}")


def measure(args, system, port, pid):
    figures = {}
    for name, unit, flags in LOADS:
        if args.loads and name not in args.loads:
            continue
        command = [f"{args.bin}/bench_http_load", "--target", f"127.0.0.1:{port}"]
        command += [*shlex.split(flags), "--seconds", str(args.seconds), "--model", args.model]
        before = cpu_seconds(pid)
        told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        used = cpu_seconds(pid) - before
        if told["errors"] or not told[unit]:
            print(f"# {system} {name}: {told}", flush=True)
        figures[f"{name}_cpu", "us/" + unit[:-1]] = used * 1e6 / max(told[unit], 1)
        if name in ("1kB", "16kB", "128kB"):
            figures[f"{name}_rate", "1/s"] = told["requests"] / told["seconds"]
        if name == "200rps":
            figures["200rps_p50", "ms"] = told["p50_ms"]
    return figures


def systems(args, folder, engines):
    """Yields (name, command, port) of everything to measure."""
    listed = ",".join(engines)
    if not args.only_given:
        port = free_port()
        servers = " ".join(f"server {e};" for e in engines)
        config = pathlib.Path(folder) / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, servers=servers, port=port))
        yield "nginx", ["nginx", "-c", str(config), "-e", f"{folder}/error.log"], port
        port = free_port()
        floor = [f"{args.bin}/bench_floor_proxy", "--port", str(port), "--upstreams", listed]
        yield "floor", floor, port
    for given in args.system:
        name, command = given.split("=", 1)
        port = free_port()
        urls = " ".join(f"{args.url_flag} http://{e}" for e in engines)
        yield name, shlex.split(command.format(port=port, engines=listed, urls=urls)), port


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="folder of the bench_ programs")
    parser.add_argument("--system", action="append", default=[], help="name=command")
    parser.add_argument("--only-given", action="store_true", help="without nginx and the floor")
    parser.add_argument("--url-flag", default="--engine")
    parser.add_argument("--model", default="m")
    parser.add_argument("--engines", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--loads", nargs="*", help="of: " + " ".join(n for n, _, _ in LOADS))
    args = parser.parse_args()
    figures = {}
    fakes = [Running([f"{args.bin}/bench_fake_engine", "--model", args.model])
             for _ in range(args.engines)]
    try:
        engines = ["127.0.0.1:" + f.process.stdout.readline().split()[1] for f in fakes]
        for _ in range(args.repeats):
            with tempfile.TemporaryDirectory() as folder:
                os.chmod(folder, 0o755)
                for name, command, port in systems(args, folder, engines):
                    with Running(command) as process:
                        wait_until_serving(port, args.model, process)
                        for (what, unit), value in measure(args, name, port, process.pid).items():
                            figures.setdefault((f"{name}_{what}", unit), []).append(value)
    finally:
        for each in fakes:
            each.__exit__()
    for (name, unit), values in figures.items():
        spread = f"{min(values):.2f}-{max(values):.2f}"
        print(f"{name} {statistics.median(values):.2f} {unit} {len(values)} {spread}")


if __name__ == "__main__":
    main()
