"""Engines that refuse, die and hang: every request ends with an answer or a typed error."""

import contextlib
import json
import socket
import unittest

from fake_engine import WAIT_SECONDS, Exchange, FakeEngine
from http_calls import chat, chat_body, chat_stream, get, text_of
from processes import Node

BODY = chat_body("fake", "hello")


def die_before_the_answer(exchange):
    """Takes the request and dies."""
    exchange.die()


def die_in_mid_stream(exchange):
    """Sends two tokens, and dies when the client has them."""
    exchange.begin()
    exchange.event(exchange.chunk("one "))
    exchange.event(exchange.chunk("two "))
    exchange.engine.released.wait(WAIT_SECONDS)
    exchange.die()


class Failures(unittest.TestCase):
    def start(self, *answers, options=()):
        """A node before one fake engine for each answer given."""
        engines = []
        for answer in answers:
            engine = FakeEngine(answer=answer)
            self.addCleanup(engine.close)
            engines.append(engine)
        urls = [word for engine in engines for word in ("--engine", engine.url)]
        node = Node("--port", 0, *urls, *options)
        self.addCleanup(node.stop)
        node.poll(lambda: self.engines_up(node) == len(engines), "all engines up")
        return node, engines

    def engines_up(self, node):
        """How many engines the node says are up."""
        return sum(e["up"] for e in get(node, "/ready").json["engines"])

    def test_a_closed_engine_is_passed_over(self):
        node, engines = self.start(None, None, options=("--policy", "round_robin"))
        engines[0].close()
        for _ in range(8):
            self.assertEqual(chat(node, BODY).status, 200)
        self.assertEqual(len(engines[1].requests), 8)

    def test_an_engine_that_dies_before_its_answer_is_replaced(self):
        node, engines = self.start(die_before_the_answer, None, options=("--policy", "round_robin"))
        for number in range(4):
            answer = chat(node, BODY, {"x-request-id": f"e2e-{number}"})
            self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(len(engines[1].requests), 4)
        node.poll(lambda: "e2e-" in node.log.text, "the request's id in the log of the failure")

    def test_a_request_that_kills_two_engines_is_not_tried_on_a_third(self):
        def kill(exchange):
            if "poison" in exchange.json["messages"][0]["content"]:
                exchange.engine.stop_listening()
                exchange.die()
            else:
                exchange.complete()

        node, engines = self.start(kill, kill, kill, options=("--policy", "round_robin"))
        for _ in range(6):  # every engine has an idle connection when the poison comes
            self.assertEqual(chat(node, BODY).status, 200)
        before = [len(e.requests) for e in engines]
        answer = chat(node, chat_body("fake", "poison"))
        self.assertGreaterEqual(answer.status, 500)
        self.assertTrue(answer.error["message"])
        hit = [len(e.requests) > n for e, n in zip(engines, before)]
        self.assertEqual(sum(hit), 2)

    def test_all_engines_down_is_503(self):
        node, engines = self.start(None, None)
        for engine in engines:
            engine.close()
        answer = chat(node, BODY)
        self.assertEqual(answer.status, 503)
        self.assertTrue(answer.error["message"])
        node.poll(lambda: get(node, "/ready").status == 503, "not ready")
        self.assertEqual(get(node, "/health").status, 200)

    def test_an_engine_that_comes_back_is_used_again(self):
        node, [engine] = self.start(None)
        engine.close()
        node.poll(lambda: get(node, "/ready").status == 503, "not ready")
        again = FakeEngine(port=engine.port)
        self.addCleanup(again.close)
        node.poll(lambda: get(node, "/ready").status == 200, "ready again")
        self.assertEqual(chat(node, BODY).status, 200)

    def test_an_unknown_model_is_404_while_engines_are_up(self):
        node, _ = self.start(None)
        self.assertEqual(chat(node, chat_body("other", "hello")).status, 404)

    def test_models_of_different_engines_are_told_apart(self):
        left, right = FakeEngine(model="left"), FakeEngine(model="right")
        self.addCleanup(left.close)
        self.addCleanup(right.close)
        with Node("--port", 0, "--engine", left.url, "--engine", right.url) as node:
            node.poll(lambda: self.engines_up(node) == 2, "both engines up")
            names = [m["id"] for m in get(node, "/v1/models").json["data"]]
            self.assertEqual(sorted(names), ["left", "right"])
            for _ in range(3):
                self.assertEqual(chat(node, chat_body("right", "x")).json["model"], "right")
        self.assertEqual(len(left.requests), 0)

    def test_death_in_mid_stream_is_a_typed_error_event(self):
        node, [engine] = self.start(die_in_mid_stream)
        with chat_stream(node, BODY) as stream:
            self.assertEqual(stream.status, 200)
            events = stream.events()
            chunks = [json.loads(next(events)) for _ in range(2)]
            self.assertEqual(text_of(chunks), "one two ")
            engine.released.set()
            rest = [json.loads(event) for event in events if event != "[DONE]"]
        self.assertEqual(len(rest), 1, rest)
        self.assertTrue(rest[0]["error"]["type"])
        self.assertTrue(rest[0]["error"]["message"])

    def test_a_stream_that_ends_without_done_is_an_error_too(self):
        def stop_short(exchange):
            exchange.begin()
            exchange.event(exchange.chunk("one"))
            exchange.handler.wfile.write(b"0\r\n\r\n")

        node, _ = self.start(stop_short)
        with chat_stream(node, BODY) as stream:
            chunks, done = stream.rest()
        self.assertTrue(done or "error" in chunks[-1], chunks)

    def test_clients_that_leave_are_noticed_by_the_engine(self):
        for streamed in (False, True):
            with self.subTest(streamed=streamed):
                node, [engine] = self.start(Exchange.wait_cancel)
                with chat_stream_later(node, BODY | {"stream": streamed}):
                    self.assertTrue(engine.wait_request())
                self.assertTrue(engine.cancelled.wait(WAIT_SECONDS))

    def test_a_hung_engine_does_not_hold_up_the_others(self):
        def hang_or_answer(exchange):
            if "hang" in exchange.json["messages"][0]["content"]:
                exchange.wait_cancel()
            else:
                exchange.complete()

        node, engines = self.start(hang_or_answer, hang_or_answer)
        with chat_stream_later(node, chat_body("fake", "hang")):
            for _ in range(6):
                self.assertEqual(chat(node, BODY).status, 200)
        self.assertEqual(sum(len(e.requests) for e in engines), 7)


@contextlib.contextmanager
def chat_stream_later(node, body):
    """Sends a request whose answer nobody reads yet; leaving closes the connection."""
    data = json.dumps(body).encode()
    with socket.create_connection((node.host, node.port), WAIT_SECONDS) as connection:
        connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
                           b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        yield connection


if __name__ == "__main__":
    unittest.main()
