"""Small HTTP calls for the tests, with every byte in view."""

import contextlib
import http.client
import json
import socket
from dataclasses import dataclass

TIMEOUT_SECONDS = 60


@dataclass
class Answer:
    status: int
    fields: dict  # lower-case names
    body: bytes

    @property
    def json(self):
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def error(self):
        """The error object of an OpenAI-style answer."""
        return self.json["error"]


def call(node, line, body=None, fields=None):
    """Sends `METHOD PATH` on a connection of its own; a body that is no bytes goes as JSON."""
    method, path = line.split(" ", 1)
    connection = http.client.HTTPConnection(node.host, node.port, timeout=TIMEOUT_SECONDS)
    headers = dict(fields or {})
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, names, answer.read())
    finally:
        connection.close()


def get(node, path, **fields):
    """GETs a path."""
    return call(node, f"GET {path}", fields=fields)


def all_engines_up(node):
    """True once every engine takes requests; before that a model may just not be known yet."""
    engines = get(node, "/ready").json["engines"]
    return bool(engines) and all(engine["up"] for engine in engines)


def chat_body(model, text, **more):
    """The body of a chat request with one user message."""
    return {"model": model, "messages": [{"role": "user", "content": text}]} | more


def chat(node, body, fields=None):
    """Posts a chat request."""
    return call(node, "POST /v1/chat/completions", body, fields)


class Stream:
    """A streamed answer, read event by event; leaving closes the connection."""

    def __init__(self, node, path, body, fields=None):
        self._connection = http.client.HTTPConnection(node.host, node.port, timeout=TIMEOUT_SECONDS)
        self._connection.request("POST", path, json.dumps(body),
                                 {"Content-Type": "application/json"} | (fields or {}))
        self.response = self._connection.getresponse()
        self.status = self.response.status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Leaves, in whatever state the answer is."""
        if self._connection.sock is not None:
            with contextlib.suppress(OSError):  # the peer may have been first
                self._connection.sock.shutdown(socket.SHUT_RDWR)
        self.response.close()
        self._connection.close()

    def events(self):
        """Yields the data of each event as text; ends with the answer."""
        data = []
        for raw in self.response:
            line = raw.decode().rstrip("\r\n")
            if line.startswith("data:"):
                data.append(line[5:].lstrip(" "))
            elif not line and data:
                yield "\n".join(data)
                data = []

    def rest(self):
        """Reads to the end: (JSON of all events but [DONE], whether [DONE] came)."""
        found = list(self.events())
        return [json.loads(e) for e in found if e != "[DONE]"], "[DONE]" in found


def chat_stream(node, body, fields=None):
    """Posts a chat request and streams the answer."""
    return Stream(node, "/v1/chat/completions", body | {"stream": True}, fields)


def text_of(chunks):
    """Joins the content of streamed chat chunks."""
    return "".join(c["delta"].get("content") or "" for chunk in chunks for c in chunk["choices"])


def raw_exchange(node, request):
    """Sends bytes as they are and returns all that comes until the peer closes."""
    with socket.create_connection((node.host, node.port), TIMEOUT_SECONDS) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def metrics(node):
    """Reads /metrics into {(name, labels text): value}."""
    series = {}
    for line in get(node, "/metrics").body.decode().splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            base, _, labels = name.partition("{")
            series[base, labels.rstrip("}")] = float(value)
    return series
