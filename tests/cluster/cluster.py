"""Three routers and six engine nodes, each a real process on a machine of its own, and what can be
seen of them.

The engines are placed ones that model their times (steps.yaml), so that nine nodes fit on two
cores. Addresses: 10.77.1.N of router-N, 10.77.2.N of engine-N.
"""

import functools
import os
import re
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass

from http_calls import call, get
from network import Network
from processes import ROOT, SCRATCH, children_of, troupe, wait_gone
from clusters import LinkedNode

STEPS = "tests/cluster/steps.yaml"
ROUTERS = [f"router-{n}" for n in range(3)]
ENGINES = [f"engine-{n}" for n in range(6)]
NODES = ROUTERS + ENGINES
PLACED = 8
TOKEN = "t0ken"
MODEL = "steps"
# How long a node that says nothing may count as there: config/cluster.yaml's numbers, rounded up.
MEMBERSHIP_TIMEOUT = 1.5
LOOK_SECONDS = 0.02

FILE = """troupe: 1
cluster:
  name: cluster-test
  listen: 0.0.0.0:7100
  key: {key}
  seeds: ["10.77.1.0:7100", "10.77.1.1:7100"]
placed:
  - engine:
      name: m
      count: {placed}
      served_model: {model}
      model_time: {steps}
      place: {{roles: [engine], per_node: 3}}
nodes:
  router:
    replicas: 3
    link: {{advertise: "10.77.1.${{ORDINAL}}:7100"}}
    endpoint: {{listen: 0.0.0.0:8000}}
    admin: {{listen: 0.0.0.0:9000, token: {token}}}
    actors:
      - router: {{policy: least_loaded}}
  engine:
    replicas: 6
    roles: [engine]
    link: {{advertise: "10.77.2.${{ORDINAL}}:7100"}}
    admin: {{listen: 0.0.0.0:9000, token: {token}}}
"""


@dataclass
class Place:
    """Where a listener of a node is."""

    host: str
    port: int


def address_of(name):
    """Returns the address of a node's machine."""
    kind, _, number = name.rpartition("-")
    return f"10.77.{1 if kind == 'router' else 2}.{number}"


def endpoint_of(name):
    """Returns where clients reach a router."""
    return Place(address_of(name), 8000)


def within(timeouts, condition, what):
    """Waits until a condition holds, at most for so many membership timeouts."""
    ends = time.monotonic() + timeouts * MEMBERSHIP_TIMEOUT
    never = threading.Event()
    while True:
        if condition():
            return
        if time.monotonic() > ends:
            raise AssertionError(f"not within {timeouts} membership timeouts: {what}")
        never.wait(LOOK_SECONDS)


class MachineNode(LinkedNode):
    """A node on a machine of its own."""

    def __init__(self, file, name, environment=None):
        super().__init__("-c", file, "--node", name, "--log-level", "debug",
                         environment=environment, launcher=Network.inside(name))

    def freeze(self):
        """Stops the machine's processes where they are."""
        self._signal_all(signal.SIGSTOP)

    def resume(self):
        """Lets them go on."""
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number):
        if self.process.poll() is None:
            for pid in [*children_of(self.process.pid), self.process.pid]:
                os.kill(pid, number)

    def crash(self):
        """Kills the node, and it alone; its engines end with it."""
        engines = self.engine_pids()
        self.process.kill()
        self.process.wait()
        left = wait_gone(engines)
        if left:
            raise AssertionError(f"engines outlive their node: {left}")


