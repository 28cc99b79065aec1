// What the ops of linear attention have in common: parameters, sizes, inputs cut from a source.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/op.hpp"

namespace alab {

namespace params {
/// Up to 65,536: linear forms need no N x N memory.
extern const Param long_seq_len;
/// phi, applied by the kernels as they load: identity (inputs are features already) or elu1.
extern const Param feature_map;
extern const Param normalize;
/// Key "scale": factor on phi(q); 1 where the softmax ops have 1/sqrt(head_dim).
extern const Param query_scale;
/// On: the op has inputs S0 (and z0) and outputs S (and z). Off: it starts from 0 and writes no state.
extern const Param pass_state;
/// Tokens per chunk, a tile parameter of the chunkwise rungs.
extern const Param chunk;
}  // namespace params

/// Sizes and flags with every default resolved.
struct LinearProblem {
  std::int64_t heads = 1, seq_len = 0, head_dim = 0, head_dim_v = 0;
  double scale = 1;
  bool elu1 = false, normalize = false, pass_state = false;

  double tokens() const { return static_cast<double>(heads * seq_len); }
  double state_size() const { return static_cast<double>(heads * head_dim * head_dim_v); }
  /// Elements of S0, z0, S and z; 0 without pass_state.
  double passed_states() const {
    return pass_state ? 2 * (state_size() + static_cast<double>(heads * head_dim)) : 0;
  }
};
/// Reads what the schema has; an op without feature_map, normalize or pass_state leaves them off.
LinearProblem linear_problem(const ParamSet& problem);

/// phi(x) in T, as the kernels apply it.
template <class T>
Tensor<T> feature_mapped(const Tensor<float>& x, bool elu1);

/// q, k [H, T, K], v [H, T, V]; with pass_state also S0 [H, K, V] and z0 [H, K], the state after a few tokens
/// of their own. Throws Error when the source cannot give the shape asked for.
HostArrays linear_inputs(const LinearProblem& p, std::uint64_t seed, const InputSource& source,
                         const Progress& progress);
HostArrays linear_inputs(const ParamSet& problem, const InputSource& source, const Progress& progress);
/// The specs of those arrays. z0 only when with_normalizer.
std::vector<BufferSpec> linear_input_buffers(const LinearProblem& p, bool with_normalizer);

}  // namespace alab
