#!/usr/bin/env python3
"""How a node reads HTTP/1.1, judged by the request cases of llhttp's test suite.

  git clone https://github.com/nodejs/llhttp && cd llhttp && git checkout v9.4.2
  conformance.py --troupe build/release/troupe --corpus llhttp

Each case is sent as it is on a connection of its own, with a chat request behind it. What the
corpus reads as valid must be answered, and the request behind it too. What it calls invalid, or
accepts only by leave of an option, must be refused with 4xx or 5xx and the connection closed, so
that no byte behind it is taken for a request. After each case a fresh chat request must be
answered, and at the end no request may have reached an engine but these. The corpus is a parser's
and asks for no Host field: a case without one must be refused for that, and is judged with one
added.

Where the node differs knowingly, DIFFERENCES says why. Any other difference is a fault: it is
printed, and the exit code is 1. Prints `name value unit n spread` lines, n being --repeats.
"""

import argparse
import contextlib
import json
import pathlib
import re
import socket
import statistics
import subprocess
import tempfile

from llhttp_corpus import UPGRADE, read_corpus
from measure import Running

SECONDS_MAX = 10
REFUSALS = {400, 408, 413, 414, 417, 431, 501, 505}  # of what is no request, whatever it asks

NO_TUNNELS = ([501], "CONNECT asks for a tunnel, and there are none here")
NO_CODING = ([501], "no transfer coding but chunked is understood (RFC 9112, 6.1)")
NOT_HTTP = ([400], "another protocol than HTTP")

# Cases that the node answers otherwise than the corpus has it: how, and why.
DIFFERENCES = {
    "method: CONNECT request": NO_TUNNELS,
    "method: CONNECT request with CAPS": NO_TUNNELS,
    "method: CONNECT with body": NO_TUNNELS,
    "uri: Underscore in hostname": NO_TUNNELS,
    "method: SOURCE request with ICE": NOT_HTTP,
    "method: OPTIONS request with RTSP": NOT_HTTP,
    "method: ANNOUNCE request with RTSP": NOT_HTTP,
    "method: M-SEARCH request": ([400], "only OPTIONS may ask for * (RFC 9112, 3.2.4)"),
    "method: PRI request HTTP2": ([400], "only OPTIONS may ask for *, and HTTP/2 is not spoken"),
    "invalid: Invalid method": ([404, 200], "a method is any token (RFC 9110, 9.1)"),
    "invalid: HTTP protocol and ANNOUNCE method": ([404], "a method is any token (RFC 9110, 9.1)"),
    "sample: No HTTP version": ([400], "HTTP/0.9 is not spoken"),
    "transfer-encoding: POST with `chunked` as last transfer-encoding": NO_CODING,
    "transfer-encoding: POST with `chunked` as last transfer-encoding (multiple headers)":
        NO_CODING,
    "transfer-encoding: Chunk extensions quoting":
        ([400], "white space in a chunk's line: parsers end it at different bytes"),
    "uri: Fragment in URI": ([400], "a fragment is no part of a request target (RFC 9112, 3.2)"),
    "uri: `host:port` and basic auth":
        ([400], "a user in a target makes one host look like another (RFC 9110, 4.2.4)"),
}


def with_host(case):
    """Returns the case's bytes with a Host field in each request of HTTP/1.1 that has none."""
    data, ends = case.data, [m.at for m in case.messages[1:]] + [len(case.data)]
    for message, end in reversed(list(zip(case.messages, ends))):
        line_end = data.find(b"\r\n", message.at, end)
        if line_end < 0 or not data[:line_end].endswith(b" HTTP/1.1"):
            continue
        head = data[line_end:end].split(b"\r\n\r\n")[0].lower()
        if b"\nhost:" not in head:
            named = re.search(rb"://([^/? ]*)", data[message.at:line_end])
            field = b"Host: %b\r\n" % (named[1] if named else b"h")
            data = data[:line_end + 2] + field + data[line_end + 2:]
    return data


