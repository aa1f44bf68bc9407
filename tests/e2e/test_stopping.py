"""Orderly stops: what a node says and does between the signal and its end."""

import signal
import socket
import unittest

from fake_engine import FakeEngine
from http_calls import chat_body, chat_stream, get
from processes import Node, write_config


class Stopping(unittest.TestCase):
    def start(self):
        """A node whose engine holds its answer until the test lets it go."""
        def answer(exchange):
            exchange.begin()
            exchange.event(exchange.chunk("first "))
            engine.released.wait(60)
            exchange.event(exchange.chunk("last", "stop"))
            exchange.end()

        engine = FakeEngine(answer=answer)
        self.addCleanup(engine.close)
        self.addCleanup(engine.released.set)
        node = Node("--port", 0, "--engine", engine.url)
        self.addCleanup(lambda: node.process.poll() is None and node.kill())
        node.poll(lambda: get(node, "/ready").status == 200, "readiness")
        return node, engine

    def test_while_it_drains_the_node_says_so_and_finishes_what_it_has(self):
        node, engine = self.start()
        with chat_stream(node, chat_body("fake", "hello")) as stream, \
                socket.create_connection((node.host, node.port), 60) as half:
            events = stream.events()
            next(events)
            half.sendall(b"GET /ready HTTP/1.1\r\n")
            get(node, "/health")  # the half request is there: this came behind it
            node.terminate()
            self.assertIsNotNone(node.log.wait_for("stopping"))
            half.sendall(b"Host: x\r\n\r\n")
            answer = b"".join(iter(lambda: half.recv(4096), b""))
            self.assertIn(b"503 Service Unavailable", answer)
            self.assertIn(b"Connection: close", answer)
            self.assertIn(b'"status":"stopping"', answer)
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection((node.host, node.port), 60)
            engine.released.set()
            self.assertEqual(list(events)[-1], "[DONE]")
        self.assertEqual(node.process.wait(60), 0)

    def test_a_second_signal_ends_patience_with_an_error_event(self):
        node, _ = self.start()
        with chat_stream(node, chat_body("fake", "hello")) as stream:
            events = stream.events()
            next(events)
            node.terminate()
            self.assertIsNotNone(node.log.wait_for("stopping"))
            node.process.send_signal(signal.SIGTERM)
            self.assertIn('"error"', list(events)[-1])
        self.assertEqual(node.process.wait(60), 0)

    def test_the_configured_time_ends_patience_too(self):
        engine = FakeEngine(answer=lambda exchange: (exchange.begin(),
                                                     exchange.event(exchange.chunk("first ")),
                                                     exchange.wait_cancel()))
        self.addCleanup(engine.close)
        config = write_config("stop.yaml", "      limits: {stop_timeout: 200ms}\n",
                              f"          url: {engine.url}\n")
        with Node("-c", config) as node:
            node.poll(lambda: get(node, "/ready").status == 200, "readiness")
            with chat_stream(node, chat_body("fake", "hello")) as stream:
                events = stream.events()
                next(events)
                node.terminate()
                self.assertIn('"error"', list(events)[-1])
            self.assertTrue(engine.cancelled.wait(60))
            self.assertEqual(node.process.wait(60), 0)


if __name__ == "__main__":
    unittest.main()
