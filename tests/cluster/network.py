"""Machines in a network of their own: a network namespace each, joined by switch.py, and a time
namespace, so that their monotonic clocks differ by days, as those of machines that were not started
together.

To be used inside the private network and mounts that run_all.py makes, where addresses and names
are nobody else's.
"""

import itertools
import json
import subprocess
import sys
from pathlib import Path

SWITCH = Path(__file__).with_name("switch.py")
CLIENTS = "clients"  # where the test itself is
APART_SECONDS = 200_000  # of the monotonic clocks of a machine and the next


def ip(*words):
    """Runs ip(8)."""
    subprocess.run(["ip", *words], check=True)


class Network:
    """The machines of {name: address}, and one more for the clients."""

    def __init__(self, addresses, clients):
        self.machines = list(addresses)
        names = [CLIENTS, *addresses]
        self.switch = subprocess.Popen([sys.executable, str(SWITCH), *names], text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.switch.stdout.readline() != "ready\n":
            raise RuntimeError("the switch did not come up")
        for number, (name, address) in enumerate({CLIENTS: clients, **addresses}.items()):
            self._join(number, name, address)

    def _join(self, number, name, address):
        device = f"tap-{name}"
        inside = []
        if name != CLIENTS:
            ip("netns", "add", name)
            ip("link", "set", device, "netns", name)
            inside = ["-n", name]
            ip(*inside, "link", "set", "lo", "up")
            self._set_clock(name, number * APART_SECONDS)
        ip(*inside, "link", "set", device, "address", f"02:00:00:00:00:{number:02x}")
        ip(*inside, "address", "add", f"{address}/16", "dev", device)
        ip(*inside, "link", "set", device, "up")

    @staticmethod
    def _set_clock(name, seconds):
        namespace = Path(f"/run/netns/{name}.time")
        namespace.touch()
        subprocess.run(["unshare", f"--time={namespace}", f"--monotonic={seconds}",
                        f"--boottime={seconds}", "true"], check=True)

    def close(self):
        """Ends all of it."""
        self.switch.stdin.close()
        self.switch.wait()
        self.switch.stdout.close()
        for name in self.machines:
            ip("netns", "delete", name)
            subprocess.run(["umount", f"/run/netns/{name}.time"], check=True)

    @staticmethod
    def inside(name):
        """The words before a command that is to run on a machine."""
        return ["nsenter", f"--net=/run/netns/{name}", f"--time=/run/netns/{name}.time"]

    def order(self, **order):
        """Gives the switch an order and returns its answer."""
        self.switch.stdin.write(json.dumps(order) + "\n")
        self.switch.stdin.flush()
        return json.loads(self.switch.stdout.readline())

    def counts(self):
        """Frames passed, lost and cut so far."""
        return self.order(count=True)

    def cut(self, sources, targets, both_ways=True):
        """Loses whatever the first send the second, and the other way round."""
        self.rule(sources, targets, both_ways, cut=True)

    def rule(self, sources, targets, both_ways=True, **rule):
        """Sets the rule of all paths from the first to the second."""
        pairs = [pair for pair in itertools.product(sources, targets) if pair[0] != pair[1]]
        if both_ways:
            pairs += [(target, source) for source, target in pairs]
        self.order(set=pairs, rule=rule)

    def heal(self):
        """Lets all frames pass again."""
        everyone = [CLIENTS, *self.machines]
        self.rule(everyone, everyone, both_ways=False)
