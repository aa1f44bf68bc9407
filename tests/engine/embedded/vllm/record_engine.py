"""Starts our engine as run_vllm.py starts vLLM, and records its answers."""

import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from exchanges import CONTEXT_TOKENS
from recorder import record

HOST = "127.0.0.1"


@contextmanager
def running_engine(troupe):
    """An engine with a tiny model on a free port; yields its address."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "tiny.gguf"
        subprocess.run([troupe, "make-tiny-model", model], check=True)
        reader, writer = os.pipe()
        command = [troupe, "engine", "--model", model, "--served-model-name", "tiny",
                   "--max-model-len", str(CONTEXT_TOKENS), "--kv-bytes", "8MiB"]
        with os.fdopen(reader) as ready, subprocess.Popen(
                command, env=os.environ | {"TROUPE_READY_FD": str(writer)},
                pass_fds=[writer]) as engine:
            os.close(writer)
            try:
                words = ready.readline().split()
                if not words:
                    raise RuntimeError("the engine did not come up")
                yield HOST, int(words[1])
            finally:
                engine.terminate()


def record_engine(troupe):
    """Returns the facts of all answers of our engine."""
    with running_engine(troupe) as address:
        return record(address)
