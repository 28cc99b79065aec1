#!/usr/bin/env python3
# Times torch's attention on this CPU at the shapes and by the rule of `alab bench attention_cpu` and `linear_cpu`.
# SPDX-License-Identifier: MIT
"""Optional: needs torch from PyPI (pip install torch). Prints one JSON object.

Rule, the same as time_cpu_form in reference/cpu_forms.cpp: the output is first held against double precision
(rel_l2 <= 5e-6); then at least --seconds and at least 5 runs; median with the 10th and 90th percentile.
"""
import argparse
import json
import platform
import time

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

BACKENDS = {"sdpa_flash": SDPBackend.FLASH_ATTENTION, "sdpa_math": SDPBackend.MATH}
CHUNK = 64


def sdpa(q, k, v, causal):
    return F.scaled_dot_product_attention(q, k, v, is_causal=causal)


def linear_chunk(q, k, v, causal):
    """Normalised linear attention of features, chunks of 64 in batched products; seq_len a multiple of 64."""
    if not causal:
        return (q @ (k.transpose(-1, -2) @ v)) / (q @ k.sum(-2).unsqueeze(-1))
    q, k, v = (x.unflatten(2, (-1, CHUNK)) for x in (q, k, v))
    state = (k.transpose(-1, -2) @ v).cumsum(2)
    total = k.sum(-2).cumsum(2)
    scores = (q @ k.transpose(-1, -2)).tril_()
    out = scores @ v
    den = scores.sum(-1)
    out[:, :, 1:] += q[:, :, 1:] @ state[:, :, :-1]
    den[:, :, 1:] += (q[:, :, 1:] @ total[:, :, :-1].unsqueeze(-1)).squeeze(-1)
    return (out / den.unsqueeze(-1)).flatten(2, 3)


FORMS = {"sdpa_flash": sdpa, "sdpa_math": sdpa, "linear_chunk": linear_chunk}


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
    linear, run = form == "linear_chunk", FORMS[form]
    if linear:
        q, k = F.elu(q) + 1, F.elu(k) + 1
    with sdpa_kernel([BACKENDS.get(form, SDPBackend.MATH)]), torch.inference_mode():
        truth = run(q.double(), k.double(), v.double(), causal)
        got = run(q, k, v, causal)
        row["rel_l2"] = float((got.double() - truth).norm() / truth.norm())
        row["passed"] = row["rel_l2"] <= 5e-6
        if not row["passed"]:
            return row
        times, start = [], time.perf_counter()
        while len(times) < 5 or (time.perf_counter() - start < seconds and len(times) < 10000):
            before = time.perf_counter()
            run(q, k, v, causal)
            times.append(time.perf_counter() - before)
    times.sort()
    row |= {"runs": len(times), "median_s": percentile(times, 0.5), "low_s": percentile(times, 0.1),
            "high_s": percentile(times, 0.9)}
    width = head_dim if linear else seq_len * (0.5 if causal else 1)
    row["gflops"] = 4 * heads * head_dim * seq_len * width / row["median_s"] / 1e9
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
