#!/usr/bin/env bash
# Proves 'alab check --backend cuda' on this machine's GPU: every exercise's solution passes, every starter and every
# wrong solution fails, compute-sanitizer finds a planted race and a planted access out of bounds, a kernel that never
# ends is ended. Then builds the rungs with nvcc and times every solution beside them. Ends within 9 minutes.
# Needs nvcc, CMake, ninja, g++ and python3; the headers come from .deps (tests/gpu/pack_deps.sh) or from packages.
# Usage: tests/gpu/student.sh FOLDER     summary.txt, results.txt and student.tgz (logs, verdicts as JSON) go there
#        BUDGET=SECONDS for all of it (default 530), BUILD=FOLDER of the build (default build/student_gpu),
#        ONLY=1a for one exercise
# SPDX-License-Identifier: MIT
set -uo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
[ $# -ge 1 ] || { sed -n 2,10p "$0"; exit 2; }
mkdir -p "$1"
to="$(cd "$1" && pwd)"
out="$(mktemp -d)"
trap 'rm -rf "$out"' EXIT
cd "$root" || exit 2
build="${BUILD:-build/student_gpu}"
budget="${BUDGET:-530}"
mkdir -p "$out/json" "$out/log" "$out/faults"
exec > >(tee "$to/summary.txt") 2>&1
left() { echo $((budget - SECONDS)); }
within() { # SECONDS COMMAND...: no longer than that, nor than what is left
  local most=$1 rest
  shift
  rest=$(left)
  [ "$rest" -gt 5 ] || { echo "no time left for: $*"; return 124; }
  [ "$rest" -lt "$most" ] && most=$rest
  timeout -k 5 "$most" "$@"
}
fail() { echo "student.sh: $*"; finish; exit 1; }
finish() {
  cp "$out/results.txt" "$to/" 2>/dev/null
  tar -C "$out" -czf "$to/student.tgz" json log faults 2>/dev/null
  echo "all of it: $SECONDS s; logs in student.tgz"
}

command -v nvcc >/dev/null || export PATH="$PATH:/usr/local/cuda/bin"
command -v nvcc >/dev/null || fail "nvcc is not on PATH: install the CUDA toolkit 12 or newer"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || echo "nvidia-smi is not there"
nvcc --version | tail -2
command -v compute-sanitizer || echo "compute-sanitizer is not on PATH"
sandbox="--without-sandbox"  # allows to go without it and uses it where it works
command -v bwrap || echo "bwrap is not there"
jobs="$(nproc)"
echo "$jobs cores"
export ALAB_CACHE_DIR="$out/cache" ALAB_DATA_DIR="$out/data"

# ---- build without nvcc: what checks need -----------------------------------------------------------------------
within 60 cmake --preset headless -B "$build" -DALAB_CUDA=OFF >"$out/log/configure.log" 2>&1 ||
  { tail -30 "$out/log/configure.log"; fail "configuring failed"; }
began=$SECONDS
within 330 cmake --build "$build" --target alab alab_worker alab_student_kit alab_mistakes alab_gpu >"$out/log/build.log" 2>&1 ||
  { grep -E 'error|FAILED' -A3 "$out/log/build.log" | head -40; tail -3 "$out/log/build.log"; fail "the build failed or took too long"; }
echo "built in $((SECONDS - began)) s; compiler warnings: $(grep -c 'warning:' "$out/log/build.log")"
alab="$root/$build/bin/alab"

# ---- checks -----------------------------------------------------------------------------------------------------
# one KIND EXERCISE FILE NAME [OPTION...]
cat >"$out/one.sh" <<'ONE'
kind=$1 exercise=$2 file=$3 name=$4
shift 4
started=$(date +%s.%N)
timeout -k 5 "${LIMIT:-60}" "$ALAB" check "$exercise" "$file" --backend cuda $SANDBOX --json "$OUT/json/$kind.$exercise.$name.json" "$@" \
  >"$OUT/log/$kind.$exercise.$name.txt" 2>&1
echo "$kind $exercise $name $? $(echo "$(date +%s.%N) $started" | awk '{printf "%.2f", $1 - $2}')" >>"$OUT/results.txt"
ONE
export ALAB="$alab" SANDBOX="$sandbox" OUT="$out"
: >"$out/results.txt"
check_all() { # LIST PARALLEL: lines "KIND EXERCISE FILE NAME OPTION..."
  within 260 xargs -P "$2" -L 1 bash "$out/one.sh" <"$1" || echo "some checks were not run: out of time"
}
folders=(labs/*/exercises/"${ONLY:-}"*/)
first="${folders[0]}"
began=$SECONDS
echo "warm $(basename "$first") ${first}solution.cu first" >"$out/warm.list"
check_all "$out/warm.list" 1
tail -20 "$out/log/warm.$(basename "$first").first.txt"
echo "the first check took $((SECONDS - began)) s"
rm -f "$out"/json/warm.*

: >"$out/solutions.list"
: >"$out/others.list"
for folder in "${folders[@]}"; do
  id="$(basename "$folder")"
  echo "solution $id ${folder}solution.cu solution" >>"$out/solutions.list"
  echo "starter $id ${folder}starter.cu starter --without-sanitizer" >>"$out/others.list"
  for file in "${folder}"wrong/*.cu; do
    echo "wrong $id $file $(basename "$file" .cu) --without-sanitizer" >>"$out/others.list"
  done
done

tiled="$(echo labs/*/exercises/1b_*/)"
naive="$(echo labs/*/exercises/1a_*/)"
grep -v '__syncthreads' "${tiled}solution.cu" >"$out/faults/race.cu"
cp "${naive}wrong/no_bounds_test.cu" "$out/faults/bounds.cu"
sed 's/^}/  if (threadIdx.x == 0 \&\& blockIdx.x == 0) {\n    volatile const float* p = Q;\n    while (p[0] == p[0] || p[0] != p[0]) {\n    }\n  }\n}/' "${naive}solution.cu" >"$out/faults/endless.cu"
sed 's/^}/  reinterpret_cast<float*>(0x10)[threadIdx.x] = 1;\n}/' "${naive}solution.cu" >"$out/faults/wild.cu"
{
  echo "fault $(basename "$tiled") $out/faults/race.cu race"
  echo "fault $(basename "$naive") $out/faults/bounds.cu bounds"
  echo "fault $(basename "$naive") $out/faults/endless.cu endless --without-sanitizer"
  echo "fault $(basename "$naive") $out/faults/wild.cu wild --without-sanitizer"
} >"$out/faults.list"

