"""Networks that fall apart: in two, in one direction, between two nodes only."""

import unittest

from cluster import ENGINES, MEMBERSHIP_TIMEOUT, NODES
from cluster_case import ClusterCase

LESSER = ["router-2", "engine-4", "engine-5"]
GREATER = [name for name in NODES if name not in LESSER]
ANSWER_SECONDS = 5


class PartitionTest(ClusterCase):
    """Cuts of the network between nodes; clients reach every router."""

    def test_both_sides_of_a_partition_serve_and_only_the_lesser_joins_anew(self):
        before = self.cluster.incarnations()
        self.cluster.network.cut(LESSER, GREATER)
        self.check_passed_over_by(GREATER, LESSER, "down")
        # The lesser side knows that it may be the one that is cut off: it gives no verdict.
        self.check_passed_over_by(LESSER, GREATER, "suspect")
        with (self.load(["router-0", "router-1"]) as greater,
              self.load(["router-2"], retries=2) as lesser):
            self.wait_for_answers(greater, 10)
            self.wait_for_answers(lesser, 10)
            self.cluster.network.heal()
            self.cluster.converge()
        self.check_ends(greater, [], ANSWER_SECONDS)
        self.check_ends(lesser, [], ANSWER_SECONDS)
        self.assert_only_later(before, LESSER)

    def check_passed_over_by(self, side, others, state):
        """One side soon sees the other in this state, itself up, and runs what then is to run."""
        self.cluster.converge(side, timeouts=6)
        for name in side:
            states = self.cluster.states(name)
            self.assertEqual({states[other] for other in others}, {state}, name)

    def test_requests_at_the_moment_of_a_partition_all_end(self):
        with self.load() as load:
            self.wait_for_answers(load, 10)
            self.cluster.network.cut(LESSER, GREATER)
            self.check_passed_over_by(GREATER, LESSER, "down")
            self.wait_for_answers(load, 20)
            self.cluster.network.heal()
            self.cluster.converge()
        # Streams that cross the cut wait for it to heal, which it does in time.
        self.check_ends(load, [], ANSWER_SECONDS + 10 * MEMBERSHIP_TIMEOUT)

    def test_a_node_nobody_hears_is_passed_over_though_it_hears_all(self):
        mute = "engine-3"
        others = [name for name in NODES if name != mute]
        before = self.cluster.incarnations()
        with self.load() as load:
            self.wait_for_answers(load, 10)
            self.cluster.network.cut([mute], others, both_ways=False)
            self.check_passed_over([mute], timeouts=3)
            self.wait_for_answers(load, 10)
            self.cluster.network.heal()
            self.cluster.converge()
        self.check_ends(load, [], ANSWER_SECONDS + 10 * MEMBERSHIP_TIMEOUT)
        self.assert_only_later(before, [mute])

    def test_two_nodes_that_do_not_reach_each_other_put_nobody_out(self):
        before = self.cluster.incarnations()
        with self.load() as load:
            self.wait_for_answers(load, 10)
            self.cluster.network.cut(["router-0"], [ENGINES[0]])
            self.wait_for_answers(load, 40)
            self.cluster.network.heal()
            self.cluster.converge()
        self.check_ends(load, [], ANSWER_SECONDS + 10 * MEMBERSHIP_TIMEOUT)
        self.assertEqual(self.cluster.incarnations(), before)


class SlowLinkTest(ClusterCase):
    """All paths are slow, uneven and lose frames."""

    def test_a_slow_network_makes_nobody_a_victim(self):
        before = self.cluster.incarnations()
        self.cluster.network.rule(NODES, NODES, delay=0.02, jitter=0.02, loss=0.01)
        lost = self.cluster.network.counts()["lost"]
        with self.load() as load:
            self.wait_for_answers(load, 60)
        self.assertGreater(self.cluster.network.counts()["lost"], lost + 100)
        self.check_ends(load, [], ANSWER_SECONDS)
        self.cluster.converge()
        self.assertEqual(self.cluster.incarnations(), before)


if __name__ == "__main__":
    unittest.main()
