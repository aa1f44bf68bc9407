"""Reduces answers to facts: {path: value}, in which two servers can be compared.

A value stands as it is where both servers must say the same; where it is a matter of weights, time
or wording, its type stands for it. Members of equal shape in a row are told once, and counted.
"""

import json
import re

# Leaves of which only the type is a fact, by the end of their path.
MASKED = re.compile(
    r"(^|\.)(created|logprob|token_logprobs\[\d*\]|rank|message|version|cached_tokens|root|"
    r"owned_by|server_load|decoded_token|system_fingerprint)$"
    r"|\.top_logprobs\[\d*\]\.|prompt_logprobs\[\d*\]\.")
# Names of which only the part before the first '-' is a fact.
NAMES = re.compile(r"(^|\.)(id|request_id)$")
# Bytes of tokens that are a matter of weights.
OTHER_BYTES = re.compile(r"\.top_logprobs\[\d*\]\.bytes$")
# Maps from tokens to something: the tokens are a matter of weights.
TOKEN_MAPS = re.compile(r"(top_logprobs|prompt_logprobs)\[\d*\]$")
LABEL_FACTS = ("le", "finished_reason", "engine", "reason", "source", "sleep_state")
HEADERS = ("content-type", "allow", "cache-control", "retry-after")


def type_name(value):
    """JSON's name of a value's type."""
    for kinds, name in ((bool, "boolean"), ((int, float), "number"), (str, "string")):
        if isinstance(value, kinds):
            return f"<{name}>"
    return "<null>" if value is None else f"<{type(value).__name__}>"


def leaf(path, value):
    """A value as a fact."""
    if value is None:
        return None
    if NAMES.search(path) and isinstance(value, str):
        return re.sub(r"-.*", "-*", value) if re.match("[a-z]+-", value) else "<string>"
    return type_name(value) if MASKED.search(path) else value


def runs(shapes):
    """Leaves out each shape that repeats the one before it."""
    return [s for i, s in enumerate(shapes) if i == 0 or s != shapes[i - 1]]


def flatten(value, path=""):
    """Yields (path, fact) of everything in a JSON value."""
    if isinstance(value, dict):
        if not value:
            yield path, {}
        if TOKEN_MAPS.search(path) and "token" not in value:
            yield f"{path}.size", len(value)
            value = {"*": v for v in value.values()}
        for name, inner in value.items():
            yield from flatten(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        if any(isinstance(entry, (dict, list)) for entry in value):
            yield f"{path}.length", len(value)
            shapes = runs([dict(flatten(entry, path + "[]")) for entry in value])
            for i, shape in enumerate(shapes):
                for inner, fact in shape.items():
                    yield path + f"[{i}]" + inner[len(path) + 2 :], fact
        elif OTHER_BYTES.search(path):
            yield path, "<list>"
        else:
            yield path, [leaf(f"{path}[]", entry) for entry in value]
    else:
        yield path, leaf(path, value)


def flat(value):
    """The facts of a JSON value."""
    return dict(flatten(value))


class Choice:
    """What a stream says of one choice: its first and last chunk, and what lies between.

    How tokens are spread over chunks is no fact, nor is a chunk that says nothing; what the chunks
    add up to is one.
    """

    TEXTS = ("text", "content")

    def __init__(self):
        self.parts = {}
        self.text = ""
        self.token_ids = []

    def take(self, chunk):
        """Adds a chunk."""
        [entry] = chunk["choices"]
        said = entry.get("delta", entry)
        part = "last" if entry.get("finish_reason") else "middle"
        part = "opening" if "role" in said else part
        if part == "middle" and not self.says_something(entry, said):
            return
        for name in self.TEXTS:
            if isinstance(said.get(name), str):
                self.text += said[name]
                said[name] = "<text>"
        if isinstance(entry.get("token_ids"), list):
            self.token_ids += entry["token_ids"]
            entry["token_ids"] = "<list>"
        self.mask_logprobs(entry.get("logprobs") or {})
        if chunk.get("usage") and part != "last":
            chunk["usage"] = {name: type_name(count) for name, count in chunk["usage"].items()}
        self.parts.setdefault(part, {}).update(flat(chunk))

    def says_something(self, entry, said):
        """Whether a chunk brings a client anything."""
        return any(said.get(name) for name in self.TEXTS) or entry.get("token_ids") or entry.get(
            "logprobs")

    def mask_logprobs(self, logprobs):
        """Replaces lists of as many entries as the chunk has tokens."""
        for name in ("tokens", "token_logprobs", "text_offset"):
            if name in logprobs:
                logprobs[name] = "<list>"
        for name in ("top_logprobs", "content"):
            if logprobs.get(name):
                logprobs[name] = logprobs[name][:1]

    def facts(self):
        """The facts of all its chunks."""
        facts = {"text": self.text, "token_ids": self.token_ids}
        for part, chunk in sorted(self.parts.items()):
            facts.update({f"{part}.{path}": fact for path, fact in chunk.items()})
        return facts


def stream_facts(events):
    """The facts of a stream: the chunks of each choice, then those without one."""
    choices, others = {}, []
    for event in events:
        chunk = event if event == "[DONE]" else json.loads(event)
        if isinstance(chunk, dict) and chunk.get("choices"):
            choices.setdefault(chunk["choices"][0].get("index", 0), Choice()).take(chunk)
        else:
            others.append(flat(chunk))
    facts = {}
    for index, choice in sorted(choices.items()):
        facts.update({f"choice{index}.{path}": fact for path, fact in choice.facts().items()})
    for i, chunk in enumerate(others):
        facts.update({f"end{i}.{path}": fact for path, fact in chunk.items()})
    return facts


def events_of(body):
    """The data of each server-sent event."""
    return [part.removeprefix("data: ") for part in body.decode().split("\n\n") if part]


def answer_facts(status, fields, body):
    """The facts of a whole HTTP answer; header names in lower case."""
    facts = {"status": status}
    facts.update({f"header.{n}": fields[n] for n in HEADERS if n in fields})
    content_type = fields.get("content-type", "")
    if content_type.startswith("text/event-stream"):
        return facts | stream_facts(events_of(body))
    if content_type.startswith("application/json") and body:
        return facts | dict(flatten(json.loads(body), "body"))
    return facts | {"body": "<empty>" if not body else "<text>"}


def metric_facts(text):
    """The facts of vLLM's families on a Prometheus page: types, labels and bounds of buckets.

    Left out is what a client library adds by itself: the times at which series were created.
    """
    facts = {}
    for line in text.splitlines():
        if not re.match(r"(# TYPE )?vllm:", line) or re.search(r"_created[ {]", line):
            continue
        if line.startswith("#"):
            _, _, name, kind = line.split()
            facts[name] = kind
        else:
            name, labels = re.match(r"([^{\s]+)(?:\{(.*)\})?", line).groups()
            for label, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or ""):
                fact = value if label in LABEL_FACTS else "*"
                fact = float(value) if label == "le" and value != "+Inf" else fact
                seen = facts.setdefault(f"{name}.{label}", [])
                if fact not in seen:
                    seen.append(fact)
    return {path: fact if isinstance(fact, str) or path.endswith(".le") else sorted(fact)
            for path, fact in facts.items()}
