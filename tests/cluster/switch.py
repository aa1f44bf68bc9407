"""A network switch in user space: one TAP device a machine, and rules for each directed pair.

  switch.py NAME...    makes a device for each name, and says `ready`

Then orders come on standard input, one a line, each answered by a line of JSON:

  {"set": [[FROM, TO], ...], "rule": {"cut": true}}      from now on, for frames of FROM to TO
  {"set": [...], "rule": {"delay": 0.02, "jitter": 0.01, "loss": 0.01}}   seconds, share of frames
  {"set": [...], "rule": {}}                             as at the start: frames pass at once
  {"count": true}                                        frames passed, lost and cut so far

Frames of a pair stay in order, as on one path. Which are lost depends on the seed alone. The device
of NAME is called tap-NAME; its address in the Ethernet is 02:00:00:00:00:0N, N the number of NAME.

Bounds: frames_max frames wait; further ones are lost.
"""

import fcntl
import heapq
import itertools
import json
import os
import random
import select
import struct
import sys
import time
from collections import Counter

FRAMES_MAX = 50_000
FRAME_BYTES_MAX = 2048
TURN_FRAMES = 64  # read from one device before the others have their turn
SEED = 1
TUNSETIFF = 0x400454CA
IFF_TAP_NO_PI = 0x0002 | 0x1000
BROADCAST = 0x01  # in the first byte of a destination: broadcast and multicast


def open_tap(name):
    """Makes the device of a machine; it lasts as long as this process."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22s", f"tap-{name}".encode(), IFF_TAP_NO_PI,
                                               b""))
    return device


class Path:
    """What becomes of frames of one machine to another."""

    def __init__(self):
        self.cut = False
        self.delay = self.jitter = self.loss = 0.0
        self.last_due = 0.0

    def change(self, cut=False, delay=0.0, jitter=0.0, loss=0.0):
        """Takes a rule; what is left out is as at the start."""
        self.cut, self.delay, self.jitter, self.loss = cut, delay, jitter, loss


class Switch:
    """The devices, the paths between them, and the frames on their way."""

    def __init__(self, names):
        self.devices = [open_tap(name) for name in names]
        self.numbers = {name: number for number, name in enumerate(names)}
        self.paths = {pair: Path() for pair in itertools.permutations(range(len(names)), 2)}
        self.waiting = []  # (due, order, device, frame)
        self.order = itertools.count()
        self.random = random.Random(SEED)
        self.counts = Counter(passed=0, lost=0, cut=0)

    def obey(self, order):
        """Carries out an order and returns the answer."""
        for source, target in order.get("set", []):
            self.paths[self.numbers[source], self.numbers[target]].change(**order["rule"])
        return self.counts

    def take(self, source):
        """Reads what one machine has sent, within its turn."""
        for _ in range(TURN_FRAMES):
            try:
                frame = os.read(self.devices[source], FRAME_BYTES_MAX)
            except OSError:
                return
            if frame[0] & BROADCAST:
                targets = [each for each in range(len(self.devices)) if each != source]
            else:
                targets = [frame[5]]
            for target in targets:
                if (source, target) in self.paths:
                    self.send(self.paths[source, target], target, frame)

    def send(self, path, target, frame):
        """Passes a frame, keeps it for later, or loses it."""
        if path.cut:
            self.counts["cut"] += 1
        elif path.loss and self.random.random() < path.loss:
            self.counts["lost"] += 1
        elif not path.delay and time.monotonic() >= path.last_due:
            self.deliver(target, frame)
        elif len(self.waiting) >= FRAMES_MAX:
            self.counts["lost"] += 1
        else:
            due = time.monotonic() + path.delay + self.random.uniform(0, path.jitter)
            path.last_due = max(path.last_due, due)
            heapq.heappush(self.waiting, (path.last_due, next(self.order), target, frame))

    def deliver(self, target, frame):
        """Hands a frame to its machine; one that does not take it has lost it."""
        try:
            os.write(self.devices[target], frame)
            self.counts["passed"] += 1
        except OSError:
            self.counts["lost"] += 1

    def deliver_due(self):
        """Delivers what is due; returns the seconds until more is, None for never."""
        while self.waiting:
            left = self.waiting[0][0] - time.monotonic()
            if left > 0:
                return left
            _, _, target, frame = heapq.heappop(self.waiting)
            self.deliver(target, frame)
        return None

    def run(self):
        """Serves until the orders end."""
        poll = select.epoll()
        poll.register(0, select.EPOLLIN)
        sources = {device: number for number, device in enumerate(self.devices)}
        for device in self.devices:
            poll.register(device, select.EPOLLIN)
        while True:
            for ready, _ in poll.poll(self.deliver_due()):
                if ready != 0:
                    self.take(sources[ready])
                    continue
                line = sys.stdin.buffer.raw.readline()
                if not line:
                    return
                print(json.dumps(self.obey(json.loads(line))), flush=True)


def main():
    """Makes the devices and serves."""
    try:  # a switch that waits for the processor would look like a slow network
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        pass
    switch = Switch(sys.argv[1:])
    print("ready", flush=True)
    switch.run()


if __name__ == "__main__":
    main()