began=$SECONDS
check_all "$out/solutions.list" $((jobs / 4 > 0 ? jobs / 4 : 1))
echo "solutions, with compute-sanitizer: $((SECONDS - began)) s"
began=$SECONDS
check_all "$out/faults.list" 4
echo "planted faults: $((SECONDS - began)) s"
began=$SECONDS
check_all "$out/others.list" $((jobs / 2 > 0 ? jobs / 2 : 1))
echo "starters and wrong solutions, without compute-sanitizer: $((SECONDS - began)) s"

cat >"$out/table.py" <<'PY'
import collections, glob, json, os, statistics, sys
out, part = sys.argv[1], sys.argv[2]
runs = [line.split() for line in open(out + "/results.txt")]
runs = [r for r in runs if r[0] != "warm"]
def verdict(kind, exercise, name):
    try:
        return json.load(open(f"{out}/json/{kind}.{exercise}.{name}.json"))
    except (OSError, ValueError):
        return None
def why(v, kind, exercise, name):
    if v is None:
        try:
            return " | ".join(open(f"{out}/log/{kind}.{exercise}.{name}.txt").read().split("\n")[-4:])[:300]
        except OSError:
            return "no output"
    if not v["compiled"]:
        return "does not compile: " + "; ".join(d["text"] for d in v["diagnostics"] if d["error"])[:300]
    return " / ".join(f"{c['id']}: {c['sentence'] or c['status']}" for c in v["checks"] if c["status"] != "passed")[:400]
