"""Reads the cases of llhttp's test suite (https://github.com/nodejs/llhttp, test/request and
test/response).

Its Markdown files hold, below a heading each, a line of metadata, the bytes of a case in an `http`
block and what llhttp reports for them in a `log` block. Nothing of it is kept here: a checkout is
given by whoever runs the bench.
"""

import json
import re
from dataclasses import dataclass

ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "f": "\f"}
ESCAPE = re.compile(r"\\(?:([rntf])|x([0-9a-fA-F]+)|([0-7]{1,3}))")
META = re.compile(r"<!--\s*meta=(\{.*\})\s*-->")

# llhttp's errors that say no request is malformed: data behind one that closes, a pause where the
# protocol changes (CONNECT, Upgrade; HTTP/2's preface).
AFTER_CLOSE, UPGRADE, PREFACE = 5, 22, 23
KEEP_ALIVE_FLAG, CLOSE_FLAG, CHUNKED_FLAG, LENGTH_FLAG = 0x1, 0x2, 0x8, 0x20


@dataclass
class Message:
    """A request or an answer that llhttp begins to read."""

    at: int  # offset of its first byte
    method: str = ""
    version: str = ""
    status: int = 0
    body_bytes: int = 0
    complete: bool = False
    closes: bool = False
    has_length: bool = False  # its body has a length or chunks


@dataclass
class Case:
    """Some bytes and what llhttp makes of them."""

    place: str    # FILE: TITLE
    kind: str     # `request`, `response`; `request-lenient-…`: accepted by leave of an option
    skips: bool   # the log is of a parser that was told to skip bodies
    data: bytes
    messages: list
    error: int    # 0: none
    error_at: int

    @property
    def lenient(self):
        """Whether a strict parser may not accept it."""
        return "lenient" in self.kind

    @property
    def complete(self):
        """How many messages are read whole."""
        return sum(message.complete for message in self.messages)

    @property
    def invalid(self):
        """Whether a strict parser finds a fault."""
        return self.error not in (0, AFTER_CLOSE, UPGRADE, PREFACE)


def bytes_of(block):
    """Returns the bytes that an `http` block stands for: its lines end in CRLF, escapes apart."""
    text = re.sub(r"\\\n", "", block)
    text = text.replace("\n", "\r\n")

    def plain(match):
        letter, hexadecimal, octal = match.groups()
        return ESCAPES[letter] if letter else chr(int(hexadecimal, 16) if hexadecimal
                                                  else int(octal, 8))

    return ESCAPE.sub(plain, text).encode("utf-8")


def add_event(line, messages):
    """Adds what a line of a log says to the messages; returns (error, offset) or None."""
    found = re.match(r"off=(\d+) (.*)", line)
    if not found:
        return None
    at, event = int(found[1]), found[2]
    if event == "message begin":
        messages.append(Message(at))
    elif event == "message complete":
        messages[-1].complete = True
    elif error := re.match(r"error code=(\d+)", event):
        return int(error[1]), at
    elif method := re.match(r'len=\d+ span\[method\]="(.*)"', event):
        messages[-1].method += method[1]
    elif body := re.match(r"len=(\d+) span\[body\]", event):
        messages[-1].body_bytes += int(body[1])
    elif head := re.match(r"headers complete (?:status=(\d+) )?.*v=(\d)/(\d) flags=([0-9a-f]+)",
                          event):
        last, flags = messages[-1], int(head[4], 16)
        last.status = int(head[1] or 0)
        last.version = f"{head[2]}.{head[3]}"
        last.has_length = bool(flags & (CHUNKED_FLAG | LENGTH_FLAG))
        last.closes = bool(flags & CLOSE_FLAG) or (last.version != "1.1"
                                                  and not flags & KEEP_ALIVE_FLAG)
    return None


def case_of(place, meta, block, log):
    """Makes a case of the parts found below a heading."""
    messages, error = [], (0, 0)
    for line in log.splitlines():
        error = add_event(line, messages) or error
    return Case(place, meta["type"], bool(meta.get("skipBody")), bytes_of(block), messages, *error)


def read_file(path):
    """Yields the cases of one Markdown file."""
    title, meta, blocks, inside = "", None, {}, None
    for line in path.read_text(encoding="utf-8").split("\n"):
        if inside is not None and line != "```":
            blocks[inside].append(line)
        elif line == "```":
            if inside == "log" and meta and "http" in blocks:
                yield case_of(f"{path.stem}: {title}", meta, "\n".join(blocks["http"]),
                              "\n".join(blocks["log"]))
                meta, blocks = None, {}
            inside = None
        elif line.startswith("```"):
            inside = line[3:].strip()
            blocks[inside] = []
        elif line.startswith("#"):
            title = line.strip("# ")
        elif found := META.match(line):
            meta = json.loads(found[1])


def read_corpus(folder, kind):
    """Returns the cases of a kind, `request` or `response`, in the order of a checkout's files."""
    paths = sorted((folder / "test" / kind).glob("*.md"))
    if not paths:
        raise SystemExit(f"{folder} is no checkout of llhttp: it has no test/{kind}/*.md")
    return [case for path in paths for case in read_file(path)]
