#!/usr/bin/env python3
"""Joins what ncu measured with what the counted executor counted, launch by launch.

    ncu_compare count counted.json
    ncu --clock-control none --cache-control all --csv --page raw --print-units base --metrics LIST \\
        --log-file ncu.csv ncu_compare launch
    ncu_compare.py join counted.json ncu.csv [again.csv] --device TEXT --out assets/recorded/ncu_h200.json

tests/gpu/ncu_compare.sh does all of it. The tests read the JSON; assets/docs/COUNTERS.md is written from it."""
import argparse
import csv
import json
import re
import sys

# Compared for equality, launch by launch.
EQUAL = [
    "smsp__inst_executed_op_global_ld.sum",
    "smsp__inst_executed_op_global_st.sum",
    "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum",
    "l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum",
    "smsp__inst_executed_op_shared_ld.sum",
    "smsp__inst_executed_op_shared_st.sum",
    "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum",
    "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_st.sum",
    "l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_ld.sum",
    "l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_st.sum",
]
# The same kind of thing, where ncu's instructions include those whose lanes are all predicated off (requests), and
# where nvcc made one wide access of several narrow ones (bytes, a broadcast once).
ALIKE = {
    "smsp__inst_executed_op_global_ld.sum": "l1tex__t_requests_pipe_lsu_mem_global_op_ld.sum",
    "smsp__inst_executed_op_global_st.sum": "l1tex__t_requests_pipe_lsu_mem_global_op_st.sum",
    "global_ld_bytes_used": "smsp__sass_data_bytes_mem_global_op_ld.sum",
    "global_st_bytes_used": "smsp__sass_data_bytes_mem_global_op_st.sum",
    "shared_ld_bytes_used": "smsp__sass_data_bytes_mem_shared_op_ld.sum",
    "shared_st_bytes_used": "smsp__sass_data_bytes_mem_shared_op_st.sum",
}
# Compulsory traffic: counted distinct sectors against what came from and went to device memory.
TRAFFIC = {"compulsory_read_bytes": "dram__bytes_read.sum", "compulsory_write_bytes": "dram__bytes_write.sum"}
# Kept as measured: the executor does not know them, or only for another build.
ALSO = [
    "smsp__sass_thread_inst_executed_op_fadd_pred_on.sum",
    "smsp__sass_thread_inst_executed_op_fmul_pred_on.sum",
    "smsp__sass_thread_inst_executed_op_ffma_pred_on.sum",
    "smsp__inst_executed_op_local_ld.sum",
    "smsp__inst_executed_op_local_st.sum",
    "smsp__inst_executed.sum",
    "smsp__thread_inst_executed_per_inst_executed.ratio",
    "lts__t_sectors_op_read.sum",
    "lts__t_sectors_op_write.sum",
    "sm__maximum_warps_per_active_cycle_pct",
    "launch__registers_per_thread",
    "launch__shared_mem_per_block_static",
    "launch__shared_mem_per_block_dynamic",
    "launch__occupancy_limit_registers",
    "launch__occupancy_limit_shared_mem",
    "launch__occupancy_limit_warps",
    "launch__occupancy_limit_blocks",
]
MEASURED = EQUAL + list(ALIKE.values()) + list(TRAFFIC.values()) + ALSO


def number(text):
    text = text.replace(",", "")
    try:
        value = float(text)
    except ValueError:
        return None
    return int(value) if value == int(value) else value


def read_ncu(path):
    """Rows of a raw page, in launch order: kernel, grid, block, metrics."""
    with open(path, newline="") as file:
        lines = [line for line in file if line.startswith('"')]
    rows = list(csv.DictReader(lines))[1:]  # the first is the units
    known = MEASURED
    extent = lambda text: [int(x) for x in text.strip("() ").split(",")]
    return [
        {
            "kernel": row["Kernel Name"],
            "grid": extent(row["Grid Size"]),
            "block": extent(row["Block Size"]),
            "metrics": {name: number(row[name]) for name in known if name in row},
        }
        for row in rows
        if "::hold(" not in row["Kernel Name"]  # keeps the GPU busy before what is timed
    ]


