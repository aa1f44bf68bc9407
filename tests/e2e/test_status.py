"""`troupe status` and the metrics of links, asked of every node of a cluster."""

import json
import unittest

from http_calls import call, get
from processes import Node, troupe, write_config
from clusters import Cluster

TOKEN = "s3cret"
FILE = """troupe: 1
cluster:
  name: {name}
  file: "{seeds}"
nodes:
  front:
    link: {{listen: 127.0.0.1:0}}
    endpoint: {{listen: 127.0.0.1:0}}
    admin: {{listen: 127.0.0.1:0, token: {token}}}
    actors:
      - router: {{policy: prefix}}
  back-0:
    link: {{listen: 127.0.0.1:0}}
    labels: {{rack: r7}}
    admin: {{listen: 127.0.0.1:0, token: {token}}}
    actors:
      - engine: {{name: cpu, model: "{model}", kv: 16MiB}}
"""


class WatchedCluster(Cluster):
    """Two nodes, each with an admin API."""

    def __init__(self, name):
        super().__init__(name, FILE, token=TOKEN)
        self.name = name

    def status(self, node, *flags):
        """Runs `troupe status` against a node."""
        admin = self.nodes[node].admin
        return troupe("status", "--admin", f"http://{admin.host}:{admin.port}", "--token", TOKEN,
                      *flags)

    def page(self, node):
        """What a node says, parsed."""
        done = self.status(node, "--json")
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return json.loads(done.stdout)

    def states(self, node):
        """The states of the nodes as one of them sees them, by name."""
        return {each["name"]: each["state"] for each in self.page(node)["nodes"]}

    def metrics(self, node):
        """What a node's admin listener says to Prometheus."""
        page = call(self.nodes[node].admin, "GET /metrics", None,
                    {"Authorization": f"Bearer {TOKEN}"})
        return page.body.decode()

    def start_both(self):
        """Starts both and waits until the router has its engine."""
        self.start("front")
        self.start("back-0")
        self.wait_for(["back-0.cpu"])


class StatusTest(unittest.TestCase):
    """What nodes tell of each other."""

    def test_each_node_tells_of_both(self):
        with WatchedCluster("status-both") as cluster:
            cluster.start_both()
            for node, other in (("front", "back-0"), ("back-0", "front")):
                cluster.nodes[node].poll(
                    lambda n=node: cluster.states(n) == {"front": "up", "back-0": "up"}
                    and cluster.page(n)["engines"], f"{node} sees both")
                page = cluster.page(node)
                self.assertEqual(page["node"], node)
                self.assertEqual(page["cluster"], "status-both")
                link = page["links"][0]
                self.assertEqual((link["peer"], link["up"], link["gaps"]), (other, True, 0))
                self.assertGreater(link["sent"], 0)
                self.assertGreater(link["received"], 0)
                self.assertEqual(page["router"], "front")
                self.assertEqual([(e["name"], e["state"]) for e in page["engines"]],
                                 [("back-0.cpu", "up")])
                ends = {each["name"]: each for each in page["nodes"]}
                self.assertEqual(ends["back-0"]["labels"], {"rack": "r7"})
                for name, each in ends.items():
                    self.assertIn(f"linked at {each['endpoint']}", cluster.nodes[name].out.lines)
                table = cluster.status(node).stdout
                self.assertIn(f"node '{node}' sees of cluster 'status-both'", table)
                self.assertIn("rack=r7", table)
                self.assertIn("as the router of 'front' knows them", table)

    def test_a_killed_node_is_told_of(self):
        with WatchedCluster("status-killed") as cluster:
            cluster.start_both()
            cluster.nodes["back-0"].kill()
            front = cluster.front
            front.poll(lambda: cluster.states("front")["back-0"] in ("suspect", "down"),
                       "back-0 is found to be gone")
            front.poll(lambda: 'troupe_cluster_members{state="up"} 0' in get(
                front, "/metrics").body.decode(), "the metrics say so")
            self.assertEqual(cluster.states("front")["front"], "up")
            self.assertRegex(cluster.status("front").stdout, r"\nback-0 +(suspect +front|down) ")

    def test_without_a_router_a_node_tells_of_its_own_engines(self):
        with WatchedCluster("status-no-router") as cluster:
            back = cluster.start("back-0")
            back.poll(lambda: cluster.page("back-0")["engines"], "its engine is started")
            page = cluster.page("back-0")
            self.assertIsNone(page["router"])
            self.assertEqual(page["engines"], [{"name": "back-0.cpu", "state": "unknown"}])
            self.assertIn("no router is known", cluster.status("back-0").stdout)

    def test_nodes_without_an_endpoint_are_measured_too(self):
        with WatchedCluster("status-metrics") as cluster:
            cluster.start_both()
            for node, other in (("front", "back-0"), ("back-0", "front")):
                cluster.nodes[node].poll(
                    lambda n=node: 'troupe_cluster_members{state="up"} 1' in cluster.metrics(n),
                    f"{node} counts the other")
                text = cluster.metrics(node)
                self.assertIn(f'troupe_link_up{{peer="{other}"}} 1', text)
                self.assertRegex(text, rf'records_sent_total{{peer="{other}"}} [1-9]')
                self.assertIn('troupe_link_frames_dropped_total{reason="malformed"} 0', text)
                self.assertRegex(text, r"troupe_remote_messages_delivered_total [1-9]")
                self.assertEqual(call(cluster.nodes[node].admin, "GET /metrics").status, 401)
            self.assertIn("troupe_link_up", get(cluster.front, "/metrics").body.decode())

    def test_a_node_alone_tells_of_itself(self):
        path = write_config("status-alone.yaml",
                            "    admin: {listen: 127.0.0.1:0}\n",
                            "          url: http://127.0.0.1:1\n")
        with Node("-c", path) as node:
            url = f"http://{node.admin.host}:{node.admin.port}"
            done = troupe("status", "--admin", url)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("node 'local' is in no cluster", done.stdout)
            self.assertIn("engines, as the router of 'local' knows them", done.stdout)
            self.assertNotIn("troupe_link_up", get(node, "/metrics").body.decode())

    def test_says_why_there_is_no_answer(self):
        with WatchedCluster("status-wrong") as cluster:
            cluster.start("front")
            admin = cluster.front.admin
            url = f"http://{admin.host}:{admin.port}"
            wrong = troupe("status", "--admin", url, "--token", "wrong")
            self.assertEqual(wrong.returncode, 1)
            self.assertIn("401", wrong.stderr)
            cluster.front.stop()
            gone = troupe("status", "--admin", url)
            self.assertEqual(gone.returncode, 1)
            self.assertNotEqual(gone.stderr, "")


if __name__ == "__main__":
    unittest.main()
