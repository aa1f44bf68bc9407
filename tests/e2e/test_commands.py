"""The commands around the server: run, check, and troupe's own."""

import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from processes import ROOT, TROUPE, troupe


def script(name, *arguments, **options):
    """Runs a script of the repository."""
    return subprocess.run([str(ROOT / name), *arguments], capture_output=True, text=True,
                          timeout=60, check=False, **options)


class Scripts(unittest.TestCase):
    def test_help(self):
        for name, words in {"run": ("--port", "--model", "--engines", "--no-install"),
                            "check": ("--quick", "--asan", "--tsan", "--all")}.items():
            done = script(name, "--help")
            self.assertEqual(done.returncode, 0)
            for word in words:
                self.assertIn(word, done.stdout)

    def test_wrong_usage_is_2_and_shows_the_usage(self):
        for arguments in (["--bad"], ["--port", "x"], ["--port"], ["--engines", "0"],
                          ["--model", "/no/such/file"]):
            done = script("run", *arguments)
            self.assertEqual((arguments, done.returncode), (arguments, 2))
            self.assertIn("Usage: ./run", done.stderr)
        self.assertEqual(script("check", "--bad").returncode, 2)


class JunitCounts(unittest.TestCase):
    def count(self, text):
        """What the counting script says of a JUnit file with this text."""
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write(text)
            file.flush()
            return script("tools/junit_counts.py", file.name)

    def test_passed_failed_and_skipped(self):
        done = self.count('<testsuite><testcase name="a"/><testcase name="b"><failure/></testcase>'
                          '<testcase name="c"><skipped/></testcase><testcase name="d"><error/>'
                          '</testcase></testsuite>')
        self.assertEqual((done.returncode, done.stdout.strip()), (0, "1 2"))
        self.assertIn("c", done.stderr)

    def test_a_report_that_is_none_fails(self):
        self.assertEqual(self.count("").returncode, 1)
        self.assertEqual(self.count("<testsuite></testsuite>").returncode, 1)
        self.assertEqual(script("tools/junit_counts.py", "/no/such/file").returncode, 1)


class Troupe(unittest.TestCase):
    def test_version(self):
        done = troupe("version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"\d+\.\d+\.\d+")

    def test_help_names_every_subcommand(self):
        done = troupe("--help")
        self.assertEqual(done.returncode, 0)
        for word in ("up", "engine", "check", "version"):
            self.assertRegex(done.stdout, rf"(?m)^\s+{word}\b")
            self.assertEqual(troupe(word, "--help").returncode, 0)

    def test_wrong_usage_fails_with_words(self):
        for arguments in ([], ["dance"], ["up", "--policy", "none"], ["up", "--port", "70000"],
                          ["up", "--engine", "not a url"], ["engine"]):
            done = troupe(*arguments)
            self.assertNotEqual((arguments, done.returncode), (arguments, 0))
            self.assertTrue(done.stderr + done.stdout)


class CheckCommand(unittest.TestCase):
    def check(self, text):
        """Runs `troupe check` on a file with this text; returns its run and the file's name."""
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            done = subprocess.run([str(TROUPE), "check", file.name], capture_output=True, text=True,
                                  timeout=60, check=False)
            return done, file.name

    def test_the_files_we_ship_are_right(self):
        for path in sorted((ROOT / "config").glob("*.yaml")):
            with self.subTest(path.name):
                done = troupe("check", path)
                self.assertEqual(done.returncode, 0, done.stderr + done.stdout)

    def test_every_mistake_has_its_line_and_column(self):
        done, name = self.check("troupe: 1\nnodes:\n  local:\n    endpoint: {listen: nowhere}\n"
                                "    actors:\n      - router: {policy: random}\n"
                                "      - engine: {name: a, knid: embedded}\n")
        self.assertEqual(done.returncode, 1)
        places = re.findall(rf"{re.escape(name)}:(\d+):(\d+): ", done.stdout + done.stderr)
        self.assertEqual({int(line) for line, _ in places}, {4, 6, 7})

    def test_the_plan_says_who_runs_where_and_what_moves(self):
        path = ROOT / "config/cluster.yaml"
        plan = troupe("check", path, "--plan")
        self.assertEqual((plan.returncode, plan.stderr), (0, ""))
        rows = {line.split()[0]: line.split() for line in plan.stdout.splitlines()[2:]}
        self.assertEqual(set(rows), {f"router-{i}" for i in range(3)} |
                         {f"engine-{i}" for i in range(6)})
        here = int(rows["engine-2"][-1])
        self.assertEqual(sum(int(row[-1]) for name, row in rows.items()
                             if name.startswith("engine")), 12)
        less = troupe("check", path, "--plan", "--without", "engine-2", "--without", "router-0")
        self.assertEqual(less.returncode, 0)
        changes = less.stdout.split("what changes:\n")[1].splitlines()
        self.assertEqual(len(changes), here + 1)
        self.assertEqual(changes[-1].strip(), "router: gone with router-0")
        for change in changes[:-1]:
            self.assertRegex(change, r"^  cpu: engine-2 -> engine-[01345]$")
        self.assertEqual(troupe("check", path, "--plan", "--without", "engine-9").returncode, 1)

    def test_yaml_that_is_none(self):
        for text in ("", "nodes: [", "\t- x", "a: &a [*a]", "just words"):
            done, name = self.check(text)
            self.assertEqual((text, done.returncode), (text, 1))
            self.assertIn(name, done.stdout + done.stderr)

    def test_a_file_that_is_not_there(self):
        done = troupe("check", Path("/no/such/file.yaml"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("/no/such/file.yaml", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
