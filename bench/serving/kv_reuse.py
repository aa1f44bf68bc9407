#!/usr/bin/env python3
"""Measures what a warm KV cache is worth: time to first token of a first and of a second turn.

Start a node (`./run`), then: bench/serving/kv_reuse.py http://127.0.0.1:8000 --runs 5
Each run is a new conversation of about 1,000 tokens, so its first turn finds nothing cached.
"""

import argparse
import http.client
import json
import statistics
import time
import urllib.parse
import uuid


def first_turn(run):
    """A user message of about 1,000 tokens that no earlier run began with."""
    facts = " ".join(f"Fact {n}: river number {n} is {n * 7 % 90 + 10} miles long."
                     for n in range(58))
    return [{"role": "user", "content": f"Notes {run}. {facts} Which river is the longest?"}]


def timed_turn(where, model, messages):
    """Streams one answer; returns (seconds to the first token, its text, its usage)."""
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=300)
    body = {"model": model, "messages": messages, "max_tokens": 24, "temperature": 0,
            "stream": True, "stream_options": {"include_usage": True}}
    began = time.perf_counter()
    connection.request("POST", "/v1/chat/completions", json.dumps(body),
                       {"Content-Type": "application/json"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {answer.read()!r}")
    seconds, text, usage = None, "", None
    for line in answer:
        if not line.startswith(b"data: ") or line.startswith(b"data: [DONE]"):
            continue
        chunk = json.loads(line[6:])
        usage = chunk.get("usage") or usage
        for choice in chunk["choices"]:
            content = choice["delta"].get("content") or ""
            if content and seconds is None:
                seconds = time.perf_counter() - began
            text += content
    connection.close()
    return seconds, text, usage


def row(name, values, unit):
    """Prints one line of docs/benchmarks.md's table."""
    spread = f"{min(values):.4g} - {max(values):.4g}"
    command = f"bench/serving/kv_reuse.py URL --runs {len(values)}"
    print(f"| {name} | {statistics.median(values):.4g} | {unit} | {len(values)} | {spread} "
          f"| `{command}` |")


def main():
    """Runs the conversations and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    where = urllib.parse.urlparse(options.url)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
    connection.request("GET", "/v1/models")
    model = json.loads(connection.getresponse().read())["data"][0]["id"]
    connection.close()
    cold, warm, ratios, cached, prompts = [], [], [], [], []
    for _ in range(options.runs):
        messages = first_turn(uuid.uuid4().hex)
        before, text, usage = timed_turn(where, model, messages)
        prompts.append(usage["prompt_tokens"])
        messages += [{"role": "assistant", "content": text},
                     {"role": "user", "content": "And the shortest?"}]
        after, _, usage = timed_turn(where, model, messages)
        cold.append(1000 * before)
        warm.append(1000 * after)
        ratios.append(before / after)
        cached.append(usage["prompt_tokens_details"]["cached_tokens"])
    row("prompt of the first turn", prompts, "tokens")
    row("TTFT, first turn, nothing cached", cold, "ms")
    row("TTFT, second turn", warm, "ms")
    row("cached tokens of the second turn", cached, "tokens")
    row("first over second", ratios, "x")


if __name__ == "__main__":
    main()
