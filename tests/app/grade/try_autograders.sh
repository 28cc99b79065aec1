#!/usr/bin/env bash
# Runs both example autograders as their documentation describes: /autograder with its submission and results, and a
# checkout with Classroom 50's environment. SPDX-License-Identifier: MIT
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)"
alab="$(realpath "${1:?usage: try_autograders.sh path/to/alab}")"
solution="$(find "$ROOT"/labs -path '*/exercises/1a_*/solution.cu')"
[ -f "$solution" ] || { echo "there is no exercise 1a to try them with" >&2; exit 1; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
fail() { printf 'try_autograders.sh: %s\n' "$*" >&2; exit 1; }

# Gradescope: /autograder/source has the zip's files, run_autograder is copied beside it.
mkdir -p "$work/autograder/source" "$work/autograder/submission" "$work/autograder/results"
cp "$ROOT"/assets/autograder/gradescope/* "$work/autograder/source/"
cp "$work/autograder/source/run_autograder" "$work/autograder/run_autograder"
chmod +x "$work/autograder/run_autograder"
cp "$solution" "$work/autograder/submission/1a my kernel.cu"
echo '{"users": [{"email": "anna@example.org", "id": 7}]}' >"$work/autograder/submission_metadata.json"
mounts=(--tmpfs /)
for entry in /*; do
  if [ -L "$entry" ]; then mounts+=(--symlink "$(readlink "$entry")" "$entry"); else mounts+=(--dev-bind "$entry" "$entry"); fi
done
mounts+=(--bind "$work/autograder" /autograder)
bwrap "${mounts[@]}" true 2>/dev/null || { echo "skipped: bubblewrap cannot be used here"; exit 77; }
bwrap "${mounts[@]}" --chdir /autograder --setenv ALAB "$alab" /autograder/run_autograder
python3 - "$work/autograder/results/results.json" <<'PYTHON' || fail "Gradescope's results.json is not as its specification says"
import json, sys
results = json.load(open(sys.argv[1], encoding="utf-8"))
assert isinstance(results["score"], (int, float)) and results["tests"], results
for test in results["tests"]:
    assert test["status"] == "passed" and 0 < test["score"] == test["max_score"], test
    assert test["visibility"] in {"hidden", "after_due_date", "after_published", "visible"}, test
    assert test["output_format"] in {"text", "html", "simple_format", "md", "ansi"}, test
assert results["score"] == sum(test["score"] for test in results["tests"])
PYTHON

# Classroom 50: in the student's checkout, a repository; twice, as a regrade must give the same.
mkdir -p "$work/checkout" && cd "$work/checkout"
printf 'nothing to see\n__global__ void\n' >1a.cu
git init -q && git add . && git -c user.name=a -c user.email=a@example.org -c commit.gpgsign=false commit -q -m submit --date '2026-10-01T10:00:00Z'
run_classroom50() {
  CLASSROOM=cs ASSIGNMENT=scores SUBMISSION_TAG=submit/2026-10-01T10-00-00Z-abc COMMIT_URL=https://example.org/c RELEASE_URL=https://example.org/r \
    REVIEW_URL=https://example.org/v USERNAME=anna ALAB="$alab" python3 "$ROOT/assets/autograder/classroom50/autograder.py"
}
run_classroom50 && cp result.json "$work/first.json"
run_classroom50 && cmp result.json "$work/first.json" || fail "grading the same commit again gave another result.json"
python3 - result.json <<'PYTHON' || fail "Classroom 50's result.json is not as its documentation says"
import json, re, sys
result = json.load(open(sys.argv[1], encoding="utf-8"))
assert result["schema"] == "classroom50/result/v1" and result["classroom"] == "cs" and result["assignment"] == "scores", result
assert result["submission"].startswith("submit/") and result["review"] == "https://example.org/v", result
assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", result["datetime"]), result
assert type(result["score"]) is int and result["score"] == 0 < result["max-score"], result
assert sum(test["max-score"] for test in result["tests"]) == result["max-score"], result
assert all(type(test["passed"]) is bool and not test["passed"] for test in result["tests"]), result
PYTHON
echo "both autograders leave what their documentation describes"
