"""Structured output and tool calls with the openai Python package, through router and engines."""

import json
import os
import unittest

import http_calls
from http_calls import all_engines_up
from processes import SCRATCH, Node, embedded_node, tiny_model

try:
    import openai
except ImportError:
    openai = None

SKIPPED = openai is None and os.environ.get("TROUPE_NO_INSTALL") == "1"
QUESTION = [{"role": "user", "content": "Who was it, and how is the weather?"}]
PERSON = {"type": "object", "required": ["name", "age"], "additionalProperties": False,
          "properties": {"name": {"enum": ["Ada", "Grace"]},
                         "age": {"type": "integer", "minimum": 1, "maximum": 120}}}
CITY = {"type": "object", "required": ["city"], "additionalProperties": False,
        "properties": {"city": {"enum": ["Paris", "Rome"]}}}
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": CITY}},
         {"type": "function", "function": {
             "name": "time", "parameters": {"type": "object", "properties": {},
                                            "additionalProperties": False}}}]
NODE = None


def setUpModule():
    global NODE
    if not SKIPPED:
        NODE = embedded_node()
        NODE.poll(lambda: all_engines_up(NODE), "all engines up")


def tearDownModule():
    if NODE is not None:
        NODE.stop()


def in_schema(schema):
    """A response_format of a schema."""
    return {"type": "json_schema", "json_schema": {"name": "it", "schema": schema, "strict": True}}


@unittest.skipIf(SKIPPED, "the openai package is not installed")
class Structured(unittest.TestCase):
    def setUp(self):
        self.client = openai.OpenAI(base_url=f"{NODE.url}/v1", api_key="none", max_retries=0)
        self.addCleanup(self.client.close)
        NODE.poll(lambda: self.client.models.list().data, "a model")
        self.model = self.client.models.list().data[0].id

    def chat(self, **options):
        """One chat completion."""
        usual = {"messages": QUESTION, "model": self.model, "max_tokens": 300, "seed": 3}
        return self.client.chat.completions.create(**usual | options)

    def assert_person(self, text):
        """Fails unless a text satisfies the schema."""
        person = json.loads(text)
        self.assertEqual(set(person), {"name", "age"})
        self.assertIn(person["name"], ("Ada", "Grace"))
        self.assertIsInstance(person["age"], int)
        self.assertTrue(1 <= person["age"] <= 120)

    def assert_call(self, call):
        """Fails unless a call is one of the tools'."""
        self.assertEqual(call.type, "function")
        arguments = json.loads(call.function.arguments)
        if call.function.name == "time":
            self.assertEqual(arguments, {})
        else:
            self.assertEqual(call.function.name, "weather")
            self.assertIn(arguments["city"], ("Paris", "Rome"))

    def streamed_calls(self, **options):
        """(calls by index as [id, name, arguments], finish reason) of a streamed answer."""
        calls, finish = {}, None
        with self.chat(stream=True, **options) as stream:
            for chunk in stream:
                choice = chunk.choices[0]
                finish = choice.finish_reason or finish
                for piece in choice.delta.tool_calls or []:
                    call = calls.setdefault(piece.index, [piece.id, piece.function.name, ""])
                    call[2] += piece.function.arguments
        return calls, finish

    def test_an_answer_satisfies_its_schema_whole_and_streamed(self):
        for temperature in (0, 1):
            options = {"response_format": in_schema(PERSON), "temperature": temperature}
            whole = self.chat(**options).choices[0]
            self.assertEqual(whole.finish_reason, "stop")
            self.assert_person(whole.message.content)
            with self.chat(stream=True, **options) as stream:
                text = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
            self.assertEqual(text, whole.message.content)

    def test_a_choice_is_one_of_its_texts(self):
        extra = {"structured_outputs": {"choice": ["yes", "no"]}}
        answer = self.client.completions.create(model=self.model, prompt="Well?", max_tokens=20,
                                                extra_body=extra)
        self.assertIn(answer.choices[0].text, ("yes", "no"))

    def test_required_tools_are_called_whole_and_streamed(self):
        options = {"tools": TOOLS, "tool_choice": "required"}
        whole = self.chat(**options).choices[0]
        self.assertEqual(whole.finish_reason, "tool_calls")
        self.assertIsNone(whole.message.content)
        for call in whole.message.tool_calls:
            self.assert_call(call)
        calls, finish = self.streamed_calls(**options)
        self.assertEqual(finish, "tool_calls")
        self.assertEqual([(c[1], c[2]) for _, c in sorted(calls.items())],
                         [(c.function.name, c.function.arguments)
                          for c in whole.message.tool_calls])
        self.assertTrue(all(call[0] for call in calls.values()))

    def test_a_named_tool_is_called_whole_and_streamed(self):
        named = {"type": "function", "function": {"name": "weather"}}
        options = {"tools": TOOLS, "tool_choice": named}
        whole = self.chat(**options).choices[0]
        self.assertEqual(whole.finish_reason, "stop")
        self.assert_call(whole.message.tool_calls[0])
        calls, finish = self.streamed_calls(**options)
        self.assertEqual(finish, "stop")
        self.assertEqual(calls[0][2], whole.message.tool_calls[0].function.arguments)

    def test_a_conversation_goes_on_behind_a_call(self):
        called = self.chat(tools=TOOLS, tool_choice="required", parallel_tool_calls=False)
        message = called.choices[0].message
        self.assertEqual(len(message.tool_calls), 1)
        result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "sunny"}
        answer = self.chat(messages=[*QUESTION, message, result], tools=TOOLS, max_tokens=8)
        self.assertGreater(answer.usage.prompt_tokens, called.usage.prompt_tokens)

    def test_mistakes_are_bad_requests_that_name_the_place(self):
        bad = {"type": "object", "properties": {"a": {"type": "string", "pattern": "x"}}}
        for options, named in (
                ({"response_format": in_schema(bad)}, "/properties/a/pattern"),
                ({"response_format": {"type": "grammar"}}, "response_format.type"),
                ({"tool_choice": "required"}, "tool_choice"),
                ({"tools": TOOLS, "tool_choice": {"type": "function",
                                                  "function": {"name": "no"}}}, "no"),
                ({"extra_body": {"structured_outputs": {"regex": "a"}}}, "regex")):
            with self.subTest(named=named), self.assertRaises(openai.BadRequestError) as caught:
                self.chat(**options)
            self.assertIn(named, str(caught.exception))
            self.assertIsInstance(caught.exception.body, dict)


class Events(unittest.TestCase):
    def test_each_engine_of_a_file_publishes_on_ports_of_its_own(self):
        SCRATCH.mkdir(parents=True, exist_ok=True)
        topology = SCRATCH / "kv_events.yaml"
        topology.write_text(f"""
troupe: 1
nodes:
  local:
    endpoint: {{listen: "127.0.0.1:0"}}
    actors:
      - router: {{}}
      - engine:
          name: cpu
          count: 2
          model: {tiny_model()}
          kv: 8MiB
          kv_events: {{publisher: zmq, topic: kv, replay: 64}}
""", encoding="utf-8")
        with Node("-c", topology) as node:
            node.poll(lambda: node.log.text.count("KV events are published") == 2, "both engines")
            node.poll(lambda: http_calls.get(node, "/v1/models").json["data"], "a model")
            lines = [line for line in node.log.lines if "KV events are published" in line]
        ports = set()
        for line in lines:
            ports.update(word.rsplit(":", 1)[1].strip('"') for word in line.split()
                         if "tcp://127.0.0.1:" in word)
        self.assertEqual(len(ports), 4, lines)
        self.assertNotIn("0", ports)


if __name__ == "__main__":
    unittest.main()
