#!/usr/bin/env python3
"""Runs the end-to-end tests with the clients they need and writes a JUnit file.

The clients' packages are installed once under build/; with TROUPE_NO_INSTALL=1 nothing is installed
and tests whose client is missing are skipped.
"""

import argparse
import os
import subprocess
import sys
import time
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build"
PYTHON_CLIENTS = ["openai==3.54.0", "langchain-openai==1.7.4"]
NODE_CLIENT = "openai@4.104.0"
VENV = BUILD / "e2e-python"
NODE = BUILD / "e2e-node"


def install_python_clients():
    """Makes a virtual environment with the Python clients and returns its interpreter."""
    python = VENV / "bin/python"
    stamp = VENV / "installed"
    wanted = " ".join(PYTHON_CLIENTS)
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check",
                        *PYTHON_CLIENTS], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return python


def install_node_client():
    """Installs the Node client into a folder of the build."""
    stamp = NODE / "installed"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != NODE_CLIENT:
        NODE.mkdir(parents=True, exist_ok=True)
        (NODE / "package.json").write_text('{"private": true}', encoding="utf-8")
        subprocess.run(["npm", "install", "--silent", "--no-fund", "--no-audit", NODE_CLIENT],
                       cwd=NODE, check=True)
        stamp.write_text(NODE_CLIENT, encoding="utf-8")


def install_clients():
    """Installs what is missing; returns the interpreter that has the Python clients."""
    python = VENV / "bin/python"
    if os.environ.get("TROUPE_NO_INSTALL") != "1":
        for install in (install_python_clients, install_node_client):
            try:
                install()
            except (OSError, subprocess.CalledProcessError) as problem:
                print(f"could not install a client: {problem}", file=sys.stderr)
    return python if (VENV / "installed").exists() else Path(sys.executable)


class Result(unittest.TextTestResult):
    """Prints each test with its seconds and remembers them for the report."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.cases = []
        self._began = 0.0

    def startTest(self, test):
        self._began = time.perf_counter()
        super().startTest(test)

    def _note(self, test, kind=None, text=""):
        seconds = time.perf_counter() - self._began
        self.cases.append((test.id(), seconds, kind, text))
        head = f"{kind or 'ok':8} {seconds:6.1f} s  {test.id()}"
        print(f"{head}\n{text}" if text else head, flush=True)

    def addSuccess(self, test):
        self._note(test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._note(test, "failure", self._exc_info_to_string(err, test))

    def addError(self, test, err):
        super().addError(test, err)
        self._note(test, "failure", self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._note(test, "skipped", reason)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._note(subtest, "failure", self._exc_info_to_string(err, test))


def write_junit(path, cases):
    """Writes the cases as a JUnit file."""
    suite = ElementTree.Element("testsuite", name="e2e", tests=str(len(cases)))
    for name, seconds, kind, text in cases:
        case = ElementTree.SubElement(suite, "testcase", name=name, time=f"{seconds:.3f}")
        if kind:
            ElementTree.SubElement(case, kind, message=text[:500])
    ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def run_tests(names, junit, folder=HERE):
    """Runs the named tests, or all of a folder; returns whether they passed."""
    sys.path.insert(0, str(folder))
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromNames(names) if names else loader.discover(str(folder))
    with open(os.devnull, "w", encoding="utf-8") as silence:
        runner = unittest.TextTestRunner(stream=silence, resultclass=Result, verbosity=0)
        result = runner.run(suite)
    if junit:
        write_junit(junit, result.cases)
    return result.wasSuccessful()


def main():
    """Installs the clients, goes on in their interpreter, and runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="tests to run, such as test_http.KeepAlive")
    parser.add_argument("--junit", type=Path, help="where to write the JUnit file")
    options = parser.parse_args()
    if os.environ.get("TROUPE_E2E_INSIDE") != "1":
        python = install_clients()
        os.environ["TROUPE_E2E_INSIDE"] = "1"
        os.execv(python, [str(python), *sys.argv])
    return 0 if run_tests(options.names, options.junit) else 1


if __name__ == "__main__":
    sys.exit(main())
