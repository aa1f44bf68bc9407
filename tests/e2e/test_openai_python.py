"""The openai Python package, unmodified, against two embedded engines with a tiny model."""

import asyncio
import os
import unittest

import fake_engine
from http_calls import all_engines_up
from processes import Node, embedded_node

try:
    import openai
except ImportError:
    openai = None

SKIPPED = openai is None and os.environ.get("TROUPE_NO_INSTALL") == "1"
PROMPT = [{"role": "user", "content": "Count from one to ten."}]
NODE = None


def setUpModule():
    global NODE
    if not SKIPPED:
        NODE = embedded_node()
        NODE.poll(lambda: all_engines_up(NODE), "all engines up")


def tearDownModule():
    if NODE is not None:
        NODE.stop()


def client_of(node, **options):
    """A client that does not retry, so that every error is seen."""
    return openai.OpenAI(base_url=f"{node.url}/v1", api_key="none", max_retries=0, **options)


@unittest.skipIf(SKIPPED, "the openai package is not installed")
class Client(unittest.TestCase):
    def setUp(self):
        self.client = client_of(NODE)
        NODE.poll(lambda: self.client.models.list().data, "a model")
        self.model = self.client.models.list().data[0].id

    def tearDown(self):
        self.client.close()

    def chat(self, **options):
        """One chat completion, deterministic unless told otherwise."""
        usual = {"messages": PROMPT, "model": self.model, "max_tokens": 24, "temperature": 0}
        return self.client.chat.completions.create(**usual | options)

    def streamed(self, **options):
        """The chunks of a streamed chat completion."""
        with self.chat(stream=True, **options) as stream:
            return list(stream)


