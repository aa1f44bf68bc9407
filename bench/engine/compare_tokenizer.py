#!/usr/bin/env python3
"""Compares our tokenizer with the Python package `tokenizers` on a model's own vocabulary.

Usage: compare_tokenizer.py MODEL.gguf ENCODER [TEXT_FILE...]

ENCODER is encode_records (encode_records.cpp beside this file). The vocabulary and the merges come
from the GGUF file; the pre-tokenizer is that of tokenizer.ggml.pre. Needs: pip install tokenizers
gguf. Prints the records that differ; exit status 1 if there are any.
"""

import random
import struct
import subprocess
import sys
import unicodedata

import gguf
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers

TAIL = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SPLITS = {
    "llama-bpe": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + TAIL,
    "qwen2": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + TAIL,
}


def strings(reader, key):
    field = reader.fields[key]
    return [bytes(field.parts[i]).decode("utf-8", "surrogateescape") for i in field.data]


def reference(path):
    """Builds the reference tokenizer from the file."""
    reader = gguf.GGUFReader(path)
    tokens = strings(reader, "tokenizer.ggml.tokens")
    kinds = reader.fields["tokenizer.ggml.token_type"]
    kinds = [int(kinds.parts[i][0]) for i in kinds.data]
    merges = [tuple(m.split(" ", 1)) for m in strings(reader, "tokenizer.ggml.merges")]
    pre = strings(reader, "tokenizer.ggml.pre")[0]
    out = Tokenizer(models.BPE({t: i for i, t in enumerate(tokens)}, merges))
    if pre in ("smollm", "starcoder", "refact", "command-r"):
        steps = [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    elif pre == "gpt-2":
        steps = [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    else:
        steps = [
            pre_tokenizers.Split(Regex(SPLITS[pre]), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    out.pre_tokenizer = pre_tokenizers.Sequence(steps)
    specials = [t for t, kind in zip(tokens, kinds) if kind in (3, 4)]
    out.add_special_tokens([AddedToken(t, normalized=False) for t in specials])
    return out, specials


def corpus(specials, files):
    """Makes varied records: real text cut anywhere, random characters, edges."""
    rng = random.Random(7)
    texts = []
    for name in files:
        with open(name, encoding="utf-8", errors="replace") as source:
            text = source.read()
        texts.append(text)
        for _ in range(300):
            start = rng.randrange(max(1, len(text)))
            texts.append(text[start : start + rng.randrange(1, 400)])
    usable = [
        chr(c)
        for c in range(0x20000)
        if unicodedata.category(chr(c)) not in ("Cs", "Cn", "Co")
    ]
    ascii_mix = "  \t\n\r'sStTlLdDaeiou0123456789.,;:!?-_/(){}[]<>|@#$%^&*~`\"\\"
    for _ in range(4000):
        texts.append("".join(rng.choice(usable) for _ in range(rng.randrange(1, 60))))
        texts.append("".join(rng.choice(ascii_mix) for _ in range(rng.randrange(1, 120))))
        pieces = [" ", "\n", "x", "ä", "中", "7", "  ", "'ll", *specials]
        mixed = [rng.choice(pieces) for _ in range(20)]
        texts.append("".join(mixed))
    texts += ["", " ", "a" * 20000, " " * 5000 + "x", "\n" * 3000, "ab " * 9000, "é" * 7000]
    texts += [c * 3 + " " + c for c in usable[::7]]
    return texts


def main():
    tokenizer, specials = reference(sys.argv[1])
    texts = corpus(specials, sys.argv[3:])
    records = [text.encode() for text in texts]
    stream = b"".join(struct.pack("<I", len(record)) + record for record in records)
    lines = subprocess.run(
        [sys.argv[2], sys.argv[1]], input=stream, stdout=subprocess.PIPE, check=True
    ).stdout.decode().split("\n")
    differ = 0
    for text, line in zip(texts, lines):
        ours = [int(i) for i in line.split()]
        theirs = tokenizer.encode(text, add_special_tokens=False).ids
        if ours == theirs:
            continue
        differ += 1
        if differ <= 10:
            print(f"{text[:60]!r}\n  ours   {ours[:30]}\n  theirs {theirs[:30]}")
    size = sum(len(record) for record in records)
    print(f"{len(texts)} records, {size} bytes: {differ} differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
