#!/usr/bin/env bash
# Compares supervisor_core with the supervisor of Erlang/OTP over random scripts.
#
#   otp_cross_check.sh path/to/supervisor_scripts [how many]
set -eu
if ! command -v escript >/dev/null; then
  echo "skipped: no escript here (Debian: erlang-base)"
  exit 0
fi
scripts=$(mktemp)
trap 'rm -f "$scripts"' EXIT
"$1" 1 "${2:-2000}" >"$scripts"
escript "$(dirname "$0")/otp_cross_check.escript" "$scripts"
