"""A cluster: the router on one node, engines on others; nodes are killed, stopped, restarted."""

import http.client
import json
import signal
import unittest
from concurrent.futures import ThreadPoolExecutor

from clusters import Cluster
from http_calls import call, get

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

PAIR = FILE.replace("name: cpu,", "name: cpu, count: 2,", 1)


class ClusterTest(unittest.TestCase):
    """Three nodes, one with the router."""

    def test_requests_reach_engines_of_other_nodes_whatever_comes_first(self):
        with Cluster("cluster-order", FILE) as cluster:
            cluster.start("back-0")
            cluster.start("front")
            cluster.start("back-1")
            cluster.wait_for(["back-0.cpu", "back-1.cpu"])
            self.assertEqual(cluster.complete(), 200)
            self.assertEqual(cluster.nodes["back-1"].stop(), 0)
            cluster.wait_for(["back-0.cpu"])
            self.assertEqual(cluster.complete(), 200)

    def test_a_killed_node_is_passed_over_and_welcome_again(self):
        with Cluster("cluster-kill", FILE) as cluster:
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
        with Cluster("cluster-hang", FILE) as cluster:
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
        with Cluster("cluster-router", FILE) as cluster:
            for name in ("front", "back-0", "back-1"):
                cluster.start(name)
            cluster.wait_for(["back-0.cpu", "back-1.cpu"])
            cluster.front.kill()
            cluster.start("front")
            cluster.wait_for(["back-0.cpu", "back-1.cpu"])
            self.assertEqual(cluster.complete(), 200)

    def test_a_node_that_stops_finishes_what_its_engines_have_begun(self):
        with Cluster("cluster-stop", FILE) as cluster:
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
        with Cluster("cluster-none", FILE) as cluster:
            cluster.start("front")
            cluster.start("back-0")
            cluster.wait_for(["back-0.cpu"])
            cluster.nodes["back-0"].kill()
            cluster.wait_for([])
            self.assertEqual(cluster.complete(), 503)

    def test_a_model_whose_node_stopped_is_an_error_to_try_again_after(self):
        with Cluster("cluster-away", FILE) as cluster:
            cluster.start("front")
            cluster.start("back-0")
            cluster.wait_for(["back-0.cpu"])
            def ask(model):
                return call(cluster.front, "POST /v1/completions", {"model": model, "prompt": "x"})
            cluster.front.poll(lambda: ask("nobody").status == 404, "a router that knows them all")
            self.assertEqual(cluster.nodes["back-0"].stop(), 0)
            cluster.front.poll(lambda: cluster.engines() == {}, "no engine in the list")
            answer = ask("tiny-4096")
            self.assertEqual((answer.status, answer.fields["retry-after"]), (503, "1"))
            self.assertEqual(ask("nobody").status, 404)
            self.assertEqual(get(cluster.front, "/v1/models").json["data"], [])
            cluster.start("back-0")
            cluster.wait_for(["back-0.cpu"])
            self.assertEqual(cluster.complete(), 200)

    def test_requests_at_two_engines_of_a_killed_node_are_answered_by_another(self):
        with Cluster("cluster-pair", PAIR) as cluster, ThreadPoolExecutor(16) as clients:
            for name in ("front", "back-0", "back-1"):
                cluster.start(name)
            cluster.wait_for(["back-0.cpu-0", "back-0.cpu-1", "back-1.cpu"])
            body = {"model": "tiny-4096", "prompt": "hello", "max_tokens": 300, "ignore_eos": True}
            asked = [clients.submit(call, cluster.front, "POST /v1/completions", body)
                     for _ in range(16)]
            cluster.front.poll(lambda: all(cluster.engines().get(f"back-0.cpu-{n}", 0) >= 2
                                           for n in range(2)), "requests at both")
            cluster.nodes["back-0"].kill()
            self.assertEqual([each.result().status for each in asked], [200] * 16)


if __name__ == "__main__":
    unittest.main()
