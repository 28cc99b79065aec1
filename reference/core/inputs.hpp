// Where Q, K, V come from: named synthetic inputs here; real heads and .npy cases in reference/model.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "reference/core/job.hpp"
#include "reference/core/tensor.hpp"

namespace alab {

/// What a lab asks for. A source that cannot give it (a real head has its own head_dim) gives what it has.
struct InputRequest {
  std::int64_t heads = 1, seq_len = 512, head_dim = 64, head_dim_v = 64;
  std::uint64_t seed = 42;
};

/// query, key [heads, seq_len, head_dim], value [heads, seq_len, head_dim_v]; the caller reads the shapes.
struct AttentionInput {
  Tensor<float> query, key, value;
  Tensor<float> mask;               ///< additive [seq_len, seq_len] or empty
  std::vector<std::string> tokens;  ///< one printable label per position, or empty
  std::string description;          ///< "SmolLM2-135M layer 17, head 5, on 'Alice ...' (64 tokens)"
  bool causal = false;              ///< the model itself is causal; labs default to it for real heads
  bool real = false;                ///< comes from a trained model
  double softmax_scale = 0;         ///< the model's own scale; 0 = 1/sqrt(head_dim)
};

struct InputSource {
  std::string name;         ///< as on the command line: normal, spike, smollm2:L17H5
  std::string label;        ///< as in the window
  std::string doc;          ///< one sentence
  std::string unavailable;  ///< "" or why not and the command that mends it
  std::function<AttentionInput(const InputRequest&, const Progress&)> make;
};

/// normal, large_logits, ascending, descending, spike, masked_row, correlated_keys.
///  ascending / descending: every query's scores grow / fall by 8 in all along the keys; spike: one score of
///  8 in the last tile, zeros elsewhere (curriculum, Lab 7 step 2); masked_row: one row of the mask is all
///  -inf.
const std::vector<InputSource>& synthetic_inputs();
/// A row of scores for the softmax labs from the same names: [rows, cols].
Tensor<float> synthetic_rows(std::string_view name, std::int64_t rows, std::int64_t cols, std::uint64_t seed);

}  // namespace alab
