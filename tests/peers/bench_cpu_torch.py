#!/usr/bin/env python3
# Times torch's scaled_dot_product_attention on this CPU at the shapes and by the rule of `alab bench attention_cpu`.
# SPDX-License-Identifier: MIT
"""Optional: needs torch from PyPI (pip install torch). Prints one JSON object.

Rule, the same as time_attention_cpu_form in reference/cpu_forms.cpp: the output is first held against double precision
(rel_l2 <= 5e-6); then at least --seconds and at least 5 runs; median with the 10th and 90th percentile.
"""
import argparse
import json
import platform
import time

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

FORMS = {"sdpa_flash": SDPBackend.FLASH_ATTENTION, "sdpa_math": SDPBackend.MATH}


def percentile(ordered, share):
    at = share * (len(ordered) - 1)
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (at - below) * (ordered[above] - ordered[below])


def time_form(form, heads, seq_len, head_dim, causal, threads, seconds):
    torch.set_num_threads(threads)
    torch.manual_seed(42)
    q, k, v = (torch.randn(1, heads, seq_len, head_dim) for _ in range(3))
    row = {"form": form, "heads": heads, "seq_len": seq_len, "head_dim": head_dim, "causal": causal, "threads": threads}
    with sdpa_kernel([FORMS[form]]), torch.inference_mode():
        truth = F.scaled_dot_product_attention(q.double(), k.double(), v.double(), is_causal=causal)
        got = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        row["rel_l2"] = float((got.double() - truth).norm() / truth.norm())
        row["passed"] = row["rel_l2"] <= 5e-6
        if not row["passed"]:
            return row
        times, start = [], time.perf_counter()
        while len(times) < 5 or (time.perf_counter() - start < seconds and len(times) < 10000):
            before = time.perf_counter()
            F.scaled_dot_product_attention(q, k, v, is_causal=causal)
            times.append(time.perf_counter() - before)
    times.sort()
    row |= {"runs": len(times), "median_s": percentile(times, 0.5), "low_s": percentile(times, 0.1),
            "high_s": percentile(times, 0.9)}
    row["gflops"] = 4 * heads * head_dim * seq_len**2 * (0.5 if causal else 1) / row["median_s"] / 1e9
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seq-len", type=int, nargs="+", default=[256, 512, 1024, 2048, 4096])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--heads", type=int, default=1)
    parser.add_argument("--head-dim", type=int, default=64)
    parser.add_argument("--form", choices=sorted(FORMS), nargs="+", default=["sdpa_flash"])
    parser.add_argument("--causal", choices=["no", "yes", "both"], default="both")
    parser.add_argument("--seconds", type=float, default=0.5)
    args = parser.parse_args()
    causals = {"no": [False], "yes": [True], "both": [False, True]}[args.causal]
    rows = [time_form(form, args.heads, n, args.head_dim, causal, threads, args.seconds)
            for form in args.form for threads in args.threads for causal in causals for n in args.seq_len]
    print(json.dumps({"torch": torch.__version__, "machine": platform.processor() or platform.machine(), "rows": rows},
                     indent=1))


if __name__ == "__main__":
    main()
