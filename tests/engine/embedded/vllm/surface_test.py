#!/usr/bin/env python3
"""Our engine answers as a real vLLM did, but for the listed differences.

  surface_test.py TROUPE

vllm-0.32.0.jsonl is the recording (run_vllm.py), differences.json the list.
"""

import json
import sys
import unittest
from pathlib import Path

from differences import compare, listed, table
from record_engine import record_engine
from recorder import all_exchanges, read
from shapes import answer_facts, flat, metric_facts

HERE = Path(__file__).resolve().parent
RECORDING = HERE / "vllm-0.32.0.jsonl"
DOCUMENT = HERE.parents[3] / "docs/engine.md"
TROUPE = None


def told(differences):
    """Differences as lines."""
    return "\n".join(f"{name}: {path}: {json.dumps(a)} there, {json.dumps(b)} here"
                     for name, path, a, b in differences)


class Surface(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        _, cls.theirs = read(RECORDING)
        cls.ours = record_engine(TROUPE)
        cls.unlisted, cls.stale = compare(cls.theirs, cls.ours, listed())

    def test_the_recording_holds_every_request(self):
        names = [exchange.name for exchange in all_exchanges()]
        self.assertEqual([*self.theirs], [*names, "metrics"])

    def test_every_difference_is_listed(self):
        self.assertEqual(self.unlisted, [], "\n" + told(self.unlisted))

    def test_every_listed_difference_exists(self):
        self.assertEqual(self.stale, [])

    def test_every_listed_difference_is_documented(self):
        self.assertIn(table(listed()), DOCUMENT.read_text(encoding="utf-8"))


class Comparison(unittest.TestCase):
    """The comparison itself sees what it must."""

    ENTRY = {"in": "chat/*", "at": "body.x", "vllm": 1, "here": "-", "why": "a test"}

    def test_what_is_equal_is_no_difference(self):
        self.assertEqual(compare({"a": {"status": 200}}, {"a": {"status": 200}}, []), ([], []))

    def test_a_changed_a_missing_and_a_new_fact_are_differences(self):
        theirs, ours = {"a": {"x": 1, "y": 2}}, {"a": {"x": 3, "z": None}}
        unlisted, _ = compare(theirs, ours, [])
        self.assertEqual(unlisted, [("a", "x", 1, 3), ("a", "y", 2, "-"), ("a", "z", "-", None)])

    def test_an_entry_covers_only_its_place_and_its_values(self):
        for name, path, a, b, is_listed in (
                ("chat/plain", "body.x", 1, "-", True),
                ("completion/plain", "body.x", 1, "-", False), ("chat/a", "body.xx", 1, "-", False),
                ("chat/a", "body.x", 2, "-", False), ("chat/a", "body.x", 1, 3, False)):
            ours = {name: {} if b == "-" else {path: b}}
            unlisted, stale = compare({name: {path: a}}, ours, [self.ENTRY])
            self.assertEqual((not unlisted, not stale), (is_listed, is_listed), (name, path, a, b))

    def test_every_alternative_of_an_entry_must_be_met(self):
        entry = self.ENTRY | {"at": "body.x|body.y[*].z"}
        theirs = {"chat/a": {"body.x": 1, "body.y[0].z": 1, "body.y[1].z": 1}}
        self.assertEqual(compare(theirs, {}, [entry]), ([], []))
        del theirs["chat/a"]["body.x"]
        unlisted, stale = compare(theirs, {}, [entry])
        self.assertEqual((unlisted, [rule["at"] for rule in stale]), ([], ["body.x"]))

    def test_a_row_of_like_members_is_told_once(self):
        like, other = {"logprob": -1.5, "k": 1}, {"logprob": -1.5, "k": 2}
        facts = flat({"list": [like, {"logprob": -2, "k": 1}, other]})
        self.assertEqual(facts, {
            "list.length": 3, "list[0].logprob": "<number>", "list[0].k": 1,
            "list[1].logprob": "<number>", "list[1].k": 2})

    def test_tokens_may_come_in_one_chunk_or_in_many(self):
        def stream(*texts):
            chunks = [{"choices": [{"index": 0, "text": t, "finish_reason": None}]} for t in texts]
            chunks.append({"choices": [{"index": 0, "text": "", "finish_reason": "stop"}]})
            events = [*map(json.dumps, chunks), "[DONE]"]
            body = "".join(f"data: {event}\n\n" for event in events).encode()
            return answer_facts(200, {"content-type": "text/event-stream"}, body)

        self.assertEqual(stream("ab", "c"), stream("a", "b", "c"))
        self.assertNotEqual(stream("ab", "c"), stream("ab", "d"))
        self.assertEqual(stream("a", "", "b"), stream("ab"))
        self.assertEqual(stream("ab")["choice0.last.choices[0].finish_reason"], "stop")
        self.assertEqual(stream("ab")["end0."], "[DONE]")

    def test_metrics_are_names_labels_and_buckets(self):
        page = ('# TYPE vllm:a histogram\nvllm:a_bucket{le="1.0",model="x"} 3\n'
                'vllm:a_bucket{le="+Inf",model="x"} 3\nvllm:a_sum{model="x"} 1\n'
                '# TYPE vllm:a_created gauge\nvllm:a_created{model="x"} 17\nother 1\n')
        self.assertEqual(metric_facts(page), {
            "vllm:a": "histogram", "vllm:a_bucket.le": [1, "+Inf"], "vllm:a_bucket.model": ["*"],
            "vllm:a_sum.model": ["*"]})


if __name__ == "__main__":
    TROUPE = sys.argv.pop(1)
    unittest.main()
