"""The tutorials in examples/ do what their pages say."""

import re
import subprocess
import unittest

from http_calls import get
from processes import ROOT, embedded_node, tiny_model, troupe


def example(path, *arguments):
    """Runs a tutorial's script to its end."""
    done = subprocess.run([str(ROOT / "examples" / path), *map(str, arguments)], text=True,
                          capture_output=True, timeout=180, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{path}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Examples(unittest.TestCase):
    def test_01_first_answer(self):
        with embedded_node() as node:
            node.poll(lambda: get(node, "/ready").status == 200, "readiness")
            out = example("01_first_answer/ask.sh", node.url)
        found = re.search(r"prompt_tokens: (\d+), cached_tokens: (\d+)", out)
        prompt, cached = map(int, found.groups())
        self.assertGreater(cached, 0)
        self.assertGreater(prompt, cached)

    def test_02_router_before_your_engines(self):
        out = example("02_router_before_your_engines/demo.sh", tiny_model())
        cached = [int(n) for n in re.findall(r"cached_tokens: (\d+)", out)]
        self.assertEqual(len(cached), 6)
        self.assertEqual(cached[0], 0)
        self.assertGreater(min(cached[1:]), 200)
        answered = [int(n) for n in re.findall(r"answered (\d+) requests", out)]
        self.assertEqual(sum(answered), 6)

    def test_03_own_topology(self):
        done = troupe("check", ROOT / "examples/03_own_topology/topology.yaml")
        self.assertEqual(done.returncode, 0, done.stderr)
        out = example("03_own_topology/demo.sh", tiny_model())
        self.assertEqual(out.count("3 engines are up"), 2)
        self.assertIn("brought it back", out)


if __name__ == "__main__":
    unittest.main()
