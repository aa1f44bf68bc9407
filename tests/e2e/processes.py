"""Starts the real binary, waits for what it says, and looks at its children."""

import os
import queue
import re
import select
import signal
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TROUPE = Path(os.environ.get("TROUPE", ROOT / "build/release/troupe"))
SCRATCH = ROOT / "build/e2e"
START_SECONDS = 60
STOP_SECONDS = 60
POLLS_MAX = 1200
POLL_SECONDS = 0.05


def troupe(*arguments, **options):
    """Runs a subcommand to its end and returns what subprocess.run does."""
    return subprocess.run([str(TROUPE), *map(str, arguments)], capture_output=True, text=True,
                          timeout=START_SECONDS, check=False, **options)


def tiny_model(context=4096):
    """Returns the path of a tiny generated model, the same bytes on every machine."""
    path = SCRATCH / f"tiny-{context}.gguf"
    if not path.exists():
        SCRATCH.mkdir(parents=True, exist_ok=True)
        done = troupe("make-tiny-model", path, "--context", context)
        if done.returncode != 0:
            raise RuntimeError(f"make-tiny-model: {done.stderr}")
    return path


def write_config(name, endpoint, engine):
    """Writes a configuration: one node, with these lines of its endpoint, before one engine of the
    OpenAI kind, with these lines; returns its path.
    """
    SCRATCH.mkdir(parents=True, exist_ok=True)
    path = SCRATCH / name
    path.write_text("troupe: 1\nnodes:\n  local:\n    endpoint:\n      listen: 127.0.0.1:0\n"
                    f"{endpoint}    actors:\n      - router: {{}}\n      - engine:\n"
                    f"          name: e\n          kind: openai\n          probe_interval: 50ms\n"
                    f"{engine}", encoding="utf-8")
    return path


def children_of(pid):
    """Returns the pids of a process's living children."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        threads = [p.name for p in Path(f"/proc/{pid}/task").iterdir()]
        others = [Path(f"/proc/{pid}/task/{t}/children").read_text(encoding="ascii")
                  for t in threads if t != str(pid)]
    except OSError:
        return []
    return [int(p) for p in " ".join([text, *others]).split()]


def command_of(pid):
    """Returns the words of a process's command line, empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")[:-1]
    except OSError:
        return []


def wait_gone(pids, seconds=STOP_SECONDS):
    """Waits until none of the processes lives; returns those that still do."""
    left = []
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        ready, _, _ = select.select([handle], [], [], seconds)
        os.close(handle)
        if not ready:
            left.append(pid)
    return left


class Output:
    """The lines a process writes, read by a thread of their own."""

    def __init__(self, stream):
        self.lines = []
        self.ended = threading.Event()
        self._queue = queue.Queue()
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream):
        with stream:
            for line in stream:
                self.lines.append(line.rstrip("\n"))
                self._queue.put(line.rstrip("\n"))
        self.ended.set()
        self._queue.put(None)

    def wait_for(self, pattern, seconds=START_SECONDS):
        """Reads on until a line matches; returns the match, or None at the end or in silence."""
        while True:
            try:
                line = self._queue.get(timeout=seconds)
            except queue.Empty:
                return None
            if line is None:
                return None
            match = re.search(pattern, line)
            if match:
                return match

    @property
    def text(self):
        """Everything read so far."""
        return "\n".join(self.lines)


@dataclass
class Admin:
    """Where the admin API of a node listens."""

    host: str
    port: int


class Node:
    """A running `troupe up`, behind the words of a launcher; use as a context manager."""

    READY = r"^listening on (https?://([\d.]+):(\d+))"

    def __init__(self, *arguments, model=None, environment=None, launcher=()):
        environment = os.environ | (environment or {})
        environment.pop("TROUPE_MODEL", None)
        if model is not None:
            environment["TROUPE_MODEL"] = str(model)
        self.process = subprocess.Popen(
            [*launcher, str(TROUPE), "up", *map(str, arguments)], cwd=ROOT, env=environment,
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.out = Output(self.process.stdout)
        self.log = Output(self.process.stderr)
        match = self.out.wait_for(self.READY)
        if match is None:
            self.kill()
            raise RuntimeError(f"the node did not come up:\n{self.log.text}")
        self.ready(match)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.process.poll() is None:
            self.stop()
        if kind is not None:
            print(f"---- log of the node\n{self.log.text[-6000:]}\n----", flush=True)

    def ready(self, match):
        """Keeps what the line said that told that the node is up."""
        self.url, self.host, self.port = match.group(1), match.group(2), int(match.group(3))

    @property
    def admin(self):
        """Where its admin API listens, which its file must ask for."""
        line = next(l for l in self.out.lines if l.startswith("admin on http://"))
        host, port = line.removeprefix("admin on http://").rsplit(":", 1)
        return Admin(host, int(port))

    def poll(self, condition, what="the condition"):
        """Asks again and again, until the answer is true; fails when the node ends meanwhile."""
        for _ in range(POLLS_MAX):
            answer = condition()
            if answer:
                return answer
            if self.log.ended.wait(POLL_SECONDS):
                break
        raise AssertionError(f"{what} did not come true; the node's log:\n{self.log.text[-6000:]}")

    def engine_pids(self):
        """Returns the pids of its embedded engines."""
        return [p for p in children_of(self.process.pid) if "engine" in command_of(p)]

    def terminate(self):
        """Asks for an orderly stop."""
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        """Stops in order and returns the exit status."""
        self.terminate()
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self):
        """Ends the node and all its children at once."""
        pids = [self.process.pid, *children_of(self.process.pid)]
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()


class Engine:
    """A running `troupe engine` on a free port, known by its readiness line."""

    host = "127.0.0.1"

    def __init__(self, *arguments):
        reader, writer = os.pipe()
        with os.fdopen(reader) as ready, os.fdopen(writer, "w") as told:
            self.process = subprocess.Popen(
                [str(TROUPE), "engine", *map(str, arguments)], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=os.environ | {"TROUPE_READY_FD": str(writer)}, pass_fds=[writer])
            told.close()
            line = ready.readline()
        if not line.startswith("ready "):
            raise RuntimeError(f"the engine did not come up: {self.process.wait()}")
        self.port = int(line.split()[1])
        self.url = f"http://{self.host}:{self.port}"

    def stop(self):
        """Stops in order and returns the exit status."""
        self.process.terminate()
        return self.process.wait(STOP_SECONDS)


def embedded_node(*arguments, engines=2, model=None):
    """Starts config/laptop.yaml on a free port with embedded engines."""
    return Node("-c", "config/laptop.yaml", "--port", 0, "--engines", engines, *arguments,
                model=model or tiny_model())
