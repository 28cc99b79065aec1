#!/usr/bin/env bash
# Sets up what the tests need, builds, and runs all of them. The last line is "N passed, N failed".
# SPDX-License-Identifier: MIT
set -uo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$ROOT/.ci/setup.sh"

usage() {
  cat <<'HELP'
Usage: ./tests/run.sh [option]

Installs what the tests need (Debian or Ubuntu, by package name), builds everything with warnings as errors, and runs:
format, layers, scripts, doctest suites, sanitizers and fuzz targets, generated documents, the command line, GUI tests.

  --fast        no sanitizers, no GUI tests, no proof of every exercise
  --thorough    the references under the sanitizers as well (about 6 minutes more)
  --no-model    do not fetch SmolLM2 and the books; tests that need them are skipped and say so
  --help        this text

Screenshots of the GUI tests go to build/screenshots (ALAB_SCREENSHOTS changes it).
HELP
}

fast=no
thorough=no
model=yes
for argument in "$@"; do
  case "$argument" in
    --help | -h) usage; exit 0 ;;
    --fast) fast=yes ;;
    --thorough) thorough=yes ;;
    --no-model) model=no ;;
    *) printf "run.sh: '%s' is not an option; --help lists them\n" "$argument" >&2; exit 2 ;;
  esac
done

passed=0
failed=0
skipped=0
failures=""
started=$SECONDS

# verdict NAME STATUS: one test that is a command.
verdict() {
  if [ "$2" = 0 ]; then
    passed=$((passed + 1))
    say "  passed  $1"
  else
    failed=$((failed + 1))
    failures="$failures\n  $1"
    say "  FAILED  $1"
  fi
}

# begin NAME COMMAND...: runs the doctest program of a suite beside what follows.
declare -A begun
begin() {
  local name="$1"
  shift
  "$@" >"$FOLDER/$name.log" 2>&1 &
  begun[$name]=$!
}

# suite NAME [COMMAND...]: a doctest program, or the one that has begun; its own counts are added.
suite() {
  local name="$1" log counts status
  shift
  log="$FOLDER/$name.log"
  if [ -n "${begun[$name]:-}" ]; then wait "${begun[$name]}"; else "$@" >"$log" 2>&1; fi
  status=$?
  counts="$(sed -n 's/^\[doctest\] test cases: *[0-9]* *| *\([0-9]*\) passed *| *\([0-9]*\) failed.*/\1 \2/p' "$log" | tail -n 1)"
  if [ -z "$counts" ]; then
    tail -n 40 "$log"
    verdict "$name (ended without a count, status $status)" 1
    return
  fi
  # shellcheck disable=SC2086
  set -- $counts
  passed=$((passed + $1))
  failed=$((failed + $2))
  say "  $name: $1 passed, $2 failed"
  grep -h '^ *skipped: ' "$log" | sort | uniq -c | sed 's/^ *[0-9]*/  /'
  skipped=$((skipped + $(grep -c '^ *skipped: ' "$log")))
  if [ "$2" != 0 ] || [ "$status" != 0 ]; then
    [ "$2" != 0 ] || failed=$((failed + 1))
    failures="$failures\n  $name (log: $log)"
    grep -vE '^\s*$' "$log" | tail -n 60
  fi
}

# shellcheck disable=SC2086
ensure_packages "for the build, the window and the tests" $PACKAGES_BUILD $PACKAGES_WINDOW $PACKAGES_TESTS
ensure_locale
ensure_bundle
if [ "$model" = yes ]; then ensure_model; fi
if ! "$CACHE/venv/bin/clang-format" --version 2>/dev/null | grep -q 14.0.6; then
  ensure_venv
  step "Fetching clang-format 14.0.6"
  "$CACHE/venv/bin/pip" install --disable-pip-version-check -q clang-format==14.0.6 || fail "clang-format could not be fetched; check the network and run this again"
fi

FOLDER="$(build_folder dev)"
cd "$ROOT" || exit 1

step "Format, layers, scripts"
find reference kernels labs app tests \( -name '*.cpp' -o -name '*.hpp' -o -name '*.cu' -o -name '*.cuh' \) -print0 |
  xargs -0 "$CACHE/venv/bin/clang-format" --dry-run --Werror 2>&1 | grep -E 'error:' | cut -d: -f1 | sort | uniq -c | head -n 20
verdict "clang-format" "${PIPESTATUS[1]}"
python3 .ci/layers.py
verdict "layers: each floor includes only itself and those below" $?
for script in app/run.sh tests/run.sh tests/fresh_machine.sh .ci/run .ci/setup.sh; do
  bash -n "$script" || verdict "$script parses" 1
