// Errors of feature maps on heads of SmolLM2 and on random rows of the same shape.
// SPDX-License-Identifier: MIT
#include "labs/ch05_03_feature_maps/model_heads.hpp"

#include <algorithm>
#include <cmath>

#include "reference/model/input_sources.hpp"
#include "reference/model/text.hpp"

namespace alab::ch05_03 {
namespace {

/// The text of the chosen head, or Alice, or the workbook's own sentence.
HeadChoice text_choice(const InputSource& input) {
  if (input.name.starts_with("smollm2:")) {
    return parse_head(input.name);
  }
  HeadChoice choice;
  if (book_unavailable(find_book("alice")).empty()) {
    choice.book = "alice";
  }
  return choice;
}

RowMatrix<double> favor_output(const Tensor<double>& query, const Tensor<double>& key,
                               const Tensor<double>& value, double scale, bool causal,
                               const Tensor<double>& w) {
  FeatureMap map;
  map.kind = FeatureKind::favor_positive;
  map.matrix = w;
  map.input_scale = std::sqrt(scale);
  return output_of(implicit_map(map, query, key, causal, "FAVOR+"), value);
}

double median_sum_square(const Tensor<double>& query, const Tensor<double>& key, double scale, bool causal) {
  std::vector<double> sums;
  for (std::int64_t i = 0; i < query.extent(0); i += 2) {  // every other query is plenty for a median
    for (std::int64_t j = 0; j < (causal ? i + 1 : key.extent(0)); ++j) {
      sums.push_back(scale * (matrix(query).row(i) + matrix(key).row(j)).squaredNorm());
    }
  }
  return quantile(std::move(sums), 0.5);
}

}  // namespace

std::vector<Tensor<double>> draw_sweep(std::int64_t head_dim, std::size_t count, std::uint64_t seed) {
  std::vector<Tensor<double>> draws;
  for (std::size_t i = 0; i < count; ++i) {
    draws.push_back(draw_projection(kSweepRows[i], head_dim, Rows::orthogonal, RowNorm::chi, seed + i));
  }
  return draws;
}

HeadErrors errors_of(const Tensor<double>& query, const Tensor<double>& key, const Tensor<double>& value,
                     double scale, bool causal, const std::vector<Tensor<double>>& draws,
                     const Progress& progress) {
  const WeightMap soft = softmax_weights(query, key, scale, causal);
  const RowMatrix<double> truth = output_of(soft, value);
  HeadErrors out;
  out.largest_score = matrix(soft.products).cwiseAbs().maxCoeff();
  out.typical_sum = median_sum_square(query, key, scale, causal);
  const FeatureMap elu;
  out.elu1 = rel_l2(output_of(implicit_map(elu, query, key, causal, "elu + 1"), value), truth);
  out.mean = rel_l2(output_of(uniform_map(query.extent(0), key.extent(0), causal), value), truth);
  for (const Tensor<double>& w : draws) {
    progress.step(0, text("FAVOR+ with ", w.extent(0), " rows"));
    out.favor.push_back(rel_l2(favor_output(query, key, value, scale, causal, w), truth));
  }
  return out;
}

ModelHeads model_heads(const Context& context, std::int64_t seq_len, std::int64_t heads_per_layer,
                       const std::vector<Tensor<double>>& draws, const Progress& progress) {
  ModelHeads out;
  HeadChoice choice = text_choice(context.input);
  out.unavailable = head_source(choice).unavailable;
  const int stride = context.quick ? 10 : 1;
  for (int layer = 0; layer < kSmolLm2Layers && out.unavailable.empty(); layer += stride) {
    const Progress part =
        progress.part(static_cast<double>(layer) / kSmolLm2Layers, (layer + 1.0) / kSmolLm2Layers);
    choice.layer = layer;
    choice.head = layer % kSmolLm2Heads;  // another head in every layer
    const AttentionInput in = head_source(choice).make({heads_per_layer, seq_len, 64, 64, 0}, part);
    const double scale = 1 / std::sqrt(static_cast<double>(in.query.extent(2)));
    for (std::int64_t h = 0; h < in.query.extent(0); ++h) {
      part.step(0, text("layer ", layer, " of ", kSmolLm2Layers));
      HeadErrors errors = errors_of(head_in_double(in.query, h), head_in_double(in.key, h),
                                    head_in_double(in.value, h), scale, true, draws, part);
      errors.layer = layer;
      errors.index = (choice.head + h) % kSmolLm2Heads;
      out.heads.push_back(std::move(errors));
    }
    out.tokens = in.query.extent(1);
    const auto on = in.description.find(", on ");
    out.description = text("SmolLM2-135M, ", heads_per_layer, heads_per_layer == 1 ? " head" : " heads",
                           " of each layer", on == std::string::npos ? "" : in.description.substr(on));
  }
  return out;
}

double rows_needed_log10(double sum_square) {
  return sum_square > 30 ? sum_square / std::log(10.0) + 2
                         : std::log10(std::max(std::expm1(sum_square), 1e-300)) + 2;
}

}  // namespace alab::ch05_03
