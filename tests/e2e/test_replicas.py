"""Two routers behind a plain TCP balancer: one restarts under load, and no client's call fails."""

import itertools
import os
import socket
import threading
import unittest

from fake_engine import FakeEngine
from http_calls import get
from processes import Node

try:
    import openai
except ImportError:
    openai = None

SKIPPED = openai is None and os.environ.get("TROUPE_NO_INSTALL") == "1"
CLIENTS = 6
CALLS_MIN = 20  # of each client while the replicas restart
PROMPT = [{"role": "user", "content": "hello"}]


def copy_bytes(source, sink):
    """Passes bytes on until either side ends, then ends the other."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Balancer:
    """Gives each connection to the next replica; drops it where that one does not accept."""

    def __init__(self, ports):
        self._targets = itertools.cycle(ports)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                replica = socket.create_connection(("127.0.0.1", next(self._targets)))
            except OSError:
                client.close()
                continue
            for pair in ((client, replica), (replica, client)):
                threading.Thread(target=copy_bytes, args=pair, daemon=True).start()

    def close(self):
        """Accepts no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


class Caller(threading.Thread):
    """Calls again and again, with the client's own retries and nothing else."""

    def __init__(self, url, streams, stopping):
        super().__init__(daemon=True)
        self._client = openai.OpenAI(base_url=f"{url}/v1", api_key="none")
        self._streams = streams
        self._stopping = stopping
        self.calls = 0
        self.failures = []

    def run(self):
        while not self._stopping.is_set() or self.calls < CALLS_MIN:
            try:
                self._call()
            except openai.OpenAIError as problem:
                self.failures.append(repr(problem))
                if len(self.failures) > 3:
                    return
            self.calls += 1
        self._client.close()

    def _call(self):
        answer = self._client.chat.completions.create(model="fake", messages=PROMPT,
                                                      stream=self._streams)
        if self._streams:
            with answer:
                finish = [c.choices[0].finish_reason for c in answer if c.choices]
            if finish[-1] != "stop":
                self.failures.append(f"a stream ended with {finish[-1:]}")
        elif answer.choices[0].finish_reason != "stop":
            self.failures.append(f"an answer ended with {answer.choices[0].finish_reason}")


@unittest.skipIf(SKIPPED, "the openai package is not installed")
class Replicas(unittest.TestCase):
    def setUp(self):
        self.engines = [FakeEngine(), FakeEngine()]
        for engine in self.engines:
            self.addCleanup(engine.close)
        self.nodes = [self.start(0), self.start(0)]
        self.addCleanup(lambda: [node.stop() for node in self.nodes])
        self.balancer = Balancer([node.port for node in self.nodes])
        self.addCleanup(self.balancer.close)

    def start(self, port):
        """A router before both engines that is ready."""
        urls = [word for engine in self.engines for word in ("--engine", engine.url)]
        node = Node("--port", port, *urls)
        node.poll(lambda: get(node, "/ready").status == 200, "ready")
        return node

    def under_load(self, streams, restart):
        """Lets clients call while each replica in turn is restarted; returns what failed."""
        stopping = threading.Event()
        callers = [Caller(self.balancer.url, streams, stopping) for _ in range(CLIENTS)]
        for caller in callers:
            caller.start()
        try:
            for index, node in enumerate(self.nodes):
                calls = sum(c.calls for c in callers)
                node.poll(lambda before=calls: sum(c.calls for c in callers) > before + CLIENTS,
                          "some calls before the restart")
                restart(node)
                self.nodes[index] = self.start(node.port)
        finally:
            stopping.set()
            for caller in callers:
                caller.join()
        self.assertTrue(all(caller.calls >= CALLS_MIN for caller in callers))
        return [failure for caller in callers for failure in caller.failures]

    def test_an_orderly_restart_fails_no_stream(self):
        self.assertEqual(self.under_load(True, Node.stop), [])

    def test_a_killed_router_fails_no_whole_answer(self):
        self.assertEqual(self.under_load(False, Node.kill), [])


if __name__ == "__main__":
    unittest.main()
