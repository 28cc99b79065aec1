// The same op under the conventions of the paper, of fla and of fast-transformers: scale of the queries and
// eps of the denominator. Source: Katharopoulos et al. 2020; flash-linear-attention, naive functions of
// linear_attn; fast-transformers, LinearAttention. SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <map>

#include "labs/ch05_04_causal_linear/experiments.hpp"
#include "labs/ch05_04_causal_linear/head.hpp"
#include "labs/ch05_04_causal_linear/params.hpp"

namespace alab::causal_linear {
namespace {

constexpr std::int64_t kChunks[] = {16, 64};

struct Convention {
  std::string key, name;
  LinearAttentionOptions options;
};

std::vector<Convention> conventions(std::int64_t feature_dim) {
  const double scale = 1 / std::sqrt(static_cast<double>(feature_dim));
  const auto with = [](bool normalize, double factor, double eps) {
    LinearAttentionOptions options;
    options.normalize = normalize;
    options.scale = factor;
    options.eps = eps;
    return options;
  };
  return {{"paper", "paper: scale 1, eps 0", with(true, 1, 0)},
          {"fast", "fast-transformers: scale 1, eps 1e-6", with(true, 1, 1e-6)},
          {"fla", "fla: scale d^-1/2, eps 1e-10", with(true, scale, 1e-10)},
          {"paper_plain", "paper, not normalised", with(false, 1, 0)},
          {"fla_plain", "fla, not normalised", with(false, scale, 0)}};
}

struct Row {
  double recurrent = 0, parallel = 0, chunks[2] = {0, 0};
  double worst() const { return worse(worse(recurrent, parallel), worse(chunks[0], chunks[1])); }
};

Row errors_of(const LinearAttentionProblem<float>& p, const LinearAttentionOptions& options,
              const Tensor<double>& truth) {
  Row row{rel_l2(linear_attention_recurrent(p, options).output, truth),
          rel_l2(linear_attention_parallel(p, options).output, truth),
          {}};
  for (std::size_t c = 0; c < std::size(kChunks); ++c) {
    row.chunks[c] = rel_l2(linear_attention_chunkwise(p, kChunks[c], options).output, truth);
  }
  return row;
}

double norm(const Tensor<double>& x) {
  double sum = 0;
  for (const double e : x.span()) {
    sum += e * e;
  }
  return std::sqrt(sum);
}

/// ||A V|| and the normaliser by one recurrence: the values get a column of ones.
double ones_column_gap(const LinearAttentionProblem<double>& p) {
  LinearAttentionProblem<double> wide = p;
  const std::int64_t n = p.value.extent(1), dv = p.value.extent(2);
  wide.value = Tensor<double>({1, n, dv + 1});
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t c = 0; c < dv; ++c) {
      wide.value(0, i, c) = p.value(0, i, c);
    }
    wide.value(0, i, dv) = 1;
  }
  LinearAttentionOptions options;
  options.normalize = false;
  const Tensor<double> both = linear_attention_chunkwise(wide, 16, options).output;
  Tensor<double> divided(p.value.shape());
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t c = 0; c < dv; ++c) {
      divided(0, i, c) = both(0, i, c) / both(0, i, dv);
    }
  }
  return rel_l2(divided, linear_attention_recurrent(p).output);
}

}  // namespace

Result run_conventions(const ParamSet& params, const Context& context) {
  const std::int64_t asked = params.integer(kFlaLength), dim = params.integer(kHeadDim);
  const Head head(context, asked, dim, static_cast<std::uint64_t>(params.integer(params::seed)));
  const LinearAttentionProblem<float> p = head.features(FeatureMap{}, context.progress);
  const LinearAttentionProblem<double> wide = widened(p);
  const Provenance here = measured_here("float against double"), exact = measured_here("double");
  Result result;
  head.describe(result, asked, dim);
  Table table{
      "pairs",
      "Every pair of forms agrees under every convention",
      text("N = ", head.seq_len(),
           head.seq_len() % kChunks[1] == 0 ? ": all chunks are full." : ": the last chunk of 64 is short."),
      {"convention", "recurrent", "parallel", "chunks of 16", "chunks of 64", "output compared with paper"},
      {}};
  double worst = 0;
  std::map<std::string, Tensor<double>> truths;
  for (const Convention& c : conventions(p.query.extent(2))) {
    context.progress.step(static_cast<double>(truths.size()) / 5, c.name);
    const Tensor<double>& truth = truths[c.key] = linear_attention_recurrent(wide, c.options).output;
    const Row row = errors_of(p, c.options, truth);
    worst = worse(worst, row.worst());
    const Tensor<double>& paper = truths[c.options.normalize ? "paper" : "paper_plain"];
    table.rows.push_back({Cell::words(c.name), Cell::number(row.recurrent, "error", here),
                          Cell::number(row.parallel, "error", here),
                          Cell::number(row.chunks[0], "error", here),
                          Cell::number(row.chunks[1], "error", here),
                          c.options.normalize ? Cell::number(rel_l2(truth, paper), "error", exact)
                                              : Cell::number(norm(truth) / norm(paper), "ratio", exact)});
  }
  result.tables.push_back(std::move(table));
  const double cancels = rel_l2(truths["fla"], truths["paper"]),
               fast = rel_l2(truths["fast"], truths["paper"]),
               ratio = norm(truths["fla_plain"]) / norm(truths["paper_plain"]),
               root = std::sqrt(static_cast<double>(p.query.extent(2))), ones = ones_column_gap(wide);
  result.scalars = {
      scalar("worst_pair", "largest difference of any form", worst, "error", here),
      scalar("fla_normalised", "fla against paper, normalised", cancels, "error", exact),
      scalar("fast_normalised", "fast-transformers against paper", fast, "error", exact),
      scalar("plain_ratio", "size of fla's output over the paper's, not normalised", ratio, "", exact),
      scalar("ones", "normaliser by a column of ones", ones, "error", exact)};
  result.checks = {
      check_at_most("pass_pairs", "all forms, all conventions: <= 5e-6", worst, kT32, here),
      check_at_most("pass_cancels", "normalised, the scale cancels: fla equals the paper, <= 1e-6", cancels,
                    1e-6, exact),
      check_at_most("pass_ratio", "not normalised, fla is smaller by d^1/2: <= 1e-12",
                    std::abs(ratio * root - 1), kT64, exact),
      check_at_most("pass_ones", "the normaliser is the same recurrence with ones for V: <= 1e-12", ones,
                    kT64, exact)};
  return result;
}

}  // namespace alab::causal_linear
