// The openai Node package, unmodified: prints one JSON line for each check, {name, error}.
//
// Usage: node openai_client.mjs FOLDER_OF_THE_PACKAGE BASE_URL
import { createRequire } from "node:module";
import assert from "node:assert/strict";

const [folder, baseURL] = process.argv.slice(2);
const { default: OpenAI } = createRequire(`${folder}/`)("openai");
const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
const model = (await client.models.list()).data[0].id;
const messages = [{ role: "user", content: "Count from one to ten." }];
const usual = { model, messages, max_tokens: 24, temperature: 0 };

async function streamed(options) {
  const chunks = [];
  for await (const chunk of await client.chat.completions.create({ ...usual, stream: true, ...options })) {
    chunks.push(chunk);
  }
  return chunks;
}

const checks = {
  async "chat answers whole"() {
    const answer = await client.chat.completions.create(usual);
    assert.equal(answer.choices[0].message.role, "assistant");
    assert.ok(answer.choices[0].message.content.length > 0);
    assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
  },
  async "a stream says the same"() {
    const whole = await client.chat.completions.create(usual);
    const chunks = await streamed({ stream_options: { include_usage: true } });
    const text = chunks.map((c) => c.choices[0]?.delta.content ?? "").join("");
    assert.equal(text, whole.choices[0].message.content);
    assert.ok(chunks.at(-1).usage.completion_tokens > 0);
  },
  async "completions, whole and streamed"() {
    const options = { model, prompt: "Once upon a time", max_tokens: 16, temperature: 0 };
    const whole = await client.completions.create(options);
    let text = "";
    for await (const chunk of await client.completions.create({ ...options, stream: true })) {
      text += chunk.choices[0]?.text ?? "";
    }
    assert.equal(text, whole.choices[0].text);
  },
  async "an unknown model is NotFoundError"() {
    await assert.rejects(client.chat.completions.create({ ...usual, model: "none" }), OpenAI.NotFoundError);
  },
  async "a bad value is BadRequestError"() {
    await assert.rejects(client.chat.completions.create({ ...usual, max_tokens: -1 }), OpenAI.BadRequestError);
  },
  async "a refused stream is an error"() {
    await assert.rejects(streamed({ model: "none" }), OpenAI.NotFoundError);
  },
  async "a stream can be left"() {
    const stream = await client.chat.completions.create({ ...usual, stream: true, max_tokens: 500 });
    for await (const chunk of stream) {
      assert.ok(chunk.id);
      break;
    }
    assert.ok((await client.models.list()).data.length > 0);
  },
  async "32 at once"() {
    const answers = await Promise.all(
      Array.from({ length: 32 }, () => client.chat.completions.create({ ...usual, max_tokens: 8 })),
    );
    assert.equal(new Set(answers.map((a) => a.choices[0].message.content)).size, 1);
  },
};

for (const [name, check] of Object.entries(checks)) {
  const error = await check().then(() => null, (problem) => String(problem.stack ?? problem));
  console.log(JSON.stringify({ name, error }));
}
