"""Bodies pass byte for byte in both directions, before engines that are not ours."""

import json
import unittest

from fake_engine import FakeEngine
from http_calls import call, chat, chat_stream, get
from processes import Node

ODD = (b'{ "model":"fake" ,\r\n\t"messages":'
       b'[{"role":"user","content":"caf\\u00e9 \\ud83d\\ude00 \xc3\xa9"}],'
       b'"user":"u-1","kv_transfer_params":{"do_remote_decode":true,"x":[1.0,1e2,-0.0]},'
       b'"unknown_field":null , "big":12345678901234567890123 }\n')


class PassThrough(unittest.TestCase):
    def start(self, answer=None):
        """A node before one fake engine."""
        engine = FakeEngine(answer=answer)
        self.addCleanup(engine.close)
        node = Node("--port", 0, "--engine", engine.url)
        self.addCleanup(node.stop)
        node.poll(lambda: get(node, "/ready").status == 200, "readiness")
        return node, engine

    def test_request_bodies_are_not_touched(self):
        node, engine = self.start()
        self.assertEqual(chat(node, ODD).status, 200)
        self.assertEqual(engine.requests[-1][2], ODD)

    def test_large_request_bodies_are_not_touched(self):
        node, engine = self.start()
        content = "".join(chr(0x20 + n % 0x2000) for n in range(400_000)).replace("\ud800", "x")
        body = json.dumps({"model": "fake", "messages": [{"role": "user", "content": content}]},
                          ensure_ascii=False).encode()
        self.assertGreater(len(body), 1_000_000)
        self.assertEqual(chat(node, body).status, 200)
        self.assertEqual(engine.requests[-1][2], body)

    def test_other_paths_reach_the_engine_unchanged(self):
        node, engine = self.start(lambda exchange: exchange.reply(200, b'{"object":"list"}'))
        body = b'{"model":"fake","prompt":[1,2,3],"x":1}'
        self.assertEqual(call(node, "POST /v1/completions", body).status, 200)
        self.assertEqual(engine.requests[-1][::2], ("/v1/completions", body))

    def test_the_request_id_reaches_the_engine_and_credentials_do_not(self):
        node, engine = self.start()
        chat(node, ODD, {"x-request-id": "e2e-1", "Authorization": "Bearer secret"})
        fields = {name.lower(): value for name, value in engine.requests[-1][1].items()}
        self.assertEqual(fields["x-request-id"], "e2e-1")
        self.assertNotIn("authorization", fields)

    def test_answers_are_not_touched(self):
        odd = b'{ "choices" : [ ],\n "kv_transfer_params" : {"a":1.0}, "usage":null }\n'
        node, _ = self.start(lambda exchange: exchange.reply(200, odd))
        self.assertEqual(chat(node, ODD).body, odd)

    def test_error_bodies_and_statuses_are_not_touched(self):
        for status in (400, 401, 404, 422, 429, 500):
            body = b'{"error" : {"message":"engine says %d","type":"X","code":"y"}}' % status
            with self.subTest(status):
                node, engine = self.start(lambda x, s=status, b=body: x.reply(s, b))
                answer = chat(node, ODD)
                self.assertEqual((answer.status, answer.body), (status, body))
                self.assertEqual(len(engine.requests), 1)

    def test_streamed_events_are_not_touched(self):
        pieces = [b": hello\n\n",
                  b'data: {"choices":[{"index":0,"delta":{"content":"a"}}], "x" :1}\n\n',
                  b'event: note\r\ndata: {"choices":[]}\r\n\r\n', b"data: [DONE]\n\n"]

        def answer(exchange):
            exchange.begin()
            exchange.write(pieces[0] + pieces[1][:20])
            exchange.write(pieces[1][20:] + pieces[2])
            exchange.write(pieces[3])
            exchange.handler.wfile.write(b"0\r\n\r\n")

        node, _ = self.start(answer)
        body = {"model": "fake", "messages": [{"role": "user", "content": "x"}]}
        with chat_stream(node, body) as stream:
            self.assertEqual(stream.response.read(), b"".join(pieces))

    def test_a_content_length_stream_is_passed_on_too(self):
        text = b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\n'
        node, _ = self.start(lambda x: x.handler.reply(200, text, "text/event-stream"))
        body = {"model": "fake", "messages": [{"role": "user", "content": "x"}]}
        with chat_stream(node, body) as stream:
            self.assertEqual(stream.response.read(), text)


if __name__ == "__main__":
    unittest.main()
