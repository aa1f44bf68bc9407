"""A cluster: the router on one node, engines on others; nodes are killed, stopped, restarted."""

import http.client
import json
import signal
import threading
import unittest
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from http_calls import Stream, call, get
from processes import SCRATCH, Node, tiny_model

FILE = """troupe: 1
cluster:
  name: {name}
  file: "{seeds}"
{cluster}
nodes:
  front:
    link: {{listen: 127.0.0.1:0}}
    endpoint: {{listen: 127.0.0.1:0}}
    actors:
      - router: {{policy: prefix}}
  back-0:
    link: {{listen: 127.0.0.1:0}}
    actors:
      - engine: {{name: cpu, model: "{model}", kv: 16MiB}}
  back-1:
    link: {{listen: 127.0.0.1:0}}
    actors:
      - engine: {{name: cpu, model: "{model}", kv: 16MiB}}
"""

PLACED = """troupe: 1
cluster:
  name: {name}
  file: "{seeds}"
{cluster}
placed:
  - engine: {{name: tiny, count: 2, model: "{model}", kv: 16MiB, place: {{per_node: {per_node}}}}}
nodes:
  front:
    link: {{listen: 127.0.0.1:0}}
    endpoint: {{listen: 127.0.0.1:0}}
    actors:
      - router: {{policy: round_robin}}
  back:
    replicas: 2
    roles: [engine]
    link: {{listen: 127.0.0.1:0}}
"""

class LinkedNode(Node):
    """A node of a cluster: up once its links are."""

    READY = r"^linked at tcp://"

    def ready(self, match):
        """Such a node has no endpoint."""


class Cluster:
    """The nodes of a file, each started and ended by name; use as a context manager."""

    def __init__(self, name, cluster="", file=FILE, **values):
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
        engines = get(self.front, "/ready").json["engines"]
        return {engine["name"] for engine in engines if engine["up"]}

    def wait_for(self, engines):
        """Waits until just these engines are up."""
        self.front.poll(lambda: self.engines_up() == set(engines), f"engines {engines}")

    def spread(self):
        """Returns how many of the engines that are up each node has."""
        return dict(Counter(name.split(".")[0] for name in self.engines_up()))

    def serve_until(self, spread):
        """Asks for answers, each of which must come, until the engines are spread like this."""
        def served():
            status = self.complete()
            if status != 200:
                raise AssertionError(f"a request was answered {status}")
            return self.spread() == spread
        self.front.poll(served, f"engines {spread}")

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


