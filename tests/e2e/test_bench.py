"""`troupe bench` against nodes with modelled engines: the load generator, end to end."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from certificates import Authority
from http_calls import get
from processes import ROOT, TROUPE, Engine, Node, troupe, write_config

PROFILE = ROOT / "config/profiles/instant.yaml"
LATENCIES = ("ttft_ms", "itl_ms", "end_to_end_ms", "ttft_from_sending_ms", "sent_late_ms")
FAST_LOAD = ("--rate", 100, "--requests", 40, "--prompt-bytes", 200, "--answer-tokens", 4)


def closed_port():
    """A port of the loopback that nobody listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


class Bench(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def engine(self):
        engine = Engine("--model-time", PROFILE)
        self.addCleanup(engine.stop)
        return engine

    def node(self, *engines):
        """A node before engines, known to be up."""
        urls = [word for engine in engines for word in ("--engine", engine.url)]
        node = Node("--port", 0, *urls)
        self.addCleanup(node.stop)
        node.poll(lambda: all(e["up"] for e in get(node, "/ready").json["engines"]), "engines up")
        return node

    def bench(self, *arguments, code=0, **options):
        """Runs a benchmark; returns (its JSON report, what it printed)."""
        report = self.folder / "report.json"
        done = troupe("bench", *arguments, "--json", report, **options)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return json.loads(report.read_text(encoding="utf-8")), done

    def check_figures(self, figures, answered):
        """What must hold of any run without failures."""
        self.assertEqual(figures["answered"], answered)
        self.assertEqual((figures["failed"], figures["failures"]), (0, {}))
        for name in LATENCIES:
            values = figures[name]
            self.assertLessEqual(values["p50"], values["p90"])
            self.assertLessEqual(values["p90"], values["p99"])
            self.assertLessEqual(values["p99"], values["max"])
        self.assertGreater(figures["ttft_ms"]["mean"], 0)
        self.assertGreaterEqual(figures["end_to_end_ms"]["mean"], figures["ttft_ms"]["mean"])
        self.assertGreater(figures["requests_per_s"], 0)

    def test_multi_round_finds_its_history_in_the_caches(self):
        node = self.node(self.engine(), self.engine())
        picture = self.folder / "report.svg"
        report, done = self.bench(
            "multi-round", node.url, "--users", 6, "--rounds", 3, "--qps", 60, "--system-bytes",
            1000, "--context-bytes", 1500, "--question-bytes", 60, "--answer-tokens", 8,
            "--session-header", "x-user-id", "--svg", picture)
        figures = report["endpoints"][0]["all"]
        self.check_figures(figures, 18)
        self.assertEqual(figures["answer_tokens"], 18 * 8)
        self.assertEqual(figures["cache"]["answers_that_told"], 18)
        self.assertGreater(figures["cache"]["hit_rate"], 0.3)
        rounds = figures["rounds"]
        self.assertEqual([r["requests"] for r in rounds], [6, 6, 6])
        self.assertGreater(rounds[2]["hit_rate"], rounds[0]["hit_rate"])
        self.assertIn("multi-round: 6 users x 3 rounds", done.stdout)
        self.assertIn("hit rate", done.stdout)
        self.assertTrue(ElementTree.parse(picture).getroot().tag.endswith("svg"))

    def test_load_compares_endpoints_with_repeats(self):
        engines = self.engine(), self.engine()
        report, done = self.bench("load", f"one={self.node(*engines).url}",
                                  f"two={engines[0].url}/v1", *FAST_LOAD, "--repeats", 2)
        self.assertEqual([e["name"] for e in report["endpoints"]], ["one", "two"])
        for endpoint in report["endpoints"]:
            self.check_figures(endpoint["all"], 80)
            self.assertEqual([run["answered"] for run in endpoint["runs"]], [40, 40])
        self.assertGreater(report["endpoints"][1]["ratio_to_first"]["ttft_mean"], 0)
        self.assertIn("and its ratio to one", done.stdout)

    def test_load_in_tokens_and_completions_with_a_shared_start(self):
        engine = self.engine()
        report, _ = self.bench("load", engine.url, "--rate", 50, "--requests", 20, "--api",
                               "completions", "--prompt-tokens", 300, "--answer-tokens", "1-5",
                               "--system-tokens", 200, "--arrivals", "fixed")
        figures = report["endpoints"][0]["all"]
        self.check_figures(figures, 20)
        self.assertGreater(figures["cache"]["hit_rate"], 0.2)
        self.assertAlmostEqual(figures["prompt_tokens"] / 20, 500, delta=50)

    def test_load_replays_a_trace(self):
        engine = self.engine()
        trace = self.folder / "trace.csv"
        lines = [f"2024-01-01 00:00:0{i}.5,{100 + i},{3 + i}" for i in range(5)]
        trace.write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n" + "\n".join(lines),
                         encoding="utf-8")
        report, _ = self.bench("load", engine.url, "--trace", trace, "--speed", 20)
        figures = report["endpoints"][0]["all"]
        self.check_figures(figures, 5)
        self.assertEqual(figures["answer_tokens"], 3 + 4 + 5 + 6 + 7)
        broken = self.folder / "broken.csv"
        broken.write_text("TIMESTAMP,ContextTokens,GeneratedTokens\nnever,1,1\n", encoding="utf-8")
        done = troupe("bench", "load", engine.url, "--trace", broken)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{broken}:2: TIMESTAMP is 'never'", done.stderr)

    def test_failures_are_counted_and_told(self):
        node = Node("--port", 0, "--engine", f"http://127.0.0.1:{closed_port()}")
        self.addCleanup(node.stop)
        dead = f"http://127.0.0.1:{closed_port()}"
        arguments = ("load", f"router={node.url}", f"nobody={dead}", "--model", "instant",
                     *FAST_LOAD)
        report, done = self.bench(*arguments, code=1)
        router, nobody = (e["all"] for e in report["endpoints"])
        self.assertEqual((router["answered"], router["failed"]), (0, 40))
        (kind,) = router["failures"]
        self.assertRegex(kind, "^http_[45]..$")
        self.assertEqual(nobody["failures"]["connect_failed"]["count"], 40)
        self.assertIn("more than --errors-max allows", done.stderr)
        self.bench(*arguments, "--errors-max", "100%")
        unasked = troupe("bench", "load", dead)
        self.assertEqual(unasked.returncode, 1)
        self.assertIn("GET /v1/models", unasked.stderr)

    def test_https_and_a_key(self):
        authority, key = Authority(), "sk-test-of-a-benchmark"
        self.addCleanup(authority.close)
        certificate, private = authority.sign("node")
        config = write_config(
            "bench-tls.yaml",
            f"      tls: {{certificate: {certificate}, key: {private}}}\n      api_keys:\n"
            f"        team: {{sha256: {hashlib.sha256(key.encode()).hexdigest()}}}\n",
            f"          url: {self.engine().url}\n")
        node = Node("-c", config)
        self.addCleanup(node.stop)
        arguments = ("load", node.url, "--model", "instant", *FAST_LOAD)
        bare = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
        shown = {"env": bare | {"OPENAI_API_KEY": key}}

        def refused(*more, **options):
            report, _ = self.bench(*arguments, *more, code=1, **options)
            ((kind, found),) = report["endpoints"][0]["all"]["failures"].items()
            return f"{kind}: {found['example']}"

        trusted = ("--ca", authority.file)
        node.poll(lambda: troupe("bench", *arguments, *trusted, "--api-key", key).returncode == 0,
                  "an engine")
        self.assertIn("http_401", refused(*trusted, env=bare))
        self.assertIn("the certificate is refused", refused(**shown))
        for more in (trusted, ("--insecure",)):
            report, done = self.bench(*arguments, *more, **shown)
            self.check_figures(report["endpoints"][0]["all"], 40)
            self.assertNotIn(key, json.dumps(report) + done.stdout + done.stderr)

    def test_an_interrupt_ends_it_with_a_report(self):
        engine = self.engine()
        report = self.folder / "report.json"
        process = subprocess.Popen(
            [str(TROUPE), "bench", "load", engine.url, "--rate", "50", "--duration", "10m",
             "--prompt-bytes", "200", "--answer-tokens", "2", "--json", str(report)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertIn("answered", process.stderr.readline())  # a line of progress
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assertIn("answered", out)
        endpoint = json.loads(report.read_text(encoding="utf-8"))["endpoints"][0]
        self.assertTrue(endpoint["interrupted"])
        self.assertGreater(endpoint["all"]["answered"], 0)


if __name__ == "__main__":
    unittest.main()
