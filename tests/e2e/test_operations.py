"""A running node is changed: engines come, drain and go; its file is read again."""

import os
import signal
import threading
import unittest

from fake_engine import WAIT_SECONDS, FakeEngine, token_then_wait
from http_calls import call, chat, chat_body, chat_stream, get
from processes import SCRATCH, Node, tiny_model, troupe, wait_gone

BODY = chat_body("fake", "hello")
TOKEN = "s3cret"


class Operations(unittest.TestCase):
    def write(self, engines, router="{policy: round_robin}", more=()):
        """Writes the node's file; engines by name."""
        SCRATCH.mkdir(parents=True, exist_ok=True)
        self.path = SCRATCH / f"{self.id().rsplit('.', 1)[-1]}.yaml"
        lines = ["troupe: 1", "nodes:", "  n:", "    endpoint: {listen: 127.0.0.1:0}",
                 f"    admin: {{listen: 127.0.0.1:0, token: {TOKEN}}}",
                 "    actors:", f"      - router: {router}", *more]
        lines += [f"      - engine: {{name: {name}, kind: openai, url: \"{engine.url}\","
                  " probe_interval: 100ms}" for name, engine in engines.items()]
        self.path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def start(self, engines, **options):
        """Starts a node before these engines, and finds its admin API."""
        self.write(engines, **options)
        self.node = Node("-c", self.path, model=options.get("model"))
        self.addCleanup(self.node.stop)
        self.admin = self.node.admin
        if engines:
            self.wait_states({name: "up" for name in engines})

    def engine(self, answer=None):
        """A fake engine that ends with the test."""
        made = FakeEngine(answer=answer)
        self.addCleanup(made.close)
        self.addCleanup(made.released.set)
        return made

    def ask(self, line, body=None, token=TOKEN):
        """Calls the admin API."""
        return call(self.admin, line, body, {"Authorization": f"Bearer {token}"})

    def command(self, *words):
        """Runs `troupe engines`."""
        url = f"http://{self.admin.host}:{self.admin.port}"
        return troupe("engines", *words, "--admin", url, "--token", TOKEN)

    def states(self):
        """What each engine does, by name."""
        engines = self.ask("GET /admin/engines").json["engines"]
        return {e["name"]: e["state"] for e in engines}

    def wait_states(self, expected):
        """Waits until the node has exactly these engines in these states."""
        self.node.poll(lambda: self.states() == expected, f"the engines are {expected}")

    def served_by(self, count=6):
        """Which engines answer."""
        return {chat(self.node, BODY).fields["x-troupe-engine"] for _ in range(count)}

    def test_only_who_has_the_token_is_heard(self):
        self.start({"a": self.engine()})
        self.assertEqual(self.ask("GET /admin/engines", token="wrong").status, 401)
        self.assertEqual(call(self.admin, "GET /admin/engines").status, 401)
        self.assertEqual(get(self.node, "/admin/engines").status, 404)  # not on the clients' side
        page = call(self.admin, "POST /admin/reload", None,
                    {"Authorization": f"Bearer {TOKEN}", "Origin": "http://evil.example"})
        self.assertEqual(page.status, 403)

    def test_an_engine_without_a_name_is_not_there(self):
        self.start({"a": self.engine()})
        for line in ("DELETE /admin/engines/", "DELETE /admin/engines/?force",
                     "POST /admin/engines//drain", "POST /admin/engines//resume"):
            self.assertEqual(self.ask(line).status, 404, line)
        self.assertEqual(self.states(), {"a": "up"})

    def test_an_engine_is_added_and_used(self):
        self.start({"a": self.engine()})
        added = self.command("add", "b", self.engine().url)
        self.assertEqual(added.returncode, 0, added.stderr)
        self.wait_states({"a": "up", "b": "up"})
        self.assertEqual(self.served_by(), {"a", "b"})
        again = self.command("add", "b", "http://127.0.0.1:1")
        self.assertEqual(again.returncode, 1)
        self.assertIn("already called 'b'", again.stderr)
        wrong = self.ask("POST /admin/engines", {"name": "c", "kind": "openai", "url": "x", "y": 1})
        self.assertEqual(wrong.status, 400)
        self.assertIn("url 'x' is not of the form", wrong.error["message"])
        self.assertIn("'y' is not a key here", wrong.error["message"])
        no_file = self.ask("POST /admin/engines", {"name": "c", "kind": "openai",
                                                   "url": "https://127.0.0.1:1",
                                                   "ca": "/nowhere/ca.pem"})
        self.assertEqual(no_file.status, 400)
        self.assertIn("/nowhere/ca.pem", no_file.error["message"])
        listing = self.command("list").stdout
        self.assertIn("NAME", listing)
        self.assertIn("fake", listing)

    def test_a_drained_engine_finishes_what_it_has_and_gets_nothing_new(self):
        slow = self.engine(token_then_wait)
        self.start({"a": slow})
        with chat_stream(self.node, BODY) as stream:
            slow.wait_request()
            self.assertEqual(self.command("add", "b", self.engine().url).returncode, 0)
            self.wait_states({"a": "up", "b": "up"})
            self.assertEqual(self.ask("POST /admin/engines/a/drain").status, 202)
            self.wait_states({"a": "draining", "b": "up"})
            self.assertEqual(self.served_by(), {"b"})
            slow.released.set()
            self.assertTrue(stream.rest()[1])
        self.wait_states({"a": "drained", "b": "up"})
        self.assertEqual(self.command("resume", "a").returncode, 0)
        self.wait_states({"a": "up", "b": "up"})

    def test_an_engine_is_removed_once_its_stream_has_ended(self):
        slow = self.engine(token_then_wait)
        self.start({"a": slow})
        with chat_stream(self.node, BODY) as stream:
            slow.wait_request()
            self.command("add", "b", self.engine().url)
            self.wait_states({"a": "up", "b": "up"})
            self.assertEqual(self.command("remove", "a").returncode, 0)
            self.wait_states({"a": "draining", "b": "up"})
            slow.released.set()
            self.assertTrue(stream.rest()[1])
        self.wait_states({"b": "up"})
        self.assertEqual(self.ask("DELETE /admin/engines/a").status, 404)
        self.assertNotIn('engine="a"', get(self.node, "/metrics").body.decode())
        # The name is free again.
        self.assertEqual(self.command("add", "a", self.engine().url).returncode, 0)
        self.wait_states({"a": "up", "b": "up"})

    def test_removal_by_force_does_not_wait(self):
        slow = self.engine(token_then_wait)
        self.start({"a": slow, "b": self.engine()})
        client = threading.Thread(target=lambda: [chat(self.node, BODY) for _ in range(2)])
        client.start()
        slow.wait_request()
        self.assertEqual(self.command("remove", "a", "--force").returncode, 0)
        self.wait_states({"b": "up"})
        slow.released.set()
        client.join(WAIT_SECONDS)

    def test_an_embedded_engine_that_is_removed_ends_its_process(self):
        group = (f"      - engine: {{name: cpu, model: {tiny_model()}, count: 2, kv: 8MiB}}",)
        self.start({}, more=group)
        self.wait_states({"cpu-0": "up", "cpu-1": "up"})
        pids = set(self.node.engine_pids())
        self.assertEqual(len(pids), 2)
        self.assertEqual(self.command("remove", "cpu-1").returncode, 0)
        self.wait_states({"cpu-0": "up"})
        left = set(self.node.engine_pids())
        self.assertEqual(len(left), 1)
        self.assertEqual(wait_gone(pids - left), [])

    def test_the_file_is_read_again(self):
        a, b, c = self.engine(), self.engine(), self.engine()
        self.start({"a": a, "b": b})
        self.write({"a": a, "c": c}, router="{policy: round_robin, models: {fake: {aliases: [x]}}}")
        change = self.ask("POST /admin/reload").json
        self.assertEqual(change["added"], ["c"])
        self.assertEqual(change["removed"], ["b"])
        self.assertTrue(change["router"])
        self.assertEqual(change["needs_start"], [])
        self.wait_states({"a": "up", "c": "up"})
        self.assertEqual(self.served_by(), {"a", "c"})
        self.assertEqual(chat(self.node, chat_body("x", "hi")).status, 200)
        self.assertEqual(self.ask("POST /admin/reload").json["added"], [])

    def test_a_file_with_mistakes_changes_nothing(self):
        a = self.engine()
        self.start({"a": a})
        self.write({"a": a, "b": self.engine()}, router="{policy: fastest, limits: {attempts: 0}}")
        answer = self.ask("POST /admin/reload")
        self.assertEqual(answer.status, 400)
        self.assertIn("policy is 'fastest'", answer.error["message"])
        self.assertIn("attempts is '0'", answer.error["message"])
        self.assertEqual(self.states(), {"a": "up"})
        self.assertEqual(chat(self.node, BODY).status, 200)

    def test_sighup_reads_it_again_and_drops_no_stream(self):
        slow, b = self.engine(token_then_wait), self.engine()
        self.start({"a": slow})
        with chat_stream(self.node, BODY) as stream:
            slow.wait_request()
            self.write({"b": b}, router="{policy: least_loaded}")
            os.kill(self.node.process.pid, signal.SIGHUP)
            self.wait_states({"a": "draining", "b": "up"})
            self.assertEqual(self.served_by(), {"b"})
            slow.released.set()
            self.assertTrue(stream.rest()[1])
        self.wait_states({"b": "up"})

    def test_what_needs_a_new_start_is_named(self):
        a = self.engine()
        self.start({"a": a})
        text = self.path.read_text(encoding="utf-8")
        self.path.write_text(text.replace("127.0.0.1:0}\n    admin", "127.0.0.1:1, threads: 2}\n"
                                          "    admin"), encoding="utf-8")
        change = self.ask("POST /admin/reload").json
        self.assertEqual(change["needs_start"], ["endpoint.listen", "endpoint.threads"])
        self.assertEqual(chat(self.node, BODY).status, 200)


if __name__ == "__main__":
    unittest.main()
