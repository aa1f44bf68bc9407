#!/usr/bin/env bash
# Two engines that could be anybody's, and a router before them. Usage: demo.sh MODEL.gguf
set -euo pipefail
troupe=${TROUPE:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/release/troupe}
model=${1:?usage: demo.sh MODEL.gguf}
work=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null; wait; rm -rf "$work"' EXIT

# Starts an engine on a free port; it says which on the descriptor that TROUPE_READY_FD names.
start_engine() {
  mkfifo "$work/$1"
  TROUPE_READY_FD=3 "$troupe" engine --model "$model" --served-model-name demo --port 0 \
    3> "$work/$1" 2> "$work/$1.log" &
  local word
  read -r word port < "$work/$1"
}

start_engine one
one=http://127.0.0.1:$port
start_engine two
two=http://127.0.0.1:$port

mkfifo "$work/router"
exec 4<> "$work/router" # held open: a node whose output nobody reads would notice
"$troupe" up --port 0 --engine "$one" --engine "$two" --policy prefix \
  > "$work/router" 2> "$work/router.log" &
read -r -u 4 line
url=${line#listening on }
curl -sf -o /dev/null --retry 30 --retry-delay 1 "$url/ready"
echo "router at $url, engines at $one and $two"

beginning=$(printf 'Rule %s: be brief. ' $(seq 60))
for n in 1 2 3 4 5 6; do
  curl -sS --fail-with-body "$url/v1/completions" -H 'content-type: application/json' -d \
    "{\"model\": \"demo\", \"prompt\": \"$beginning Question $n:\", \"max_tokens\": 4}" |
    python3 -c '
import json, sys

usage = json.load(sys.stdin)["usage"]
cached = usage["prompt_tokens_details"]["cached_tokens"]
print("prompt_tokens: %d, cached_tokens: %d" % (usage["prompt_tokens"], cached))'
done

for engine in "$one" "$two"; do
  curl -sf "$engine/metrics" | awk -v engine="$engine" '
    /^vllm:request_success_total/ { n += $2 }
    END { printf "%s answered %d requests\n", engine, n }'
done
