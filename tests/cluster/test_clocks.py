"""Clocks that jump: the time of day of one node is an hour off, or changes while it runs.

clock_shift.c moves what that process reads of the time of day, and nothing else here. Not
covered: waits until a time of day, of which troupe has none.
"""

import struct
import subprocess
import unittest
from email.utils import parsedate_to_datetime
from pathlib import Path

from cluster import NODES
from cluster_case import ClusterCase
from processes import SCRATCH

VICTIM = "engine-2"
OTHERS = [name for name in NODES if name != VICTIM]
HOUR_NS = 3_600_000_000_000
ANSWER_SECONDS = 8


def build_shift():
    """Compiles the library that moves the clock; returns its path."""
    library = SCRATCH / "clock_shift.so"
    source = Path(__file__).with_name("clock_shift.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    return library


class ClockTest(ClusterCase):
    """One engine node's time of day jumps."""

    def setUp(self):
        self.shift = SCRATCH / "clock_shift"
        self.jump(0)
        self.cluster.environment[VICTIM] = {"LD_PRELOAD": str(build_shift()),
                                            "TROUPE_CLOCK_SHIFT": str(self.shift)}
        super().setUp()
        self.restart()
        self.cluster.converge()

    def jump(self, nanoseconds):
        """Moves the clock of the node, which may be running."""
        with open(self.shift, "r+b" if self.shift.exists() else "w+b") as file:
            file.write(struct.pack("q", nanoseconds))

    def restart(self):
        """Kills the node and starts it."""
        if self.cluster.nodes[VICTIM].process.poll() is None:
            self.cluster.nodes[VICTIM].crash()
        self.cluster.start(VICTIM)

    def hours_ahead(self):
        """How far the node's time of day is ahead of the others', in whole hours."""
        times = [parsedate_to_datetime(self.cluster.ask_admin(name).fields["date"])
                 for name in (VICTIM, OTHERS[0])]
        return round((times[0] - times[1]).total_seconds() / 3600)

    def test_a_clock_that_jumps_while_a_node_runs_disturbs_nobody(self):
        before = self.cluster.incarnations()
        with self.load() as load:
            for hours in (1, -1, 0):
                self.jump(hours * HOUR_NS)
                self.assertEqual(self.hours_ahead(), hours)
                self.wait_for_answers(load, 10)
        self.check_ends(load, [], ANSWER_SECONDS)
        self.assertEqual(self.cluster.incarnations(), before)

    def test_a_node_whose_clock_was_set_back_joins_again(self):
        before = self.cluster.incarnations()
        self.jump(-HOUR_NS)
        with self.load() as load:
            self.wait_for_answers(load, 5)
            self.restart()
            self.cluster.converge()
        self.check_ends(load, ["broken"], ANSWER_SECONDS)
        self.assert_only_later(before, [VICTIM])

    def test_a_node_that_hung_while_its_clock_was_set_back_joins_anew(self):
        before = self.cluster.incarnations()
        self.cluster.nodes[VICTIM].freeze()
        self.check_passed_over([VICTIM], timeouts=2)
        self.jump(-HOUR_NS)
        self.cluster.nodes[VICTIM].resume()
        self.cluster.converge()
        self.assertEqual(self.hours_ahead(), -1)
        self.assert_only_later(before, [VICTIM])


if __name__ == "__main__":
    unittest.main()
