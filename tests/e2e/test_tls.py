"""TLS on both sides of a node, with curl, the openai package and renewed certificates."""

import contextlib
import http.client
import socket
import ssl
import subprocess
import unittest

from certificates import Authority
from fake_engine import FakeEngine
from http_calls import chat, chat_body, get
from processes import Node, troupe, write_config

try:
    import openai
except ImportError:
    openai = None


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()
        cls.certificate, cls.key = cls.authority.sign("node")
        engine_files = cls.authority.sign("engine")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*engine_files)
        cls.engine = FakeEngine(tls=context)
        config = write_config(
            "tls.yaml", f"      tls: {{certificate: {cls.certificate}, key: {cls.key}}}\n",
            f"          url: {cls.engine.url}\n          ca: {cls.authority.file}\n")
        cls.node = Node("-c", config)
        cls.node.poll(cls.is_ready, "readiness")

    @classmethod
    def tearDownClass(cls):
        cls.node.stop()
        cls.engine.close()
        cls.authority.close()

    @classmethod
    def trusting(cls):
        """A client's context that believes the authority alone."""
        return ssl.create_default_context(cafile=str(cls.authority.file))

    @classmethod
    def is_ready(cls):
        """True once the engine behind https has been seen."""
        connection = http.client.HTTPSConnection(cls.node.host, cls.node.port, timeout=60,
                                                 context=cls.trusting())
        with contextlib.closing(connection):
            connection.request("GET", "/ready")
            return connection.getresponse().status == 200

    def curl(self, *arguments):
        """Runs curl against the node's readiness page."""
        return subprocess.run(["curl", "-sS", "--max-time", "60", *map(str, arguments),
                               f"{self.node.url}/ready"], capture_output=True, text=True,
                              check=False)

    def test_curl_trusts_the_authority_and_nobody_without(self):
        self.assertTrue(self.node.url.startswith("https://"))
        good = self.curl("--cacert", self.authority.file)
        self.assertIn('"status":"ready"', good.stdout, good.stderr)
        self.assertEqual(self.curl().returncode, 60)  # curl's code for a certificate it refuses

    def test_old_versions_of_tls_are_refused(self):
        for version in ("--tls-max 1.0", "--tls-max 1.1"):
            done = self.curl("--cacert", self.authority.file, "--tlsv1.0", *version.split())
            self.assertNotEqual(done.returncode, 0)
        for version in ("--tls-max 1.2", "--tlsv1.3"):
            done = self.curl("--cacert", self.authority.file, *version.split())
            self.assertEqual(done.returncode, 0, done.stderr)

    @unittest.skipIf(openai is None, "the openai package is not installed")
    def test_the_openai_package_streams_through_https_to_an_https_engine(self):
        with openai.DefaultHttpx2Client(verify=self.trusting()) as transport:
            client = openai.OpenAI(base_url=f"{self.node.url}/v1", api_key="none", max_retries=0,
                                   http_client=transport)
            stream = client.chat.completions.create(
                model="fake", messages=[{"role": "user", "content": "hello"}], stream=True)
            text = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
        self.assertEqual(text, "one two three ")

    def test_a_renewed_certificate_is_served_and_open_connections_stay(self):
        def serial(connection):
            return connection.getpeercert()["serialNumber"]

        def connect():
            plain = socket.create_connection((self.node.host, self.node.port), 60)
            return self.trusting().wrap_socket(plain, server_hostname="localhost")

        with connect() as kept:
            before = serial(kept)
            for old, new in zip((self.certificate, self.key), self.authority.sign("renewed")):
                new.replace(old)

            def renewed():
                with connect() as fresh:
                    return serial(fresh) != before

            self.node.poll(renewed, "the new certificate")
            kept.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b"200 OK", kept.recv(4096))

    def test_an_engine_whose_certificate_is_not_believed_is_not_asked(self):
        config = write_config("unbelieved.yaml", "", f"          url: {self.engine.url}\n")
        with Node("-c", config) as node:
            node.poll(lambda: "certificate" in node.log.text or
                      get(node, "/ready").status == 503, "a verdict")
            self.assertEqual(get(node, "/ready").status, 503)
            self.assertEqual(chat(node, chat_body("fake", "hello")).status, 503)

    def test_a_missing_certificate_is_named(self):
        config = write_config("missing.yaml",
                              "      tls: {certificate: /no/such.pem, key: /no/such.key}\n",
                              f"          url: {self.engine.url}\n")
        done = troupe("up", "-c", config)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/no/such.pem", done.stderr)


if __name__ == "__main__":
    unittest.main()
