#!/usr/bin/env python3
"""Compares the engine's logits with a plain float32 forward pass in numpy, written independently.

  pip install numpy gguf
  bench/engine/compare_logits.py MODEL.gguf build/release/bench/engine/forward_bench [TEXT...]

Weights are dequantised to float32, so the difference shows what rounding activations to int8 and
KV to half precision costs. Prints lines "name value unit n spread"; spread is worst to best.
"""

import re
import subprocess
import sys

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize

TEXTS = [
    "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face"
    "<|im_end|>\n<|im_start|>user\nIn one sentence, what is the capital of France?<|im_end|>\n"
    "<|im_start|>assistant\n",
    "The quick brown fox jumps over the lazy",
    "def fibonacci(n):\n    if n < 2:\n        return",
    "Water boils at a temperature of one hundred degrees",
    "Once upon a time, in a small village near the sea, there lived a",
]


class Model:
    """The weights in float32 and the shape, as the file's metadata tell it."""

    def __init__(self, path):
        reader = GGUFReader(path)
        self.tensors = {t.name: t for t in reader.tensors}
        self.cache = {}

        def field(key, default=None):
            entry = reader.fields.get(key)
            return default if entry is None else entry.contents()

        self.layers = field("llama.block_count")
        self.heads = field("llama.attention.head_count")
        self.kv_heads = field("llama.attention.head_count_kv", self.heads)
        hidden = field("llama.embedding_length")
        self.head_dim = field("llama.attention.key_length", hidden // self.heads)
        self.epsilon = field("llama.attention.layer_norm_rms_epsilon")
        self.rope_base = field("llama.rope.freq_base", 10000.0)
        self.tokens = field("tokenizer.ggml.tokens")
        self.merge_ranks = {m: i for i, m in enumerate(field("tokenizer.ggml.merges"))}

    def weight(self, name):
        if name not in self.cache:
            tensor = self.tensors[name]
            self.cache[name] = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        return self.cache[name]

    def has(self, name):
        return name in self.tensors


def rms_norm(x, weight, epsilon):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon) * weight


def rotate(x, angles):
    """Rotates adjacent pairs; x is [token][head][dim], angles [token][dim / 2]."""
    turned = (x[..., 0::2] + 1j * x[..., 1::2]) * np.exp(1j * angles)[:, None, :]
    return np.stack([turned.real, turned.imag], -1).reshape(x.shape).astype(np.float32)


def attention(query, key, value):
    """Causal attention of whole sequences, [token][head][dim] each."""
    repeat = query.shape[1] // key.shape[1]
    key, value = np.repeat(key, repeat, 1), np.repeat(value, repeat, 1)
    scores = np.einsum("qhd,khd->hqk", query, key) / np.sqrt(query.shape[-1])
    scores += np.triu(np.full(scores.shape[1:], -np.inf, np.float32), 1)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return np.einsum("hqk,khd->qhd", weights, value)


def forward(model, ids):
    """Returns the logits of the last token."""
    count, dim = len(ids), model.head_dim
    x = model.weight("token_embd.weight")[ids]
    pairs = np.arange(dim // 2)
    angles = np.arange(count)[:, None] * model.rope_base ** (-2.0 * pairs / dim)
    if model.has("rope_freqs.weight"):
        angles = angles / model.weight("rope_freqs.weight")
    for layer in range(model.layers):

        def w(part, layer=layer):
            return model.weight(f"blk.{layer}.{part}.weight")

        h = rms_norm(x, w("attn_norm"), model.epsilon)
        query = rotate((h @ w("attn_q").T).reshape(count, model.heads, dim), angles)
        key = rotate((h @ w("attn_k").T).reshape(count, model.kv_heads, dim), angles)
        value = (h @ w("attn_v").T).reshape(count, model.kv_heads, dim)
        x = x + attention(query, key, value).reshape(count, -1) @ w("attn_output").T
        h = rms_norm(x, w("ffn_norm"), model.epsilon)
        gate = h @ w("ffn_gate").T
        x = x + (gate / (1 + np.exp(-gate)) * (h @ w("ffn_up").T)) @ w("ffn_down").T
    last = rms_norm(x[-1], model.weight("output_norm.weight"), model.epsilon)
    head = "output.weight" if model.has("output.weight") else "token_embd.weight"
    return model.weight(head) @ last


def byte_letters():
    """GPT-2's printable letter for each byte."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters, extra = {}, 0
    for byte in range(256):
        letters[byte] = chr(byte if byte in kept else 256 + extra)
        extra += byte not in kept
    return letters


def merge(word, ranks):
    """Byte-pair encoding of one word: joins the pair of the best rank until none is left."""
    while len(word) > 1:
        pairs = list(zip(word, word[1:]))
        best = min(pairs, key=lambda pair: ranks.get(" ".join(pair), len(ranks)))
        if " ".join(best) not in ranks:
            break
        i = pairs.index(best)
        word = [*word[:i], "".join(best), *word[i + 2 :]]
    return word


def encode(model, text):
    """Tokens of a text; words are split more simply than by the model's own pattern."""
    index = {token: i for i, token in enumerate(model.tokens)}
    letters = byte_letters()
    ids = []
    for part in re.split(r"(<\|im_(?:start|end)\|>)", text):
        if part in index:
            ids.append(index[part])
            continue
        for word in re.findall(r" ?[^\W\d]+|\d| ?[^\s\w]+|\s+(?!\S)|\s+", part):
            pieces = merge([letters[b] for b in word.encode()], model.merge_ranks)
            ids.extend(index[piece] for piece in pieces)
    return ids


def engine_logits(bench, path, ids):
    command = [bench, path, "logits", *map(str, ids)]
    return np.array(subprocess.check_output(command, text=True).split(), np.float32)


def continue_greedily(model, logits_of, text, count):
    """Returns the engine's own continuation, recomputed from scratch for each token."""
    ids = encode(model, text)
    start = len(ids)
    for _ in range(count):
        ids.append(int(logits_of(ids).argmax()))
        if model.tokens[ids[-1]] == "<|im_end|>":
            break
    bytes_of = {letter: byte for byte, letter in byte_letters().items()}
    word = "".join(model.tokens[i] for i in ids[start:])
    return bytes(bytes_of.get(c, 63) for c in word).decode(errors="replace")


def main():
    path, bench = sys.argv[1:3]
    texts = sys.argv[3:] or TEXTS
    model = Model(path)
    cosines, same, worst = [], 0, []
    for text in texts:
        ids = encode(model, text)
        ours, reference = engine_logits(bench, path, ids), forward(model, ids)
        cosines.append(ours @ reference / np.linalg.norm(ours) / np.linalg.norm(reference))
        same += int(ours.argmax() == reference.argmax())
        worst.append(np.abs(ours - reference).max())
    n = len(texts)
    print(f"logits_cosine {np.median(cosines):.6f} ratio {n} {max(cosines) - min(cosines):.6f}")
    print(f"logits_top1_agreement {same / n:.3f} ratio {n} 0")
    spread = max(worst) - min(worst)
    print(f"logits_largest_difference {np.median(worst):.4f} logit {n} {spread:.4f}")
    continuation = continue_greedily(
        model, lambda ids: engine_logits(bench, path, ids), texts[0], 16
    )
    print("# " + repr(continuation))


main()
