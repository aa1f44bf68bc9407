"""Requests with something wrong: fields, values, bodies."""

from exchanges import CHAT, COMPLETIONS, CONTEXT_TOKENS, chat, completion, post

# Values outside their bounds or of another type, for completions and chats alike.
BAD_VALUES = {
    "temperature-negative": {"temperature": -1},
    "temperature-text": {"temperature": "hot"},
    "temperature-huge": {"temperature": 1e9},
    "top-p-zero": {"top_p": 0},
    "top-p-over": {"top_p": 1.5},
    "top-k-negative": {"top_k": -2},
    "top-k-fraction": {"top_k": 1.5},
    "min-p-over": {"min_p": 2},
    "presence-penalty-over": {"presence_penalty": 3},
    "frequency-penalty-under": {"frequency_penalty": -3},
    "repetition-penalty-zero": {"repetition_penalty": 0},
    "max-tokens-zero": {"max_tokens": 0},
    "max-tokens-negative": {"max_tokens": -1},
    "max-tokens-text": {"max_tokens": "many"},
    "max-tokens-over-context": {"max_tokens": CONTEXT_TOKENS},
    "min-tokens-over-max": {"min_tokens": 5},
    "n-zero": {"n": 0},
    "n-greedy": {"n": 2},
    "seed-text": {"seed": "x"},
    "stop-number": {"stop": [1]},
    "stop-empty": {"stop": ""},
    "stop-token-text": {"stop_token_ids": ["x"]},
    "stop-token-too-large": {"stop_token_ids": [10_000_000]},
    "stream-text": {"stream": "perhaps"},
    "stream-options-unstreamed": {"stream_options": {"include_usage": True}},
    "stream-options-text": {"stream": True, "stream_options": "usage"},
    "logit-bias-name": {"logit_bias": {"x": 1}},
    "logit-bias-too-large": {"logit_bias": {"10000000": 1}},
    "logit-bias-text": {"logit_bias": {"5": "much"}},
    "prompt-logprobs-negative": {"prompt_logprobs": -2},
    "prompt-logprobs-over": {"prompt_logprobs": 21},
    "prompt-logprobs-streamed": {"prompt_logprobs": 1, "stream": True},
    "cache-salt-empty": {"cache_salt": ""},
    "bad-words-empty": {"bad_words": [""]},
    "other-model": {"model": "other"},
    "other-model-streamed": {"model": "other", "stream": True},
    "model-number": {"model": 7},
    "no-model": {"model": None},
    "priority": {"priority": 1},
    "priority-text": {"priority": "high"},
}


def refused_alike(ask):
    """Bad values, as completions and chats take them."""
    for name, values in BAD_VALUES.items():
        yield ask(f"refused-{name}", **values)


def refused_completions():
    """What only completions refuse."""
    yield from refused_alike(completion)
    yield completion("refused-too-long", "word " * 400)
    yield completion("refused-prompt-number", 7)
    yield completion("refused-prompt-empty", "")
    yield completion("refused-prompt-empty-list", [])
    yield completion("refused-prompt-mixed", ["a", 5])
    yield completion("refused-token-negative", [-1])
    yield completion("refused-token-too-large", [10_000_000])
    yield completion("refused-no-prompt", None)
    yield completion("refused-logprobs-over", logprobs=21)
    yield completion("refused-logprobs-negative", logprobs=-1)
    yield completion("refused-suffix", suffix="the end")


def refused_chats():
    """What only chats refuse."""
    yield from refused_alike(chat)
    yield chat("refused-too-long", [{"role": "user", "content": "word " * 400}])
    yield chat("refused-messages-text", "Hello")
    yield post("chat/refused-no-messages", CHAT, {"model": "tiny"})
    yield post("chat/refused-messages-empty", CHAT, {"model": "tiny", "messages": []})
    yield chat("refused-message-text", ["Hello"])
    yield chat("refused-no-role", [{"content": "Hello"}])
    yield chat("refused-content-number", [{"role": "user", "content": 7}])
    yield chat("refused-image", [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]}])
    yield chat("refused-part-unknown", [{"role": "user", "content": [{"type": "smell"}]}])
    yield chat("refused-top-logprobs-alone", top_logprobs=2)
    yield chat("refused-top-logprobs-over", logprobs=True, top_logprobs=21)
    yield chat("refused-top-logprobs-negative", logprobs=True, top_logprobs=-1)
    yield chat("refused-both-ends", continue_final_message=True)


def refused_bodies():
    """Bodies that are no request at all."""
    for name, path in ("completion", COMPLETIONS), ("chat", CHAT):
        yield post(f"{name}/refused-no-json", path, b'{"model": "tiny",')
        yield post(f"{name}/refused-list", path, b"[]")
        yield post(f"{name}/refused-nothing", path, b"")
        yield post(f"{name}/refused-type", path, b'{"model": "tiny"}',
                   **{"Content-Type": "text/plain"})


def not_done_here():
    """Fields that vLLM does and our engine says it does not."""
    for name, ask in ("completion", completion), ("chat", chat):
        yield ask("undone-beam-search", use_beam_search=True, n=2)
        yield ask("undone-allowed-tokens", allowed_token_ids=[5, 100])
        yield ask("undone-truncation", truncate_prompt_tokens=2)
        yield ask("undone-kv-transfer", kv_transfer_params={"do_remote_decode": False})
        yield ask("undone-xargs", vllm_xargs={"x": "y"})
        yield ask("undone-logprob-tokens", logprob_token_ids=[5], **(
            {"logprobs": 1} if name == "completion" else {"logprobs": True}))
    yield chat("undone-echo", echo=True)
    yield chat("undone-template", chat_template="{{ messages[0].content }}")
