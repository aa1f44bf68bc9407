#!/usr/bin/env bash
# Asks a running Troupe twice: a whole answer, then a second turn as a stream.
set -euo pipefail
url=${1:-http://127.0.0.1:8000}

post() {
  curl -sS -N --fail-with-body "$url/v1/chat/completions" \
    -H 'content-type: application/json' -d "$1"
}

# Reads one value out of JSON on stdin: value 'PYTHON EXPRESSION over d'.
value() {
  python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"
}

model=$(curl -sS --fail-with-body "$url/v1/models" | value 'd["data"][0]["id"]')
question='A traveller who has all day asks you: in one sentence, what is the capital of France?'
echo "model: $model"

echo "--- a whole answer"
answer=$(post "$(python3 -c 'import json, sys; print(json.dumps({
  "model": sys.argv[1], "temperature": 0, "max_tokens": 40,
  "messages": [{"role": "user", "content": sys.argv[2]}]}))' "$model" "$question")")
said=$(value 'd["choices"][0]["message"]["content"]' <<< "$answer")
printf '%s\n' "$said"

echo "--- the second turn, streamed"
post "$(python3 -c 'import json, sys; print(json.dumps({
  "model": sys.argv[1], "temperature": 0, "max_tokens": 40, "stream": True,
  "stream_options": {"include_usage": True},
  "messages": [{"role": "user", "content": sys.argv[2]},
               {"role": "assistant", "content": sys.argv[3]},
               {"role": "user", "content": "And of Spain?"}]}))' "$model" "$question" "$said")" |
  python3 -c '
import json, sys

usage = None
for line in sys.stdin:
    if not line.startswith("data: ") or line.startswith("data: [DONE]"):
        continue
    chunk = json.loads(line[6:])
    usage = chunk.get("usage") or usage
    for choice in chunk["choices"]:
        print(choice["delta"].get("content") or "", end="", flush=True)
cached = usage["prompt_tokens_details"]["cached_tokens"]
print()
print("prompt_tokens: %d, cached_tokens: %d" % (usage["prompt_tokens"], cached))'
