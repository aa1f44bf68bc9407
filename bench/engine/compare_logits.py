#!/usr/bin/env python3
"""Compares the engine's logits with those of other implementations of the same model file.

  bench/engine/compare_logits.py MODEL.gguf build/release/bench/engine/forward_bench
      [--reference NAME]... [TEXT...]

References: `numpy` (float32, reference_numpy.py), `rounded` (the same with activations rounded to
int8 and KV to half precision where the engine rounds them), `transformers` (Hugging Face's, in
float32). Each runs the file by itself: what they share is the file. Compared is the whole
vocabulary after every token of every text.

Prints lines "name value unit n spread": the median over all positions and the range behind it.
"""

import argparse
import importlib
import subprocess

import numpy as np
from reference_numpy import Model, encode, forward

CHAT = ("<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face"
        "<|im_end|>\n<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n")
TEXTS = [
    CHAT.format("In one sentence, what is the capital of France?"),
    CHAT.format("Write a short poem about the sea.") + "The waves roll in, the waves roll out,\n",
    "The quick brown fox jumps over the lazy dog while the old farmer looks on",
    "def fibonacci(n):\n    if n < 2:\n        return n\n    return fibonacci(n - 1) +",
    "Water boils at a temperature of one hundred degrees Celsius at sea level, but",
    "Once upon a time, in a small village near the sea, there lived a",
    "1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144,",
    "La capitale de la France est Paris, et celle de l'Allemagne est",
]


def engine_of(bench, path, vocab):
    """The engine, as a function from token ids to the logits after each of them."""

    def logits_of(ids):
        command = [bench, path, "logits", *map(str, ids)]
        return np.frombuffer(subprocess.check_output(command), np.float32).reshape(-1, vocab)

    return logits_of


def reference_of(name, model, path):
    """The same for a reference."""
    if name in ("numpy", "rounded"):
        return lambda ids: forward(model, ids, name == "rounded")
    return importlib.import_module(f"reference_{name}").load(path)


def cosines(ours, theirs):
    """Cosine between the logits of two implementations at each position."""
    ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
    norms = np.linalg.norm(ours, axis=-1) * np.linalg.norm(theirs, axis=-1)
    return (ours * theirs).sum(-1) / norms


def divergence(ours, theirs):
    """Kullback-Leibler divergence of our next-token distribution from theirs, in nats."""

    def logarithms(x):
        x = x.astype(np.float64)
        x = x - x.max(-1, keepdims=True)
        return x - np.log(np.exp(x).sum(-1, keepdims=True))

    a, b = logarithms(theirs), logarithms(ours)
    return (np.exp(a) * (a - b)).sum(-1)


def margins_where_tops_differ(ours, theirs):
    """How far their best token lies before ours, where the best tokens differ."""
    best, other = theirs.argmax(-1), ours.argmax(-1)
    rows = np.flatnonzero(best != other)
    return theirs[rows, best[rows]] - theirs[rows, other[rows]]


def tell(name, values, unit):
    """Prints one figure."""
    values = np.asarray(values)
    print(f"{name} {np.median(values):.6g} {unit} {values.size} "
          f"{values.min():.6g}..{values.max():.6g}", flush=True)


def compare(name, ours, theirs):
    """Prints how the rows of two implementations differ."""
    a, b = np.concatenate(ours), np.concatenate(theirs)
    agree = a.argmax(-1) == b.argmax(-1)
    tell(f"{name}_cosine", cosines(a, b), "ratio")
    tell(f"{name}_largest_difference", np.abs(a - b).max(-1), "logit")
    tell(f"{name}_divergence", divergence(a, b), "nat")
    print(f"{name}_top1_agreement {agree.mean():.4f} ratio {agree.size} -", flush=True)
    lost = margins_where_tops_differ(a, b)
    if lost.size:
        tell(f"{name}_margin_where_top1_differs", lost, "logit")


def main():
    """Runs the engine and each reference over the texts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("bench")
    parser.add_argument("texts", nargs="*", default=TEXTS)
    parser.add_argument("--reference", action="append", default=[])
    options = parser.parse_args()
    model = Model(options.model)
    rows = [encode(model, text) for text in options.texts]
    engine = engine_of(options.bench, options.model, len(model.tokens))
    ours = [engine(ids) for ids in rows]
    results = {}
    for name in options.reference or ["numpy", "rounded"]:
        logits_of = reference_of(name, model, options.model)
        results[name] = [logits_of(ids) for ids in rows]
        compare(name, ours, results[name])
    if {"numpy", "transformers"} <= results.keys():
        compare("numpy_against_transformers", results["numpy"], results["transformers"])


if __name__ == "__main__":
    main()
