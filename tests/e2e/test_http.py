"""The endpoint as curl and raw sockets see it."""

import json
import re
import subprocess
import unittest

from http_calls import (all_engines_up, call, chat, chat_body, chat_stream, get, metrics,
                        raw_exchange, text_of)
from processes import embedded_node

NODE = None
MODEL = None


def setUpModule():
    global NODE, MODEL
    NODE = embedded_node("--log-level", "debug")
    NODE.poll(lambda: all_engines_up(NODE), "all engines up")
    MODEL = get(NODE, "/v1/models").json["data"][0]["id"]


def tearDownModule():
    NODE.stop()


def curl(*arguments):
    """Runs curl and returns what subprocess.run does."""
    return subprocess.run(["curl", "-sS", "--max-time", "60", *arguments], capture_output=True,
                          text=True, check=False)


class Pages(unittest.TestCase):
    def test_health_and_readiness(self):
        self.assertEqual(get(NODE, "/health").status, 200)
        self.assertEqual(get(NODE, "/ready").status, 200)

    def test_models(self):
        listing = get(NODE, "/v1/models").json
        self.assertEqual(listing["object"], "list")
        self.assertEqual(listing["data"][0]["object"], "model")

    def test_unknown_paths_and_methods(self):
        self.assertEqual(get(NODE, "/nothing").status, 404)
        self.assertEqual(call(NODE, "DELETE /v1/chat/completions").status, 405)
        self.assertEqual(call(NODE, "POST /health", b"").status, 405)

    def test_metrics_parse_as_prometheus_text(self):
        chat(NODE, chat_body(MODEL, "hello", max_tokens=4))
        page = get(NODE, "/metrics")
        self.assertTrue(page.fields["content-type"].startswith("text/plain"))
        sample = re.compile(r'^[a-zA-Z_:][\w:]*(\{(\w+="([^"\\]|\\.)*",?)*\})? '
                            r'([-+]?[\d.]+(e[-+]?\d+)?|[+-]Inf|NaN)$', re.IGNORECASE)
        comment = re.compile(r"^# (HELP|TYPE) [a-zA-Z_:][\w:]*( .*)?$")
        lines = page.body.decode().splitlines()
        self.assertGreater(len(lines), 20)
        for line in lines:
            self.assertTrue(sample.match(line) or comment.match(line), line)

    def test_requests_are_counted_and_timed(self):
        def counts():
            totals = {"requests": 0, "ttft": 0, "itl": 0}
            for (name, _), value in metrics(NODE).items():
                totals["requests"] += value if name.endswith("requests_total") else 0
                totals["ttft"] += value if name.endswith("time_to_first_token_seconds_count") else 0
                totals["itl"] += value if re.search("inter_token.*_seconds_count$", name) else 0
            return totals

        before = counts()
        with chat_stream(NODE, chat_body(MODEL, "hello", max_tokens=8)) as stream:
            stream.rest()
        NODE.poll(lambda: counts()["requests"] > before["requests"], "a counted request")
        after = counts()
        self.assertEqual(after["ttft"], before["ttft"] + 1)
        self.assertGreater(after["itl"], before["itl"])


