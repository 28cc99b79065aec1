// Right and wrong kernels of causal linear attention as a student would write them: flat arrays, one head
// after the other, and the mistakes that pass a friendly test. SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "reference/linear_attention.hpp"

namespace alab::causal_linear {

inline constexpr float kKernelEps = 1e-6F;  ///< added to the denominator, so that 0/0 gives 0

/// What is wrong; the order is that of kForwardBugs in params.hpp.
enum class ForwardBug {
  strict_mask,      ///< o_i is read before k_i, v_i are folded in
  late_normaliser,  ///< z is updated after its use
  double_count,     ///< S before a chunk already holds the chunk
  lost_tail,        ///< N / C chunks are run, rounded down
  strict_chunk,     ///< j < i inside a chunk
  exchanged_axes,   ///< S[a][c] is addressed with stride m
  head_leak,        ///< the head offset of the keys is missing
  dirty_state,      ///< S starts with what the memory holds
  none
};

/// Normalised recurrence (exercise geometry: one block per head, S in shared memory).
Tensor<float> recurrent_kernel(const LinearAttentionProblem<float>& problem, ForwardBug bug);

/// Normalised chunkwise form in two passes: states before each chunk, then outputs. The state memory is the
/// caller's, as a second launch would find it.
Tensor<float> chunk_kernel(const LinearAttentionProblem<float>& problem, std::int64_t chunk_size,
                           ForwardBug bug, std::vector<float>& state_memory);

/// The kernel that can have this bug.
Tensor<float> kernel_with(ForwardBug bug, const LinearAttentionProblem<float>& problem,
                          std::int64_t chunk_size, std::vector<float>& state_memory);
bool is_chunked(ForwardBug bug);

/// The order is that of kBackwardBugs in params.hpp.
enum class BackwardBug {
  forward_scan,      ///< dK and dV from a forward scan
  transposed_state,  ///< S[c][a] read where S[a][c] was written
  missing_diagonal,  ///< dK before R holds the token itself
  none
};
/// Gradients of the un-normalised output with respect to phi(q), phi(k), v.
LinearAttentionGradients<float> backward_kernel(const LinearAttentionProblem<float>& problem,
                                                const Tensor<float>& d_output, BackwardBug bug);

}  // namespace alab::causal_linear
