"""LangChain's OpenAI client, unmodified, against two embedded engines with a tiny model."""

import asyncio
import os
import unittest

import fake_engine
from http_calls import all_engines_up
from processes import Node, embedded_node

try:
    import openai
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.prompts import ChatPromptTemplate
    from langchain_openai import ChatOpenAI, OpenAI
except ImportError:
    ChatOpenAI = None

SKIPPED = ChatOpenAI is None and os.environ.get("TROUPE_NO_INSTALL") == "1"
QUESTION = "Count from one to ten."
TALK = [("system", "Be brief."), ("human", "Hello"), ("ai", "Hi"), ("human", "And now?")]
NODE = None
MODEL = None


def setUpModule():
    global NODE, MODEL
    if SKIPPED:
        return
    NODE = embedded_node()
    NODE.poll(lambda: all_engines_up(NODE), "all engines up")
    with openai.OpenAI(base_url=f"{NODE.url}/v1", api_key="none") as client:
        MODEL = NODE.poll(lambda: client.models.list().data, "a model")[0].id


def tearDownModule():
    if NODE is not None:
        NODE.stop()


def chat_of(node, **options):
    """A chat model, greedy unless told otherwise, that does not retry: every error is seen."""
    usual = {"model": MODEL, "temperature": 0, "max_tokens": 24, "stream_usage": True}
    return ChatOpenAI(base_url=f"{node.url}/v1", api_key="none", max_retries=0, **usual | options)


def joined(chunks):
    """The message that a stream's chunks add up to, as LangChain adds them."""
    whole, *rest = chunks
    for chunk in rest:
        whole = whole + chunk
    return whole


