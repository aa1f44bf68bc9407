"""Clients of the cluster: streamed answers asked for at a steady rate, each checked to its end.

An answer is checked token by token: equal prompts have equal answers, on whichever engine, so
whatever a client sees must be the start of the known answer, and all of it where the stream says
that it is whole. A token that came twice, out of order or not at all would show.
"""

import http.client
import itertools
import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from http_calls import Stream

CLIENTS_MAX = 64
RETRIED = {408, 409, 429}  # as the openai packages do, and whatever is 500 or more
RETRY_SECONDS = 0.5


@dataclass(frozen=True)
class Question:
    """A prompt for a model, and how long its answer is to be."""

    model: str
    prompt: str
    tokens: int

    @property
    def body(self):
        """The body of the request."""
        return {"model": self.model, "prompt": self.prompt, "max_tokens": self.tokens,
                "ignore_eos": True, "seed": 7, "temperature": 0, "stream": True}


@dataclass
class Reading:
    """What came of a streamed answer."""

    text: str = ""
    finish: str = None
    error: dict = None
    done: bool = False  # [DONE] came


@dataclass
class Outcome:
    """How a request ended: `whole`; `refused` with a status before the first token; `broken` by a
    typed error after it; `unreachable`, the connection to the router having failed; or `wrong`.
    """

    how: str
    why: str = ""
    seconds: float = 0.0


def read_answer(stream):
    """Reads a streamed answer to its end."""
    read = Reading()
    for event in stream.events():
        if event == "[DONE]":
            read.done = True
            continue
        chunk = json.loads(event)
        read.error = chunk.get("error", read.error)
        for choice in chunk.get("choices", []):
            read.text += choice["text"]
            read.finish = choice["finish_reason"] or read.finish
    return read


def judge(known, read):
    """Says how a stream ended, given the answer as it ought to be."""
    if read.error is not None:
        if not known.startswith(read.text) or not read.error.get("type") or read.finish:
            return Outcome("wrong", str(read))
        return Outcome("broken", read.error["type"])
    if read != Reading(known, "length", None, True):
        return Outcome("wrong", str(read))
    return Outcome("whole")


def ask(router, question, known):
    """Asks once; an answer that has not the form of one is an exception."""
    with Stream(router, "/v1/completions", question.body) as stream:
        if stream.status != 200:
            error = json.loads(stream.response.read())["error"]
            return Outcome("refused", f"{stream.status} {error['type']}")
        return judge(known, read_answer(stream))


class Load:
    """Asks `rate` times a second, the routers in turn; use as a context manager.

    `known` holds the answer of each question. With `retries` a request that was refused or found
    no router is tried again, at the router before, as clients of OpenAI's do: to the next ones a
    rolling restart may come just as fast as they.
    """

    def __init__(self, routers, known, rate=12, retries=0):
        self.routers, self.known = routers, known
        self.rate, self.retries = rate, retries
        self.ended = []  # as they end; outcomes, once all have
        self.outcomes = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()

    def _run(self):
        """Asks in time, whatever became of what was asked before."""
        questions = itertools.cycle(self.known)
        turns = itertools.count()
        due = time.monotonic()
        with ThreadPoolExecutor(CLIENTS_MAX) as clients:
            asked = []
            while not self._done.wait(max(0, due - time.monotonic())):
                asked.append(clients.submit(self.request, next(questions), next(turns)))
                due += 1 / self.rate
            self.outcomes = [each.result() for each in asked]

    def request(self, question, turn):
        """Asks until it is answered or the retries are used up."""
        began = time.monotonic()
        for attempt in range(self.retries + 1):
            router = self.routers[(turn - attempt) % len(self.routers)]
            outcome = self._attempt(router, question)
            if outcome.how not in ("refused", "unreachable"):
                break
            if outcome.how == "refused" and not self._may_retry(outcome):
                break
            self._done.wait(RETRY_SECONDS * 2**attempt if attempt < self.retries else 0)
        outcome.seconds = time.monotonic() - began
        self.ended.append(outcome)
        return outcome

    @staticmethod
    def _may_retry(outcome):
        status = int(outcome.why.split()[0])
        return status in RETRIED or status >= 500

    def _attempt(self, router, question):
        try:
            return ask(router, question, self.known[question])
        except (ConnectionError, http.client.RemoteDisconnected) as error:
            return Outcome("unreachable", repr(error))
        except Exception as error:  # pylint: disable=broad-except
            return Outcome("wrong", repr(error))

    def count(self):
        """How often requests ended how."""
        return Counter(outcome.how for outcome in self.outcomes)

    def of(self, how):
        """The outcomes of one kind."""
        return [outcome for outcome in self.outcomes if outcome.how == how]
