#!/usr/bin/env python3
"""Writes assets/recorded/registers.json: what nvcc gives every kernel of every rung, as ptxas reports it. Needs no GPU.

registers.py [--cuda /usr/local/cuda] [--jobs 2] [OP/RUNG ...]      with names, only these are compiled anew
"""
import argparse
import concurrent.futures
import datetime
import json
import pathlib
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "assets/recorded/registers.json"
BUILDS = ["sm_80", "sm_90a"]
FUNCTION = re.compile(r"Compiling entry function '(\w+)'.*?Used (\d+) registers([^\n]*)", re.S)
SHARED = re.compile(r"(\d+) bytes smem")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout + done.stderr


def short_name(readable):
    """"void alab::cuda_build::(anonymous namespace)::flash_fwd<32, 32>(float const*)" -> "flash_fwd<32, 32>"."""
    name = readable.replace("(anonymous namespace)::", "").replace("alab::cuda_build::", "")
    return name.split("(")[0].removeprefix("void ").strip()


def resources(cuda, rung, build, folder):
    """Kernel name -> registers and static shared memory of one rung."""
    op, name = rung.split("/")
    source = folder / f"{op}.{name}.{build}.cu"
    source.write_text(f'#define ALAB_BUILD_CUDA 1\n#define ALAB_RUNG_SYMBOL rung_{op}_{name}\n#include "kernels/{rung}.cu"\n')
    report = run(cuda / "bin/nvcc", "-std=c++20", "-O3", "-lineinfo", "--expt-relaxed-constexpr", f"-I{ROOT}", f"-arch={build}",
                 "-Xptxas=-v", "-cubin", "-o", source.with_suffix(".cubin"), source)
    found = {}
    for symbol, registers, rest in FUNCTION.findall(report):
        shared = SHARED.search(rest)
        found[short_name(run("c++filt", symbol).strip())] = {
            "registers": int(registers),
            "static_shared_bytes": int(shared.group(1)) if shared else 0,
        }
    if not found:
        raise SystemExit(f"registers: ptxas said nothing about {rung}:\n{report}")
    return rung, build, dict(sorted(found.items()))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cuda", type=pathlib.Path, default=pathlib.Path("/usr/local/cuda"))
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("rungs", nargs="*", metavar="OP/RUNG")
    given = arguments.parse_args()
    every = sorted(str(f.relative_to(ROOT / "kernels").with_suffix("")) for f in ROOT.glob("kernels/*/[0-9][0-9]_*.cu"))
    old = json.loads(TABLE.read_text()) if TABLE.exists() else {"from": {}, "builds": {}}
    builds = {build: {r: k for r, k in old["builds"].get(build, {}).items() if r in every} for build in BUILDS}
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        jobs = [pool.submit(resources, given.cuda, rung, build, pathlib.Path(folder)) for rung in given.rungs or every for build in BUILDS]
        for job in concurrent.futures.as_completed(jobs):
            rung, build, kernels = job.result()
            builds[build][rung] = kernels
            print(build, rung, kernels, flush=True)
    version = re.search(r"V([\d.]+)", run(given.cuda / "bin/nvcc", "--version")).group(1)
    now = f"ptxas -v, nvcc {version}, {datetime.date.today().isoformat()}"
    table = {
        "what": "registers per thread and static shared memory per block, per rung and kernel",
        "from": {build: now if not given.rungs else f"{old['from'].get(build, now)}; {', '.join(given.rungs)}: {now}" for build in BUILDS},
        "builds": {build: dict(sorted(rungs.items())) for build, rungs in builds.items()},
    }
    lines = re.sub(r"\{\s+(\"registers\": \d+,)\s+(\"static_shared_bytes\": \d+)\s+\}", r"{\1 \2}", json.dumps(table, indent=1))
    TABLE.write_text(lines + "\n")


if __name__ == "__main__":
    main()
