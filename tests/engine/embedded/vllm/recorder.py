#!/usr/bin/env python3
"""Puts all requests to a server and keeps the facts of its answers.

  recorder.py URL OUT.jsonl

A recording is JSON lines: first where it is from, then [name, {path: fact}] for each request.
"""

import http.client
import json
import sys
from urllib.parse import urlsplit

from exchanges import Exchange, chats, completions, generations, information, texts
from refused_exchanges import not_done_here, refused_bodies, refused_chats, refused_completions
from shapes import answer_facts, metric_facts

TIMEOUT_SECONDS = 120


def all_exchanges():
    """Every request, in the order in which it is sent."""
    for group in (information, completions, chats, generations, texts, refused_completions,
                  refused_chats, refused_bodies, not_done_here):
        yield from group()


def ask(address, exchange):
    """Sends one request on a connection of its own; returns (status, header fields, body)."""
    connection = http.client.HTTPConnection(*address, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(exchange.method, exchange.path, exchange.body, exchange.fields)
        answer = connection.getresponse()
        return answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def record(address):
    """Returns {name: facts} of all requests, and of /metrics after them."""
    recording = {}
    for exchange in all_exchanges():
        if exchange.name in recording:
            raise ValueError(f"two requests are called {exchange.name}")
        recording[exchange.name] = answer_facts(*ask(address, exchange))
    _, _, page = ask(address, Exchange("metrics", "/metrics"))
    recording["metrics"] = metric_facts(page.decode())
    return recording


def version_of(address):
    """The version that a server states."""
    return json.loads(ask(address, Exchange("version", "/version"))[2])["version"]


def write(path, provenance, recording):
    """Writes a recording."""
    with open(path, "w", encoding="utf-8") as out:
        for line in [provenance, *recording.items()]:
            out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")


def read(path):
    """Returns (provenance, {name: facts}) of a recording."""
    with open(path, encoding="utf-8") as lines:
        provenance, *entries = map(json.loads, lines)
    return provenance, dict(entries)


def main():
    """Records the server at a URL."""
    url, out = sys.argv[1:]
    address = urlsplit(url).hostname, urlsplit(url).port
    write(out, {"version": version_of(address)}, record(address))


if __name__ == "__main__":
    main()
