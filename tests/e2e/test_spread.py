"""48 users who share one 4 kB system prompt: spread over the engines, each staying with its own."""

import concurrent.futures
import re
import unittest

from http_calls import call, chat, get
from processes import Engine, Node, tiny_model

ENGINES = 4
USERS = 48
AT_ONCE = ENGINES
SYSTEM_TOKENS_MIN = 1500  # of the tiny model's vocabulary
SYSTEM = ("You are a careful assistant. Answer briefly and cite your sources. " * 60)[:4096]


def conversation(user, turns):
    """The messages of a user's request number `turns`."""
    messages = [{"role": "system", "content": SYSTEM}]
    for turn in range(turns):
        sentence = f"I am user {user} and in turn {turn} I ask about {user * 7919}. "
        text = sentence * (60 if turn == 0 else 6)  # users begin with a document of their own
        messages.append({"role": "user", "content": text})
        if turn < turns - 1:
            messages.append({"role": "assistant", "content": f"Answer {turn} for {user}. " * 6})
    return messages


class Spread(unittest.TestCase):
    def setUp(self):
        self.engines = []
        for _ in range(ENGINES):
            engine = Engine("--model", tiny_model(context=16384), "--served-model-name", "tiny")
            self.addCleanup(engine.stop)
            self.engines.append(engine)
        urls = [word for engine in self.engines for word in ("--engine", engine.url)]
        self.node = Node("--port", 0, *urls)
        self.addCleanup(self.node.stop)
        self.node.poll(lambda: self.up() == ENGINES, "all engines up")

    def up(self):
        """How many engines are up."""
        return sum(e["up"] for e in get(self.node, "/ready").json["engines"])

    def turn(self, number):
        """Sends turn `number` of every user, a few at a time; returns the usage of each."""
        def ask(user):
            body = {"model": "tiny", "messages": conversation(user, number), "max_tokens": 8}
            answer = chat(self.node, body)
            self.assertEqual(answer.status, 200, answer.body)
            return answer.json["usage"]

        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(ask, range(USERS)))

    def served(self):
        """How many requests each engine has answered."""
        counts = []
        for engine in self.engines:
            page = call(engine, "GET /metrics").body.decode()
            values = re.findall(r"^vllm:request_success_total\{.*\} (\S+)$", page, re.MULTILINE)
            counts.append(sum(map(float, values)))
        return counts

    def test_users_spread_and_stay(self):
        first = self.turn(1)
        counts = self.served()
        self.assertEqual(sum(counts), USERS)
        self.assertLessEqual(max(counts), 1.5 * USERS / ENGINES, counts)
        second = self.turn(2)
        for usage in second:
            cached = usage["prompt_tokens_details"]["cached_tokens"]
            self.assertGreater(cached, SYSTEM_TOKENS_MIN)
        # Only the engine of the first turn has that user's own words in its cache.
        stayed = sum(after["prompt_tokens_details"]["cached_tokens"] > before["prompt_tokens"] - 32
                     for before, after in zip(first, second))
        self.assertGreaterEqual(stayed, 0.9 * USERS)


if __name__ == "__main__":
    unittest.main()
