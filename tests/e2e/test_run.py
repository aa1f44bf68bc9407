"""`./run` itself: banner, the curl line it prints, a machine without a network, and the end."""

import os
import re
import signal
import subprocess
import tempfile
import unittest

from processes import ROOT, STOP_SECONDS, Output, children_of, tiny_model, wait_gone

BUILD_SECONDS = 900  # next to nothing where ./check has just built


@unittest.skipIf("TROUPE" in os.environ, "another binary than ./run's is being tested")
class Run(unittest.TestCase):
    def start(self, *arguments, environment=None):
        """Starts ./run on a free port; returns (process, its output, the banner's text)."""
        process = subprocess.Popen(
            [str(ROOT / "run"), "--port", "0", "--no-install", *map(str, arguments)], text=True,
            env=os.environ | (environment or {}), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.addCleanup(self.end, process)
        out = Output(process.stdout)
        if not out.wait_for(r"^\s+curl -N ", BUILD_SECONDS):
            self.fail(f"no banner:\n{out.text}")
        return process, out, out.text

    def end(self, process):
        """Kills what a failed test left."""
        if process.poll() is None:
            process.kill()
            process.wait()

    def test_the_printed_curl_line_streams_an_answer_and_sigterm_ends_it_all(self):
        process, out, banner = self.start("--model", tiny_model(), "--engines", 1)
        self.assertRegex(banner, r"endpoint +http://127\.0\.0\.1:\d+/v1")
        self.assertRegex(banner, r"metrics +http://127\.0\.0\.1:\d+/metrics")
        self.assertNotIn("GIBBERISH", banner)
        line = re.search(r"curl -N .*", banner).group(0)
        line = line.replace('"stream":true', '"stream":true,"max_tokens":9')
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertIn("data: [DONE]", done.stdout, done.stderr)
        family = [process.pid, *children_of(process.pid)]
        self.assertGreater(len(family), 1)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(STOP_SECONDS), 0)
        self.assertEqual(wait_gone(family[1:]), [])
        self.assertTrue(out.ended.wait(STOP_SECONDS))

    def test_without_a_network_the_banner_says_gibberish(self):
        with tempfile.TemporaryDirectory() as cache:
            nowhere = {"XDG_CACHE_HOME": cache, "PIP_CONFIG_FILE": "/dev/null",
                       "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
            process, _, banner = self.start("--engines", 1, environment=nowhere)
            self.assertIn("GIBBERISH", banner)
            self.assertEqual(sorted(os.listdir(f"{cache}/troupe")), ["tiny.gguf"])
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(STOP_SECONDS), 0)


if __name__ == "__main__":
    unittest.main()
