"""The requests that are put to vLLM and to our engine alike.

Both serve the tiny model's vocabulary as "tiny", 256 tokens of context. Answers are forced: a
logit bias of 100 leaves one token to choose, whatever the weights, so texts, token ids and counts
are facts to compare, in a sampled answer too.
"""

import json
from dataclasses import dataclass, field

CONTEXT_TOKENS = 256
LETTER = 100  # the token "a": three special tokens, then the bytes in order
OTHER_LETTER = 101  # the token "b"
END = 2  # the token <|im_end|>
COMPLETIONS = "/v1/completions"
CHAT = "/v1/chat/completions"
GENERATE = "/inference/v1/generate"
USAGE = {"include_usage": True}
CONTINUOUS = {"include_usage": True, "continuous_usage_stats": True}
EITHER = {str(END): 100, str(LETTER): 50}  # the end; where that is forbidden, a letter
LETTERS = {str(LETTER): 100, str(OTHER_LETTER): 50}  # "a"; where that is forbidden, "b"


@dataclass
class Exchange:
    name: str
    path: str
    method: str = "GET"
    body: bytes | None = None
    fields: dict = field(default_factory=dict)


def post(name, path, body, **fields):
    """A request with a JSON body, or with bytes as they are."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange(name, path, "POST", data, {"Content-Type": "application/json"} | fields)


def forced(**more):
    """Sampling fields that leave nothing but the letter "a", four times."""
    return {"temperature": 0, "max_tokens": 4, "logit_bias": {str(LETTER): 100}} | more


def completion(name, prompt="Once upon a time", **more):
    """A completion with a forced answer."""
    body = {"model": "tiny", "prompt": prompt} | forced(**more)
    return post(f"completion/{name}", COMPLETIONS, body)


def chat(name, messages=None, **more):
    """A chat with a forced answer."""
    messages = messages or [{"role": "user", "content": "What is the capital of France?"}]
    return post(f"chat/{name}", CHAT, {"model": "tiny", "messages": messages} | forced(**more))


def generation(name, sampling=None, **more):
    """Token ids in, token ids out, with a forced answer."""
    body = {"model": "tiny", "token_ids": [70, 71, 72], "sampling_params": forced(
        **(sampling or {}))} | more
    return post(f"generate/{name}", GENERATE, body)


def endings(ask):
    """What ends an answer, whole and streamed."""
    for mark, stream in ("", {}), ("-stream", {"stream": True}):
        yield ask("plain" + mark, **stream)
        yield ask("choices" + mark, n=2, temperature=1, **stream)
        yield ask("stop-string" + mark, stop=["xyz", "aaa"], **stream)
        yield ask("stop-string-shown" + mark, stop="aaa", include_stop_str_in_output=True, **stream)
        yield ask("stop-token" + mark, stop_token_ids=[LETTER], **stream)
        yield ask("stop-token-late" + mark, stop_token_ids=[LETTER], min_tokens=2,
                  logit_bias=LETTERS, **stream)
        yield ask("end-token" + mark, logit_bias={str(END): 100}, **stream)
        yield ask("end-token-shown" + mark, logit_bias={str(END): 100}, skip_special_tokens=False,
                  **stream)
        yield ask("end-token-ignored" + mark, logit_bias={str(END): 100}, ignore_eos=True, **stream)
        yield ask("min-tokens" + mark, logit_bias=EITHER, min_tokens=2, **stream)
        yield ask("token-ids" + mark, return_token_ids=True, **stream)
        yield ask("request-id" + mark, request_id="request-of-ours", **stream)


def answers(ask):
    """What completions and chats have in common."""
    yield from endings(ask)
    yield ask("sampled", temperature=1, top_p=0.9, top_k=5, min_p=0.1, seed=7)
    yield ask("penalties", presence_penalty=1, frequency_penalty=1, repetition_penalty=1.2)
    yield ask("cache-salt", cache_salt="salt")
    yield ask("context-end", max_tokens=None)
    yield ask("usage-stream", stream=True, stream_options=USAGE)
    yield ask("usage-continuous-stream", stream=True, stream_options=CONTINUOUS)
    yield ask("usage-choices-stream", stream=True, stream_options=USAGE, n=2, temperature=1)
    yield ask("usage-declined-stream", stream=True, stream_options={"include_usage": False})
    yield ask("prompt-logprobs", prompt_logprobs=1)
    yield ask("prompt-logprobs-none", prompt_logprobs=0)
    yield ask("bad-words", bad_words=["zebra"])
    yield ask("unknown-field", field_of_nobody=1)
    yield ask("user", user="somebody")


def completions():
    """What only completions have."""
    yield from answers(completion)
    yield completion("tokens-as-prompt", [70, 71, 72])
    yield completion("prompts", ["One", "Two two two"])
    yield completion("prompts-as-tokens", [[70, 71, 72], [73, 74]])
    yield completion("prompts-stream", ["One", "Two two two"], stream=True, stream_options=USAGE)
    yield completion("echo", echo=True)
    yield completion("echo-stream", echo=True, stream=True)
    yield completion("echo-only", echo=True, max_tokens=0)
    yield completion("echo-logprobs", echo=True, logprobs=1)
    for mark, stream in ("", {}), ("-stream", {"stream": True}):
        yield completion("logprobs" + mark, logprobs=2, **stream)
        yield completion("logprobs-chosen" + mark, logprobs=0, **stream)
        yield completion("logprobs-ids" + mark, logprobs=1, return_tokens_as_token_ids=True,
                         **stream)
    yield completion("default-length", max_tokens=None, ignore_eos=True)
    yield completion("no-special-tokens", add_special_tokens=False)


def chats():
    """What only chats have."""
    yield from answers(chat)
    talk = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hi"}, {"role": "user", "content": "And now?"}]
    yield chat("conversation", talk)
    parts = [{"type": "text", "text": "Hello"}, {"type": "text", "text": "there"}]
    yield chat("content-parts", [{"role": "user", "content": parts}])
    yield chat("named-author", [{"role": "user", "name": "Ann", "content": "Hello"}])
    yield chat("completion-tokens", max_completion_tokens=2)
    yield chat("no-generation-prompt", add_generation_prompt=False)
    yield chat("continued", talk[:3], add_generation_prompt=False, continue_final_message=True)
    yield chat("template-variables", chat_template_kwargs={"mood": "cheerful"})
    yield chat("documents", documents=[{"title": "One", "text": "Two"}])
    for mark, stream in ("", {}), ("-stream", {"stream": True}):
        yield chat("logprobs" + mark, logprobs=True, top_logprobs=2, **stream)
        yield chat("logprobs-chosen" + mark, logprobs=True, **stream)
        yield chat("logprobs-ids" + mark, logprobs=True, return_tokens_as_token_ids=True, **stream)


def generations():
    """Token ids in, token ids out."""
    for mark, stream in ("", {}), ("-stream", {"stream": True}):
        yield generation("plain" + mark, **stream)
        yield generation("stop-token" + mark, {"stop_token_ids": [LETTER]}, **stream)
        yield generation("logprobs" + mark, {"logprobs": 1}, **stream)
        yield generation("request-id" + mark, request_id="request-of-ours", **stream)
    yield generation("longer-than-context", {"max_tokens": CONTEXT_TOKENS})
    yield generation("usage-stream", stream=True, stream_options=USAGE)
    yield generation("prompt-logprobs", {"prompt_logprobs": 1})
    yield generation("no-token-ids", token_ids=[])
    yield generation("token-id-too-large", token_ids=[10_000_000])


def texts():
    """Text to tokens and back, and prompts without an answer."""
    yield post("tokenize/prompt", "/tokenize", {"model": "tiny", "prompt": "Once upon a time"})
    yield post("tokenize/pieces", "/tokenize", {
        "model": "tiny", "prompt": "é<|im_end|> a", "return_token_strs": True})
    yield post("tokenize/messages", "/tokenize", {
        "model": "tiny", "messages": [{"role": "user", "content": "Hello"}]})
    yield post("tokenize/unprompted", "/tokenize", {
        "model": "tiny", "messages": [{"role": "user", "content": "Hello"}],
        "add_generation_prompt": False})
    yield post("tokenize/nothing", "/tokenize", {"model": "tiny"})
    yield post("tokenize/other-model", "/tokenize", {"model": "other", "prompt": "a"})
    yield post("detokenize/ids", "/detokenize", {"model": "tiny", "tokens": [LETTER, END, LETTER]})
    yield post("detokenize/nothing", "/detokenize", {"model": "tiny"})
    yield post("detokenize/too-large", "/detokenize", {"model": "tiny", "tokens": [10_000_000]})
    body = {"model": "tiny"} | forced()
    yield post("render/completion", COMPLETIONS + "/render", body | {"prompt": "Once upon a time"})
    yield post("render/chat", CHAT + "/render", body | {
        "messages": [{"role": "user", "content": "Hello"}]})
    yield post("render/other-model", CHAT + "/render", body | {
        "model": "other", "messages": [{"role": "user", "content": "Hello"}]})


def information():
    """What is asked about the server itself."""
    for path in "/v1/models", "/version", "/load", "/health", "/ping", "/is_sleeping":
        yield Exchange(f"info{path}", path)
    yield Exchange("info/no-such-path", "/no/such/path")
    yield Exchange("info/wrong-method", COMPLETIONS)
    yield post("info/reset-prefix-cache", "/reset_prefix_cache", b"")