@unittest.skipIf(SKIPPED, "langchain-openai is not installed")
class Chat(unittest.TestCase):
    def test_an_answer_has_text_usage_and_an_end(self):
        answer = chat_of(NODE).invoke(QUESTION)
        self.assertIsInstance(answer, AIMessage)
        self.assertTrue(answer.content)
        self.assertEqual(answer.tool_calls, [])
        self.assertEqual(answer.response_metadata["model_name"], MODEL)
        self.assertIn(answer.response_metadata["finish_reason"], ("stop", "length"))
        self.assertTrue(answer.response_metadata["id"].startswith("chatcmpl-"))
        usage = answer.usage_metadata
        self.assertGreater(usage["input_tokens"], 0)
        self.assertLessEqual(usage["output_tokens"], 24)
        self.assertEqual(usage["total_tokens"], usage["input_tokens"] + usage["output_tokens"])

    def test_a_stream_adds_up_to_the_answer(self):
        whole = chat_of(NODE).invoke(QUESTION)
        chunks = list(chat_of(NODE).stream(QUESTION))
        self.assertGreater(sum(bool(c.content) for c in chunks), 1)
        streamed = joined(chunks)
        self.assertEqual(streamed.content, whole.content)
        self.assertEqual(streamed.response_metadata["finish_reason"],
                         whole.response_metadata["finish_reason"])
        for name in ("input_tokens", "output_tokens", "total_tokens"):
            self.assertEqual(streamed.usage_metadata[name], whole.usage_metadata[name])

    def test_without_stream_usage_no_chunk_has_usage(self):
        chunks = chat_of(NODE, stream_usage=False).stream(QUESTION)
        self.assertEqual([c for c in chunks if c.usage_metadata], [])

    def test_messages_of_all_roles(self):
        by_pairs = chat_of(NODE).invoke(TALK)
        kinds = {"system": SystemMessage, "human": HumanMessage, "ai": AIMessage}
        by_types = chat_of(NODE).invoke([kinds[role](text) for role, text in TALK])
        self.assertEqual(by_pairs.content, by_types.content)
        self.assertNotEqual(by_pairs.content, chat_of(NODE).invoke(TALK[-1:]).content)

    def test_a_batch_answers_each_as_if_alone(self):
        questions = [f"{QUESTION} Begin with {i}." for i in range(6)]
        alone = [chat_of(NODE).invoke(q).content for q in questions]
        self.assertEqual([a.content for a in chat_of(NODE).batch(questions)], alone)

    def test_asynchronous_calls_answer_the_same(self):
        async def ask():
            answer = await chat_of(NODE).ainvoke(QUESTION)
            return answer.content, joined([c async for c in chat_of(NODE).astream(QUESTION)])

        answer, streamed = asyncio.run(ask())
        self.assertEqual(streamed.content, answer)
        self.assertEqual(chat_of(NODE).invoke(QUESTION).content, answer)

    def test_a_stop_string_ends_the_answer_before_it(self):
        text = chat_of(NODE).invoke(QUESTION).content
        stop = text[len(text) // 2 :][:3]
        answer = chat_of(NODE).invoke(QUESTION, stop=[stop])
        self.assertEqual(answer.content, text[: text.index(stop)])
        self.assertEqual(answer.response_metadata["finish_reason"], "stop")

    def test_log_probabilities_come_with_every_token(self):
        answer = chat_of(NODE, logprobs=True, top_logprobs=2).invoke(QUESTION)
        entries = answer.response_metadata["logprobs"]["content"]
        self.assertEqual(len(entries), answer.usage_metadata["output_tokens"])
        for entry in entries:
            self.assertLessEqual(entry["logprob"], 0)
            self.assertEqual(len(entry["top_logprobs"]), 2)

    def test_a_chain_of_template_model_and_parser(self):
        template = ChatPromptTemplate.from_messages([("human", "Tell me about {topic}.")])
        text = (template | chat_of(NODE) | StrOutputParser()).invoke({"topic": "rivers"})
        self.assertEqual(text, chat_of(NODE).invoke("Tell me about rivers.").content)

    def test_a_repeated_prompt_is_told_as_read_from_the_cache(self):
        question = "A long story about mountains. " * 30
        chat_of(NODE).invoke(question)
        usage = chat_of(NODE).invoke(question).usage_metadata
        self.assertGreater(usage["input_token_details"]["cache_read"], usage["input_tokens"] // 2)


@unittest.skipIf(SKIPPED, "langchain-openai is not installed")
class Completions(unittest.TestCase):
    def model(self, **options):
        """A completion model at temperature 0."""
        return OpenAI(base_url=f"{NODE.url}/v1", api_key="none", max_retries=0, model=MODEL,
                      temperature=0, max_tokens=16, **options)

    def test_text_and_stream_agree(self):
        text = self.model().invoke("Once upon a time")
        self.assertTrue(text)
        self.assertEqual("".join(self.model().stream("Once upon a time")), text)

    def test_prompts_together_are_told_with_their_usage(self):
        prompts = ["One", "Two two two"]
        result = self.model().generate(prompts)
        texts = [generation[0].text for generation in result.generations]
        self.assertEqual(texts, [self.model().invoke(p) for p in prompts])
        self.assertEqual(result.llm_output["token_usage"]["completion_tokens"], sum(
            self.model().generate([p]).llm_output["token_usage"]["completion_tokens"]
            for p in prompts))


@unittest.skipIf(SKIPPED, "langchain-openai is not installed")
class Errors(unittest.TestCase):
    def test_unknown_model(self):
        for ask in (lambda m: m.invoke(QUESTION), lambda m: list(m.stream(QUESTION))):
            with self.assertRaises(openai.NotFoundError) as caught:
                ask(chat_of(NODE, model="no-such-model"))
            self.assertIn("no-such-model", str(caught.exception))

    def test_bad_values_name_their_field(self):
        # max_tokens travels as max_completion_tokens.
        for name, value in ("max_completion_tokens", -1), ("temperature", -2), ("top_p", 3):
            with self.subTest(name), self.assertRaises(openai.BadRequestError) as caught:
                chat_of(NODE, **{name: value}).invoke(QUESTION)
            self.assertIn(name, str(caught.exception))

    def test_a_prompt_that_never_fits(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            chat_of(NODE).invoke("word " * 20_000)
        self.assertIn("maximum context length", str(caught.exception))

    def test_an_engine_lost_in_mid_stream_raises(self):
        def answer(exchange):
            exchange.begin()
            exchange.event(exchange.chunk("one"))
            exchange.die()

        engine = fake_engine.FakeEngine(answer=answer)
        self.addCleanup(engine.close)
        node = Node("--port", 0, "--engine", engine.url)
        self.addCleanup(node.stop)
        with openai.OpenAI(base_url=f"{node.url}/v1", api_key="none") as client:
            node.poll(lambda: client.models.list().data, "a model")
        seen = []
        with self.assertRaises(openai.APIError):
            seen.extend(chat_of(node, model="fake").stream(QUESTION))


if __name__ == "__main__":
    unittest.main()