done
verdict "shell scripts parse" 0

step "Build (dev: warnings are errors)"
configure_and_build dev "$FOLDER"
verdict "everything builds without warnings" 0

if [ "$fast" = no ]; then
  # Behind what runs next, which keeps one core busy and is served first.
  SANITIZED="$(build_folder asan)"
  THREADED="$(build_folder tsan)"
  mkdir -p "$SANITIZED" "$THREADED"
  set -m  # a process group of its own, so that Ctrl-C leaves nothing behind
  (
    renice -n 15 -p "$BASHPID" >/dev/null
    configure_and_build tsan "$THREADED" test_threads
    references=""
    [ "$thorough" = no ] || references=test_reference
    # shellcheck disable=SC2086
    configure_and_build asan "$SANITIZED" test_core test_model fuzz_npy fuzz_json fuzz_gguf $references
  ) >"$SANITIZED/build.log" 2>&1 &
  sanitizers=$!
  set +m
  trap 'kill -- "-$sanitizers" 2>/dev/null' EXIT
fi

step "doctest suites"
[ ! -x "$FOLDER/bin/test_labs" ] || begin labs "$FOLDER/bin/test_labs"  # the longest, on a core of its own
for room in core model reference kernels student grade app labs; do
  if [ -x "$FOLDER/bin/test_$room" ]; then
    suite "$room" "$FOLDER/bin/test_$room"
  else
    verdict "test_$room exists" 1
  fi
done
# Only where the counted executor is built: g++ 12 or newer.
[ ! -x "$FOLDER/bin/test_shifted" ] || suite "every subscript of every rung" "$FOLDER/bin/test_shifted"

step "Generated documents and the command line"
python3 .ci/docs.py "$FOLDER/bin/alab"
verdict "generated tables are up to date (.ci/docs.py --write mends them)" $?
results="$FOLDER/report of every lab"
rm -rf "$results"
"$FOLDER/bin/alab" report --out "$results"
verdict "alab report runs every lab at its presets" $?

if [ "$fast" = no ]; then
  # Each exercise's starter, solution and wrong solutions, on the core that the GUI tests leave.
  begin exercises nice -n 10 "$FOLDER/bin/test_exercises"
  step "GUI tests (Xvfb, software GL)"
  export ALAB_SCREENSHOTS="${ALAB_SCREENSHOTS:-$ROOT/build/screenshots}"
  mkdir -p "$ALAB_SCREENSHOTS"
  LIBGL_ALWAYS_SOFTWARE=1 xvfb-run -a -s "-screen 0 1366x768x24" "$FOLDER/bin/gui_tests" >"$FOLDER/gui.log" 2>&1
  status=$?
  counts="$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$FOLDER/gui.log" | tail -n 1)"
  if [ -n "$counts" ]; then
    # shellcheck disable=SC2086
    set -- $counts
    passed=$((passed + $1))
    failed=$((failed + $2))
    say "  gui: $1 passed, $2 failed; screenshots in $ALAB_SCREENSHOTS"
    if [ "$2" != 0 ] || [ "$status" != 0 ]; then failures="$failures\n  gui (log: $FOLDER/gui.log)"; tail -n 60 "$FOLDER/gui.log"; [ "$2" != 0 ] || failed=$((failed + 1)); fi
  else
    tail -n 60 "$FOLDER/gui.log"
    verdict "gui tests end with a count" 1
  fi

  step "Every exercise's starter fails, its solution passes, its wrong solutions fail for their reasons"
  suite exercises

  step "Sanitizers and fuzz targets"
  if wait "$sanitizers"; then
    suite "core under asan and ubsan" "$SANITIZED/bin/test_core"
    [ "$thorough" = no ] || suite "reference under asan and ubsan" "$SANITIZED/bin/test_reference"
    suite "model under asan and ubsan" "$SANITIZED/bin/test_model"
    for target in npy json gguf; do
      "$SANITIZED/bin/fuzz_$target" "tests/fuzz/corpus/$target" 10
      verdict "fuzz $target under asan and ubsan" $?
    done
    suite "threads under tsan" "$THREADED/bin/test_threads"
  else
    tail -n 60 "$SANITIZED/build.log"
    verdict "sanitized programs build (log: $SANITIZED/build.log)" 1
  fi
fi

say
[ -z "$failures" ] || printf 'What failed:%b\n' "$failures"
say "$((SECONDS - started)) s"
if [ "$skipped" -gt 0 ]; then say "$skipped checks were skipped; their reasons are above"; fi
say "$passed passed, $failed failed"
[ "$failed" = 0 ]
