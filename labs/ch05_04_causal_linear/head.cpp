// Reading one head of the input and turning it into features.
// SPDX-License-Identifier: MIT
#include "labs/ch05_04_causal_linear/head.hpp"

#include <algorithm>

#include "reference/core/rng.hpp"

namespace alab::causal_linear {
namespace {

/// The first rows of head 0: [1, rows, dim].
Tensor<float> first_rows(const Tensor<float>& x, std::int64_t rows) {
  const auto count = static_cast<std::ptrdiff_t>(rows * x.extent(2));
  return Tensor<float>({1, rows, x.extent(2)}, std::vector<float>(x.data(), x.data() + count));
}

}  // namespace

FeatureMap feature_map_named(std::string_view name) {
  FeatureMap map;
  map.kind = feature_kind(name);
  map.eps = map.kind == FeatureKind::relu ? 1e-3 : 0;
  return map;
}

Head::Head(const Context& context, std::int64_t seq_len, std::int64_t head_dim, std::uint64_t seed) {
  input_ = context.input.make({1, seq_len, head_dim, head_dim, seed}, context.progress);
  const std::int64_t queries = input_.query.extent(1), keys = input_.key.extent(1);
  require(queries == keys, "the input has ", queries, " queries and ", keys,
          " keys; causal linear attention needs as many keys as queries, choose another input");
  heads_ = input_.query.extent(0);
  had_ = queries;
  masked_ = !input_.mask.empty();
  const std::int64_t rows = std::min(queries, seq_len);
  input_.query = first_rows(input_.query, rows);
  input_.key = first_rows(input_.key, rows);
  input_.value = first_rows(input_.value, rows);
  input_.mask = {};
  input_.causal = true;
}

LinearAttentionProblem<float> Head::features(const FeatureMap& map, const Progress& progress) const {
  return linear_attention_problem(map, input_.query, input_.key, input_.value, progress);
}

LinearAttentionProblem<double> Head::features_f64(const FeatureMap& map, const Progress& progress) const {
  return widened(features(map, progress));
}

void Head::describe(Result& result, std::int64_t asked_seq_len, std::int64_t asked_head_dim) const {
  result.input = input_.description;
  if (had_ < asked_seq_len) {
    result.notes.push_back(text("This input has ", had_, " tokens, not the ", asked_seq_len, " asked for."));
  } else if (had_ > asked_seq_len) {
    result.notes.push_back(
        text("Only the first ", asked_seq_len, " of this input's ", had_, " tokens are used."));
  }
  if (heads_ > 1) {
    result.notes.push_back(text("Only the first of this input's ", heads_, " heads is used."));
  }
  if (head_dim() != asked_head_dim) {
    result.notes.push_back(
        text("This head has its own head_dim: ", head_dim(), ", not ", asked_head_dim, "."));
  }
  if (masked_) {
    result.notes.push_back(
        "This input's additive mask is not used: linear attention has no scores to add it to.");
  }
}

LinearAttentionProblem<double> widened(const LinearAttentionProblem<float>& p) {
  LinearAttentionProblem<double> wide{p.query.cast<double>(), p.key.cast<double>(), p.value.cast<double>()};
  if (!p.initial_state.empty()) {
    wide.initial_state = p.initial_state.cast<double>();
  }
  if (!p.initial_normalizer.empty()) {
    wide.initial_normalizer = p.initial_normalizer.cast<double>();
  }
  return wide;
}

LinearAttentionProblem<float> drawn_problem(std::int64_t heads, std::int64_t seq_len,
                                            std::int64_t feature_dim, std::int64_t head_dim_v,
                                            std::uint64_t seed) {
  Rng rng(seed);
  const auto draw = [&](std::int64_t width) {
    Tensor<float> x({heads, seq_len, width});
    for (float& e : x.span()) {
      e = static_cast<float>(rng.normal());
    }
    return x;
  };
  const Tensor<float> query = draw(feature_dim), key = draw(feature_dim), value = draw(head_dim_v);
  return linear_attention_problem(FeatureMap{}, query, key, value);
}

double rel_l2(const Tensor<float>& got, const Tensor<double>& truth) {
  return difference<float>(got.span(), truth.span()).rel_l2;
}

double rel_l2(const Tensor<double>& got, const Tensor<double>& truth) {
  return difference<double>(got.span(), truth.span()).rel_l2;
}

void add_where(Result& result, bool stated_here, std::string_view where_stated, Check check) {
  if (stated_here) {
    result.checks.push_back(std::move(check));
    return;
  }
  result.notes.push_back(text("Not checked here: \"", check.label, "\" is stated for ", where_stated, "."));
}

double worse(double a, double b) {
  return b <= a ? a : b;
}

}  // namespace alab::causal_linear
