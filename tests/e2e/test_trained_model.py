"""The default model, where it has been fetched: a true answer, and KV reuse across turns."""

import os
import unittest
from pathlib import Path

from http_calls import chat, get
from processes import embedded_node

MODEL = os.environ.get("TROUPE_MODEL_CACHED", "")
NODE = None


def setUpModule():
    global NODE
    if MODEL:
        NODE = embedded_node(engines=2, model=Path(MODEL))
        NODE.poll(lambda: get(NODE, "/ready").status == 200, "readiness")


def tearDownModule():
    if NODE is not None:
        NODE.stop()


@unittest.skipUnless(MODEL, "the trained model has not been fetched")
class TrainedModel(unittest.TestCase):
    def ask(self, messages, **options):
        """One chat at temperature 0."""
        name = get(NODE, "/v1/models").json["data"][0]["id"]
        answer = chat(NODE, {"model": name, "messages": messages, "temperature": 0} | options)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json

    def test_the_capital_of_france(self):
        question = "In one sentence, what is the capital of France?"
        answer = self.ask([{"role": "user", "content": question}], max_tokens=40)
        self.assertIn("Paris", answer["choices"][0]["message"]["content"])

    def test_the_second_turn_of_a_long_conversation_comes_from_the_cache(self):
        facts = " ".join(f"Fact {n}: river number {n} is {n * 7 % 90 + 10} miles long."
                         for n in range(60))
        messages = [{"role": "user", "content": facts}]
        first = self.ask(messages, max_tokens=8)
        self.assertGreater(first["usage"]["prompt_tokens"], 950)
        messages += [first["choices"][0]["message"], {"role": "user", "content": "Thank you."}]
        second = self.ask(messages, max_tokens=4)
        self.assertGreater(second["usage"]["prompt_tokens_details"]["cached_tokens"], 900)


if __name__ == "__main__":
    unittest.main()