def join(counted, measured, again):
    at = 0
    for case in counted:
        for launch in case["launches"]:
            if at == len(measured):
                sys.exit(f"ncu has {len(measured)} launches and '{case['name']}' needs more: run the same list on both sides")
            seen = measured[at]
            if seen["grid"] != launch["grid"] or seen["block"] != launch["block"]:
                sys.exit(f"launch {at} of '{case['name']}': ncu saw grid {seen['grid']} block {seen['block']}, "
                         f"the executor {launch['grid']} {launch['block']}")
            launch["ncu"] = seen["metrics"]
            if again:
                launch["ncu_again"] = again[at]["metrics"]
            at += 1
    if at != len(measured):
        sys.exit(f"ncu has {len(measured) - at} launches more than the executor counted")


def differences(case):
    """(launch, metric, counted, measured, measured again) where the two sides do not agree."""
    for launch in case["launches"]:
        for name in EQUAL:
            mine, theirs = launch["counters"].get(name), launch["ncu"].get(name)
            if mine is not None and theirs is not None and mine != theirs:
                yield launch, name, mine, theirs, launch.get("ncu_again", {}).get(name)


def summary(counted):
    out = []
    for group in ("rung", "probe", "pattern"):
        cases = [c for c in counted if c["group"] == group]
        launches = [l for c in cases for l in c["launches"]]
        out.append(f"{group}: {len(cases)} cases, {len(launches)} launches")
        for name in EQUAL:
            both = [(l["counters"].get(name), l["ncu"].get(name), l.get("ncu_again", {}).get(name)) for l in launches]
            both = [b for b in both if b[0] is not None and b[1] is not None]
            equal = sum(a == b for a, b, _ in both)
            noise = sum(c is not None and b != c for _, b, c in both)
            out.append(f"  {name}: {equal} of {len(both)} equal; ncu differs from itself in {noise}")
    return "\n".join(out)


KEPT = EQUAL + list(ALIKE) + list(TRAFFIC)  # as counted
THEIRS = EQUAL + list(ALIKE.values()) + list(TRAFFIC.values())  # as measured, side by side with KEPT


def recorded(counted, device):
    """What is kept: both sides of every launch, in the order of KEPT and THEIRS, null where ncu was not asked."""
    cases = []
    for case in counted:
        launches = [
            {
                "kernel": launch["kernel"],
                "counted": [launch["counters"].get(name) for name in KEPT],
                "ncu": [launch["ncu"].get(name) for name in THEIRS],
                "registers": launch["ncu"].get("launch__registers_per_thread"),
                "noise": sorted(n for n in EQUAL if launch.get("ncu_again") and launch["ncu_again"].get(n) != launch["ncu"].get(n)),
            }
            for launch in case["launches"]
        ]
        cases.append({"group": case["group"], "name": case["name"], "small": case["small"], "launches": launches})
    return {"device": device, "counted": KEPT, "ncu": THEIRS, "cases": cases}


def ratio(pairs):
    """'=' where all agree, else the smallest and largest counted / measured."""
    pairs = [(a, b) for a, b in pairs if a is not None and b is not None]
    if not pairs:
        return "-"
    if all(a == b for a, b in pairs):
        return "="
    ratios = sorted(a / b if b else (1.0 if a == b else float("inf")) for a, b in pairs)
    shown = lambda r: "only counted" if r == float("inf") else f"{r:.3g}"
    return shown(ratios[0]) if shown(ratios[0]) == shown(ratios[-1]) else f"{shown(ratios[0])} .. {shown(ratios[-1])}"


def why(of):
    """Reasons of a rung's differences, from the numbers alone."""
    reasons = []
    inst = [of("smsp__inst_executed_op_global_ld.sum", same=True), of("smsp__inst_executed_op_global_st.sum", same=True)]
    requests = [of("smsp__inst_executed_op_global_ld.sum"), of("smsp__inst_executed_op_global_st.sum")]
    off = any(ratio(i) != "=" and ratio(r) == "=" for i, r in zip(inst, requests))
    shared = of("smsp__inst_executed_op_shared_ld.sum", same=True) + of("smsp__inst_executed_op_shared_st.sum", same=True)
    if off or any(a < b for a, b in shared):
        reasons.append("ncu counts instructions whose lanes are all masked off")
    if any(a > b for a, b in shared):
        reasons.append("nvcc reads neighbouring words with one wide load, or keeps them in registers")
    if any(ratio(r) != "=" for r in requests):
        reasons.append("nvcc unrolls the loop and loads some elements more or less often")
    return "; ".join(reasons)


