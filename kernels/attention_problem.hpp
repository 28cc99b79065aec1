// What the attention ops have in common: parameters, sizes, inputs cut from a source, words for limits.
// SPDX-License-Identifier: MIT
#pragma once

#include <initializer_list>

#include "kernels/op.hpp"

namespace alab {

namespace params {
/// Additive mask: off, the kernels read none; on, one [seq_len, key_len] for all heads.
extern const Param masked;
/// 0: inputs as drawn; otherwise queries are scaled until the largest |score| is this.
extern const Param peak_score;
}  // namespace params

/// Sizes and flags with every default resolved (key_len, head_dim_v, scale).
struct AttentionProblem {
  std::int64_t heads = 1, seq_len = 0, key_len = 0, head_dim = 0, head_dim_v = 0;
  double scale = 0;
  bool causal = false, masked = false;

  /// Keys that query row sees under causality: j < visible_keys(row), bottom-right aligned; in [0, key_len].
  std::int64_t visible_keys(std::int64_t row) const;
};
/// Reads what the schema has; an op without head_dim_v, causal or masked gets head_dim and false.
AttentionProblem attention_problem(const ParamSet& problem);

/// Keys read when each tile of block_m queries reads the tiles of block_n keys that its last row sees, one
/// head.
std::int64_t keys_read_per_head(const AttentionProblem& p, std::int64_t block_m, std::int64_t block_n);
/// Queries read when each tile of block_n keys reads the tiles of block_m queries that see its first key, one
/// head.
std::int64_t queries_read_per_head(const AttentionProblem& p, std::int64_t block_m, std::int64_t block_n);

/// What the source makes of the request. Throws Error when it is not available or has other sizes.
AttentionInput fitting_input(const InputSource& source, const InputRequest& request,
                             const Progress& progress);
/// q [H, T, K], k [H, Tk, K], v [H, Tk, V] and mask [T, Tk] when the problem is masked.
/// The source is asked for max(seq_len, key_len) tokens; queries are its last seq_len, keys its first
/// key_len. A masked problem takes the source's mask, or makes one: biases, one key in ten hidden, one row
/// hidden. Throws Error when the source gives other sizes, or a mask that the problem does not have.
HostArrays attention_inputs(const ParamSet& problem, const InputSource& source, const Progress& progress);

/// Buffer list of the above, to which the op adds its own.
std::vector<BufferSpec> attention_input_buffers(const AttentionProblem& problem);

/// "" when the tile parameter has one of the compiled sizes, otherwise the sentence that names them.
std::string built_sizes(const ParamSet& tiles, const Param& tile, std::initializer_list<std::int64_t> sizes);

/// Floats of shared memory that one block may have: 227 KB on sm_90 (163 KB on sm_80, 99 KB on sm_86 and
/// sm_89).
inline constexpr std::int64_t kMaxSharedFloats = 232448 / 4;
/// "" when a block's shared memory fits, otherwise the sentence that says what to lower.
std::string shared_memory_limit(std::int64_t floats, std::string_view lower_this);

}  // namespace alab
