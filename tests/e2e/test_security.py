"""API keys and hostile bytes, with real clients and processes."""

import hashlib
import re
import unittest
from pathlib import Path

from fake_engine import FakeEngine
from http_calls import call, chat, chat_body, get, raw_exchange
from processes import Node, troupe, write_config

try:
    import openai
except ImportError:
    openai = None

KEY = "sk-test-of-a-client"
ENGINE_KEY = "sk-test-of-an-engine"


class Keys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = FakeEngine()
        digest = hashlib.sha256(KEY.encode()).hexdigest()
        config = write_config(
            "keys.yaml",
            "      api_keys:\n"
            f"        team: {{sha256: {digest}, models: [fake]}}\n"
            f"        slow: {{sha256: {hashlib.sha256(b'slow').hexdigest()}, requests_per_s: 1}}\n",
            f"          url: {cls.engine.url}\n          api_key: ${{E2E_ENGINE_KEY}}\n")
        cls.node = Node("-c", config, "--log-level", "debug",
                        environment={"E2E_ENGINE_KEY": ENGINE_KEY})
        cls.node.poll(lambda: get(cls.node, "/ready").status == 200, "readiness")

    @classmethod
    def tearDownClass(cls):
        cls.node.stop()
        cls.engine.close()

    def ask(self, key, model="fake"):
        """One chat request with a key."""
        return chat(self.node, chat_body(model, "hello"), {"Authorization": f"Bearer {key}"})

    def test_only_the_right_key_enters(self):
        self.assertEqual(self.ask(KEY).status, 200)
        wrong = self.ask("sk-wrong")
        self.assertEqual((wrong.status, wrong.error["code"]), (401, "invalid_api_key"))
        self.assertEqual(chat(self.node, chat_body("fake", "hello")).status, 401)
        self.assertEqual(get(self.node, "/v1/models").status, 401)
        self.assertEqual(get(self.node, "/health").status, 200)

    def test_models_are_those_of_the_key(self):
        answer = self.ask(KEY, "other")
        self.assertEqual((answer.status, answer.error["code"]), (404, "model_not_found"))

    def test_the_engine_sees_its_own_key_and_no_clients(self):
        self.assertEqual(self.ask(KEY).status, 200)
        fields = {name.lower(): value for name, value in self.engine.requests[-1][1].items()}
        self.assertEqual(fields["authorization"], f"Bearer {ENGINE_KEY}")

    def test_a_key_over_its_rate_is_told_when_to_come_again(self):
        answers = [self.ask("slow") for _ in range(4)]
        refused = [a for a in answers if a.status == 429]
        self.assertTrue(refused)
        self.assertEqual(refused[0].fields["retry-after"], "1")
        self.assertEqual(refused[0].error["code"], "rate_limit_exceeded")

    def test_no_key_is_in_logs_or_metrics(self):
        self.ask(KEY)
        self.ask("sk-wrong-but-secret")
        page = get(self.node, "/metrics", Authorization=f"Bearer {KEY}")
        self.assertEqual(page.status, 200)
        self.assertIn('troupe_api_key_refusals_total{key="",reason="unknown_key"}',
                      page.body.decode())
        for text in (page.body.decode(), self.node.log.text, "\n".join(self.node.out.lines)):
            for secret in (KEY, ENGINE_KEY, "sk-wrong-but-secret",
                           hashlib.sha256(KEY.encode()).hexdigest()):
                self.assertNotIn(secret, text)

    @unittest.skipIf(openai is None, "the openai package is not installed")
    def test_the_openai_package_knows_what_it_is_told(self):
        def client(key):
            return openai.OpenAI(base_url=f"{self.node.url}/v1", api_key=key, max_retries=0)

        messages = [{"role": "user", "content": "hello"}]
        done = client(KEY).chat.completions.create(model="fake", messages=messages)
        self.assertEqual(done.choices[0].message.content, "one two three")
        with self.assertRaises(openai.AuthenticationError) as caught:
            client("sk-wrong").chat.completions.create(model="fake", messages=messages)
        self.assertEqual(caught.exception.code, "invalid_api_key")
        with self.assertRaises(openai.NotFoundError):
            client(KEY).chat.completions.create(model="other", messages=messages)
        self.assertEqual([m.id for m in client(KEY).models.list()], ["fake"])

    def test_a_new_key_can_be_pasted(self):
        made = troupe("key", "new", "fresh")
        self.assertEqual(made.returncode, 0, made.stderr)
        key = re.search(r"sk-troupe-\w{43}", made.stdout).group(0)
        lines = "".join(f"  {line}\n" for line in made.stdout.splitlines()[4:])
        config = write_config("pasted.yaml", lines, f"          url: {self.engine.url}\n")
        with Node("-c", config) as node:
            node.poll(lambda: get(node, "/ready").status == 200, "readiness")
            good = chat(node, chat_body("fake", "hi"), {"Authorization": f"Bearer {key}"})
            self.assertEqual(good.status, 200)
            self.assertEqual(chat(node, chat_body("fake", "hi")).status, 401)


class HostileBytes(unittest.TestCase):
    def test_what_is_refused_never_reaches_an_engine(self):
        body = b'{"model":"fake","messages":[{"role":"user","content":"x"}]}'
        head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
        smuggled = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
        attacks = {
            "CL.TE": head + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "TE.CL": head + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
            "CL.CL": head + b"Content-Length: 0\r\nContent-Length: 4\r\n\r\n",
            "TE.TE": head + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
            "chunk": head + b"Transfer-Encoding: chunked\r\n\r\n0;a=\"\n\"\r\n\r\n",
            "fold": head + b"A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
        }
        with FakeEngine() as engine, Node("--port", 0, "--engine", engine.url) as node:
            node.poll(lambda: get(node, "/ready").status == 200, "readiness")
            for name, attack in attacks.items():
                with self.subTest(name):
                    answer = raw_exchange(node, attack + smuggled)
                    self.assertTrue(re.match(rb"HTTP/1.1 (400|501) ", answer), answer[:80])
                    self.assertEqual(answer.count(b"HTTP/1.1 "), 1)
            self.assertEqual(engine.requests, [])
            deep = b'{"model":"fake","messages":' + b"[" * 5000 + b"]" * 5000 + b"}"
            answer = call(node, "POST /v1/chat/completions", deep)
            self.assertEqual(answer.status, 400)
            self.assertIn("64 levels", answer.error["message"])


class Descriptors(unittest.TestCase):
    def test_the_node_takes_as_many_descriptors_as_it_may(self):
        with Node("--port", 0, "--engine", "http://127.0.0.1:1") as node:
            text = Path(f"/proc/{node.process.pid}/limits").read_text(encoding="ascii")
            soft, hard = re.search(r"Max open files\s+(\d+)\s+(\d+)", text).groups()
            self.assertEqual(soft, hard)


if __name__ == "__main__":
    unittest.main()
