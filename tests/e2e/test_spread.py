"""48 users who share one 4 kB system prompt: spread over the engines, each staying with its own."""

import concurrent.futures
import unittest

from fake_engine import FakeEngine
from http_calls import chat, get
from processes import Node

ENGINES = 4
USERS = 48
SYSTEM = "You are a careful assistant. Answer briefly and cite your sources. " * 60


def conversation(user, turns):
    """The messages of a user's request number `turns`."""
    messages = [{"role": "system", "content": SYSTEM[:4096]}]
    for turn in range(turns):
        text = f"I am user {user}. In turn {turn} I ask about {user * 7919} and {turn}. " * 20
        messages.append({"role": "user", "content": text})
        if turn < turns - 1:
            messages.append({"role": "assistant", "content": f"Answer {turn} for {user}. " * 20})
    return messages


class Spread(unittest.TestCase):
    def setUp(self):
        self.engines = [FakeEngine() for _ in range(ENGINES)]
        urls = [word for engine in self.engines for word in ("--engine", engine.url)]
        self.node = Node("--port", 0, *urls)
        self.addCleanup(self.close)
        self.node.poll(lambda: self.up() == ENGINES, "all engines up")

    def close(self):
        self.node.stop()
        for engine in self.engines:
            engine.close()

    def up(self):
        """How many engines are up."""
        return sum(e["up"] for e in get(self.node, "/ready").json["engines"])

    def turn(self, number):
        """Sends turn `number` of every user, 12 at a time; returns {user: engine's index}."""
        for engine in self.engines:
            engine.requests.clear()

        def ask(user):
            body = {"model": "fake", "messages": conversation(user, number), "max_tokens": 16}
            return chat(self.node, body).status

        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            self.assertEqual(set(pool.map(ask, range(USERS))), {200})
        places = {}
        for index, engine in enumerate(self.engines):
            for _, _, body in engine.requests:
                user = int(body.split(b"I am user ", 1)[1].split(b".", 1)[0])
                places[user] = index
        self.assertEqual(len(places), USERS)
        return places

    def test_users_spread_and_stay(self):
        first = self.turn(1)
        counts = [list(first.values()).count(index) for index in range(ENGINES)]
        self.assertLessEqual(max(counts), 1.5 * USERS / ENGINES, counts)
        second = self.turn(2)
        stayed = sum(second[user] == first[user] for user in range(USERS))
        self.assertGreaterEqual(stayed, 0.9 * USERS, (first, second))


if __name__ == "__main__":
    unittest.main()
