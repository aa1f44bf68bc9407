"""Engine processes that are killed, and a node that is asked to stop."""

import concurrent.futures
import os
import signal
import subprocess
import unittest

from http_calls import chat, chat_body, chat_stream, get
from processes import TROUPE, Node, embedded_node, tiny_model, wait_gone


def ready(node):
    """True once the node would answer."""
    return get(node, "/ready").status == 200


def model_of(node):
    """The name of the model it serves."""
    return get(node, "/v1/models").json["data"][0]["id"]


class KilledEngines(unittest.TestCase):
    def test_an_engine_killed_under_load_comes_back_and_nothing_hangs(self):
        with embedded_node(engines=2) as node, concurrent.futures.ThreadPoolExecutor(16) as pool:
            node.poll(lambda: len(node.engine_pids()) == 2 and ready(node), "two engines")
            model, before = model_of(node), set(node.engine_pids())
            bodies = [chat_body(model, f"user {n} says hello", max_tokens=32, temperature=0)
                      for n in range(64)]
            calls = [pool.submit(chat, node, body) for body in bodies]
            calls[4].result()
            os.kill(min(before), signal.SIGKILL)
            answers = [call.result() for call in calls]
            self.assertEqual([a.status for a in answers], [200] * 64)
            again = node.poll(lambda: (set(node.engine_pids()) - before) or None, "a new engine")
            self.assertEqual(len(again), 1)
            node.poll(lambda: len(node.engine_pids()) == 2, "two engines again")
            for body, answer in list(zip(bodies, answers))[:8]:
                repeated = chat(node, body).json["choices"][0]["message"]["content"]
                self.assertEqual(repeated, answer.json["choices"][0]["message"]["content"])

    def test_a_stream_of_a_killed_engine_ends_with_an_error_event(self):
        with embedded_node(engines=1) as node:
            node.poll(lambda: ready(node), "readiness")
            body = chat_body(model_of(node), "hello", max_tokens=3000, temperature=1, seed=1,
                             ignore_eos=True)
            with chat_stream(node, body) as stream:
                events = stream.events()
                next(events)
                for pid in node.engine_pids():
                    os.kill(pid, signal.SIGKILL)
                last = [e for e in events if e != "[DONE]"][-1]
            self.assertIn('"error"', last)
            node.poll(lambda: ready(node), "readiness after the restart")
            answer = chat(node, chat_body(model_of(node), "hello", max_tokens=4))
            self.assertEqual(answer.status, 200)

    def test_every_engine_killed_is_503_and_then_answers_again(self):
        with embedded_node(engines=2) as node:
            node.poll(lambda: len(node.engine_pids()) == 2 and ready(node), "two engines")
            body = chat_body(model_of(node), "hello", max_tokens=4)
            for pid in node.engine_pids():
                os.kill(pid, signal.SIGKILL)
            self.assertIn(chat(node, body).status, (200, 502, 503))
            node.poll(lambda: ready(node), "readiness after the restart")
            self.assertEqual(chat(node, body).status, 200)


class Stopping(unittest.TestCase):
    def test_sigterm_lets_streams_finish_and_leaves_nothing_behind(self):
        with embedded_node(engines=2) as node:
            node.poll(lambda: len(node.engine_pids()) == 2 and ready(node), "two engines")
            engines = node.engine_pids()
            body = chat_body(model_of(node), "hello", max_tokens=400, temperature=1, seed=3)
            with chat_stream(node, body) as stream:
                events = stream.events()
                next(events)
                node.terminate()
                rest = list(events)
            self.assertEqual(rest[-1], "[DONE]")
            self.assertFalse(any('"error"' in event for event in rest))
            self.assertEqual(node.process.wait(60), 0)
            self.assertEqual(wait_gone(engines), [])

    def test_sigint_stops_too(self):
        with embedded_node(engines=1) as node:
            node.poll(lambda: ready(node), "readiness")
            engines = node.engine_pids()
            node.process.send_signal(signal.SIGINT)
            self.assertEqual(node.process.wait(60), 0)
            self.assertEqual(wait_gone(engines), [])

    def test_engines_end_with_a_killed_node(self):
        with embedded_node(engines=2) as node:
            node.poll(lambda: len(node.engine_pids()) == 2, "two engines")
            engines = node.engine_pids()
            node.process.kill()
            node.process.wait()
            self.assertEqual(wait_gone(engines), [])

    def test_stopping_while_engines_start_leaves_nothing_behind(self):
        with embedded_node(engines=2) as node:
            engines = node.engine_pids()
            self.assertEqual(node.stop(), 0)
            self.assertEqual(wait_gone(engines), [])


class Starting(unittest.TestCase):
    def test_a_taken_port_is_named(self):
        with embedded_node(engines=1) as node:
            done = subprocess.run(
                [str(TROUPE), "up", "--engine", "http://127.0.0.1:1", "--port", str(node.port)],
                capture_output=True, text=True, timeout=60, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(str(node.port), done.stderr + done.stdout)

    def test_a_node_without_a_living_engine_is_up_but_not_ready(self):
        with Node("--port", 0, "--engine", "http://127.0.0.1:1") as node:
            self.assertEqual(get(node, "/health").status, 200)
            self.assertEqual(get(node, "/ready").status, 503)
            self.assertIn(chat(node, chat_body("any", "x")).status, (404, 503))

    def test_two_nodes_serve_beside_each_other(self):
        with embedded_node(engines=1) as one, embedded_node(engines=1) as two:
            for node in (one, two):
                node.poll(lambda n=node: ready(n), "readiness")
                body = chat_body(model_of(node), "hello", max_tokens=2)
                self.assertEqual(chat(node, body).status, 200)

    def test_a_model_file_that_is_none_does_not_bring_down_the_node(self):
        broken = tiny_model().with_name("broken.gguf")
        broken.write_bytes(tiny_model().read_bytes()[:2000])
        with embedded_node(engines=1, model=broken) as node:
            self.assertEqual(get(node, "/ready").status, 503)
            node.poll(lambda: "broken.gguf" in node.log.text, "the file's name in the log")


if __name__ == "__main__":
    unittest.main()