GLOBAL = {"requests ld": "smsp__inst_executed_op_global_ld.sum", "st": "smsp__inst_executed_op_global_st.sum",
          "sectors ld": "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum",
          "sectors st": "l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum",
          "bytes ld": "global_ld_bytes_used", "bytes st": "global_st_bytes_used"}
SHARED = {"bytes ld": "shared_ld_bytes_used", "bytes st": "shared_st_bytes_used",
          "instr. ld": "smsp__inst_executed_op_shared_ld.sum", "instr. st": "smsp__inst_executed_op_shared_st.sum",
          "wavefronts ld": "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum",
          "wavefronts st": "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_st.sum"}


def by_rung(data):
    rungs = {}
    for case in data["cases"]:
        if case["group"] == "rung":
            rungs.setdefault(case["name"].split(" ")[0], []).extend(case["launches"])
    return rungs


def pairs(data, launches, name, same=False):
    """Counted and measured; same: under the one name, else what ALIKE puts beside it."""
    kept = data["counted"]
    first_alike = len(kept) - len(TRAFFIC) - len(ALIKE)
    at = kept.index(name) if same or name not in ALIKE else first_alike + list(ALIKE).index(name)
    both = [(l["counted"][at], l["ncu"][at]) for l in launches]
    return [(a, b) for a, b in both if a is not None and b is not None]


def table(data, columns, same):
    """Markdown: a row for each rung, counted over measured; rungs that agree in all columns share the last row."""
    lines = ["| " + " | ".join(["rung"] + list(columns)) + " |", "|" + "---|" * (1 + len(columns))]
    equal = []
    for rung, launches in by_rung(data).items():
        cells = [ratio(pairs(data, launches, name, same)) for name in columns.values()]
        if all(cell == "=" for cell in cells):
            equal.append(rung)
        else:
            lines.append(f"| {rung} | " + " | ".join(cells) + " |")
    lines.append(f"| {len(equal)} others |" + " = |" * len(columns))
    return "\n".join(lines) + "\n\nEqual in all of it: " + ", ".join(equal) + "."


def reasons(data):
    rows = ["| rung | why |", "|---|---|"]
    for rung, launches in by_rung(data).items():
        words = why(lambda name, same=False: pairs(data, launches, name, same))
        if words:
            rows.append(f"| {rung} | {words} |")
    return "\n".join(rows)


def sanitizers(mistakes, output):
    """Markdown: which of compute-sanitizer's tools finds which planted mistake, and whether it names its line."""
    names = [line.rstrip("\n").split("\t") for line in open(mistakes)]
    found = {}
    for block in open(output).read().split("#### ")[1:]:
        head, body = block.split("\n", 1)
        number, tool, _ = head.split(" ")
        counts = re.search(r"SUMMARY: (\d+)", body)
        errors = counts is not None and counts[1] != "0"
        place = next(iter(re.findall(r"mistakes\.cu:(\d+)", body)), None)
        if errors:
            found.setdefault(int(number), []).append(tool + (f" (line {place})" if place else ""))
    rows = ["| planted mistake | counted executor | compute-sanitizer |", "|---|---|---|"]
    for number, kind, mark in names:
        mine = "silent" if kind == "intact" else kind.replace("_", " ")
        theirs = ", ".join(found.get(int(number), [])) or ("silent" if kind == "intact" else "not found")
        if kind in ("stack_overflow", "too_long"):
            theirs = "not run: the kernel would not end"
        rows.append(f"| {'right kernel: ' if kind == 'intact' else ''}{mark} | {mine} | {theirs} |")
    return "\n".join(rows)


