"""A machine that is killed, freezes, or loses power, while clients ask."""

import unittest

from cluster import ENGINES, MEMBERSHIP_TIMEOUT, NODES, ROUTERS
from cluster_case import ClusterCase
from load import read_answer
from network import CLIENTS

VICTIM = "engine-1"
OTHERS = [name for name in NODES if name != VICTIM]
ANSWER_SECONDS = 4  # the longest answer takes 1.3 s when nothing is wrong
SILENCE_SECONDS = 15  # after which a connection to a machine that is gone breaks


class FaultTest(ClusterCase):
    """Nodes fail, one or many at once."""

    def test_a_killed_node_breaks_no_more_than_its_streams_and_comes_back(self):
        with self.load() as load:
            self.wait_for_answers(load, 10)
            before = self.cluster.incarnations()
            self.cluster.nodes[VICTIM].crash()
            self.check_passed_over([VICTIM], timeouts=2)
            self.cluster.converge(OTHERS)
            self.wait_for_answers(load, 10)
            self.cluster.start(VICTIM)
            self.cluster.converge()
        self.check_ends(load, ["broken"], ANSWER_SECONDS + MEMBERSHIP_TIMEOUT)
        self.assert_only_later(before, [VICTIM])

    def test_a_killed_router_is_no_matter_to_clients_of_others(self):
        left = [name for name in NODES if name != ROUTERS[2]]
        before = self.cluster.incarnations()
        with self.load(ROUTERS[:2]) as load:
            self.wait_for_answers(load, 10)
            self.cluster.nodes[ROUTERS[2]].crash()
            self.cluster.converge(left)
            self.wait_for_answers(load, 10)
            self.cluster.start(ROUTERS[2])
            self.cluster.converge()
        self.check_ends(load, [], ANSWER_SECONDS)
        self.assert_only_later(before, [ROUTERS[2]])

    def test_two_nodes_of_nine_serve_on_and_the_others_come_back(self):
        left = [ROUTERS[0], ENGINES[5]]
        gone = [name for name in NODES if name not in left]
        before = self.cluster.incarnations()
        for name in gone:
            self.cluster.nodes[name].crash()
        self.cluster.converge(left)
        with self.load(left[:1], rate=6) as load:
            self.wait_for_answers(load, 10)
            for name in gone:
                self.cluster.start(name)
            self.cluster.converge()
        self.check_ends(load, [], ANSWER_SECONDS)
        self.assert_only_later(before, gone)

    def test_a_frozen_machine_is_passed_over_and_goes_on_where_it_was(self):
        with self.load() as load:
            self.wait_for_answers(load, 10)
            before = self.cluster.incarnations()
            engines = self.cluster.nodes[VICTIM].engine_pids()
            self.cluster.nodes[VICTIM].freeze()
            self.check_passed_over([VICTIM], timeouts=2)
            self.cluster.converge(OTHERS)
            self.cluster.nodes[VICTIM].resume()
            self.cluster.converge()
        # What its engines had begun they finish: nothing is lost, it is only late.
        self.check_ends(load, [], ANSWER_SECONDS + 10 * MEMBERSHIP_TIMEOUT)
        self.assertEqual(self.cluster.nodes[VICTIM].engine_pids(), engines)
        self.assert_only_later(before, [VICTIM])

    def test_streams_of_a_machine_that_lost_power_end_with_a_typed_error(self):
        with self.stream_from(VICTIM) as stream, self.load() as load:
            self.wait_for_answers(load, 10)
            # No connection is closed by anyone: what is sent there is just never acknowledged.
            self.cluster.network.cut([VICTIM], [*OTHERS, CLIENTS])
            self.cluster.nodes[VICTIM].crash()
            self.check_passed_over([VICTIM], timeouts=2)
            self.cluster.converge(OTHERS)
            self.wait_for_answers(load, 10)
            self.assertEqual(read_answer(stream).error["type"], "BadGatewayError")
        self.check_ends(load, ["broken"], ANSWER_SECONDS + SILENCE_SECONDS + 5)
        self.assertLessEqual({outcome.why for outcome in load.of("broken")}, {"BadGatewayError"})


if __name__ == "__main__":
    unittest.main()
