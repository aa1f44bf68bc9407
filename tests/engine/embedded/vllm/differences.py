#!/usr/bin/env python3
"""The listed differences between vLLM and our engine, and the comparison against that list.

  differences.py            prints the list as a table, for docs/engine.md
  differences.py A B        prints how two recordings differ beyond the list

An entry of differences.json says in which answers (`in`) which facts (`at`) differ, what vLLM says
and what we say, and why. In `in` and `at`, `*` stands for anything and `|` divides alternatives,
each of which must be met. As a value, "*" is any, "-" is none, "**" is either.
"""

import json
import re
import sys
from functools import cache
from pathlib import Path

from recorder import read

LIST = Path(__file__).with_name("differences.json")
ABSENT = "-"


@cache
def pattern(text):
    """The regular expression of a pattern of the list."""
    return re.compile(".*".join(map(re.escape, text.split("*"))))


def alternatives(entry):
    """An entry's single rules: one place in one kind of answer each."""
    return [entry | {"in": where, "at": what}
            for where in entry["in"].split("|") for what in entry["at"].split("|")]


def says(wanted, value):
    """Whether a value is the listed one."""
    if wanted == "*":
        return value != ABSENT
    return wanted == "**" or wanted == value


def listed():
    """The entries of the list."""
    return json.loads(LIST.read_text(encoding="utf-8"))


def differing_facts(theirs, ours):
    """Yields (exchange, path, their value, our value) where two recordings differ."""
    for name in theirs | ours:
        there, here = theirs.get(name, {}), ours.get(name, {})
        for path in there | here:
            a, b = there.get(path, ABSENT), here.get(path, ABSENT)
            if a != b:
                yield name, path, a, b


def is_listed(rule, difference):
    """Whether a rule allows a difference."""
    name, path, a, b = difference
    return (pattern(rule["in"]).fullmatch(name) and pattern(rule["at"]).fullmatch(path)
            and says(rule["vllm"], a) and says(rule["here"], b))


def compare(theirs, ours, entries):
    """Returns (differences that are not listed, rules of the list that meet none)."""
    rules = [rule for entry in entries for rule in alternatives(entry)]
    unlisted, used = [], set()
    for difference in differing_facts(theirs, ours):
        found = [i for i, rule in enumerate(rules) if is_listed(rule, difference)]
        used.update(found)
        if not found:
            unlisted.append(difference)
    return unlisted, [rule for i, rule in enumerate(rules) if i not in used]


def spell(value):
    """A value in one cell of a table."""
    if value in ("*", "**"):
        return "..."
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.replace("|", "\\|")


def table(entries):
    """The list in Markdown."""
    rows = ["| where | what | vLLM | here | why |", "| --- | --- | --- | --- | --- |"]
    for e in entries:
        cells = [*(f"`{e[key].replace('|', '`, `')}`" for key in ("in", "at")),
                 spell(e["vllm"]), spell(e["here"]), e["why"]]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def main():
    """Prints the table or the differences."""
    if len(sys.argv) < 3:
        print(table(listed()))
        return
    _, theirs = read(sys.argv[1])
    _, ours = read(sys.argv[2])
    unlisted, stale = compare(theirs, ours, listed())
    for name, path, a, b in unlisted:
        print(f"{name}: {path}: {json.dumps(a)[:100]} there, {json.dumps(b)[:100]} here")
    for entry in stale:
        print(f"no longer: {json.dumps(entry)}")


if __name__ == "__main__":
    main()
