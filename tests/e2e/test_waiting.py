"""Requests that wait in the router, sessions, weights and aliases, before fake engines."""

import hashlib
import http.client
import json
import threading
import unittest

from fake_engine import WAIT_SECONDS, FakeEngine
from http_calls import chat, chat_body, chat_stream, get
from processes import SCRATCH, Node

BODY = chat_body("fake", "hello")


def wait_for_release(exchange):
    """Answers once the test says so."""
    exchange.engine.released.wait(WAIT_SECONDS)
    exchange.complete()


def refuse_twice(exchange):
    """Says it is full for the first two requests."""
    if len(exchange.engine.requests) <= 2:
        exchange.reply(503, b'{"error":{"message":"full"}}')
    else:
        exchange.complete()


class Waiting(unittest.TestCase):
    def start(self, engines, router="{}", more="", endpoint=""):
        """A node whose file names these fake engines; `more` follows each engine's URL, `endpoint`
        its address.
        """
        SCRATCH.mkdir(parents=True, exist_ok=True)
        path = SCRATCH / f"{self.id().rsplit('.', 1)[-1]}.yaml"
        lines = ["troupe: 1", "nodes:", "  n:", f"    endpoint: {{listen: 127.0.0.1:0{endpoint}}}",
                 "    actors:", f"      - router: {router}"]
        for number, engine in enumerate(engines):
            self.addCleanup(engine.close)
            lines.append(f"      - engine: {{name: e{number}, kind: openai, url: \"{engine.url}\","
                         f" probe_interval: 100ms{more}}}")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        node = Node("-c", path)
        self.addCleanup(node.stop)
        node.poll(lambda: sum(e["up"] for e in get(node, "/ready").json["engines"]) == len(engines),
                  "all engines up")
        return node

    def queued(self, node, **fields):
        """How many requests the node says wait."""
        page = get(node, "/metrics", **fields).body.decode()
        return int(float(page.split("\ntroupe_queue_requests ")[1].split("\n")[0]))

    def test_what_an_engine_may_not_have_waits_here_and_is_answered(self):
        engine = FakeEngine(answer=wait_for_release)
        node = self.start([engine], more=", requests: 1")
        answers = []
        clients = [threading.Thread(target=lambda: answers.append(chat(node, BODY).status))
                   for _ in range(3)]
        for client in clients:
            client.start()
        node.poll(lambda: self.queued(node) == 2, "two requests wait")
        self.assertEqual(len(engine.requests), 1)
        engine.released.set()
        for client in clients:
            client.join(WAIT_SECONDS)
        self.assertEqual(answers, [200, 200, 200])
        node.poll(lambda: self.queued(node) == 0, "nobody waits")

    def test_a_key_with_many_waiting_does_not_hold_up_another(self):
        engine = FakeEngine(answer=wait_for_release)
        names = ("greedy", "modest")
        keys = ", ".join(f"{name}: {{sha256: {hashlib.sha256(name.encode()).hexdigest()}}}"
                         for name in names)
        node = self.start([engine], more=", requests: 1",
                          endpoint=f", api_keys: {{{keys}}}")
        shown = {name: {"Authorization": f"Bearer {name}"} for name in names}
        clients = []

        def ask(name, waiting):
            # A session of its own for each request is of no use to who has one key.
            fields = shown[name] | {"x-session-id": f"{name} {waiting}"}
            clients.append(threading.Thread(target=chat,
                                            args=(node, chat_body("fake", name), fields)))
            clients[-1].start()
            node.poll(lambda: self.queued(node, **shown[name]) == waiting, "it waits")

        ask("greedy", 0)
        engine.wait_request()
        for waiting in range(1, 6):
            ask("greedy", waiting)
        ask("modest", 6)
        engine.released.set()
        for client in clients:
            client.join(WAIT_SECONDS)
        order = [json.loads(body)["messages"][0]["content"] for _, _, body in engine.requests]
        self.assertEqual(order, ["greedy"] * 2 + ["modest"] + ["greedy"] * 4)

    def test_past_the_deadline_and_the_bound_it_is_429_with_retry_after(self):
        engine = FakeEngine(answer=wait_for_release)
        node = self.start([engine], "{admission: {queue: 1, queue_timeout: 300ms}}",
                          more=", requests: 1")
        first = threading.Thread(target=chat, args=(node, BODY))
        first.start()
        engine.wait_request()
        late = chat(node, BODY)
        self.assertEqual(late.status, 429, late.body)
        self.assertGreaterEqual(int(late.fields["retry-after"]), 1)
        self.assertEqual(late.error["type"], "RateLimitError")
        engine.released.set()
        first.join(WAIT_SECONDS)

    def test_a_client_that_leaves_leaves_the_queue(self):
        engine = FakeEngine(answer=wait_for_release)
        node = self.start([engine], more=", requests: 1")
        first = threading.Thread(target=chat, args=(node, BODY))
        first.start()
        engine.wait_request()
        second = threading.Thread(target=self.leave_at_once, args=(node,))
        second.start()
        second.join(WAIT_SECONDS)
        node.poll(lambda: self.queued(node) == 0, "nobody waits")
        engine.released.set()
        first.join(WAIT_SECONDS)
        self.assertEqual(len(engine.requests), 1)

    def leave_at_once(self, node):
        """Sends a request, sees it wait, and leaves."""
        connection = http.client.HTTPConnection(node.host, node.port, timeout=WAIT_SECONDS)
        connection.request("POST", "/v1/chat/completions", json.dumps(BODY),
                           {"Content-Type": "application/json"})
        node.poll(lambda: self.queued(node) == 1, "it waits")
        connection.close()

    def test_an_engine_that_says_it_is_full_is_asked_again(self):
        engine = FakeEngine(answer=refuse_twice)
        node = self.start([engine])
        self.assertEqual(chat(node, BODY).status, 200)
        self.assertEqual(len(engine.requests), 3)

    def test_a_session_stays_at_its_engine(self):
        engines = [FakeEngine() for _ in range(4)]
        node = self.start(engines, "{policy: session, session: {header: x-user}}")
        for user in range(12):
            homes = {chat(node, BODY, {"x-user": f"user {user}"}).fields["x-troupe-engine"]
                     for _ in range(5)}
            self.assertEqual(len(homes), 1, f"user {user}")
        self.assertGreater(sum(bool(e.requests) for e in engines), 1)

    def test_an_alias_is_replaced_and_everything_else_passes(self):
        engine = FakeEngine()
        node = self.start([engine], '{models: {fake: {aliases: [gpt-4o, "org/x"]}}}')
        body = (b'{ "model" :\t"gpt-4o" , "x": 1.0, '
                b'"messages":[{"role":"user","content":"gpt-4o"}] }')
        answer = chat(node, body)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(engine.requests[0][2], body.replace(b'"gpt-4o"', b'"fake"', 1))
        self.assertEqual(answer.json["model"], "fake")  # as vLLM answers for its further names
        with chat_stream(node, chat_body("org/x", "hi")) as stream:
            self.assertTrue(stream.rest()[1])
        models = [card["id"] for card in get(node, "/v1/models").json["data"]]
        self.assertEqual(models, ["fake", "gpt-4o", "org/x"])
        self.assertEqual(chat(node, chat_body("gpt-5", "hi")).status, 404)

    def test_a_heavier_engine_gets_more(self):
        engines = [FakeEngine(), FakeEngine()]
        node = self.start(engines, "{policy: round_robin}", more=", weight: 1")
        for _ in range(8):
            chat(node, BODY)
        self.assertEqual([len(e.requests) for e in engines], [4, 4])


if __name__ == "__main__":
    unittest.main()