def answers_in(received, methods):
    """Returns the statuses of the answers in what came; an answer to HEAD has no body."""
    statuses = []
    while received:
        head, found, received = received.partition(b"\r\n\r\n")
        status = re.match(rb"HTTP/1\.1 (\d{3}) ", head)
        if not found or not status:
            return statuses + ["no HTTP"]
        asked = methods[len(statuses)] if len(statuses) < len(methods) else ""
        length = re.search(rb"\r\ncontent-length: *(\d+)", head.lower())
        if asked != "HEAD" and length:
            received = received[int(length[1]):]
        statuses.append(int(status[1]))
    return statuses


def exchange(target, data, methods=(), stays=False):
    """Sends bytes on a connection of their own and ends it, or stays until the node does.

    Returns the statuses of all answers.
    """
    received = b""
    with socket.create_connection(target, SECONDS_MAX) as s:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            s.sendall(data)
            if not stays:
                s.shutdown(socket.SHUT_WR)
        try:
            while piece := s.recv(65536):
                received += piece
        except ConnectionResetError:
            pass
        except TimeoutError:
            return answers_in(received, methods) + ["silence"]
    return answers_in(received, methods)


def refused_last(statuses, served):
    """Whether so many requests were served and then one was refused, and nothing behind it."""
    return (len(statuses) == served + 1 and statuses[-1] in REFUSALS
            and not REFUSALS & set(statuses[:-1]))


def judge_lenient(case, statuses):
    """Of what only leave of an option makes valid, less is served than with that leave."""
    if statuses and statuses[-1] in REFUSALS:
        return refused_last(statuses, len(statuses) - 1)
    return len(statuses) < len(case.messages)


def judge(case, statuses):
    """Whether the answers are those the corpus asks for."""
    served = case.complete
    if case.place in DIFFERENCES:
        return statuses == DIFFERENCES[case.place][0]
    if case.lenient:
        return judge_lenient(case, statuses)
    if case.invalid:
        return refused_last(statuses, served)
    if case.error == UPGRADE:  # is not taken up: what follows is read as HTTP, whatever it is
        return bool(statuses) and statuses[0] not in REFUSALS
    if REFUSALS & set(statuses[:served]):
        return False
    last = case.messages[-1]
    if case.error or last.closes or not last.complete:
        return len(statuses) == served
    return len(statuses) == served + 1 and statuses[-1] == 200


