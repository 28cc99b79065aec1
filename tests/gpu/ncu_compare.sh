#!/usr/bin/env bash
# Compares the counted executor with Nsight Compute and compute-sanitizer on this machine's GPU.
# Needs what tests/gpu/run.sh needs, ncu and compute-sanitizer. Usage: tests/gpu/ncu_compare.sh [FOLDER for results]; ALAB_NCU_SHORT=yes leaves out
# the shared-memory patterns.
# SPDX-License-Identifier: MIT
set -uo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
cd "$root"
out="${1:-build/cuda/ncu}"
mkdir -p "$out"
fail() { echo "tests/gpu/ncu_compare.sh: $*" >&2; exit 1; }

command -v nvcc >/dev/null || export PATH="$PATH:/usr/local/cuda/bin"
for tool in nvcc ncu compute-sanitizer; do
  command -v $tool >/dev/null || fail "$tool is not on PATH: install the CUDA toolkit 12 or newer"
done
start=$SECONDS
cmake --preset cuda >"$out/configure.log" 2>&1 || { tail -30 "$out/configure.log"; fail "configuring failed"; }
cmake --build --preset cuda --target ncu_compare >"$out/build.log" 2>&1 ||
  { grep -E 'error|FAILED' -A3 "$out/build.log" | head -40; fail "the build failed"; }
echo "built in $((SECONDS - start)) s by $(g++ --version | head -1)"
program=build/cuda/bin/ncu_compare

start=$SECONDS
"$program" count "$out/counted.json" || fail "counting failed"
echo "counted in $((SECONDS - start)) s"

ncu --query-metrics >"$out/metrics.txt" 2>/dev/null || fail "ncu lists no metrics: the driver may keep counters from users"
metrics="$(python3 tests/gpu/ncu_compare.py metrics --known "$out/metrics.txt")"
shared="$(python3 tests/gpu/ncu_compare.py metrics --shared)"
watch() { # GROUP FILE METRICS
  start=$SECONDS
  ncu --clock-control none --cache-control all --csv --page raw --print-units base --metrics "$3" \
    --log-file "$out/$2" "$program" launch "$1" || { head -20 "$out/$2"; fail "ncu failed"; }
  echo "ncu $1: $((SECONDS - start)) s"
}
watch rung ncu_rung.csv "$metrics"
watch probe ncu_probe.csv "$metrics"
[ "${ALAB_NCU_SHORT:-no}" = yes ] || watch pattern ncu_pattern.csv "$shared"
watch rung ncu_rung_again.csv "$metrics"

device="$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader | head -1), $(ncu --version | tail -1), $(date +%F)"
echo "$device" >"$out/device.txt"
for group in rung probe; do
  again=""
  [ $group = rung ] && again="$out/ncu_rung_again.csv"
  # shellcheck disable=SC2086
  python3 tests/gpu/ncu_compare.py join "$out/counted.json" "$out/ncu_$group.csv" $again --group $group --device "$device"
done
[ ! -e "$out/ncu_pattern.csv" ] ||
  python3 tests/gpu/ncu_compare.py join "$out/counted.json" "$out/ncu_pattern.csv" --group pattern --differences 5

start=$SECONDS
# An endless loop and an endless recursion would not come back.
: >"$out/sanitizer.txt"
one() { # NUMBER TOOL
  local text
  local padding=""
  [ "$2" = memcheck ] && padding="--padding 512"  # else what lies past a buffer may be its neighbour
  # shellcheck disable=SC2086
  text="$(timeout 60 compute-sanitizer --tool "$2" $padding --print-limit 3 "$program" mistake "$1" 2>&1)"
  printf '%s\n' "#### $1 $2 $?" "$text" >"$out/sanitizer_$1_$2.txt"
}
"$program" mistakes | while IFS=$'\t' read -r number kind mark; do
  case "$kind" in stack_overflow | too_long) continue ;; esac
  for tool in memcheck racecheck initcheck synccheck; do
    one "$number" $tool &
  done
  wait
done
cat "$out"/sanitizer_*_*.txt >"$out/sanitizer.txt"
rm "$out"/sanitizer_*_*.txt
"$program" mistakes >"$out/mistakes.txt"
echo "compute-sanitizer: $((SECONDS - start)) s"