def document(data, mistakes, output):
    equal = {}
    for case in data["cases"]:
        tally = equal.setdefault(case["group"], [0, 0, 0])
        for launch in case["launches"]:
            pairs = [(a, b) for name, a, b in zip(data["counted"], launch["counted"], launch["ncu"])
                     if a is not None and b is not None and not name.startswith("compulsory")]
            tally[0] += 1
            tally[1] += sum(a == b for a, b in pairs)
            tally[2] += len(pairs)
    shown = lambda group: f"{equal[group][1]} of {equal[group][2]} counters in {equal[group][0]} launches"
    return f"""# How the counters compare with a GPU's

Recorded on {data['device']} by `tests/gpu/ncu_compare.sh`; this page is written by `tests/gpu/ncu_compare.py document`.

The counted executor runs a kernel's source as g++ compiles it and counts by the hardware's rules. Nsight Compute (ncu)
counts what nvcc made of the same source. Equal to the last digit are:

- access probes, where every request is known: {shown('probe')} (the rest: loads that nvcc merged or moved out of a loop);
- shared-memory patterns with equal addresses and idle lanes: {shown('pattern')};
- rungs: {shown('rung')}.

What differs is the compiler's choice, not the rule:

- *requests*: ncu's `inst_executed` counts instructions whose lanes are all masked off as well; its `t_requests`, compared
  here, does not.
- *bytes*: distinct bytes that each request asks for. A wide load in place of four narrow ones leaves them unchanged.
- nvcc joins loads of neighbouring shared words into one of 8 or 16 bytes, unrolls loops with a remainder, and keeps values
  in registers that g++ loads again. Count your own kernel's requests as the source says them; expect nvcc to need fewer.
- ncu's wavefronts and conflicts differ from run to run by under 1 % where warps meet at run time.

## Rungs: global memory, counted over measured

"=" means equal in every launch; a number is the ratio, a range its smallest and largest.

{table(data, GLOBAL, False)}

## Rungs: shared memory, counted over measured

{table(data, SHARED, True)}

## Why they differ

{reasons(data)}

## Floating-point operations

Thread-level FADD, FMUL and FFMA against ncu's `smsp__sass_thread_inst_executed_op_*`. In kernels that only multiply and add
(matrix products, scores, K^T V, row dots) all three are equal, but for three launches where nvcc drops some. A GPU computes an exponential, a division and a logarithm with further FADD, FMUL and FFMA, which the
executor counts as *exponentials*, *divisions* and *logarithms* beside them: such kernels show fewer FFMA here than there.

## Compulsory bytes

Distinct sectors that a launch reads, times 32, against `dram__bytes_read.sum` with emptied caches: equal but for the
kernel's own code and constants (5 to 120 KB) within 5 %. A kernel that reads back what it wrote (flash 20_fa1_order) is
served from the cache and reads less. Writes stay in the L2 cache at these sizes.

## Planted mistakes: which tool finds which

{sanitizers(mistakes, output)}

compute-sanitizer ran with `--padding 512` for memcheck: without it, what lies just past a buffer may belong to its
neighbour and is not reported.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    metrics = commands.add_parser("metrics", help="the list for ncu --metrics")
    metrics.add_argument("--shared", action="store_true", help="those of shared memory only")
    metrics.add_argument("--known", help="output of ncu --query-metrics; others are left out")
    joins = commands.add_parser("join")
    joins.add_argument("counted")
    joins.add_argument("ncu", nargs="+", help="one or two runs; the second shows ncu's own noise")
    joins.add_argument("--device", default="", help="device, driver, ncu version, date")
    joins.add_argument("--out")
    joins.add_argument("--group", default="", help="only cases of this group")
    joins.add_argument("--differences", type=int, default=40, help="most differences to print")
    documents = commands.add_parser("document", help="assets/docs/COUNTERS.md of a recorded comparison")
    documents.add_argument("recorded")
    documents.add_argument("mistakes")
    documents.add_argument("sanitizer")
    args = parser.parse_args()
    if args.command == "metrics":
        wanted = [m for m in EQUAL if "shared" in m] if args.shared else MEASURED
        known = {line.split(" ")[0] for line in open(args.known)} if args.known else None
        print(",".join(m for m in wanted if known is None or m.startswith("launch__") or m.split(".")[0] in known))
        return
    if args.command == "document":
        print(document(json.load(open(args.recorded)), args.mistakes, args.sanitizer), end="")
        return
    counted = [c for c in json.load(open(args.counted)) if args.group in ("", c["group"])]
    runs = [read_ncu(path) for path in args.ncu]
    join(counted, runs[0], runs[1] if len(runs) > 1 else None)
    print(summary(counted))
    shown = 0
    for case in counted:
        for launch, name, mine, theirs, again in differences(case):
            if shown < args.differences:
                print(f"{case['name']} | {launch['kernel']} | {name} | counted {mine} | ncu {theirs} | again {again}")
            shown += 1
    print(f"{shown} differences")
    if args.out:
        with open(args.out, "w") as file:
            json.dump(recorded(counted, args.device), file, separators=(",", ":"))
            file.write("\n")


if __name__ == "__main__":
    main()
