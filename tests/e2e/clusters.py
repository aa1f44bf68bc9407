"""Clusters of real nodes: started and ended by name, asked for answers, looked at."""

import signal
from collections import Counter

from http_calls import Stream, call, get
from processes import SCRATCH, Node, tiny_model


class LinkedNode(Node):
    """A node of a cluster: up once its links are."""

    READY = r"^linked at tcp://"

    def ready(self, match):
        """Such a node has no endpoint."""


class Cluster:
    """The nodes of a file, each started and ended by name; use as a context manager."""

    def __init__(self, name, file, cluster="", **values):
        SCRATCH.mkdir(parents=True, exist_ok=True)
        self.seeds = SCRATCH / f"{name}.seeds"
        self.seeds.write_text("", encoding="utf-8")
        self.file = SCRATCH / f"{name}.yaml"
        self.file.write_text(file.format(name=name, seeds=self.seeds, cluster=cluster,
                                         model=tiny_model(), **values), encoding="utf-8")
        self.nodes = {}

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for node in self.nodes.values():
            if node.process.poll() is None:
                node.process.send_signal(signal.SIGCONT)
                node.terminate()
        for node in self.nodes.values():
            node.__exit__(*error)

    def start(self, name):
        """Starts a node, and tells those that come later where it is."""
        kind = Node if name == "front" else LinkedNode
        node = kind("-c", self.file, "--node", name, "--log-level", "debug")
        line = next(l for l in node.out.lines if l.startswith("linked at tcp://"))
        with self.seeds.open("a", encoding="utf-8") as seeds:
            seeds.write(line.removeprefix("linked at tcp://") + "\n")
        self.nodes[name] = node
        return node

    @property
    def front(self):
        """The node with the endpoint."""
        return self.nodes["front"]

    def engines_up(self):
        """Returns the names of the engines the router holds to be up."""
        return {engine["name"] for engine in self._listed() if engine["up"]}

    def engines(self):
        """Returns how many requests each engine has that the router lists."""
        return {engine["name"]: engine["requests"] for engine in self._listed()}

    def _listed(self):
        return get(self.front, "/ready").json["engines"]

    def wait_for(self, engines):
        """Waits until just these engines are up."""
        self.front.poll(lambda: self.engines_up() == set(engines), f"engines {engines}")

    def spread(self):
        """Returns how many of the engines that are up each node has."""
        return dict(Counter(name.split(".")[0] for name in self.engines_up()))

    def serve_until(self, spread):
        """Asks for answers, each of which must come, until the engines are spread like this."""
        self.serve_until_true(lambda: self.spread() == spread, f"engines {spread}")

    def serve_until_true(self, condition, what="the condition"):
        """Asks for answers, each of which must come, until it is so."""
        def served():
            status = self.complete()
            if status != 200:
                raise AssertionError(f"a request was answered {status}")
            return condition()
        self.front.poll(served, what)

    def stream_until(self, done):
        """Streams one long answer after another until told; returns whether each was whole."""
        body = {"model": "tiny-4096", "prompt": "tell", "max_tokens": 1000, "ignore_eos": True,
                "stream": True}
        whole = []
        while not done.is_set():
            with Stream(self.front, "/v1/completions", body) as stream:
                chunks, ended = stream.rest()
                whole.append(ended and all("error" not in chunk for chunk in chunks))
        return whole

    def complete(self, prompt="hello"):
        """Asks for an answer; returns its status."""
        body = {"model": "tiny-4096", "prompt": prompt, "max_tokens": 4}
        return call(self.front, "POST /v1/completions", body).status
