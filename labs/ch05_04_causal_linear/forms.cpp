// The three forms of causal linear attention on the current head, from chunks of one token to one chunk of
// all. SPDX-License-Identifier: MIT
#include <algorithm>

#include "labs/ch05_04_causal_linear/experiments.hpp"
#include "labs/ch05_04_causal_linear/head.hpp"
#include "labs/ch05_04_causal_linear/params.hpp"
#include "labs/common/three_forms.hpp"

namespace alab::causal_linear {
namespace {

using Problem = LinearAttentionProblem<float>;
using Output = LinearAttentionOutput<float>;

/// One run with everything counted.
template <class Form>
FormRun counted_run(LinearAttentionOptions options, const Form& form) {
  LinearCounters counters;
  AllocationMeter meter;
  options.counters = &counters;
  options.meter = &meter;
  Output out = form(options);
  return {std::move(out.output), static_cast<double>(counters.product_flops + counters.normalizer_flops),
          4 * static_cast<double>(counters.accesses.total()), static_cast<double>(meter.peak())};
}

ThreeForms forms_of(const Problem& p, const LinearAttentionOptions& options, std::string name) {
  ThreeForms op;
  op.name = std::move(name);
  op.truth = linear_attention_recurrent(widened(p), options).output;
  op.parallel = [&p, options](const Progress& progress) {
    return counted_run(options, [&](const auto& o) { return linear_attention_parallel(p, o, progress); });
  };
  op.recurrent = [&p, options](const Progress& progress) {
    return counted_run(options, [&](const auto& o) { return linear_attention_recurrent(p, o, progress); });
  };
  op.chunkwise = [&p, options](std::int64_t chunk_size, const Progress& progress) {
    return counted_run(options,
                       [&](const auto& o) { return linear_attention_chunkwise(p, chunk_size, o, progress); });
  };
  op.flops = counted_by("2 per multiply-add of every product, and the normaliser, while the form ran");
  op.bytes = counted_by("loads and stores of slow memory, 4 bytes each, while the form ran");
  op.temporary = counted_by("allocation meter on every temporary");
  op.bytes_note =
      "States travel, scores do not: a chunk's scores are taken to stay on the chip, which holds for small C "
      "only.";
  return op;
}

/// Product FLOPs of one chunkwise run, counted, against 2 N C (m + dv) + 4 N m dv.
void add_flops_check(Result& result, const Problem& p, std::int64_t chunk_size) {
  const std::int64_t n = p.value.extent(1), m = p.key.extent(2), dv = p.value.extent(2);
  LinearCounters counters;
  LinearAttentionOptions options;
  options.normalize = false;
  options.counters = &counters;
  keep(linear_attention_chunkwise(p, chunk_size, options).output.data());
  add_where(result, n % chunk_size == 0, "chunks that divide N",
            check_exactly("pass_flops", "product FLOPs are exactly 2 N C (m + d_v) + 4 N m d_v",
                          static_cast<double>(counters.product_flops),
                          chunkwise_flops(static_cast<double>(n), static_cast<double>(chunk_size),
                                          static_cast<double>(m), static_cast<double>(dv)),
                          counted_by("2 per multiply-add of every product while the form ran")));
}

}  // namespace

Result run_forms(const ParamSet& params, const Context& context) {
  const std::int64_t asked = params.integer(kLength), dim = params.integer(kHeadDim);
  const Head head(context, asked, dim, static_cast<std::uint64_t>(params.integer(params::seed)));
  const FeatureMap map = feature_map_named(params.option(kMap));
  const bool normalize = params.flag(kNormalize);
  context.progress.step(0.02, "features and truth");
  const Problem p = head.features(map, context.progress);
  LinearAttentionOptions options;
  options.normalize = normalize;
  options.states = ChunkStates::materialized;
  ThreeForms op = forms_of(p, options, text("causal linear attention, ", info_of(map.kind).label));
  Result result;
  head.describe(result, asked, dim);
  if (normalize && !info_of(map.kind).non_negative) {
    op.tolerance_parallel = op.tolerance_recurrent = op.tolerance_chunkwise = 0;
    result.notes.push_back(
        "Features of any sign have denominators near 0, where rounding is enlarged without bound: the "
        "difference is shown and not checked.");
  }
  const std::int64_t chunk_size = std::min(params.integer(kChunk), head.seq_len());
  add_three_forms(result, op, chunk_size, context.quick, context.progress.part(0.1, 1));
  add_flops_check(result, p, chunk_size);
  result.scalars.push_back(scalar("state_elements", "elements of the state",
                                  static_cast<double>(p.query.extent(2) * (head.head_dim_v() + 1)), "count",
                                  modelled_by("m dv + m")));
  return result;
}

}  // namespace alab::causal_linear
