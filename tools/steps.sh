# Sourced by ./run and ./check: messages, and long steps that end at once on Ctrl-C and SIGTERM.

say() { printf '== %s\n' "$*" >&2; }

# Runs a command and waits for it. A signal to the script alone ends the command too: bash by itself
# would either wait for it or leave it behind.
step() {
  local status=0
  "$@" &
  step_pid=$!
  trap 'stop_step 130' INT
  trap 'stop_step 143' TERM
  wait "$step_pid" || status=$?
  trap - INT TERM
  return "$status"
}

stop_step() {
  trap '' INT TERM
  kill -TERM "$step_pid" 2> /dev/null
  wait "$step_pid" 2> /dev/null
  exit "$1"
}

# Configures and builds one CMake preset, showing progress. Ninja is called without `cmake --build`
# between, so that a signal reaches it and through it the compilers. configure_options go to CMake.
configure_options=()
build_preset() {
  local preset=$1
  shift
  say "building $preset"
  step cmake --preset "$preset" "${configure_options[@]}" > "build/configure-$preset.log" 2>&1 || {
    cat "build/configure-$preset.log" >&2
    return 1
  }
  step ninja -C "build/$preset" "$@" >&2
}
