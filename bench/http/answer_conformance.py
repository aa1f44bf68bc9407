#!/usr/bin/env python3
"""How a node reads the answers of an engine, judged by the answer cases of llhttp's test suite.

  answer_conformance.py --troupe build/release/troupe --corpus llhttp    (see conformance.py)

A chat request is sent to a node whose engine answers it with the bytes of a case and closes. What
the corpus reads as a valid answer must reach the client, with its status and as much body. What it
calls invalid, what it accepts only by leave of an option, and what breaks off must end in 502, and
what stands behind an answer must go nowhere. After each case a fresh request must be answered, once
the node believes in its engine again.

Prints and exits as conformance.py does.
"""

import argparse
import json
import pathlib
import re
import socket
import threading
import time

from conformance import SECONDS_MAX, Run, own_node, report
from llhttp_corpus import read_corpus

MODELS = b'{"object":"list","data":[{"id":"m","object":"model"}]}'
FRESH = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

NO_UPGRADE = "nothing was asked to be upgraded"
NO_CODING = "no transfer coding but chunked is understood"
NOT_HTTP = "another protocol than HTTP/1.0 and HTTP/1.1"
EMPTY_LINE = "only requests may have an empty line before them (RFC 9112, 2.2)"

# Valid answers of the corpus that a node refuses, and why.
DIFFERENCES = {
    "connection: HTTP 101 response with Upgrade and Content-Length header": NO_UPGRADE,
    "connection: HTTP 101 response with Upgrade and Transfer-Encoding header": NO_UPGRADE,
    "connection: HTTP 100 first, then 400": EMPTY_LINE,
    "sample: Response starting with CRLF": EMPTY_LINE,
    "sample: RTSP response": NOT_HTTP,
    "sample: ICE response": NOT_HTTP,
    "sample: HTTP version 0.9": NOT_HTTP,
    "sample: No reason phrase": "the space behind a status is no option (RFC 9112, 4)",
    "transfer-encoding: `chunked` before other transfer-encoding": NO_CODING,
    "transfer-encoding: multiple transfer-encoding where chunked is not the last one": NO_CODING,
    "transfer-encoding: `chunkedchunked` transfer-encoding does not enable chunked enconding":
        NO_CODING,
}


class RawEngine:
    """An engine that answers requests with the bytes it is told to, and probes as it should."""

    def __init__(self):
        self.answer = FRESH
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, client.makefile("rb") as lines:
            while line := lines.readline():
                length = 0
                while (field := lines.readline()) not in (b"\r\n", b""):
                    if found := re.match(rb"content-length: *(\d+)", field.lower()):
                        length = int(found[1])
                lines.read(length)
                if line.startswith(b"POST"):
                    client.sendall(self.answer)
                    return
                body = MODELS if b" /v1/models " in line else b""
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b"
                               % (len(body), body))


class AnswerRun(Run):
    """One pass of the answers through a node."""

    def __init__(self, target, engine):
        super().__init__(target)
        self.engine = engine

    def wait_up(self):
        """Waits until the node gives requests to its engine."""
        ends = time.monotonic() + SECONDS_MAX
        while not all(e["up"] for e in json.loads(self.page("/ready"))["engines"]):
            if time.monotonic() > ends:
                raise SystemExit("the engine did not come up again")

    def ask(self, answer):
        """Sends a request that the engine answers so; returns what the client sees of it."""
        self.wait_up()
        self.engine.answer = answer
        received = b""
        with socket.create_connection(self.target, SECONDS_MAX) as s:
            s.sendall(self.request)
            while piece := s.recv(65536):
                received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        return int(head[9:12]), len(body)

    def try_case(self, case):
        """Lets the engine answer with a case and judges what comes of it."""
        seen = self.ask(case.data)
        told = [m for m in case.messages if m.status // 100 != 1]
        # Without a length an answer ends with its connection.
        is_whole = bool(told) and (told[0].complete or not told[0].has_length)
        # An option that lets more follow changes nothing of the first answer.
        is_loose = case.lenient and not re.search("keep-alive|data-after-close", case.kind)
        if case.place in DIFFERENCES:
            self.note(case, "known_differences", seen, seen[0] == 502)
        elif case.invalid or is_loose or not is_whole:
            self.note(case, "invalid_refused", seen, seen[0] == 502)
        else:
            expected = told[0].status, told[0].body_bytes
            self.note(case, "valid_passed_on", seen, seen == expected)
        fresh = self.ask(FRESH)
        self.note(case, "fresh_answered", fresh, fresh == (200, 2))

    def run(self, cases):
        """Tries all cases."""
        for case in cases:
            if not case.skips:
                self.try_case(case)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", required=True, type=pathlib.Path, help="a checkout of llhttp")
    parser.add_argument("--troupe", required=True, help="the program")
    parser.add_argument("--repeats", type=int, default=1)
    args = parser.parse_args()
    cases, runs = read_corpus(args.corpus, "response"), []
    for _ in range(args.repeats):
        engine = RawEngine()
        fields = f'kind: openai, url: "http://127.0.0.1:{engine.port}", probe_interval: 100ms'
        with own_node(args.troupe, fields) as target:
            runs.append(AnswerRun(target, engine))
            runs[-1].run(cases)
    return report(cases, runs, DIFFERENCES)


if __name__ == "__main__":
    raise SystemExit(main())
