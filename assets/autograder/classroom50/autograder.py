#!/usr/bin/env python3
"""Classroom 50 autograder: judges the checkout with `alab grade` and leaves ./result.json.

Runs in the student's checkout. Ends with 0 whatever the grade, and with 1 when nothing could be judged here.
SPDX-License-Identifier: MIT
"""
import datetime
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# What this assignment asks for, and whether students' code may run where the container allows no bubblewrap.
EXERCISES = os.environ.get("ALAB_EXERCISES", "1a").split()
WITHOUT_SANDBOX = os.environ.get("ALAB_WITHOUT_SANDBOX", "no") == "yes"
ALAB = os.environ.get("ALAB", "alab")


def submitted_at(checkout):
    """When the graded commit was made, UTC: the same however often it is graded again."""
    found = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=checkout, capture_output=True, text=True, check=False)
    if found.returncode != 0 or not found.stdout.strip().isdigit():
        return ""
    moment = datetime.datetime.fromtimestamp(int(found.stdout), datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def sources_of(checkout):
    """Plain .cu files outside of hidden folders."""
    for folder, folders, names in os.walk(checkout):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = pathlib.Path(folder, name)
            if name.lower().endswith(".cu") and path.is_file() and not path.is_symlink():
                yield path


def main():
    checkout = pathlib.Path.cwd()
    owner = os.environ.get("USERNAME") or os.environ.get("OWNER") or "submission"
    student = re.sub(r"[^A-Za-z0-9._-]", "_", owner).strip(".")[:100] or "submission"
    with tempfile.TemporaryDirectory() as work:
        handed_in = pathlib.Path(work, "in", student)
        handed_in.mkdir(parents=True)
        for path in sources_of(checkout):
            copy = handed_in / path.relative_to(checkout)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        command = [ALAB, "grade", str(handed_in.parent), "--out", str(pathlib.Path(work, "out")), "--format", "classroom50"]
        for exercise in EXERCISES:
            command += ["--exercise", exercise]
        if WITHOUT_SANDBOX:
            command.append("--without-sandbox")
        environment = dict(os.environ, ALAB_SUBMITTED_AT=submitted_at(checkout))
        graded = subprocess.run(command, env=environment, check=False)
        if graded.returncode != 0:
            print(f"autograder.py: alab grade ended with {graded.returncode}; no result was written", file=sys.stderr)
            return 1
        shutil.copyfile(pathlib.Path(work, "out", "classroom50", student, "result.json"), checkout / "result.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
