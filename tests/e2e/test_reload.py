"""Keys and certificates that are replaced while their node runs."""

import hashlib
import os
import signal
import socket
import ssl
import unittest

from certificates import Authority
from fake_engine import Exchange, FakeEngine, token_then_wait
from http_calls import call, chat, chat_body, chat_stream
from processes import Node, write_config

BODY = chat_body("fake", "hello")
ADMIN = "    admin: {listen: 127.0.0.1:0}\n"


def shown(key):
    """The field that shows a key."""
    return {"Authorization": f"Bearer {key}"}


def line_of(name, key, more=""):
    """The line of the file that admits a key."""
    return f"        {name}: {{sha256: {hashlib.sha256(key.encode()).hexdigest()}{more}}}\n"


class Reload(unittest.TestCase):
    def engine(self, answer=None):
        """A fake engine that ends with the test."""
        made = FakeEngine(answer=answer)
        self.addCleanup(made.close)
        self.addCleanup(made.released.set)
        return made

    def write(self, engine, endpoint):
        """Writes the node's file: lines of its endpoint."""
        return write_config(f"{self.id().rsplit('.', 1)[-1]}.yaml", endpoint + ADMIN,
                            f"          url: {engine.url}\n")

    def start(self, engine, endpoint):
        """Starts a node."""
        node = Node("-c", self.write(engine, endpoint))
        self.addCleanup(node.stop)
        node.poll(lambda: b'"up"' in call(node.admin, "GET /admin/engines").body, "an engine")
        return node

    def reload(self, node):
        """Reads the file again; returns the answer."""
        return call(node.admin, "POST /admin/reload")

    def test_keys_come_and_go_at_once_and_streams_go_on(self):
        slow = self.engine(token_then_wait)
        node = self.start(slow, "      api_keys:\n" + line_of("a", "old") + line_of("b", "kept"))
        with chat_stream(node, BODY, shown("old")) as stream:
            slow.wait_request()
            self.write(slow, "      api_keys:\n" + line_of("b", "kept") + line_of("c", "new"))
            answer = self.reload(node)
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.json["api_keys"],
                             {"added": ["c"], "changed": [], "removed": ["a"]})
            self.assertEqual(answer.json["needs_start"], [])
            self.assertEqual(chat(node, BODY, shown("old")).status, 401)
            slow.released.set()
            self.assertTrue(stream.rest()[1])
        slow.answer = Exchange.complete
        for key in ("kept", "new"):
            self.assertEqual(chat(node, BODY, shown(key)).status, 200, key)
        self.assertEqual(self.reload(node).json["api_keys"],
                         {"added": [], "changed": [], "removed": []})

    def test_what_a_key_has_used_outlasts_a_reload(self):
        engine = self.engine()
        file = "      api_keys:\n" + line_of("a", "key", ", tokens_per_min: 1000")
        node = self.start(engine, file)
        body = BODY | {"max_tokens": 900}
        engine.answer = lambda exchange: exchange.reply(200, b'{"usage": {"prompt_tokens": 900,'
                                                             b' "completion_tokens": 900}}')
        self.assertEqual(chat(node, body, shown("key")).status, 200)
        self.assertEqual(chat(node, body, shown("key")).status, 429)
        self.write(engine, file.replace("1000", "1200"))
        self.assertEqual(self.reload(node).json["api_keys"]["changed"], ["a"])
        self.assertEqual(chat(node, body, shown("key")).status, 429)
        self.write(engine, file.replace("1000", "1000000"))
        os.kill(node.process.pid, signal.SIGHUP)
        node.poll(lambda: chat(node, body, shown("key")).status == 200, "the new rate")

    def test_a_file_with_a_mistake_changes_no_key(self):
        engine = self.engine()
        node = self.start(engine, "      api_keys:\n" + line_of("a", "old"))
        self.write(engine, "      api_keys:\n" + line_of("a", "new") +
                   line_of("b", "b", ", rate: 3"))
        answer = self.reload(node)
        self.assertEqual(answer.status, 400)
        self.assertIn("'rate' is not a key here", answer.error["message"])
        self.assertEqual(chat(node, BODY, shown("old")).status, 200)
        self.assertEqual(chat(node, BODY, shown("new")).status, 401)

    def serial(self, node, authority):
        """The number of the certificate that the node shows now."""
        context = ssl.create_default_context(cafile=str(authority.file))
        with socket.create_connection((node.host, node.port), 60) as plain, \
                context.wrap_socket(plain, server_hostname="localhost") as sealed:
            return sealed.getpeercert()["serialNumber"]

    def test_other_certificate_files_serve_at_once_and_bad_ones_change_nothing(self):
        authority, engine = Authority(), self.engine()
        self.addCleanup(authority.close)

        def tls(certificate, key):
            return f"      tls: {{certificate: {certificate}, key: {key}}}\n"

        first, second = authority.sign("first"), authority.sign("second")
        node = self.start(engine, tls(*first))
        before = self.serial(node, authority)
        self.write(engine, tls(second[0], first[1]) + "      api_keys:\n" + line_of("a", "key"))
        refused = self.reload(node)
        self.assertEqual(refused.status, 400)
        self.assertIn(str(first[1]), refused.error["message"])
        self.assertEqual(self.serial(node, authority), before)
        # The keys of that file were not taken over either.
        self.write(engine, tls(*second))
        answer = self.reload(node).json
        self.assertTrue(answer["tls"])
        self.assertEqual(answer["api_keys"]["removed"], [])
        self.assertEqual(answer["needs_start"], [])
        after = self.serial(node, authority)
        self.assertNotEqual(after, before)
        for renewed, old in zip(authority.sign("renewed"), second):
            renewed.replace(old)
        self.assertFalse(self.reload(node).json["tls"])  # the same files
        self.assertNotEqual(self.serial(node, authority), after)

    def test_tls_itself_comes_with_a_start_only(self):
        authority, engine = Authority(), self.engine()
        self.addCleanup(authority.close)
        node = self.start(engine, "")
        certificate, key = authority.sign("node")
        self.write(engine, f"      tls: {{certificate: {certificate}, key: {key}}}\n"
                   "      api_keys:\n" + line_of("a", "key"))
        answer = self.reload(node).json
        self.assertEqual(answer["needs_start"], ["endpoint.tls"])
        self.assertEqual(answer["api_keys"]["added"], ["a"])
        self.assertEqual(chat(node, BODY).status, 401)
        self.assertEqual(chat(node, BODY, shown("key")).status, 200)


if __name__ == "__main__":
    unittest.main()
