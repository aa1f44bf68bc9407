# Sourced by ./run and ./check: Debian packages by the sections of packages.txt.

# Prints the packages of the named sections, one a line.
packages_of() {
  local section="" line want=" $* "
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line%%#*}
    line=${line//[[:space:]]/}
    case $line in
      "") ;;
      "["*"]") section=${line:1:-1} ;;
      *) case $want in *" $section "*) printf '%s\n' "$line" ;; esac ;;
    esac
  done < "$root/packages.txt"
}

# Prints those of them that are not installed. A program of the package's name will do as well: not
# everybody has npm or cmake from Debian.
missing_packages() {
  local package
  for package in $(packages_of "$@"); do
    ! command -v "$package" > /dev/null || continue
    case $(dpkg-query -W -f '${Status}' "$package" 2> /dev/null) in
      *" installed") ;;
      *) printf '%s\n' "$package" ;;
    esac
  done
}

# Installs what is missing of the named sections. With no_install=1 it only says what is missing and
# lets the build decide.
install_packages() {
  local missing
  if ! command -v dpkg-query > /dev/null; then
    say "no dpkg here: the packages of packages.txt are taken to be installed"
    return 0
  fi
  missing=$(missing_packages "$@" | tr '\n' ' ')
  [ -n "${missing// /}" ] || return 0
  if [ "$no_install" = 1 ]; then
    say "not installed (--no-install): $missing"
    return 0
  fi
  if [ "$(id -u)" != 0 ]; then
    say "missing packages; as root: apt-get install $missing"
    return 1
  fi
  say "installing: $missing"
  export DEBIAN_FRONTEND=noninteractive
  step apt-get update -q && step apt-get install -q -y --no-install-recommends $missing
}
