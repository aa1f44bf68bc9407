# Sourced by ./check: the source of the installed CAF, for a build whose sanitizer has to see it.

# Fetches the release's tar file of Debian's source package, once, and sets caf_source to the folder
# of libcaf_core's own files. apt checks the file; it keeps the lists it needs for this to itself.
fetch_caf_source() {
  local folder=$PWD/build/caf package file
  caf_source=$(echo "$folder"/*/libcaf_core/src)
  [ ! -d "$caf_source" ] || return 0
  package=$(dpkg-query -W -f '${source:Package}=${source:Version}' libcaf-dev) || return 1
  say "fetching the source of $package"
  mkdir -p "$folder/lists/partial" "$folder/sources"
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
    [ -f "$file" ] || continue
    case $file in
      *.sources) sed 's/^Types:.*/Types: deb-src/' "$file" > "$folder/sources/${file##*/}" ;;
      *.list) sed -n 's/^deb /deb-src /p' "$file" > "$folder/sources/${file##*/}" ;;
    esac
  done
  local options=(-q -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$folder/sources"
    -o "Dir::State::Lists=$folder/lists")
  step apt-get "${options[@]}" update > "$folder/log" 2>&1 || true # a source may have none
  (
    cd "$folder" &&
      apt-get "${options[@]}" source --download-only --tar-only "$package" >> log 2>&1 &&
      tar -xzf ./*.orig.tar.gz
  ) || { cat "$folder/log" >&2 && return 1; }
  caf_source=$(echo "$folder"/*/libcaf_core/src)
  [ -d "$caf_source" ]
}
