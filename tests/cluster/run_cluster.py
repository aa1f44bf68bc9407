#!/usr/bin/env python3
"""Runs the tests of a cluster of real nodes, and writes a JUnit file.

They need root and /dev/net/tun; without, all are skipped, with a line that says so. They run in
network, mount and process namespaces of their own, which end with them: no device, address, name
or process is left behind, and nothing outside is touched.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
E2E = HERE.parent / "e2e"
NAMESPACES = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
PROGRAMS = ["unshare", "nsenter", "ip", "cc"]
INSIDE = "TROUPE_CLUSTER_TESTS_INSIDE"


def why_not():
    """Says why these tests cannot run here; empty where they can."""
    if os.geteuid() != 0:
        return "not root"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "no /dev/net/tun"
    missing = [each for each in PROGRAMS if shutil.which(each) is None]
    if missing:
        return f"no {' or '.join(missing)}"
    tried = subprocess.run([*NAMESPACES, "unshare", "--time", "true"], capture_output=True,
                           text=True, check=False)
    return tried.stderr.strip() if tried.returncode != 0 else ""


def run_inside(arguments):
    """Runs this program again in namespaces of its own; they end with this one."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    command = [*NAMESPACES, sys.executable, __file__, *arguments]
    inside = subprocess.Popen(command, env=os.environ | {INSIDE: "1"})
    try:
        return inside.wait()
    finally:
        inside.kill()


def prepare():
    """Makes this network usable, and its names private."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    Path("/run/netns").mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "netns", "/run/netns"], check=True)


def main():
    """Checks what there is, goes on inside, and runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="tests to run, such as test_faults.FaultTest")
    parser.add_argument("--junit", type=Path, help="where to write the JUnit file")
    options = parser.parse_args()
    sys.path.insert(0, str(E2E))
    import run_all as e2e  # pylint: disable=import-outside-toplevel
    if os.environ.get(INSIDE) == "1":
        prepare()
        return 0 if e2e.run_tests(options.names, options.junit, HERE) else 1
    reason = why_not()
    if not reason:
        return run_inside(sys.argv[1:])
    print(f"skipped: the cluster of real nodes needs network namespaces ({reason})")
    if options.junit:
        e2e.write_junit(options.junit, [("cluster", 0.0, "skipped", reason)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
