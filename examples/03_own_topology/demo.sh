#!/usr/bin/env bash
# Runs topology.yaml, kills one engine, and waits until it is back. Usage: demo.sh MODEL.gguf
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
troupe=${TROUPE:-$here/../../build/release/troupe}
export TROUPE_MODEL=${1:?usage: demo.sh MODEL.gguf} TROUPE_LISTEN=127.0.0.1:0
work=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null; wait; rm -rf "$work"' EXIT

"$troupe" check "$here/topology.yaml"
mkfifo "$work/out"
exec 4<> "$work/out" # held open: a node whose output nobody reads would notice
"$troupe" up -c "$here/topology.yaml" > "$work/out" 2> "$work/log" &
node=$!
read -r -u 4 line
url=${line#listening on }

# Prints how many engines are up.
engines_up() {
  curl -s "$url/ready" |
    python3 -c 'import json, sys; print(sum(e["up"] for e in json.load(sys.stdin)["engines"]))'
}

# Waits until that many engines are up.
wait_engines() {
  local polls=0
  until [ "$(engines_up)" = "$1" ]; do
    polls=$((polls + 1))
    [ "$polls" -lt 600 ] || { cat "$work/log" >&2 && exit 1; }
    read -r -t 0.1 -u 4 _ || true
  done
  echo "$1 engines are up"
}

wait_engines 3
victim=$(pgrep -P "$node" | head -n 1)
kill -KILL "$victim"
echo "killed engine process $victim"
tail -f --pid="$victim" /dev/null
wait_engines 3
! pgrep -P "$node" | grep -qx "$victim"
echo "the supervisor brought it back"
