"""The openai Node package, unmodified, against two embedded engines with a tiny model."""

import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from http_calls import all_engines_up
from processes import ROOT, embedded_node

CLIENT = ROOT / "build/e2e-node"
SCRIPT = Path(__file__).with_name("openai_client.mjs")
READY = shutil.which("node") and (CLIENT / "installed").exists()
SKIPPED = not READY and os.environ.get("TROUPE_NO_INSTALL") == "1"


@unittest.skipIf(SKIPPED, "node or its openai package is not installed")
class NodeClient(unittest.TestCase):
    def test_every_check_of_the_script_passes(self):
        self.assertTrue(READY, "node or its openai package is not installed")
        with embedded_node() as node:
            node.poll(lambda: all_engines_up(node), "all engines up")
            done = subprocess.run(["node", SCRIPT, CLIENT, f"{node.url}/v1"], capture_output=True,
                                  text=True, timeout=300, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            results = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual(len(results), 8)
            for result in results:
                with self.subTest(result["name"]):
                    self.assertIsNone(result["error"])


if __name__ == "__main__":
    unittest.main()