class ClusterTest(unittest.TestCase):
    """Three nodes, one with the router."""

    def test_requests_reach_engines_of_other_nodes_whatever_comes_first(self):
        with Cluster("cluster-order") as cluster:
            cluster.start("back-0")
            cluster.start("front")
            cluster.start("back-1")
            cluster.wait_for(["back-0.cpu", "back-1.cpu"])
            self.assertEqual(cluster.complete(), 200)
            self.assertEqual(cluster.nodes["back-1"].stop(), 0)
            cluster.wait_for(["back-0.cpu"])
            self.assertEqual(cluster.complete(), 200)

    def test_a_killed_node_is_passed_over_and_welcome_again(self):
        with Cluster("cluster-kill") as cluster:
            for name in ("front", "back-0", "back-1"):
                cluster.start(name)
            cluster.wait_for(["back-0.cpu", "back-1.cpu"])
            cluster.nodes["back-0"].kill()
            # No request fails while the others find out: what was sent to the dead goes elsewhere.
            self.assertEqual([cluster.complete(f"prompt {i}") for i in range(20)], [200] * 20)
            cluster.wait_for(["back-1.cpu"])
            cluster.start("back-0")
            cluster.wait_for(["back-0.cpu", "back-1.cpu"])

    def test_a_node_that_hangs_is_found_and_comes_back_by_itself(self):
        with Cluster("cluster-hang") as cluster:
            for name in ("front", "back-0", "back-1"):
                cluster.start(name)
            cluster.wait_for(["back-0.cpu", "back-1.cpu"])
            hung = cluster.nodes["back-0"].process
            hung.send_signal(signal.SIGSTOP)
            cluster.wait_for(["back-1.cpu"])
            self.assertEqual(cluster.complete(), 200)
            hung.send_signal(signal.SIGCONT)
            cluster.wait_for(["back-0.cpu", "back-1.cpu"])

    def test_a_router_that_restarts_finds_the_engines_again(self):
        with Cluster("cluster-router") as cluster:
            for name in ("front", "back-0", "back-1"):
                cluster.start(name)
            cluster.wait_for(["back-0.cpu", "back-1.cpu"])
            cluster.front.kill()
            cluster.start("front")
            cluster.wait_for(["back-0.cpu", "back-1.cpu"])
            self.assertEqual(cluster.complete(), 200)

    def test_a_node_that_stops_finishes_what_its_engines_have_begun(self):
        with Cluster("cluster-stop") as cluster:
            cluster.start("front")
            cluster.start("back-0")
            cluster.wait_for(["back-0.cpu"])
            front = cluster.front
            connection = http.client.HTTPConnection(front.host, front.port, timeout=60)
            connection.request("POST", "/v1/completions", json.dumps({
                "model": "tiny-4096", "prompt": "hello", "max_tokens": 1500, "ignore_eos": True,
                "stream": True}), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            self.assertTrue(answer.readline().startswith(b"data: "))
            cluster.nodes["back-0"].terminate()
            cluster.wait_for([])
            rest = answer.read()
            connection.close()
            self.assertTrue(rest.endswith(b"data: [DONE]\n\n"), rest[-300:])
            self.assertIn(b'"finish_reason":"length"', rest)

    def test_no_engine_is_an_error_to_try_again_after(self):
        with Cluster("cluster-none") as cluster:
            cluster.start("front")
            cluster.start("back-0")
            cluster.wait_for(["back-0.cpu"])
            cluster.nodes["back-0"].kill()
            cluster.wait_for([])
            self.assertEqual(cluster.complete(), 503)


class PlacedTest(unittest.TestCase):
    """Three nodes, and two engines that belong to none; the group's name gives each node one."""

    NODES = ("front", "back-0", "back-1")

    def placed(self, name, per_node):
        """Describes the cluster."""
        return Cluster(name, file=PLACED, per_node=per_node)

    def start(self, cluster):
        """Starts the nodes, and waits until each has its engine and no other."""
        for name in self.NODES:
            cluster.start(name)
        cluster.front.poll(lambda: cluster.spread() == {"back-0": 1, "back-1": 1}, "one each")
        for name in self.NODES[1:]:
            node = cluster.nodes[name]
            node.poll(lambda node=node: len(node.engine_pids()) == 1, f"one process of {name}")

    def test_engines_of_a_dead_node_start_elsewhere_and_go_back_once_it_returns(self):
        with self.placed("placed-kill", 2) as cluster:
            self.start(cluster)
            cluster.nodes["back-0"].kill()
            cluster.serve_until({"back-1": 2})
            other = cluster.nodes["back-1"]
            self.assertEqual(len(other.engine_pids()), 2)
            done = threading.Event()
            with ThreadPoolExecutor(4) as clients:
                streams = [clients.submit(cluster.stream_until, done) for _ in range(4)]
                try:
                    cluster.start("back-0")
                    cluster.serve_until({"back-0": 1, "back-1": 1})
                    other.poll(lambda: len(other.engine_pids()) == 1, "its process has ended")
                finally:
                    done.set()
                for each in streams:
                    self.assertEqual(set(each.result()), {True})
            for words in ("engine is placed here", "engine moves", "engine drains",
                          "engine no longer runs here"):
                self.assertIn(words, other.log.text)

    def test_bounds_hold_and_what_they_leave_out_is_said_and_made_good(self):
        with self.placed("placed-bound", 1) as cluster:
            self.start(cluster)
            left, kept = cluster.nodes["back-0"], cluster.nodes["back-1"]
            pids = kept.engine_pids()
            self.assertEqual(left.stop(), 0)
            cluster.serve_until({"back-1": 1})
            kept.poll(lambda: "not all engines of a group can be placed" in kept.log.text,
                      "a warning")
            cluster.start("back-0")
            cluster.serve_until({"back-0": 1, "back-1": 1})
            self.assertEqual(kept.engine_pids(), pids)

    def test_a_node_that_hung_keeps_what_it_runs_and_takes_over_from_others(self):
        with self.placed("placed-hang", 2) as cluster:
            self.start(cluster)
            hung = cluster.nodes["back-0"]
            pids = hung.engine_pids()
            hung.process.send_signal(signal.SIGSTOP)
            cluster.serve_until({"back-1": 2})
            hung.process.send_signal(signal.SIGCONT)
            cluster.serve_until({"back-0": 1, "back-1": 1})
            self.assertEqual(hung.engine_pids(), pids)
            # It follows the cluster in its new life as well.
            cluster.nodes["back-1"].kill()
            cluster.serve_until({"back-0": 2})
            self.assertIn(pids[0], hung.engine_pids())


if __name__ == "__main__":
    unittest.main()