class RealCluster:
    """Nine machines with a node each."""

    def __init__(self):
        SCRATCH.mkdir(parents=True, exist_ok=True)
        key = SCRATCH / "cluster.key"
        if not key.exists():
            done = troupe("keygen", key)
            if done.returncode != 0:
                raise RuntimeError(done.stderr)
        self.file = SCRATCH / "cluster-nodes.yaml"
        self.file.write_text(FILE.format(key=key, placed=PLACED, steps=ROOT / STEPS, model=MODEL,
                                         token=TOKEN), encoding="utf-8")
        self.network = Network({name: address_of(name) for name in NODES}, "10.77.0.1")
        self.nodes = {}
        self.environment = {}  # of nodes by name, for their next start

    def close(self):
        """Ends all of it."""
        for node in self.nodes.values():
            node.resume()
            node.kill()
        self.network.close()

    def start_all(self):
        """Starts all nodes."""
        for name in NODES:
            self.start(name)

    def repair(self):
        """Ends whatever is wrong, as far as it is not for the cluster itself to do."""
        self.network.heal()
        for name, node in self.nodes.items():
            node.resume()
            if node.process.poll() is not None:
                self.start(name)

    def start(self, name):
        """Starts a node on its machine."""
        self.nodes[name] = MachineNode(self.file, name, self.environment.get(name))
        return self.nodes[name]

    # ---- what nodes say ----

    def page(self, name):
        """What a node sees of the cluster, None where it does not answer."""
        try:
            answer = self.ask_admin(name)
        except OSError:
            return None
        return answer.json if answer.status == 200 else None

    @staticmethod
    def ask_admin(name):
        """Asks a node what it sees of the cluster."""
        return call(Place(address_of(name), 9000), "GET /admin/cluster", None,
                    {"Authorization": f"Bearer {TOKEN}"})

    def states(self, name):
        """The states of the nodes as one of them sees them; {} where it does not answer."""
        page = self.page(name)
        return {each["name"]: each["state"] for each in page["nodes"]} if page else {}

    def sees(self, name, up, down=()):
        """Whether a node holds just these to be up, and each of those for gone."""
        states = self.states(name)
        held = {each for each, state in states.items() if state == "up"}
        return held == set(up) and all(states.get(each) in ("down", "left", "suspect")
                                       for each in down)

    def incarnations(self):
        """The incarnation of each node, as the first router knows them."""
        return {each["name"]: each["incarnation"] for each in self.page(ROUTERS[0])["nodes"]}

    def engines_up(self, router):
        """The names of the engines that a router holds to be up."""
        engines = get(endpoint_of(router), "/ready").json["engines"]
        return {engine["name"] for engine in engines if engine["up"]}

    # ---- what must hold ----

    @functools.cache
    def planned(self, *without):
        """How many engines `troupe check --plan` puts on each node, those with none left out."""
        flags = [word for name in without for word in ("--without", name)]
        done = troupe("check", self.file, "--plan", *flags)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        rows = re.findall(r"^ *(engine-\d) .* (\d+)$", done.stdout, re.MULTILINE)
        return {name: int(count) for name, count in rows if count != "0"}

    def running(self, names):
        """How many engine processes these machines have, those with none left out."""
        counts = {name: len(self.nodes[name].engine_pids()) for name in names}
        return {name: count for name, count in counts.items() if count}

    def is_whole(self, names):
        """Whether these nodes, and no others, work together as planned: each sees all, each router
        has just the planned engines, and just those run.
        """
        gone = [name for name in NODES if name not in names]
        plan = self.planned(*gone)
        if self.running([name for name in names if name in ENGINES]) != plan:
            return False
        if not all(self.sees(name, names) for name in names):
            return False
        return all(Counter(e.split(".")[0] for e in self.engines_up(router)) == plan
                   for router in names if router in ROUTERS)

    def converge(self, names=None, timeouts=20):
        """Waits until these nodes, or all, work together as planned."""
        names = NODES if names is None else names
        try:
            within(timeouts, lambda: self.is_whole(names), "the cluster is whole")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.differences(names)}") from error

    def differences(self, names):
        """Says what is not as planned, and keeps what the nodes have logged."""
        for name, node in self.nodes.items():
            (SCRATCH / f"cluster-{name}.log").write_text(node.log.text, encoding="utf-8")
        lines = [f"planned {self.planned(*[n for n in NODES if n not in names])}",
                 f"running {self.running([n for n in names if n in ENGINES])}"]
        lines += [f"{name} sees {self.states(name)}" for name in names]
        lines += [f"{r} routes to {sorted(self.engines_up(r))}" for r in names if r in ROUTERS]
        lines.append(f"logs: {SCRATCH}/cluster-NODE.log")
        return "\n".join(lines)
