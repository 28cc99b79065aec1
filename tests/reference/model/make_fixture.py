#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes fixtures/smollm2.json: token ids and numbers of SmolLM2-135M, made without any code of this project.

    python3 -m venv venv && venv/bin/pip install numpy gguf tokenizers
    venv/bin/python make_fixture.py CACHE_FOLDER

CACHE_FOLDER holds models/ and texts/ as app/run.sh fills it. Dequantisation is the gguf package's, token ids are the
tokenizers package's (built from the file's vocabulary and merges), the forward pass is the numpy one below, in double
precision. With torch and transformers installed, transformers' LlamaForCausalLM is run on the same weights too, and
the largest distance of its logits is recorded.
"""
import hashlib
import json
import pathlib
import re
import sys

import gguf
import numpy as np
import tokenizers
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

LAYERS, HEADS, KV, DIM = 30, 9, 3, 64
DEFAULT = "Alice met the Mad Hatter in the garden. Later that day, Alice met the Mad Hatter again."
TEXTS = [
    "Hello world", "It's 2024, isn't it?", "a  b   c\n\nd\te", " leading", "trailing  ", "don't we'll I'M they'd",
    "na\u00efve caf\u00e9 \u2014 \u201cquotes\u201d \u2026", "\u65e5\u672c\u8a9e\u30c6\u30ad\u30b9\u30c8",
    "\U0001F642\U0001F44D\U0001F3FD emoji", "x = foo(bar[12], 3.14e-10);", "\u0661\u0662\u0663 \u00bd \u2167 \u00b2",
    "\u00a0nbsp\u2003em", "in a 12 and  34", "<|im_start|>user\nHi<|im_end|>", "\r\nline\r\n\r\nend\n", "a" * 40,
    "\u0130stanbul \u01c5", "    def f(x):\n        return x", "e\u0301", "\u0939\u093f\u0928\u094d\u0926\u0940",
    "\u0627\u0644\u0639\u0631\u0628\u064a\u0629", "''s 's", "...!?", "tab\there", " \n word", "7", " 7 ", DEFAULT,
]


def load(path):
    reader = gguf.GGUFReader(path)
    weights = {t.name: gguf.dequantize(t.data, t.tensor_type).astype(np.float64) for t in reader.tensors}
    words = reader.fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(m.split(" ")) for m in reader.fields["tokenizer.ggml.merges"].contents()]
    types = reader.fields["tokenizer.ggml.token_type"].contents()
    tokenizer = Tokenizer(models.BPE(vocab={w: i for i, w in enumerate(words)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.add_special_tokens([AddedToken(w, special=True) for w, t in zip(words, types) if t == 3])
    return weights, tokenizer


def rms(x, weight):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * weight


def rope(x):
    angle = np.arange(len(x))[:, None, None] * 1e5 ** (-np.arange(0, DIM, 2) / DIM)
    even, odd = x[..., 0::2], x[..., 1::2]
    out = np.empty_like(x)
    out[..., 0::2] = even * np.cos(angle) - odd * np.sin(angle)
    out[..., 1::2] = even * np.sin(angle) + odd * np.cos(angle)
    return out


def forward(weights, ids):
    """Logits [n, vocabulary], and per layer q [n, 9, 64], k, v [n, 3, 64], attention weights [9, n, n]."""
    n, kept = len(ids), []
    x = weights["token_embd.weight"][ids]
    mask = np.triu(np.full((n, n), -np.inf), 1)
    for layer in range(LAYERS):
        def of(name, rows, layer=layer):
            return rows @ weights[f"blk.{layer}.{name}.weight"].T
        h = rms(x, weights[f"blk.{layer}.attn_norm.weight"])
        q, k = rope(of("attn_q", h).reshape(n, HEADS, DIM)), rope(of("attn_k", h).reshape(n, KV, DIM))
        v = of("attn_v", h).reshape(n, KV, DIM)
        p = np.einsum("ihd,jhd->hij", q, np.repeat(k, 3, 1)) / 8 + mask
        p = np.exp(p - p.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        kept.append((q, k, v, p))
        x = x + of("attn_output", np.einsum("hij,jhd->ihd", p, np.repeat(v, 3, 1)).reshape(n, -1))
        h = rms(x, weights[f"blk.{layer}.ffn_norm.weight"])
        gate = of("ffn_gate", h)
        x = x + of("ffn_down", gate / (1 + np.exp(-gate)) * of("ffn_up", h))
    return rms(x, weights["output_norm.weight"]) @ weights["token_embd.weight"].T, kept


def transformers_distance(weights, ids, logits):
    """Largest distance of transformers' logits (single precision) from ours, and the versions."""
    import torch
    import transformers
    config = transformers.LlamaConfig(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        num_key_value_heads=KV, rms_norm_eps=1e-5, tie_word_embeddings=True, rope_theta=1e5)
    config.rope_parameters = {"rope_type": "default", "rope_theta": 1e5}
    model = transformers.LlamaForCausalLM(config).eval()
    names = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attn_q": "self_attn.q_proj",
             "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
             "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}
    state = {"model.embed_tokens.weight": weights["token_embd.weight"], "model.norm.weight": weights["output_norm.weight"],
             "lm_head.weight": weights["token_embd.weight"]}
    for layer in range(LAYERS):
        for ours, theirs in names.items():
            w = weights[f"blk.{layer}.{ours}.weight"]
            if ours in ("attn_q", "attn_k"):  # theirs turns (i, i + 32), the file's order turns (2i, 2i + 1)
                w = w.reshape(-1, DIM // 2, 2, w.shape[1]).transpose(0, 2, 1, 3).reshape(w.shape)
            state[f"model.layers.{layer}.{theirs}.weight"] = w
    model.load_state_dict({k: torch.tensor(v, dtype=torch.float32) for k, v in state.items()})
    with torch.no_grad():
        theirs = model(torch.tensor([ids])).logits[0].double().numpy()
    return {"max_abs": float(np.abs(theirs - logits).max()), "torch": torch.__version__,
            "transformers": transformers.__version__}


def loss(ids, logits):
    top = logits.max(-1)
    lse = top + np.log(np.exp(logits - top[:, None]).sum(-1))
    return float(np.mean(lse[:-1] - logits[np.arange(len(ids) - 1), ids[1:]]))


def passage(cache):
    raw = (cache / "texts" / "carroll-alice.txt").read_text(encoding="utf-8")
    return re.sub(r"(?<!\n)\n(?!\n)", " ", raw[raw.index("Alice was beginning"):])[:4000]


def sink(kept):
    """Mean over all heads, and over queries after the first, of the weight on token 0."""
    return float(np.mean([p[:, 1:, 0] for _, _, _, p in kept]))


def main():
    cache = pathlib.Path(sys.argv[1])
    file = cache / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf"
    weights, tokenizer = load(file)
    ids = tokenizer.encode(DEFAULT).ids
    logits, kept = forward(weights, ids)
    alice = tokenizer.encode(passage(cache)).ids[:256]
    alice_logits, alice_kept = forward(weights, alice)
    # A run of 32 tokens said twice: an induction head at position i looks at i - 31.
    once = [100 + i * 7919 % 48000 for i in range(32)]
    _, twice_kept = forward(weights, once + once)
    induction = {f"{layer}.{head}": float(np.mean([twice_kept[layer][3][head, i, i - 31] for i in range(32, 64)]))
                 for layer, head in [(17, 5), (18, 6), (17, 4), (0, 0)]}
    samples = [{"layer": layer, "head": head, "token": t,
                "query": kept[layer][0][t, head, :6].tolist(), "key": kept[layer][1][t, head // 3, :6].tolist(),
                "value": kept[layer][2][t, head // 3, :6].tolist(), "weights": kept[layer][3][head, t].tolist()}
               for layer, head, t in [(0, 0, 1), (5, 8, 9), (17, 5, 21), (29, 4, 13)]]
    top = np.argsort(-logits[-1])[:5]
    rows = {"token_embd.weight": 1000, "blk.0.attn_q.weight": 5, "blk.29.ffn_down.weight": 575}
    out = {
        "made_by": "tests/reference/model/make_fixture.py",
        "with": {"numpy": np.__version__, "tokenizers": tokenizers.__version__, "forward": "numpy, float64"},
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "texts": [{"text": t, "ids": tokenizer.encode(t).ids} for t in TEXTS],
        "rows": [{"tensor": n, "row": r, "values": weights[n][r, :40].tolist()} for n, r in rows.items()],
        "default": {"ids": ids, "largest_logit": float(np.abs(logits).max()),
                    "top": [{"id": int(i), "logit": float(logits[-1, i])} for i in top],
                    "per_position": [{"argmax": int(r.argmax()), "logits": r[[0, 1000, 28, 49151]].tolist()} for r in logits],
                    "ids_of_logits": [0, 1000, 28, 49151], "samples": samples, "sink": sink(kept)},
        "alice": {"ids": alice[:64], "tokens": len(alice), "nats_per_token": loss(alice, alice_logits),
                  "sink": sink(alice_kept),
                  "previous_token_16_0": float(np.diagonal(alice_kept[16][3][0], -1).mean()),
                  "sink_18_8": float(alice_kept[18][3][8, 1:, 0].mean())},
        "twice": {"induction": induction},
    }
    try:
        out["with"]["transformers_logits"] = transformers_distance(weights, ids, logits)
    except ImportError:
        print("torch or transformers is not installed: that distance is not recorded")
    target = pathlib.Path(__file__).with_name("fixtures") / "smollm2.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(out, indent=1, ensure_ascii=True) + "\n")
    print({k: out[k] for k in ("with", "alice", "twice") if k != "texts"})


if __name__ == "__main__":
    main()
