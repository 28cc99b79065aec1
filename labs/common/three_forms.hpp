// Three forms, one result: a recurrent op computed in parallel, as a recurrence and in chunks of the same
// input. The view draws what the chunk size changes: difference, FLOPs, bytes, temporaries, time. It knows
// nothing of the op, so that any lab with the three forms can show it. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "labs/lab.hpp"
#include "reference/core/tensor.hpp"

namespace alab {

/// What one run of one form gave and what it cost.
struct FormRun {
  Tensor<float> output;  ///< [heads, seq_len, head_dim_v]
  double flops = 0;      ///< a multiply-add counts 2
  double bytes = 0;      ///< moved between slow memory and the chip, in and out
  double temporary = 0;  ///< largest temporary storage beyond inputs and output, in elements
};

/// An op with its inputs bound. Each function computes the same output from them and may be called often; it
/// steps the progress it is given.
struct ThreeForms {
  std::string name;      ///< "causal linear attention, elu + 1"
  Tensor<double> truth;  ///< [heads, seq_len, head_dim_v], in double from the same rounded inputs
  std::function<FormRun(const Progress&)> parallel, recurrent;
  std::function<FormRun(std::int64_t chunk_size, const Progress&)> chunkwise;
  Provenance flops, bytes, temporary;  ///< where the three costs come from
  /// relL2 that each form must keep to; 0 shows the difference without a check (a form that is meant to
  /// break).
  double tolerance_parallel = 5e-6, tolerance_recurrent = 5e-6, tolerance_chunkwise = 5e-6;
  /// Label of the bytes: what is assumed to stay on the chip, one sentence.
  std::string bytes_note;
};

/// Chunk sizes 1, 2, 4 ... up to seq_len, the chosen one among them.
std::vector<std::int64_t> chunk_sizes(std::int64_t seq_len, std::int64_t chosen);

/// Runs the three forms and the chunkwise one at every chunk size, and adds
///  - tables "three_forms" (the forms side by side) and "chunk_sizes" (the sweep),
///  - plots "forms_difference", "forms_flops", "forms_bytes", "forms_temporary", "forms_time" against the
///    chunk size and "forms_by_position" along the sequence,
///  - heatmap "forms_pairs": which pairs of positions meet as scores and which through the state,
///  - scalars error_, flops_, bytes_, temporary_ and time_ of parallel, recurrent, chunkwise;
///  error_worst_chunk,
///    fastest_chunk,
///  - checks pass_parallel, pass_recurrent, pass_chunkwise, pass_every_chunk.
/// A sweep takes about ten times as long as the slowest form; each form is timed for a few milliseconds.
/// @throws Error when chunk_size is not in 1 .. seq_len; Cancelled when a stop is requested
void add_three_forms(Result& result, const ThreeForms& op, std::int64_t chunk_size, bool quick,
                     const Progress& progress);

}  // namespace alab
