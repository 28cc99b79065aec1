#!/usr/bin/env python3
"""Tables in README.md and kernels/*/README.md are written from `alab list --json`; fails when they differ.

docs.py ALAB [--write]
"""
import json
import pathlib
import re
import subprocess
import sys


def listed(alab, kind):
    return json.loads(subprocess.run([alab, "list", kind, "--json"], check=True, capture_output=True, text=True).stdout)


def row(*cells):
    return "| " + " | ".join(str(c).replace("|", "\\|") for c in cells) + " |"


def labs_table(alab):
    lines = [row("lab", "question", "steps"), row("---", "---", "---")]
    return lines + [row(f"`{lab['name']}`", lab["question"], lab["steps"]) for lab in listed(alab, "labs")]


def ladder_table(alab, op):
    lines = [row("rung", "what changed", "limit it hits", "source"), row("---", "---", "---", "---")]
    for rung in listed(alab, "kernels"):
        if rung["name"].startswith(op + "/"):
            lines.append(row(f"`{rung['name'].split('/')[1]}` {rung['about']}", rung["teaches"], rung["limit"], rung["source"]))
    return lines


def replaced(text, marker, lines):
    pattern = re.compile(rf"(<!-- {marker} -->\n).*?(<!-- /{marker} -->)", re.S)
    if not pattern.search(text):
        raise SystemExit(f"docs: the markers <!-- {marker} --> and <!-- /{marker} --> are missing")
    return pattern.sub(lambda m: m.group(1) + "\n".join(lines) + "\n" + m.group(2), text)


def main():
    alab = sys.argv[1]
    write = "--write" in sys.argv
    root = pathlib.Path(__file__).resolve().parent.parent
    jobs = [(root / "README.md", "labs", labs_table(alab))]
    for readme in sorted(root.glob("kernels/*/README.md")):
        if (readme.parent / "op.cpp").exists():
            jobs.append((readme, "ladder", ladder_table(alab, readme.parent.name)))
    stale = []
    for file, marker, lines in jobs:
        before = file.read_text()
        after = replaced(before, marker, lines)
        if before != after:
            stale.append(str(file.relative_to(root)))
            if write:
                file.write_text(after)
    if stale and not write:
        print("docs: out of date: " + ", ".join(stale) + "; mend with .ci/docs.py ALAB --write")
        return 1
    print("docs: " + ("written: " + ", ".join(stale) if stale else "ok"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
