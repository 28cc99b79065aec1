#!/usr/bin/env python3
"""Do the checks of an exercise notice small mistakes? Changes its solution in one place at a time and judges each.

Usage: tests/student/mutation.py ALAB [EXERCISE...] [--jobs N] [--out FILE.json] [--list]

Operators: off by one, dropped barrier, dropped factor, swapped operands, wrong stride, wrong mask or bound, wrong
accumulation. A change that does not compile is no mutant. Survivors that compute the same are explained in
equivalent.json beside this file: {"1a_...": [{"line": "changed line", "why": "..."}]}; with "equivalent": false they
count as missed. Ends with 1 when a survivor has no explanation or fewer than 95 % of the others are caught. SPDX-License-Identifier: MIT
"""
import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORD = r"[A-Za-z_]\w*"
TERM = rf"(?:{WORD}|\d+)(?:\[[^\[\]]*\]|\.\w+)*"
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)


def replaced(pattern, by):
    """An operator: every match of pattern, one at a time, gives a text with it replaced."""
    compiled = re.compile(pattern)

    def apply(code):
        for match in compiled.finditer(code):
            new = match.expand(by) if isinstance(by, str) else by(match)
            if new is not None and new != match.group(0):
                yield match.start(), match.end(), new
    return apply


def strides(code):
    """A size in an index taken for another size of the same kernel."""
    for kernel in re.finditer(r"__global__\s+void\s+\w+\(([^)]*)\)", code):
        sizes = re.findall(r"\bint (\w+)", kernel.group(1))
        end = code.find("__global__", kernel.end())
        body = code[kernel.end():end if end >= 0 else len(code)]
        for match in re.finditer(r"\* (\w+)\b", body):
            others = [s for s in sizes if s != match.group(1)]
            if match.group(1) in sizes and others:
                at = kernel.end() + match.start(1)
                yield at, at + len(match.group(1)), others[0]


OPERATORS = {
    "off by one": [replaced(r"= 0;", "= 1;"), replaced(rf"({TERM}) \+ 1\b", r"\1"), replaced(rf"({TERM}) - 1\b", r"\1")],
    "dropped barrier": [replaced(r"__sync(threads|warp)\(\);", ";")],
    "dropped factor": [replaced(rf" \* {TERM}(?!\w|\()", ""), replaced(rf"(?<=[=(] ){TERM} \* ", ""), replaced(rf"{TERM} \*= [^;]*;", ";"),
                       replaced(r"\b(__?expf?|expf?)\(", "(")],
    "swapped operands": [replaced(rf"({TERM}) (-|/) ({TERM})", r"\3 \2 \1"), replaced(r"\bf?max(f?)\(", r"fmin\1(")],
    "wrong stride": [strides],
    "wrong mask or bound": [replaced(r" < ", " <= "), replaced(r" <= ", " < "), replaced(r" > ", " >= "), replaced(r" >= ", " > "),
                            replaced(r" == ", " != "), replaced(r" && ", " || "), replaced(r" \|\| ", " && ")],
    "wrong accumulation": [replaced(r" \+= ", " = "), replaced(r" \+= ", " -= ")],
}


def mutants(source):
    code = COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), source)
    seen = set()
    for operator, rules in OPERATORS.items():
        for rule in rules:
            for start, end, new in rule(code):
                text = code[:start] + new + code[end:]
                if text not in seen and text != code:
                    seen.add(text)
                    number = code.count("\n", 0, start) + 1
                    yield {"operator": operator, "line": number, "text": text,
                           "was": code.split("\n")[number - 1].strip(), "is": text.split("\n")[number - 1].strip()}


def judge(alab, options, exercise, mutant, folder):
    file = pathlib.Path(folder) / f"{exercise}_{hashlib.sha256(mutant['text'].encode()).hexdigest()[:16]}.cu"
    file.write_text(mutant["text"])
    run = subprocess.run([alab, "check", exercise, str(file), "--first-failure", "--json", str(file) + ".json", *options],
                         capture_output=True, text=True)
    if run.returncode not in (0, 1):
        return "not graded: " + run.stderr.strip()
    verdict = json.loads(pathlib.Path(str(file) + ".json").read_text())
    if not verdict["compiled"]:
        return "stillborn"
    return "caught" if run.returncode == 1 else "survived"


def explained(known, exercise, mutant):
    """Why it survived, and whether it computes the same."""
    entry = next((e for e in known.get(exercise, []) if e["line"] == mutant["is"]), None)
    return (None, False) if entry is None else (entry["why"], entry.get("equivalent", True))


def run_exercise(alab, options, exercise, known, jobs, folder):
    [source] = ROOT.glob(f"labs/*/exercises/{exercise}/solution.cu")
    todo = list(mutants(source.read_text()))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        ends = list(pool.map(lambda m: judge(alab, options, exercise, m, folder), todo))
    survivors = []
    for m, end in zip(todo, ends):
        if end == "survived":
            why, same = explained(known, exercise, m)
            survivors.append({k: m[k] for k in ("operator", "line", "was", "is")} | {"why": why, "equivalent": same})
    ungraded = [end for end in ends if end.startswith("not graded")]
    # Were the solution itself to fail, every change to it would seem to be caught.
    if judge(alab, options, exercise, {"text": source.read_text()}, folder) != "survived":
        ungraded.append("not graded: the solution itself fails here")
    missed = [s for s in survivors if not s["equivalent"]]
    counted = ends.count("caught") + len(missed)
    return {"exercise": exercise, "mutants": len(todo) - ends.count("stillborn"), "caught": ends.count("caught"),
            "equivalent": len(survivors) - len(missed), "share": ends.count("caught") / counted if counted else 0.0,
            "survivors": survivors, "not graded": ungraded}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("alab")
    parser.add_argument("exercises", nargs="*")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--without-sandbox", action="store_true", help="passed on: where there is no bubblewrap")
    parser.add_argument("--list", action="store_true", help="show the mutants, judge none")
    arguments = parser.parse_args()
    names = sorted(p.parent.name for p in ROOT.glob("labs/*/exercises/*/solution.cu"))
    wanted = [n for n in names if not arguments.exercises or any(n.startswith(e) for e in arguments.exercises)]
    if arguments.list:
        for name in wanted:
            for m in mutants(next(ROOT.glob(f"labs/*/exercises/{name}/solution.cu")).read_text()):
                print(f"{name}:{m['line']}: {m['operator']}: {m['was']}  ->  {m['is']}")
        return 0
    known_file = pathlib.Path(__file__).with_name("equivalent.json")
    known = json.loads(known_file.read_text()) if known_file.exists() else {}
    options = ["--without-sandbox"] if arguments.without_sandbox else []
    results, bad = [], not wanted
    for name in wanted:
        with tempfile.TemporaryDirectory() as folder:
            r = run_exercise(arguments.alab, options, name, known, arguments.jobs, folder)
        results.append(r)
        print(f"{name:32} {r['caught']:4} of {r['mutants']:4} caught, {r['equivalent']:3} equivalent: {100 * r['share']:5.1f} %", flush=True)
        for s in r["survivors"]:
            print(f"    line {s['line']}: {s['was']}  ->  {s['is']}   {s['why'] or 'NOT EXPLAINED'}")
        for sentence in r["not graded"]:
            print("    " + sentence)
        bad |= r["share"] < 0.95 or any(s["why"] is None for s in r["survivors"]) or bool(r["not graded"])
    if arguments.out:
        arguments.out.write_text(json.dumps(results, indent=1) + "\n")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
