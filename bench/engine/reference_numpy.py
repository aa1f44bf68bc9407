"""A plain float32 forward pass of a GGUF model in numpy, and its tokenizer: needs numpy, gguf."""

import re

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize

BLOCK = 32  # columns that share a scale, in weights and in rounded activations


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


def exact(x):
    """Leaves numbers as they are."""
    return x


def rounded_to_bytes(x):
    """Rounds rows to int8 in blocks of 32, as products with quantised weights take them."""
    blocks = x.reshape(*x.shape[:-1], -1, BLOCK)
    scale = np.abs(blocks).max(-1, keepdims=True) / np.float32(127)
    safe = np.where(scale == 0, np.float32(1), scale)
    return (np.round(blocks / safe) * scale).reshape(x.shape).astype(np.float32)


def rounded_to_half(x):
    """Rounds to half precision, as the KV cache keeps keys and values."""
    return x.astype(np.float16).astype(np.float32)


def forward(model, ids, is_rounded=False):
    """Returns the logits after each token, [token][vocab].

    Rounded: with activations and KV rounded where the engine rounds them.
    """
    count, dim = len(ids), model.head_dim
    narrow, kept = (rounded_to_bytes, rounded_to_half) if is_rounded else (exact, exact)
    x = model.weight("token_embd.weight")[ids]
    pairs = np.arange(dim // 2)
    angles = np.arange(count)[:, None] * model.rope_base ** (-2.0 * pairs / dim)
    if model.has("rope_freqs.weight"):
        angles = angles / model.weight("rope_freqs.weight")
    for layer in range(model.layers):

        def product(rows, part, layer=layer):
            return narrow(rows) @ model.weight(f"blk.{layer}.{part}.weight").T

        def norm(part, layer=layer):
            return rms_norm(x, model.weight(f"blk.{layer}.{part}.weight"), model.epsilon)

        h = norm("attn_norm")
        query = rotate(product(h, "attn_q").reshape(count, model.heads, dim), angles)
        key = kept(rotate(product(h, "attn_k").reshape(count, model.kv_heads, dim), angles))
        value = kept(product(h, "attn_v").reshape(count, model.kv_heads, dim))
        x = x + product(attention(query, key, value).reshape(count, -1), "attn_output")
        h = norm("ffn_norm")
        gate = product(h, "ffn_gate")
        x = x + product(gate / (1 + np.exp(-gate)) * product(h, "ffn_up"), "ffn_down")
    last = rms_norm(x, model.weight("output_norm.weight"), model.epsilon)
    head = "output.weight" if model.has("output.weight") else "token_embd.weight"
    return narrow(last) @ model.weight(head).T


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
