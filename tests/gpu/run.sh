#!/usr/bin/env bash
# On a machine with a GPU and nvcc: builds the preset "cuda", runs the kernel suite on the device, and prints errors and times
# of every rung. Without the Debian packages, run tests/gpu/pack_deps.sh on a machine that has them first.
# SPDX-License-Identifier: MIT
set -uo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
OUT="${1:-$ROOT/build/gpu-results}"
mkdir -p "$OUT"
cd "$ROOT" || exit 1
cmake --preset cuda >"$OUT/configure.log" 2>&1 || { tail -n 20 "$OUT/configure.log"; exit 1; }
cmake --build --preset cuda --target alab test_kernels >"$OUT/build.log" 2>&1 || { grep -E 'error|FAILED' "$OUT/build.log" | head -n 20; exit 1; }
grep -iE 'warning|spill' "$OUT/build.log" | sort | uniq -c | head -n 20
status=0
build/cuda/bin/alab doctor
build/cuda/bin/test_kernels >"$OUT/test_kernels.log" 2>&1 || status=1
tail -n 6 "$OUT/test_kernels.log"
grep -E 'skipped|ERROR' "$OUT/test_kernels.log" | sort | uniq -c | head -n 20
build/cuda/bin/alab bench --backend cuda --json "$OUT/bench_default.json" || status=1
build/cuda/bin/alab bench flash_attention_fwd --backend cuda --set seq_len=2048 --set heads=16 --json "$OUT/bench_fwd_2048.json" || status=1
build/cuda/bin/alab bench flash_attention_bwd --backend cuda --set seq_len=1024 --set heads=8 --json "$OUT/bench_bwd_1024.json" || status=1
build/cuda/bin/alab bench softmax_rows --backend cuda --set rows=1024 --set cols=32768 --json "$OUT/bench_rows_32768.json" || status=1
exit "$status"
