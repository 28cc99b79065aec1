// The kinds by name, their widths, and the matrices they draw. SPDX-License-Identifier: MIT
#include "reference/feature_maps.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "reference/core/eigen_view.hpp"
#include "reference/core/param.hpp"

namespace alab {

namespace {

constexpr std::int64_t kMostRows = 65536;
constexpr std::uint64_t kPhaseStream = 0x9e3779b97f4a7c15ULL;  // b has a stream of its own beside W's

constexpr std::array kKinds{
    FeatureKindInfo{FeatureKind::identity, "identity", "identity", "the row itself; denominators of any sign",
                    false, false, false},
    FeatureKindInfo{FeatureKind::elu1, "elu1", "elu + 1", "x + 1 above 0, e^x below: always positive", false,
                    true, false},
    FeatureKindInfo{FeatureKind::relu, "relu", "ReLU", "max(x, 0): non-negative, a feature can be dead",
                    false, true, false},
    FeatureKindInfo{FeatureKind::exp, "exp", "exp", "e^x element by element", false, true, false},
    FeatureKindInfo{FeatureKind::quadratic, "quadratic", "quadratic, packed",
                    "squares and sqrt2 times the products: exactly (q.k)^2", false, false, false},
    FeatureKindInfo{FeatureKind::taylor2, "taylor2", "Taylor, degree 2",
                    "1 + x.y + (x.y)^2 / 2, at least 1/2: the series of e^{x.y} cut off", false, false, true},
    FeatureKindInfo{FeatureKind::dpfp, "dpfp", "DPFP", "products of relu([x, -x]) with its shifts", false,
                    true, false},
    FeatureKindInfo{FeatureKind::rff, "rff", "random Fourier, phase",
                    "cosines of random projections with random phases: the Gaussian kernel", true, false,
                    false},
    FeatureKindInfo{FeatureKind::rff_pairs, "rff_pairs", "random Fourier, pairs",
                    "sines and cosines of random projections: the Gaussian kernel; RFA's map", true, false,
                    false},
    FeatureKindInfo{FeatureKind::favor_positive, "favor_positive", "FAVOR+ positive",
                    "e^{w.x - |x|^2/2}: unbiased for e^{x.y} and positive", true, true, true},
    FeatureKindInfo{FeatureKind::favor_hyperbolic, "favor_hyperbolic", "FAVOR+ hyperbolic",
                    "e^{w.x} and e^{-w.x} together: half the error or less", true, true, true},
    FeatureKindInfo{FeatureKind::favor_trigonometric, "favor_trigonometric", "FAVOR trigonometric",
                    "sines and cosines with the factor e^{|x|^2/2}: signs vary, norms explode", true, false,
                    true},
    FeatureKindInfo{FeatureKind::hedgehog, "hedgehog", "Hedgehog form",
                    "softmax of [2x, -2x] over the features", false, true, false},
};

double norm_of(std::span<const double> row) {
  double sum = 0;
  for (const double value : row) {
    sum += value * value;
  }
  return std::sqrt(sum);
}

void draw_row(std::span<double> row, Rng& rng) {
  for (double& value : row) {
    value = rng.normal();
  }
}

/// Takes the components along the rows [first, end) of W out of `row`, twice: once leaves 1e-16 times the
/// condition of the block.
void orthogonalise(const Tensor<double>& w, std::int64_t first, std::int64_t end, std::span<double> row) {
  const std::int64_t d = w.extent(1);
  for (int pass = 0; pass < 2; ++pass) {
    for (std::int64_t r = first; r < end; ++r) {
      const double* other = w.data() + r * d;
      double dot = 0;
      for (std::int64_t c = 0; c < d; ++c) {
        dot += row[static_cast<std::size_t>(c)] * other[c];
      }
      for (std::int64_t c = 0; c < d; ++c) {
        row[static_cast<std::size_t>(c)] -= dot * other[c];
      }
    }
  }
}

void scale_row(std::span<double> row, double factor) {
  for (double& value : row) {
    value *= factor;
  }
}

void check_rows(std::int64_t rows, std::int64_t head_dim) {
  require(rows >= 1 && rows <= kMostRows, "a feature map with ", rows, " random rows is out of range: 1 .. ",
          kMostRows);
  require(head_dim >= 1, "rows of ", head_dim, " elements cannot be mapped: head_dim is at least 1");
}

std::int64_t matrix_rows(const FeatureMap& map, std::int64_t head_dim) {
  if (map.matrix.empty()) {
    check_rows(map.rows, head_dim);
    return map.rows;
  }
  require(map.matrix.rank() == 2 && map.matrix.extent(1) == head_dim, "W of shape ",
          to_string(map.matrix.shape()), " does not fit rows of ", head_dim, " elements: give [M, ", head_dim,
          "]");
  return map.matrix.extent(0);
}

}  // namespace

std::span<const FeatureKindInfo> feature_kinds() {
  return kKinds;
}

const FeatureKindInfo& info_of(FeatureKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::string_view to_string(FeatureKind kind) {
  return info_of(kind).name;
}

FeatureKind feature_kind(std::string_view name) {
  std::vector<std::string> names;
  for (const FeatureKindInfo& info : kKinds) {
    if (info.name == name) {
      return info.kind;
    }
    names.emplace_back(info.name);
  }
  const std::string close = nearest(name, names);
  std::string all;
  for (const std::string& each : names) {
    all += (all.empty() ? "" : ", ") + each;
  }
  throw Error(text("there is no feature map '", name, "'",
                   close.empty() ? "" : "; did you mean '" + close + "'?", " The maps are ", all));
}

double natural_scale(FeatureKind kind, std::int64_t head_dim) {
  return info_of(kind).approximates_softmax ? std::pow(static_cast<double>(head_dim), -0.25) : 1.0;
}

std::int64_t feature_dim_of(const FeatureMap& map, std::int64_t head_dim) {
  require(head_dim >= 1, "rows of ", head_dim, " elements cannot be mapped: head_dim is at least 1");
  const std::int64_t d = head_dim;
  switch (map.kind) {
    case FeatureKind::quadratic:
      return d * (d + 1) / 2;
    case FeatureKind::taylor2:
      return 1 + d + d * d;
    case FeatureKind::dpfp:
      require(map.shifts >= 1 && map.shifts < 2 * d, "dpfp with ", map.shifts,
              " shifts is out of range for head_dim ", d, ": 1 .. ", 2 * d - 1);
      return 2 * d * map.shifts;
    case FeatureKind::rff:
    case FeatureKind::favor_positive:
      return matrix_rows(map, d);
    case FeatureKind::rff_pairs:
    case FeatureKind::favor_hyperbolic:
    case FeatureKind::favor_trigonometric:
      return 2 * matrix_rows(map, d);
    case FeatureKind::hedgehog:
      return map.matrix.empty() ? 2 * d : 2 * matrix_rows(map, d);
    default:
      return d;
  }
}

Tensor<double> draw_projection(std::int64_t rows, std::int64_t head_dim, Rows kind, RowNorm norm,
                               std::uint64_t seed) {
  Rng rng(seed);
  return draw_projection(rows, head_dim, kind, norm, rng);
}

Tensor<double> draw_projection(std::int64_t rows, std::int64_t head_dim, Rows kind, RowNorm norm, Rng& rng) {
  check_rows(rows, head_dim);
  const auto d = static_cast<std::size_t>(head_dim);
  Tensor<double> w({rows, head_dim});
  if (kind == Rows::iid) {
    draw_row(w.span(), rng);
    return w;
  }
  std::vector<double> lengths(static_cast<std::size_t>(rows), std::sqrt(static_cast<double>(head_dim)));
  std::vector<double> spare(d);
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::span<double> row = w.span().subspan(static_cast<std::size_t>(r) * d, d);
    const std::int64_t block = r - r % head_dim;
    do {
      draw_row(row, rng);
      orthogonalise(w, block, r, row);
    } while (norm_of(row) < 1e-6);  // a draw inside the span of the others
    scale_row(row, 1 / norm_of(row));
    if (norm == RowNorm::chi) {
      draw_row(spare, rng);
      lengths[static_cast<std::size_t>(r)] = norm_of(spare);
    }
  }
  for (std::size_t r = 0; r < lengths.size(); ++r) {
    scale_row(w.span().subspan(r * d, d), lengths[r]);
  }
  return w;
}

FeatureMap with_drawn(FeatureMap map, std::int64_t head_dim) {
  if (!info_of(map.kind).drawn) {
    return map;
  }
  if (map.matrix.empty()) {
    map.matrix = draw_projection(map.rows, head_dim, map.drawn, map.row_norm, map.seed);
  }
  if (map.kind == FeatureKind::rff && map.phase.empty()) {
    map.phase = Tensor<double>({map.matrix.extent(0)});
    Rng rng(map.seed ^ kPhaseStream);
    for (double& value : map.phase.span()) {
      value = rng.uniform(0, 2 * std::numbers::pi);
    }
  }
  return map;
}

}  // namespace alab