class Connections(unittest.TestCase):
    def test_curl_reuses_its_connection(self):
        done = curl("-v", f"{NODE.url}/health", f"{NODE.url}/v1/models")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, "(?i)re-?using existing connection")

    def test_curl_streams_a_chat(self):
        body = json.dumps(chat_body(MODEL, "hello", stream=True, max_tokens=8))
        done = curl("-N", f"{NODE.url}/v1/chat/completions", "-H",
                    "content-type: application/json", "-d", body)
        self.assertEqual(done.returncode, 0, done.stderr)
        events = [line[6:] for line in done.stdout.splitlines() if line.startswith("data: ")]
        self.assertEqual(events[-1], "[DONE]")
        whole = chat(NODE, chat_body(MODEL, "hello", max_tokens=8, temperature=0)).json
        self.assertEqual(whole["choices"][0]["message"]["role"], "assistant")

    def test_a_chunked_request_body(self):
        body = json.dumps(chat_body(MODEL, "hello", max_tokens=4))
        done = curl(f"{NODE.url}/v1/chat/completions", "-H", "content-type: application/json",
                    "-H", "transfer-encoding: chunked", "-d", body, "-w", "\n%{http_code}")
        self.assertEqual(done.stdout.splitlines()[-1], "200", done.stdout)

    def test_http_1_0_is_answered_and_closed(self):
        answer = raw_exchange(NODE, b"GET /health HTTP/1.0\r\n\r\n")
        self.assertRegex(answer.decode(), r"^HTTP/1\.[01] 200 ")

    def test_two_requests_in_one_packet(self):
        first = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
        last = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        self.assertEqual(raw_exchange(NODE, first + last).count(b"HTTP/1.1 200 "), 2)

    def test_bytes_that_are_no_http(self):
        answer = raw_exchange(NODE, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
        self.assertIn(answer[:13], (b"", b"HTTP/1.1 400 "))
        self.assertEqual(get(NODE, "/health").status, 200)


class RequestIds(unittest.TestCase):
    def test_a_given_id_comes_back_and_is_logged(self):
        answer = chat(NODE, chat_body(MODEL, "hello", max_tokens=4), {"x-request-id": "e2e-4711"})
        self.assertEqual(answer.fields["x-request-id"], "e2e-4711")
        NODE.poll(lambda: "e2e-4711" in NODE.log.text, "the id in the log")

    def test_an_id_is_made_where_none_is_given(self):
        ids = {chat(NODE, chat_body(MODEL, "hello", max_tokens=1)).fields["x-request-id"]
               for _ in range(3)}
        self.assertEqual(len(ids), 3)

    def test_errors_carry_it_too(self):
        answer = chat(NODE, b"{", {"x-request-id": "e2e-4712"})
        self.assertEqual((answer.status, answer.fields["x-request-id"]), (400, "e2e-4712"))


class BadRequests(unittest.TestCase):
    def assert_refused(self, body, status):
        """Posts a chat body and expects an error of OpenAI's shape."""
        answer = chat(NODE, body)
        self.assertEqual(answer.status, status, answer.body)
        self.assertTrue(answer.error["message"])
        return answer.error

    def test_bodies_that_are_no_json(self):
        for body in (b"", b"{", b"[]", b'"x"', b'{"model": "\xff"}', b"null", b"\x00" * 100):
            with self.subTest(body=body):
                self.assert_refused(body, 400)

    def test_a_missing_model(self):
        self.assertIn("model", self.assert_refused({"messages": []}, 400)["message"])

    def test_an_unknown_model(self):
        error = self.assert_refused(chat_body("no-such-model", "hello"), 404)
        self.assertIn("no-such-model", error["message"])

    def test_nesting_without_end(self):
        self.assert_refused(b'{"model": ' + b"[" * 100_000, 400)

    def test_a_body_over_the_limit_is_refused_before_it_is_read(self):
        answer = raw_exchange(NODE, b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
                                    b"Content-Length: 999999999999\r\n\r\n")
        self.assertRegex(answer.decode(), r"^HTTP/1\.1 413 ")

    def test_a_header_over_the_limit(self):
        answer = raw_exchange(NODE, b"GET /health HTTP/1.1\r\nHost: x\r\nX-Long: "
                                    + b"x" * 100_000 + b"\r\n\r\n")
        self.assertRegex(answer.decode(), r"^HTTP/1\.1 431 ")


class Streams(unittest.TestCase):
    def test_events_are_json_and_end_with_done(self):
        body = chat_body(MODEL, "hello", max_tokens=8, temperature=0)
        with chat_stream(NODE, body) as stream:
            self.assertEqual(stream.status, 200)
            kind = stream.response.headers["content-type"]
            chunks, done = stream.rest()
        self.assertTrue(kind.startswith("text/event-stream"))
        self.assertTrue(done)
        whole = chat(NODE, body).json["choices"][0]["message"]["content"]
        self.assertEqual(text_of(chunks), whole)


if __name__ == "__main__":
    unittest.main()
