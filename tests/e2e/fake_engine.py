"""An engine that speaks OpenAI's API, records every byte it gets and misbehaves on command."""

import contextlib
import http.server
import json
import os
import select
import socket
import struct
import threading

WAIT_SECONDS = 60


class FakeEngine:
    """One engine on a port of its own; use as a context manager.

    `answer(exchange)` decides each POST; the default answers at once with `tokens` words. With a
    `tls` context of the ssl module it speaks https.
    """

    def __init__(self, model="fake", answer=None, tls=None, port=0):
        self.model = model
        self.answer = answer or Exchange.complete
        self.requests = []  # (path, fields, body) of every POST, as it came
        self.arrived = threading.Semaphore(0)
        self.cancelled = threading.Event()
        self.released = threading.Event()  # for answers that wait for the test
        self._lock = threading.Lock()
        engine = self

        class Handler(_Handler):
            owner = engine

        self._server = _Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, args=(0.05,), daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def stop_listening(self):
        """Refuses new connections from now on."""
        self._server.shutdown()
        self._server.server_close()

    def close(self):
        """Stops listening and cuts every connection."""
        self.stop_listening()
        self._server.cut_all()

    def record(self, path, fields, body):
        """Notes a request."""
        with self._lock:
            self.requests.append((path, fields, body))
        self.arrived.release()

    def wait_request(self):
        """Waits until one more request has come."""
        return self.arrived.acquire(timeout=WAIT_SECONDS)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address, handler):
        super().__init__(address, handler)
        self.open = set()

    def cut_all(self):
        """Ends what is open, wherever it stands, as the end of a process does."""
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address):
        """A connection that was closed under a handler is no news here."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner = None

    def setup(self):
        super().setup()
        self.server.open.add(self.connection)

    def finish(self):
        self.server.open.discard(self.connection)
        super().finish()

    def log_message(self, *_):
        """Silent."""

    def reply(self, status, body, content_type="application/json"):
        """Answers in one piece."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/health":
            self.reply(200, b"")
        elif self.path == "/v1/models":
            card = {"id": self.owner.model, "object": "model", "created": 1, "owned_by": "test"}
            self.reply(200, json.dumps({"object": "list", "data": [card]}).encode())
        elif self.path == "/metrics":
            self.reply(200, b"vllm:num_requests_running 0\n", "text/plain")
        else:
            self.reply(404, b"{}")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.owner.record(self.path, dict(self.headers.items()), body)
        self.owner.answer(Exchange(self, body))


def token_then_wait(exchange):
    """Begins an answer and ends it once the test releases the engine."""
    exchange.begin()
    exchange.event(exchange.chunk("one "))
    exchange.engine.released.wait(WAIT_SECONDS)
    exchange.event(exchange.chunk(None, "stop"))
    exchange.end()


class Exchange:
    """One request at a fake engine, with the ways to answer it."""

    def __init__(self, handler, body):
        self.handler = handler
        self.engine = handler.owner
        self.body = body

    @property
    def json(self):
        """The request's body."""
        return json.loads(self.body)

    def reply(self, status, body):
        """Answers with bytes as they are."""
        self.handler.reply(status, body)

    def complete(self, text="one two three"):
        """Answers as asked, streamed or whole."""
        if self.json.get("stream"):
            self.begin()
            for word in text.split(" "):
                self.event(self.chunk(word + " "))
            self.event(self.chunk(None, "stop"))
            self.end()
        else:
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
            self.reply(200, json.dumps({"id": "x", "object": "chat.completion", "created": 1,
                                        "model": self.engine.model, "choices": [choice],
                                        "usage": usage}).encode())

    def chunk(self, content, finish=None):
        """One chat chunk."""
        delta = {} if content is None else {"content": content}
        return {"id": "x", "object": "chat.completion.chunk", "created": 1,
                "model": self.engine.model,
                "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    def begin(self):
        """Starts a streamed answer."""
        self.handler.send_response(200)
        self.handler.send_header("Content-Type", "text/event-stream")
        self.handler.send_header("Transfer-Encoding", "chunked")
        self.handler.end_headers()

    def write(self, data):
        """Writes bytes as one HTTP chunk."""
        self.handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.handler.wfile.flush()

    def event(self, value):
        """Writes one server-sent event."""
        self.write(b"data: " + json.dumps(value).encode() + b"\n\n")

    def end(self):
        """Ends a streamed answer in order."""
        self.write(b"data: [DONE]\n\n")
        self.handler.wfile.write(b"0\r\n\r\n")

    def die(self):
        """Resets the connection in mid-answer, as the kernel does for a killed process."""
        self.handler.close_connection = True
        connection = self.handler.connection
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(connection.detach())

    def wait_cancel(self):
        """Waits until the client closes the connection and tells the engine's `cancelled`."""
        ready, _, _ = select.select([self.handler.connection], [], [], WAIT_SECONDS)
        if ready:
            self.engine.cancelled.set()
        self.handler.close_connection = True
