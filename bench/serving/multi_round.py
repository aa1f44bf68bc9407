#!/usr/bin/env python3
"""Multi-round questions on modelled engines: what each routing policy makes of their prefix caches.

  multi_round.py --program build/release/troupe --repeats 5

For each repeat and policy it starts engines with cold caches and a router before them, and lets
`troupe bench multi-round` ask: 48 users x 6 rounds at 20 questions a second, a system prompt of
4 kB that all share, 8 kB of each user's own, questions of 400 bytes, answers of 60 tokens, no
session header. An engine's first token takes 5 ms and 50 us for each prompt token that is not
cached (config/profiles/prefill-50us.yaml); four caches hold all conversations, one does not.

The built-in tokenizer is too coarse for real text, so that four bytes are taken for a token. With
--tokenizer the texts have these bytes; give --kv-tokens too, for they are fewer tokens then.

Prints `name value unit n spread` lines: the median of the repeats, the smallest and the largest.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time
import urllib.request

READY_SECONDS = 30
BYTES_PER_TOKEN = 4


def start_engine(options):
    """Starts an engine and waits until it takes requests; returns (process, URL)."""
    reader, writer = os.pipe()
    command = [options.program, "engine", f"--model-time={options.profile}",
               "--max-num-batched-tokens=8192", "--log-level=error"]
    if options.tokenizer:
        command.append(f"--model={options.tokenizer}")
    if options.kv_tokens:
        command.append(f"--kv-tokens={options.kv_tokens}")
    process = subprocess.Popen(command, pass_fds=(writer,),
                               env=os.environ | {"TROUPE_READY_FD": str(writer)})
    os.close(writer)
    with os.fdopen(reader) as said:
        words = said.readline().split()
    if not words:
        raise SystemExit("an engine ended before it was ready")
    return process, f"http://127.0.0.1:{words[1]}"


def all_up(url, engines):
    """Whether the router says that all its engines are up."""
    try:
        with urllib.request.urlopen(url + "/ready", timeout=5) as answer:
            return sum(e["up"] for e in json.load(answer)["engines"]) == engines
    except OSError:
        return False


def start_router(options, policy, engines):
    """Starts a node before the engines and waits until it knows them; returns (process, URL)."""
    command = [options.program, "up", "--port=0", f"--policy={policy}", "--log-level=error"]
    command += [f"--engine={url}" for url in engines]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    found = re.match(r"listening on (\S+)", process.stdout.readline())
    if not found:
        raise SystemExit("the router did not come up")
    ends = time.monotonic() + READY_SECONDS
    while not all_up(found.group(1), len(engines)):
        if time.monotonic() > ends:
            raise SystemExit("the router's engines did not come up")
    return process, found.group(1)


def lengths(options):
    """The lengths of the texts: in bytes where there is a real tokenizer, else in tokens."""
    of = {"system": 4096, "context": 8192, "question": 400}
    if not options.tokenizer:
        return [f"--{part}-tokens={size // BYTES_PER_TOKEN}" for part, size in of.items()]
    return [f"--{part}-bytes={size}" for part, size in of.items()]


def ask(options, url, seed):
    """Runs the benchmark once; returns its figures."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.json"
        command = [options.program, "bench", "multi-round", url, f"--seed={seed}",
                   f"--json={report}", f"--users={options.users}", f"--rounds={options.rounds}",
                   f"--qps={options.qps}", "--answer-tokens=60", *lengths(options)]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return json.loads(report.read_text())["endpoints"][0]["all"]


def measure(options, policy, seed):
    """One run on engines that know nothing yet."""
    processes = []
    try:
        urls = []
        for _ in range(options.engines):
            process, url = start_engine(options)
            processes.append(process)
            urls.append(url)
        process, url = start_router(options, policy, urls)
        processes.append(process)
        return ask(options, url, seed)
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


def figure(name, values, unit):
    spread = f"{min(values):.4g}-{max(values):.4g}"
    print(f"{name} {statistics.median(values):.4g} {unit} {len(values)} {spread}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True, help="the troupe binary")
    parser.add_argument("--profile", default="config/profiles/prefill-50us.yaml")
    parser.add_argument("--tokenizer", help="a GGUF file whose tokenizer counts the tokens")
    parser.add_argument("--kv-tokens", type=int, default=0, help="of an engine [the profile's]")
    parser.add_argument("--policies", default="prefix,least_loaded,round_robin")
    parser.add_argument("--engines", type=int, default=4)
    parser.add_argument("--users", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--qps", type=float, default=20)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    policies = options.policies.split(",")
    runs = {policy: [] for policy in policies}
    for seed in range(1, options.repeats + 1):
        for policy in policies:
            runs[policy].append(measure(options, policy, seed))
    prompts = [r["prompt_tokens"] / r["answered"] for of in runs.values() for r in of]
    figure("prompt_tokens_mean", prompts, "tokens")
    for policy, of in runs.items():
        figure(f"{policy}_hit_rate", [r["cache"]["hit_rate"] for r in of], "ratio")
        figure(f"{policy}_ttft_mean", [r["ttft_ms"]["mean"] for r in of], "ms")
        figure(f"{policy}_ttft_p50", [r["ttft_ms"]["p50"] for r in of], "ms")
        figure(f"{policy}_ttft_p99", [r["ttft_ms"]["p99"] for r in of], "ms")
        figure(f"{policy}_sent_late_p99", [r["sent_late_ms"]["p99"] for r in of], "ms")


if __name__ == "__main__":
    main()
