"""What the tests of a cluster share: nodes that are whole before each, and known answers."""

import contextlib
import unittest
from concurrent.futures import ThreadPoolExecutor

from cluster import MODEL, NODES, ROUTERS, RealCluster, endpoint_of, within
from http_calls import Stream
from load import Load, Question, Reading, read_answer

# Long enough that faults come in the middle of answers, and of different lengths.
QUESTIONS = [Question(MODEL, f"tell me {n}", 30 + 8 * n) for n in range(5)]

LONG_ANSWER_TOKENS = 1000  # 20 s
STREAMS_MAX = 50


class ClusterCase(unittest.TestCase):
    """One cluster for the tests of a class, whole at the start of each."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = RealCluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.start_all()
        cls.cluster.converge()
        with ThreadPoolExecutor(len(QUESTIONS)) as clients:
            cls.known = dict(zip(QUESTIONS, clients.map(cls.answer_of, QUESTIONS)))

    @staticmethod
    def answer_of(question):
        """What the cluster answers when nothing disturbs it."""
        with Stream(endpoint_of(ROUTERS[0]), "/v1/completions", question.body) as stream:
            read = read_answer(stream)
        if read != Reading(read.text, "length", None, True):
            raise AssertionError(str(read))
        return read.text

    def setUp(self):
        self.cluster.repair()
        self.cluster.converge()

    def stream_from(self, node):
        """A long answer that has begun at an engine of this node; use as a context manager."""
        with contextlib.ExitStack() as others:  # they keep their engines busy
            for n in range(STREAMS_MAX):
                question = Question(MODEL, f"a long story {n}", LONG_ANSWER_TOKENS)
                stream = Stream(endpoint_of(ROUTERS[0]), "/v1/completions", question.body)
                if stream.response.headers["x-troupe-engine"].split(".")[0] == node:
                    return stream
                others.enter_context(stream)
        raise AssertionError(f"no engine of {node} is asked")

    def load(self, routers=None, **options):
        """Clients of these routers, or of all, each of which sees to its answer."""
        return Load([endpoint_of(name) for name in routers or ROUTERS], self.known, **options)

    def wait_for_answers(self, load, count, timeouts=10):
        """Waits until so many more requests have ended."""
        target = len(load.ended) + count
        within(timeouts, lambda: len(load.ended) >= target, f"{count} more answers")

    def check_ends(self, load, kinds, seconds):
        """Every request has ended, in one of these ways and in time; some were answered whole."""
        others = [outcome for outcome in load.outcomes if outcome.how not in {"whole", *kinds}]
        self.assertEqual(others, [], load.count())
        self.assertGreater(load.count()["whole"], 0)
        slowest = max(load.outcomes, key=lambda outcome: outcome.seconds)
        self.assertLess(slowest.seconds, seconds, slowest)

    def check_passed_over(self, gone, timeouts):
        """All other nodes soon hold these to be gone, and the routers ask no engine of theirs."""
        left = [name for name in NODES if name not in gone]
        def passed_over():
            return (all(self.cluster.sees(name, left, gone) for name in left) and
                    all(engine.split(".")[0] not in gone for router in left if router in ROUTERS
                        for engine in self.cluster.engines_up(router)))
        within(timeouts, passed_over, f"{gone} passed over")

    def assert_only_later(self, before, names):
        """Of all nodes just these are in another life than before, and in a later one."""
        after = self.cluster.incarnations()
        self.assertEqual({name for name in NODES if after[name] != before[name]}, set(names))
        self.assertTrue(all(after[name] >= before[name] for name in NODES))
