#!/usr/bin/env bash
# How many submissions a minute `alab grade` judges, at one job and at more: a class made of an exercise's solution,
# starter and wrong solutions, each with a comment of its own, so that nothing is kept from another student.
# Usage: tests/student/grade_speed.sh path/to/alab [exercise, 1a] [students, 12] [jobs..., 1 2]
# ALAB_GRADE_OPTIONS: more options for `alab grade`, such as --without-sandbox.
# SPDX-License-Identifier: MIT
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
alab="$(realpath "${1:?usage: grade_speed.sh path/to/alab [exercise] [students] [jobs...]}")"
exercise="${2:-1a}"
students="${3:-12}"
shift $(($# < 3 ? $# : 3))
[ $# -gt 0 ] || set -- 1 2
folder="$(find "$ROOT"/labs -type d -path "*/exercises/${exercise}_*" -prune | head -n 1)"
[ -n "$folder" ] || { echo "grade_speed.sh: there is no exercise $exercise" >&2; exit 1; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

sources=("$folder/solution.cu" "$folder/starter.cu" "$folder"/wrong/*.cu)
round=0
# A class of its own for each number of jobs: the same kinds of mistakes, no source twice.
make_class() {
  round=$((round + 1))
  for ((i = 0; i < students; ++i)); do
    mkdir -p "$work/in $1/student $i"
    { cat "${sources[i % ${#sources[@]}]}"; echo "// $RANDOM $round $i"; } >"$work/in $1/student $i/$exercise.cu"
  done
}

printf '%s, %d submissions of %s, %d kinds\n' "$("$alab" --version)" "$students" "$exercise" "${#sources[@]}"
for jobs in "$@"; do
  make_class "$jobs"
  start="$(date +%s.%N)"
  "$alab" grade "$work/in $jobs" --out "$work/out $jobs" --exercise "$exercise" --jobs "$jobs" ${ALAB_GRADE_OPTIONS:-} >"$work/log" || { cat "$work/log"; exit 1; }
  end="$(date +%s.%N)"
  # The first source is the solution: a speed counts only where it passes.
  grep -rq '"passed": true' "$work/out $jobs/classroom50/student 0" || { echo "grade_speed.sh: the solution does not pass here" >&2; exit 1; }
  awk -v n="$students" -v jobs="$jobs" -v s="$start" -v e="$end" \
    'BEGIN { printf "jobs %d: %.1f s, %.1f submissions a minute\n", jobs, e - s, 60 * n / (e - s) }'
done