class Chat(Client):
    def test_models_are_listed(self):
        listed = self.client.models.list().data
        self.assertEqual([m.object for m in listed], ["model"])

    def test_an_answer_is_whole(self):
        answer = self.chat()
        choice = answer.choices[0]
        self.assertEqual(answer.object, "chat.completion")
        self.assertEqual(choice.message.role, "assistant")
        self.assertTrue(choice.message.content)
        self.assertIn(choice.finish_reason, ("stop", "length"))
        usage = answer.usage
        self.assertGreater(usage.prompt_tokens, 0)
        self.assertLessEqual(usage.completion_tokens, 24)
        self.assertEqual(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens)

    def test_every_engine_answers_the_same(self):
        async def ask_all():
            async with openai.AsyncOpenAI(base_url=f"{NODE.url}/v1", api_key="none") as client:
                calls = [client.chat.completions.create(
                    messages=PROMPT, model=self.model, max_tokens=24, temperature=0.9, seed=7)
                    for _ in range(16)]
                return await asyncio.gather(*calls)

        answers = {a.choices[0].message.content for a in asyncio.run(ask_all())}
        self.assertEqual(len(answers), 1)

    def test_another_seed_gives_another_answer(self):
        answers = {self.chat(temperature=1.0, seed=seed).choices[0].message.content
                   for seed in range(4)}
        self.assertGreater(len(answers), 1)

    def test_a_stream_says_the_same_as_a_whole_answer(self):
        whole = self.chat().choices[0]
        chunks = self.streamed(stream_options={"include_usage": True})
        self.assertEqual({c.object for c in chunks}, {"chat.completion.chunk"})
        self.assertEqual(len({c.id for c in chunks}), 1)
        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        self.assertEqual(text, whole.message.content)
        finishes = [c.choices[0].finish_reason for c in chunks if c.choices]
        self.assertEqual([f for f in finishes if f], [whole.finish_reason])
        self.assertEqual(chunks[-1].choices, [])
        self.assertGreater(chunks[-1].usage.completion_tokens, 0)

    def test_without_include_usage_no_chunk_has_usage(self):
        self.assertEqual([c.usage for c in self.streamed() if c.usage], [])

    def test_a_stop_string_ends_the_answer_before_it(self):
        text = self.chat().choices[0].message.content
        stop = text[len(text) // 2 :][:3]
        stopped = self.chat(stop=stop).choices[0]
        self.assertEqual(stopped.message.content, text[: text.index(stop)])
        self.assertEqual(stopped.finish_reason, "stop")

    def test_a_repeated_prompt_comes_from_the_cache(self):
        messages = [{"role": "user", "content": "A long story about rivers. " * 30}]
        self.chat(messages=messages)
        usage = self.chat(messages=messages).usage
        self.assertGreater(usage.prompt_tokens_details.cached_tokens, usage.prompt_tokens // 2)


class Completions(Client):
    def complete(self, prompt, **options):
        """One completion at temperature 0."""
        options = {"model": self.model, "max_tokens": 16, "temperature": 0} | options
        return self.client.completions.create(prompt=prompt, **options)

    def test_text_and_stream_agree(self):
        whole = self.complete("Once upon a time").choices[0].text
        with self.complete("Once upon a time", stream=True) as stream:
            text = "".join(c.choices[0].text for c in stream if c.choices)
        self.assertEqual(text, whole)

    def test_token_ids_are_a_prompt(self):
        answers = [self.complete([70, 71, 72, 73]) for _ in range(2)]
        self.assertEqual(answers[0].usage.prompt_tokens, 4)
        self.assertEqual(answers[0].choices[0].text, answers[1].choices[0].text)


class Errors(Client):
    def test_unknown_model(self):
        with self.assertRaises(openai.NotFoundError) as caught:
            self.chat(model="no-such-model")
        self.assertIn("no-such-model", str(caught.exception))

    def test_bad_values_name_their_field(self):
        for options in ({"max_tokens": -1}, {"temperature": -2}, {"top_p": 3}):
            with self.subTest(**options), self.assertRaises(openai.BadRequestError) as caught:
                self.chat(**options)
            self.assertIn(next(iter(options)), str(caught.exception))

    def test_messages_of_the_wrong_type(self):
        with self.assertRaises(openai.BadRequestError):
            self.chat(messages="hello")

    def test_a_prompt_that_never_fits(self):
        with self.assertRaises(openai.BadRequestError):
            self.chat(messages=[{"role": "user", "content": "word " * 20_000}])

    def test_a_stream_that_is_refused(self):
        with self.assertRaises(openai.NotFoundError):
            self.streamed(model="no-such-model")

    def test_a_path_that_is_none(self):
        with self.assertRaises(openai.NotFoundError):
            self.client.post("/no/such/path", cast_to=object, body={})


@unittest.skipIf(SKIPPED, "the openai package is not installed")
class Engines(unittest.TestCase):
    def with_engine(self, answer):
        """A node before one fake engine, with a client."""
        engine = fake_engine.FakeEngine(answer=answer)
        self.addCleanup(engine.close)
        node = Node("--port", 0, "--engine", engine.url)
        self.addCleanup(node.stop)
        client = client_of(node)
        self.addCleanup(client.close)
        node.poll(lambda: client.models.list().data, "a model")
        return engine, client

    def ask(self, client, **options):
        """One chat with the fake engine."""
        return client.chat.completions.create(model="fake", messages=PROMPT, **options)

    def test_a_timeout_of_the_client_ends_the_request(self):
        engine, client = self.with_engine(fake_engine.Exchange.wait_cancel)
        with self.assertRaises(openai.APITimeoutError):
            self.ask(client.with_options(timeout=0.5))
        self.assertTrue(engine.cancelled.wait(fake_engine.WAIT_SECONDS))

    def test_leaving_a_stream_reaches_the_engine(self):
        def answer(exchange):
            exchange.begin()
            exchange.event(exchange.chunk("one"))
            exchange.wait_cancel()

        engine, client = self.with_engine(answer)
        stream = self.ask(client, stream=True)
        self.assertEqual(next(iter(stream)).choices[0].delta.content, "one")
        stream.close()
        self.assertTrue(engine.cancelled.wait(fake_engine.WAIT_SECONDS))

    def test_an_engine_lost_in_mid_stream_raises(self):
        def answer(exchange):
            exchange.begin()
            exchange.event(exchange.chunk("one"))
            exchange.die()

        _, client = self.with_engine(answer)
        with self.assertRaises(openai.APIError), self.ask(client, stream=True) as stream:
            list(stream)

    def test_rate_limits_of_the_engine_keep_their_type(self):
        body = b'{"error": {"message": "slow down", "type": "RateLimitError", "code": 429}}'
        _, client = self.with_engine(lambda exchange: exchange.reply(429, body))
        with self.assertRaises(openai.RateLimitError) as caught:
            self.ask(client)
        self.assertIn("slow down", str(caught.exception))

    def test_no_engine_is_an_internal_server_error(self):
        engine, client = self.with_engine(None)
        engine.close()
        with self.assertRaises(openai.InternalServerError) as caught:
            self.ask(client)
        self.assertEqual(caught.exception.status_code, 503)


if __name__ == "__main__":
    unittest.main()
