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
# where nvcc made one wide access of several narrow ones (bytes that the lanes ask for).
ALIKE = {
    "smsp__inst_executed_op_global_ld.sum": "l1tex__t_requests_pipe_lsu_mem_global_op_ld.sum",
    "smsp__inst_executed_op_global_st.sum": "l1tex__t_requests_pipe_lsu_mem_global_op_st.sum",
    "global_ld_bytes_requested": "smsp__sass_data_bytes_mem_global_op_ld.sum",
    "global_st_bytes_requested": "smsp__sass_data_bytes_mem_global_op_st.sum",
    "shared_ld_bytes_requested": "smsp__sass_data_bytes_mem_shared_op_ld.sum",
    "shared_st_bytes_requested": "smsp__sass_data_bytes_mem_shared_op_st.sum",
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


def slim(counted):
    """What is kept: names, sizes, both sides."""
    for case in counted:
        for launch in case["launches"]:
            keep = EQUAL + list(TRAFFIC) + ["block_load_bytes"]
            launch["counters"] = {k: v for k, v in launch["counters"].items() if k in keep}
            launch.pop("ncu_again", None)
    return counted


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
    args = parser.parse_args()
    if args.command == "metrics":
        wanted = [m for m in EQUAL if "shared" in m] if args.shared else MEASURED
        known = {line.split(" ")[0] for line in open(args.known)} if args.known else None
        print(",".join(m for m in wanted if known is None or m.startswith("launch__") or m.split(".")[0] in known))
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
            json.dump({"device": args.device, "cases": slim(counted)}, file, separators=(",", ":"))
            file.write("\n")


if __name__ == "__main__":
    main()