if part == "verdicts":
    count = collections.Counter()
    odd, quiet, missing = [], [], []
    times = collections.defaultdict(list)
    for kind, exercise, name, code, wall in runs:
        v = verdict(kind, exercise, name)
        want = 0 if kind == "solution" else 1
        good = int(code) == want and v is not None
        count[kind, good] += 1
        if not good:
            odd.append(f"{kind} {exercise} {name}: exit {code}, {why(v, kind, exercise, name)}")
        if v is None or not v.get("gpu"):
            missing.append(f"{kind} {exercise} {name}")
            continue
        times[kind].append((float(wall), v["gpu"]["compile_seconds"], v["gpu"]["seconds"]))
        if kind == "wrong":
            on_gpu = [c for c in v["checks"] if c["status"] == "failed" and "," in c["judged_on"] and "the check passes)" not in c["sentence"]]
            if not on_gpu:
                quiet.append(f"{exercise} {name}: " + ", ".join(c["id"] for c in v["checks"] if c["status"] == "failed"))
    print("kind       as it must be   otherwise")
    for kind in ("solution", "starter", "wrong", "fault"):
        print(f"{kind:9}  {count[kind, True]:13}   {count[kind, False]:9}")
    print("\notherwise:" if odd else "\nnone is otherwise")
    print("\n".join("  " + o for o in odd))
    if missing:
        print("without a GPU's part:", ", ".join(missing))
    print("\nseconds per verdict (median, most): wall clock / nvcc / all of the GPU's part; several ran at the same time")
    for kind, t in times.items():
        cell = lambda i: f"{statistics.median(x[i] for x in t):.2f}, {max(x[i] for x in t):.2f}"
        print(f"  {kind:9} {cell(0)}  /  {cell(1)}  /  {cell(2)}")
    print(f"\nwrong solutions that fail on the executor alone ({len(quiet)}), with the checks that fail:")
    print("\n".join("  " + q for q in quiet))
    print("\nwhat compute-sanitizer found in solutions (nothing is right):")
    for kind, exercise, name, code, wall in runs:
        v = verdict(kind, exercise, name)
        if kind == "solution" and v and v.get("gpu") and "found nothing" not in v["gpu"]["sanitizer"]:
            print("  ", exercise, v["gpu"]["sanitizer"][:400])
    print("\nplanted faults:")
    for name, words in (("race", "(racecheck)"), ("bounds", "(memcheck)"), ("endless", ""), ("wild", "")):
        for kind, exercise, n, code, wall in runs:
            if kind == "fault" and n == name:
                v = verdict(kind, exercise, n)
                found = [f["sentence"] for c in (v or {"checks": []})["checks"] for f in c["findings"] if words and words in f["sentence"]]
                if words:
                    print(f"  {name}: " + (found[0] if found else f"NOT FOUND by {words}; " + ((v or {}).get("gpu") or {}).get("sanitizer", "")[:600]))
                print(f"    {wall} s; {why(v, kind, exercise, n)}")
else:
    print("time of each solution, measured on the GPU, median and half the interquartile range in microseconds")
    for file in sorted(glob.glob(out + "/json/time.*.json")):
        v = json.load(open(file))
        t = (v.get("gpu") or {}).get("timing")
        if not t:
            print(f"  {v['exercise']}: no time ({'passed' if v['passed'] else 'failed'})")
            continue
        us = lambda a, b: f"{1e6 * a:.1f} ({1e6 * b:.1f})"
        rung = f"{us(t['rung_seconds'], t['rung_spread'])} {t['rung']}" if t["rung"] else t["rung_note"]
        print(f"  {v['exercise']}: {t['problem'] or us(t['seconds'], t['spread'])}  |  {rung}  |  {t['shape']}")
PY
within 30 python3 "$out/table.py" "$out" verdicts || echo "the table failed"

# ---- times beside the rungs, when there is time to compile those ------------------------------------------------
if [ "$(left)" -gt 130 ]; then
  began=$SECONDS
  within 45 cmake -B "$build" -DALAB_CUDA=ON >>"$out/log/configure.log" 2>&1
  if within "$(($(left) - 100))" cmake --build "$build" --target alab alab_worker >"$out/log/build_cuda.log" 2>&1; then
    echo "rungs compiled in $((SECONDS - began)) s"
    sed 's/^solution /time /; s/$/ --without-sanitizer/' "$out/solutions.list" >"$out/times.list"
    within 120 xargs -P 1 -L 1 bash "$out/one.sh" <"$out/times.list" || echo "not all were timed: out of time"
  else
    echo "the rungs were not compiled in time: $(tail -1 "$out/log/build_cuda.log")"
  fi
fi
ls "$out"/json/time.* >/dev/null 2>&1 || for file in "$out"/json/solution.*.json; do cp "$file" "${file/solution./time.}"; done
timeout 20 python3 "$out/table.py" "$out" times || echo "the table of times failed"
finish
