"""Every node is restarted, one after the other, and no client has a request fail."""

import unittest

from cluster import NODES
from cluster_case import ClusterCase

ANSWER_SECONDS = 10  # its own few, what a node that stops may keep it waiting, and a retry


class RollingRestartTest(ClusterCase):
    """Nine orderly stops and starts under load."""

    def test_no_request_fails(self):
        before = self.cluster.incarnations()
        with self.load(retries=2) as load:
            for name in NODES:
                self.assertEqual(self.cluster.nodes[name].stop(), 0)
                self.cluster.start(name)
                self.cluster.converge()
        self.check_ends(load, [], ANSWER_SECONDS)
        self.assert_only_later(before, NODES)


if __name__ == "__main__":
    unittest.main()
