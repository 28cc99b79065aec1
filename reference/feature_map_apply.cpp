// Feature maps over tensors: blocks of rows, projections by one matrix product each. SPDX-License-Identifier:
// MIT
#include <algorithm>

#include "reference/feature_rows.hpp"

namespace alab {

namespace {

constexpr std::int64_t kRowsAtOnce = 128;

/// x as [H, N, d]; a [N, d] tensor is one head.
template <class T>
struct HeadsOf {
  explicit HeadsOf(const Tensor<T>& x) {
    require((x.rank() == 2 || x.rank() == 3) && x.size() > 0,
            "a feature map takes rows [N, d] or [H, N, d], got ", to_string(x.shape()));
    heads = x.rank() == 3 ? x.extent(0) : 1;
    rows = x.extent(-2);
    width = x.extent(-1);
  }
  Shape with_width(const Tensor<T>& x, std::int64_t m) const {
    return x.rank() == 3 ? Shape{heads, rows, m} : Shape{rows, m};
  }
  std::int64_t heads, rows, width;
};

template <class T>
ConstMatrixMap<T> rows_of(const Tensor<T>& x, std::int64_t first, std::int64_t count, std::int64_t width) {
  return {x.data() + first * width, count, width};
}

/// visit(row of the flattened tensor, scaled row, projections) for all rows, in order.
template <class T, class Visit>
void for_rows(const FeatureRows<T>& map, const Tensor<T>& x, const HeadsOf<T>& shape,
              const Progress& progress, const Visit& visit) {
  const std::int64_t all = shape.heads * shape.rows;
  for (std::int64_t first = 0; first < all; first += kRowsAtOnce) {
    progress.step(static_cast<double>(first) / static_cast<double>(all), "feature map");
    const std::int64_t count = std::min(kRowsAtOnce, all - first);
    const RowMatrix<T> scaled = map.scaled(rows_of(x, first, count, shape.width));
    const RowMatrix<T> projected = map.projected(scaled);
    for (std::int64_t i = 0; i < count; ++i) {
      visit(first + i, RowArray<T>(scaled.row(i)), RowArray<T>(projected.row(i)));
    }
  }
}

template <class T>
Tensor<T> stabilizers(const FeatureRows<T>& map, const Tensor<T>& x, const HeadsOf<T>& shape, Role role,
                      const Progress& progress) {
  const bool shared = role == Role::key;
  Tensor<T> out({shape.heads, shared ? 1 : shape.rows});
  if (!map.stabilizes()) {
    return out;
  }
  for_rows(map, x, shape, progress, [&](std::int64_t row, const RowArray<T>& xs, const RowArray<T>& u) {
    const T c = map.stabilizer(xs, u);
    T& kept = out[shared ? row / shape.rows : row];
    kept = shared && row % shape.rows > 0 ? std::max(kept, c) : c;
  });
  return out;
}

}  // namespace

template <class T>
Tensor<T> stabilizer_of(const FeatureMap& map, const Tensor<T>& x, Role role) {
  const HeadsOf<T> shape(x);
  return stabilizers(FeatureRows<T>(map, shape.width), x, shape, role, {});
}

template <class T>
Tensor<T> apply_feature_map(const FeatureMap& map, const Tensor<T>& x, Role role, const Progress& progress) {
  const HeadsOf<T> shape(x);
  const FeatureRows<T> rows(map, shape.width);
  const std::int64_t m = rows.feature_dim();
  const Tensor<T> constants = stabilizers(rows, x, shape, role, progress.part(0, 0.4));
  Tensor<T> out(shape.with_width(x, m));
  for_rows(rows, x, shape, progress.part(0.4, 1),
           [&](std::int64_t row, const RowArray<T>& xs, const RowArray<T>& u) {
             const T c = constants[role == Role::key ? row / shape.rows : row];
             rows.forward(xs, u, c, Eigen::Map<RowArray<T>>(out.data() + row * m, m));
           });
  return out;
}

template <class T>
Tensor<T> feature_map_backward(const FeatureMap& map, const Tensor<T>& x, const Tensor<T>& d_features,
                               Role role, const Progress& progress) {
  const HeadsOf<T> shape(x);
  const FeatureRows<T> rows(map, shape.width);
  const std::int64_t m = rows.feature_dim(), d = shape.width;
  require(d_features.shape() == shape.with_width(x, m), "the gradient of the features has the shape ",
          to_string(d_features.shape()), ": it must be ", to_string(shape.with_width(x, m)));
  const Tensor<T> constants = stabilizers(rows, x, shape, role, progress.part(0, 0.4));
  Tensor<T> dx(x.shape());
  for_rows(rows, x, shape, progress.part(0.4, 1),
           [&](std::int64_t row, const RowArray<T>& xs, const RowArray<T>& u) {
             const T c = constants[role == Role::key ? row / shape.rows : row];
             const RowArray<T> g = Eigen::Map<const RowArray<T>>(d_features.data() + row * m, m);
             Eigen::Map<RowArray<T>>(dx.data() + row * d, d) = rows.backward(xs, u, c, g);
           });
  return dx;
}

#define ALAB_INSTANTIATE(T)                                                                            \
  template Tensor<T> stabilizer_of(const FeatureMap&, const Tensor<T>&, Role);                         \
  template Tensor<T> apply_feature_map(const FeatureMap&, const Tensor<T>&, Role, const Progress&);    \
  template Tensor<T> feature_map_backward(const FeatureMap&, const Tensor<T>&, const Tensor<T>&, Role, \
                                          const Progress&);
ALAB_INSTANTIATE(float)
ALAB_INSTANTIATE(double)
#undef ALAB_INSTANTIATE

}  // namespace alab
