// The same gates as a recurrence, in parallel and in chunks of every size.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch06_01_gla_chunking/experiments.hpp"
#include "labs/ch06_01_gla_chunking/gated_head.hpp"
#include "labs/ch06_01_gla_chunking/params.hpp"
#include "labs/common/sweep.hpp"
#include "labs/common/three_forms.hpp"

namespace alab::gla_chunking {
namespace {

/// Runs a form with its counters and its meter on.
template <class Form>
FormRun counted(const Form& form, const Progress& progress) {
  LinearCounters counters;
  AllocationMeter meter;
  GatedOptions options;
  options.counters = &counters;
  options.meter = &meter;
  FormRun run;
  run.output = form(options, progress).output;
  run.flops = static_cast<double>(counters.product_flops);
  run.bytes = 4 * static_cast<double>(counters.accesses.total());
  run.temporary = static_cast<double>(meter.peak());
  return run;
}

}  // namespace

Result run_three_forms(const ParamSet& params, const Context& context) {
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  GatedHead head = read_head(context, params.integer(kFormsLength), params.integer(kFormsDim), seed);
  head.problem.log_decay = drawn_log_decay(params, head.seq_len(), head.head_dim(), seed);
  const bool two_level = params.option(kInside) == "two_level";
  const std::int64_t sub = params.integer(kSubChunk);
  const GatedLinearAttentionProblem<float>& p = head.problem;
  ThreeForms op;
  op.name = text("gated linear attention, ", two_level ? "two-level chunks" : "one-level chunks");
  op.truth = gated_linear_attention_recurrent(in_double(p), {}, context.progress).output;
  op.parallel = [&](const Progress& progress) {
    return counted([&](const GatedOptions& o,
                       const Progress& s) { return gated_linear_attention_parallel_log(p, o, s); },
                   progress);
  };
  op.recurrent = [&](const Progress& progress) {
    return counted(
        [&](const GatedOptions& o, const Progress& s) { return gated_linear_attention_recurrent(p, o, s); },
        progress);
  };
  op.chunkwise = [&](std::int64_t chunk, const Progress& progress) {
    return counted(
        [&](const GatedOptions& o, const Progress& s) {
          return two_level ? gated_linear_attention_chunkwise_two_level(p, chunk, std::min(sub, chunk), o, s)
                           : gated_linear_attention_chunkwise(p, chunk, o, s);
        },
        progress);
  };
  op.flops = counted_by("products with q, k, v and the state; exponentials of gates are left out");
  op.bytes = counted_by("loads and stores of slow memory as the form would make them on a GPU, 4 bytes each");
  op.temporary = counted_by("temporaries of the reference, peak");
  op.tolerance_parallel = kT32x;
  op.tolerance_chunkwise = two_level ? kT32 : 0;
  op.bytes_note = "The state stays on the chip; the parallel form writes and reads its N x N scores.";
  Result result;
  result.input = text(head.input.description, "; gates ", words_of_gates(params));
  add_three_forms(result, op, std::min(params.integer(kChunk), head.seq_len()), context.quick,
                  context.progress.part(0.05, 1));
  return result;
}

}  // namespace alab::gla_chunking