class Run:
    """One pass of the corpus through a node."""

    def __init__(self, target):
        self.target, self.faults, self.counts = target, [], {}
        self.chats = 0  # answered as they should be
        body = json.dumps({"model": self.model(), "max_tokens": 1,
                           "messages": [{"role": "user", "content": "hi"}]}).encode()
        self.request = (b"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                        % (len(body), body))

    def page(self, path):
        """Returns the body of a page of the node."""
        with socket.create_connection(self.target, SECONDS_MAX) as s:
            s.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            with s.makefile("rb") as answer:
                return answer.read().partition(b"\r\n\r\n")[2].decode()

    def model(self):
        """Waits until the node has a model; returns its name."""
        for _ in range(100_000):
            if models := json.loads(self.page("/v1/models"))["data"]:
                return models[0]["id"]
        raise SystemExit("the node has no model")

    def routed(self):
        """Returns how many requests the node has given to engines, or wanted to."""
        lines = re.findall(r"^troupe_requests_total\{(.*)\} (\d+)", self.page("/metrics"), re.M)
        return sum(int(value) for labels, value in lines if 'outcome="client_error"' not in labels)

    def count(self, name, is_good):
        """Counts a case under a name, as good or not."""
        good, all_of = self.counts.get(name, (0, 0))
        self.counts[name] = (good + is_good, all_of + 1)

    def note(self, case, name, statuses, is_good):
        """Counts a verdict, and keeps what is a fault."""
        self.count(name, is_good)
        if not is_good:
            self.faults.append(f"{case.place}: answered {statuses}, not {name}: {case.data!r}")

    def try_case(self, case):
        """Sends a case and judges what comes of it."""
        methods = [message.method for message in case.messages]
        data = with_host(case)
        # Behind an unfinished request more bytes would only be more of it.
        whole = case.invalid or case.lenient or case.messages[-1].complete
        behind = self.request if whole else b""
        statuses = exchange(self.target, data + behind, methods, whole)
        self.chats += statuses[-1:] == [200]
        name = ("known_differences" if case.place in DIFFERENCES else
                "lenient_refused" if case.lenient else
                "invalid_refused" if case.invalid else "valid_answered")
        self.note(case, name, statuses, judge(case, statuses))
        if name == "valid_answered" and case.messages[0].complete and data != case.data:
            bare = exchange(self.target, case.data + behind, methods, whole)
            self.note(case, "hostless_refused", bare, refused_last(bare, len(bare) - 1))
        fresh = exchange(self.target, self.request, stays=True)
        self.chats += fresh == [200]
        self.note(case, "fresh_answered", fresh, fresh == [200])

    def run(self, cases):
        """Tries all cases."""
        before = self.routed()
        for case in cases:
            if not case.skips:
                self.try_case(case)
        extra = self.routed() - before - self.chats
        self.counts["reached_an_engine_beside"] = (extra, 0)
        if extra:
            self.faults.append(f"{extra} requests more reached an engine than were answered")

@contextlib.contextmanager
def own_node(troupe, engine):
    """Runs a node before one engine, the fields of which are given; gives where it listens."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "node.yaml")
        path.write_text("troupe: 1\nnodes:\n  n:\n    endpoint: {listen: 127.0.0.1:0}\n"
                        "    log: {level: error}\n    actors:\n      - router: {}\n"
                        f"      - engine: {{name: e, {engine}}}\n", encoding="utf-8")
        with Running([troupe, "up", "-c", str(path)]) as node:
            for line in node.stdout:
                if found := re.match(r"listening on http://([\d.]+):(\d+)", line):
                    yield found[1], int(found[2])
                    return
            raise SystemExit("the node did not come up")


def report(cases, runs, differences):
    """Prints what the runs counted, and their faults; returns the exit code."""
    counts, faults = {}, {}
    for run in runs:
        for (name, (good, all_of)) in run.counts.items():
            counts.setdefault((name, all_of), []).append(good)
        faults.update(dict.fromkeys(run.faults))
    print(f"cases {sum(not c.skips for c in cases)} cases {len(runs)} -")
    for (name, all_of), good in sorted(counts.items()):
        unit = f"of_{all_of}" if all_of else "requests"
        print(f"{name} {statistics.median(good):g} {unit} {len(good)} {min(good)}-{max(good)}")
    for fault in faults:
        print(f"# {fault}")
    for place in sorted(set(differences) - {case.place for case in cases}):
        print(f"# a known difference of which this corpus has no case: {place}")
    return 1 if faults else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", required=True, type=pathlib.Path, help="a checkout of llhttp")
    node = parser.add_mutually_exclusive_group(required=True)
    node.add_argument("--troupe", help="the program, to start a node of it")
    node.add_argument("--target", help="HOST:PORT of a node that runs")
    parser.add_argument("--profile", default="config/profiles/instant.yaml")
    parser.add_argument("--repeats", type=int, default=1)
    args = parser.parse_args()
    cases, runs = read_corpus(args.corpus, "request"), []
    engine = f"kind: embedded, model_time: {pathlib.Path(args.profile).resolve()}"
    for _ in range(args.repeats):
        with contextlib.ExitStack() as stack:
            if args.target:
                host, port = args.target.rsplit(":", 1)
                runs.append(Run((host, int(port))))
            else:
                runs.append(Run(stack.enter_context(own_node(args.troupe, engine))))
            runs[-1].run(cases)
    return report(cases, runs, DIFFERENCES)


if __name__ == "__main__":
    raise SystemExit(main())
