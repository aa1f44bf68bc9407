"""Placed engines: nodes are killed, stopped and paused, and what they ran runs elsewhere."""

import signal
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

from clusters import Cluster
from http_calls import get

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


class PlacedTest(unittest.TestCase):
    """Three nodes, and two engines that belong to none; the group's name gives each node one."""

    NODES = ("front", "back-0", "back-1")

    def placed(self, name, per_node):
        """Describes the cluster."""
        return Cluster(name, PLACED, per_node=per_node)

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

    def test_a_node_that_stops_hands_over_first_and_no_request_fails(self):
        with self.placed("placed-leave", 2) as cluster:
            self.start(cluster)
            front = cluster.front
            left, kept = cluster.nodes["back-0"], cluster.nodes["back-1"]
            done = threading.Event()
            with ThreadPoolExecutor(4) as clients:
                streams = [clients.submit(cluster.stream_until, done) for _ in range(4)]
                try:
                    left.terminate()
                    kept.poll(lambda: "a node is about to leave" in kept.log.text, "the word")
                    # Both serve until the successor of what leaves is up.
                    cluster.serve_until({"back-1": 2})
                    self.assertEqual(left.process.wait(60), 0)
                    cluster.serve_until({"back-1": 2})
                finally:
                    done.set()
                for each in streams:
                    self.assertEqual(set(each.result()), {True})
            self.assertIn("engine moves", left.log.text)
            # A node that left is no failure: nobody suspects it, nothing of it stays.
            for node in (front, kept):
                node.poll(lambda node=node: "gone, as it said" in node.log.text, "a farewell")
                self.assertNotIn("a node is a suspect", node.log.text)
                self.assertNotIn("a node is down", node.log.text)
            names = {engine["name"] for engine in get(front, "/ready").json["engines"]}
            self.assertEqual({name.split(".")[0] for name in names}, {"back-1"})

    def test_groups_follow_a_reload(self):
        with self.placed("placed-reload", 2) as cluster:
            self.start(cluster)
            before = cluster.file.read_text(encoding="utf-8")
            group = next(line for line in before.splitlines() if "name: tiny" in line)
            more = group.replace("name: tiny, count: 2", "name: more")

            def reload(text):
                cluster.file.write_text(text, encoding="utf-8")
                for node in cluster.nodes.values():
                    node.process.send_signal(signal.SIGHUP)

            def known():
                engines = get(cluster.front, "/ready").json["engines"]
                return sorted(engine["name"].split(".")[1].split("-")[0] for engine in engines)

            reload(before.replace(group, f"{group}\n{more}"))
            cluster.serve_until_true(lambda: known() == ["more", "tiny", "tiny"])
            reload(before)
            cluster.serve_until_true(lambda: known() == ["tiny", "tiny"])

    def test_a_second_signal_ends_the_wait_for_a_successor(self):
        # The successor does not come: its node stands still.
        with self.placed("placed-hurry", 2) as cluster:
            self.start(cluster)
            left, kept = cluster.nodes["back-0"], cluster.nodes["back-1"]
            kept.process.send_signal(signal.SIGSTOP)
            left.terminate()
            left.poll(lambda: "leaving: engines" in left.log.text, "the word")
            left.terminate()
            self.assertEqual(left.process.wait(60), 0)
            self.assertIn("not waiting any longer for other nodes", left.log.text)
            kept.process.send_signal(signal.SIGCONT)
            cluster.front.poll(lambda: cluster.spread() == {"back-1": 2}, "its share")

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
