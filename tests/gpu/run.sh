#!/usr/bin/env bash
# Builds preset cuda, runs the kernels suite on the GPU, and prints errors and times of every rung.
# Needs nvcc, CMake, ninja and g++; the headers come from .deps (tests/gpu/pack_deps.sh) or from packages.
# Usage: tests/gpu/run.sh [FOLDER for tables and logs]
# SPDX-License-Identifier: MIT
set -uo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
cd "$root"
out="${1:-build/cuda/gpu}"
mkdir -p "$out"
fail() { echo "tests/gpu/run.sh: $*" >&2; exit 1; }

command -v nvcc >/dev/null || export PATH="$PATH:/usr/local/cuda/bin"
command -v nvcc >/dev/null || fail "nvcc is not on PATH: install the CUDA toolkit 12 or newer"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || echo "nvidia-smi is not there"
nvcc --version | tail -2

start=$SECONDS
cmake --preset cuda > "$out/configure.log" 2>&1 || { tail -30 "$out/configure.log"; fail "configuring failed"; }
targets="test_kernels gpu_table"
grep -q '^build bin/alab:' build/cuda/build.ninja && targets="$targets alab"
# alab needs rooms above the kernels; without them the table and the suite still run.
cmake --build --preset cuda --target test_kernels gpu_table > "$out/build.log" 2>&1 ||
  { grep -E 'error|FAILED' -A3 "$out/build.log" | head -40; fail "the build failed"; }
echo "built in $((SECONDS - start)) s; compiler warnings: $(grep -c 'warning' "$out/build.log")"

status=0
build/cuda/bin/test_kernels > "$out/test_kernels.log" 2>&1 || status=1
grep -E 'ERROR|skipped|GPU:' -A4 "$out/test_kernels.log" | head -60
tail -3 "$out/test_kernels.log"

build/cuda/bin/gpu_table --out "$out" || status=1
case "$targets" in *alab*)
  if cmake --build --preset cuda --target alab >> "$out/build.log" 2>&1 && build/cuda/bin/alab bench --help >/dev/null 2>&1; then
    build/cuda/bin/alab bench --backend cuda | tee "$out/alab_bench.txt" || status=1
  else
    echo "alab bench was not built or is not there yet"
  fi ;;
esac
exit $status
