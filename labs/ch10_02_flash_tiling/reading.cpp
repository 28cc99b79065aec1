// Quiz, reading list with what the list gets wrong, and the words of this lab.
// SPDX-License-Identifier: MIT
#include <array>

#include "labs/ch10_02_flash_tiling/experiments.hpp"

namespace alab::flash_tiling {
namespace {

using Words = std::string_view;

constexpr std::array<Words, 4> kExtraMemory{"N^2 values (P)", "N values (L = m + log l)",
                                            "2 N d values (copies of K and V)", "None at all"};
constexpr std::array<Words, 3> kFaster{
    "Fewer FLOPs: 66.6 instead of 75.2 GFLOPs",
    "More FLOPs (66.6 to 75.2 GFLOPs), less HBM (40.3 to 4.4 GB): 41.7 to 7.3 ms",
    "The same FLOPs and the same HBM, better cache hits"};
constexpr std::array<Words, 3> kFits{"Yes, exactly M",
                                     "No: K and V take M/2, Q and O up to M/2, S up to M/4, about 1.25 M",
                                     "No: it takes 2 M"};
constexpr std::array<Words, 4> kCross{"12 KiB", "24 KiB", "96 KiB: no gain with a 96 KiB SRAM",
                                      "It always wins"};
constexpr std::array<Words, 4> kCausalGain{"2", "1.78", "1.5", "1.125"};
constexpr std::array<Words, 3> kParallel{"Query tiles are independent, so each can be a block of its own",
                                         "Keys are read only once", "The softmax is no longer needed"};
constexpr std::array<Words, 3> kSparse{"A quarter, and not one element more",
                                       "A quarter of the tile traffic plus reading K and V once", "A half"};
constexpr std::array<Words, 3> kDivide{"It is more precise",
                                       "d divisions per row instead of T_c d, and divisions are not matmuls",
                                       "l is not known before"};

}  // namespace

constinit const std::array<QuizItem, kQuizCount> kQuiz{{
    {"extra_memory", "What does the forward pass keep beyond Q, K, V and O?", kExtraMemory, 1,
     "One logsumexp per query. P is recomputed in the backward pass as exp(S - L)."},
    {"faster", "FlashAttention does more arithmetic, yet it is faster. By which printed numbers?", kFaster, 1,
     "The printed HBM row falls nine-fold. The printed GFLOPs are only good for their ratio; step 5 shows "
     "why."},
    {"fits", "Do the tiles of Algorithm 1 literally fit into M elements?", kFits, 1,
     "Fine for a Theta, not for an allocator. Your run of step 3 counted the same 1.25."},
    {"crossover",
     "head_dim 128 in fp16: how much on-chip memory until Algorithm 1 moves less than three kernels?", kCross,
     2, "M > 3 d^2 = 49 152 elements of 2 bytes. Smaller tiles make it re-read Q and O too often."},
    {"causal", "8 x 8 causal tiles: by the count alone, how much faster than all tiles?", kCausalGain, 1,
     "2T / (T + 1) = 16 / 9. The diagonal tiles are computed whole."},
    {"parallel", "Why does FA-2 put the query loop outside?", kParallel, 0,
     "With keys outside, every key tile updates every O: blocks would have to share it. With queries outside "
     "nothing is shared."},
    {"sparse", "Block-sparse attention keeps a quarter of the tiles. What traffic remains?", kSparse, 1,
     "Accesses are affine in s: a floor of 2 N d for K and V, and the rest in proportion to s."},
    {"divide", "Why does FA-2 divide by l only at the end?", kDivide, 1,
     "On an A100 a non-matmul FLOP costs about 16 times a matmul FLOP: 19.5 against 312 TFLOP/s."},
}};

constinit const std::array<Reading, kReadingCount> kReadings{{
    {"Dao, Fu, Ermon, Rudra, Ré: FlashAttention: Fast and Memory-Efficient Exact Attention with "
     "IO-Awareness, NeurIPS 2022",
     "Algorithm 1, Theorem 2, Fig. 2", "https://arxiv.org/abs/2205.14135",
     "Fig. 2 (left): 66.6 and 75.2 GFLOPs for GPT-2 medium, N = 1024, batch 64 (this is in the paper "
     "itself).",
     "A direct count for that shape gives 824.6 and 962.1 GFLOP; the ratio 1.17 is near the printed 1.13, "
     "and the HBM row does fit.",
     "Step 5 of this lab counts it."},
    {"Dao: FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning, ICLR 2024",
     "3.1 algorithm, 3.2 parallelism, 3.3 warps", "https://arxiv.org/abs/2307.08691",
     "Section 3.1 reversed loops, 3.2 work partitioning, 3.3 causal masking.",
     "3.1 is the algorithm with fewer non-matmul FLOPs, and causal masking is inside 3.1.1; 3.2 is "
     "parallelism over the sequence; 3.3 is the work of the warps.",
     "Section headings of the paper."},
    {"Dao: FlashAttention-2 (the same paper)", "3.1.1", "https://arxiv.org/abs/2307.08691",
     "Better GPU utilisation, not algorithmic changes.",
     "The algorithm changes too: the accumulator stays un-normalised until one division at the end, and only "
     "L = m + log l is stored.",
     "FlashAttention-2, 3.1.1; this lab counts the divisions."},
    {"Shah, Bikshandi, Zhang, Thakkar, Ramani, Dao: FlashAttention-3: Fast and Accurate Attention with "
     "Asynchrony and Low-precision, NeurIPS 2024",
     "3.1 warp specialisation, 3.2 pipelining, 3.3 FP8", "https://arxiv.org/abs/2407.08608",
     "Section 4 is FP8 attention.", "FP8 is Section 3.3; Section 4 is the empirical validation.",
     "Section headings of the paper."},
    {"Milakov, Gimelshein: Online normalizer calculation for softmax, 2018", "Algorithm 3",
     "https://arxiv.org/abs/1805.02867"},
    {"Rabe, Staats: Self-attention Does Not Need O(n^2) Memory, 2021", "Section 2",
     "https://arxiv.org/abs/2112.05682",
     "The title is printed with a damaged character in place of the square.",
     "Self-attention Does Not Need O(n^2) Memory.", "Title page of arXiv:2112.05682."},
    {"Chen, Xu, Zhang, Guestrin: Training Deep Nets with Sublinear Memory Cost, 2016",
     "Section 4.3, Eq. (1); recursion in 4.4", "https://arxiv.org/abs/1604.06174",
     "Section 2 is the sqrt(n) strategy.",
     "Section 2 is related work. The sqrt(n) algorithm is Section 4.3, Eq. (1); the general recursion is "
     "4.4.",
     "Full text of the paper."},
    {"NVIDIA: CUDA C++ Programming Guide", "Memory hierarchy; Shared memory; Compute capabilities",
     "https://docs.nvidia.com/cuda/cuda-c-programming-guide/",
     "Chapter 5 memory hierarchy, 5.3 shared memory, Appendix K compute capabilities.",
     "That mixes two numberings. 11.x: Appendix K. 12.x: chapters 2 and 16. 13.x: 5.3 is the memory "
     "hierarchy and chapter 20 the compute capabilities. Look the sections up by name.",
     "Tables of contents of the archived guides."},
    {"NVIDIA A100 and H100 architecture whitepapers", "memory bandwidth and SM tables",
     "https://resources.nvidia.com/en-us-tensor-core"},
    {"flash-attention repository", "README; csrc and hopper", "https://github.com/Dao-AILab/flash-attention"},
    {"xFormers: memory-efficient attention", "xformers/ops/fmha",
     "https://github.com/facebookresearch/xformers", "The source of the kernels is in xFormers.",
     "Since 2026 the fmha modules there are thin re-exports; the kernels live in a package named mslk.",
     "xformers/ops/fmha/__init__.py on the main branch."},
    {"PyTorch: scaled_dot_product_attention", "torch.nn.attention.sdpa_kernel",
     "https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html",
     "A context manager for backend selection, without its name.",
     "torch.nn.attention.sdpa_kernel(...); the older torch.backends.cuda.sdp_kernel is superseded. There is "
     "a cuDNN backend too.",
     "torch/nn/attention/__init__.py, sdp_utils.cpp."},
    {"PyTorch: torch.utils.checkpoint", "use_reentrant, preserve_rng_state",
     "https://pytorch.org/docs/stable/checkpoint.html"},
    {"PyTorch profiler", "export_chrome_trace",
     "https://pytorch.org/tutorials/recipes/recipes/profiler_recipe.html",
     "pip install torch-tb-profiler is a required tool.",
     "The TensorBoard integration of the profiler is deprecated; export a Chrome or Perfetto trace instead.",
     "The current profiler tutorial."},
    {"Tay, Dehghani, Bahri, Metzler: Efficient Transformers: A Survey, 2020; ACM Computing Surveys 2022",
     "one work", "https://arxiv.org/abs/2009.06732", "Two entries, dated 2020 and 2022.",
     "The same work: arXiv 2020, journal version 2022. One entry is enough.",
     "arXiv:2009.06732 and its journal reference."},
    {"He: Making Deep Learning Go Brrrr From First Principles, 2022", "bandwidth, overhead, fusion",
     "https://horace.io/brrr_intro.html"},
    {"Gordić: ELI5: FlashAttention, 2023", "the tile loop, step by step",
     "https://gordicaleksa.medium.com/eli5-flash-attention-5c44017022ad"},
    {"Dao: FlashAttention, Stanford MLSys Seminar 67, 2023", "the first half hour",
     "https://www.youtube.com/watch?v=gMOAud7hZg4"},
    {"Tillet, Kung, Cox: Triton: An Intermediate Language and Compiler for Tiled Neural Network "
     "Computations, MAPL 2019",
     "Sections 2 and 3", "https://doi.org/10.1145/3315508.3329973"},
    {"Dao-AILab/flash-attention issues 991, 1303, 897, 1349 and 2342", "misprints of FA-2 and FA-3",
     "https://github.com/Dao-AILab/flash-attention/issues/991"},
}};

constinit const std::array<Term, kTermCount> kGlossary{{
    {"tile", "(i, j)", "A rectangle of the score matrix: block_m queries against block_n keys."},
    {"block_m", "B_r", "Query rows of a tile."},
    {"block_n", "B_c", "Key columns of a tile."},
    {"query tiles", "T_r", "ceil(N / block_m): tiles along the queries."},
    {"key tiles", "T_c", "ceil(N / block_n): tiles along the keys."},
    {"HBM", "", "High-bandwidth memory: the GPU's large, slow memory, 1.5 to 3.4 TB/s."},
    {"on-chip memory", "M", "Shared memory and registers of one multiprocessor, here counted in elements."},
    {"access", "", "One element loaded from or stored to HBM."},
    {"running maximum", "m", "Largest score of a query seen so far; it only rises."},
    {"running sum", "l", "Sum of e^(s - m) over the keys seen so far; between 1 and their number."},
    {"rescale factor", "e^(m_old - m_new)",
     "Multiplies old l and O when m rises; 1 when it stays, never above 1."},
    {"accumulator", "O",
     "Weighted sum of values; un-normalised in FA-2 until the end, normalised in FA-1 after every tile."},
    {"logsumexp", "L", "m + log l at the end: all that the backward pass needs to rebuild P."},
    {"recomputation", "", "Computing S and P again in the backward pass instead of keeping P."},
    {"row term", "D", "rowsum(dO * O) = rowsum(P * dP): one number per query in the backward pass."},
    {"arithmetic intensity", "FLOP/B",
     "FLOPs per byte moved; compared with the machine's own ratio it tells what limits a kernel."},
    {"occupancy", "", "Share of the multiprocessors that have a thread block to run."},
    {"density", "s", "Share of the tiles that block-sparse attention keeps."},
}};

}  // namespace alab::flash_tiling
