// Decoding one token with the keys cut into splits, and the combine step (flash-decoding).
// SPDX-License-Identifier: MIT
#include <cmath>

#include "reference/attention_head.hpp"
#include "reference/flash_attention.hpp"

namespace alab {

template <class T>
SplitParts<T> split_kv_decode(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v, std::int64_t splits,
                              double scale) {
  check_attention_shapes(q, k, v, Tensor<T>());
  require(q.extent(1) == 1, "decoding takes one query per head, got ", q.extent(1), " rows in q");
  require(splits >= 1, "the keys cannot be cut into ", splits, " splits: at least 1");
  const std::int64_t keys = k.extent(1), size = tile_count(keys, splits);
  SplitParts<T> parts{Tensor<T>({q.extent(0), splits, v.extent(2)}), Tensor<T>({q.extent(0), splits})};
  const auto factor = static_cast<T>(resolved_scale({.scale = scale}, q.extent(2)));
  for (std::int64_t h = 0; h < q.extent(0); ++h) {
    for (std::int64_t s = 0; s < splits; ++s) {
      const std::int64_t first = std::min(keys, s * size), count = std::min(keys, first + size) - first;
      if (count == 0) {
        parts.logsumexp(h, s) = kMinusInfinity<T>;
        continue;
      }
      ColumnArray<T> p =
          factor * (head(k, h).middleRows(first, count) * head(q, h).row(0).transpose()).array();
      const T m = p.maxCoeff();
      p = exp_of(p - m);
      const T l = p.sum();
      head(parts.output, h).row(s) = p.matrix().transpose() * head(v, h).middleRows(first, count) / l;
      parts.logsumexp(h, s) = m + std::log(l);
    }
  }
  return parts;
}

template <class T>
AttentionOutput<T> combine_splits(const SplitParts<T>& parts) {
  require(parts.output.rank() == 3 && !parts.output.empty() &&
              parts.logsumexp.shape() == Shape{parts.output.extent(0), parts.output.extent(1)},
          "the parts need output [heads, splits, head_dim_v] and logsumexp [heads, splits], got ",
          to_string(parts.output.shape()), " and ", to_string(parts.logsumexp.shape()));
  const std::int64_t heads = parts.output.extent(0), splits = parts.output.extent(1);
  AttentionOutput<T> out{Tensor<T>({heads, 1, parts.output.extent(2)}), Tensor<T>({heads, 1})};
  for (std::int64_t h = 0; h < heads; ++h) {
    Eigen::Map<const ColumnArray<T>> lse(parts.logsumexp.data() + h * splits, splits);
    const T m = lse.maxCoeff();
    if (m == kMinusInfinity<T>) {
      out.logsumexp(h, 0) = m;
      continue;
    }
    const ColumnArray<T> weight = exp_of(lse - m);
    const T sum = weight.sum();
    head(out.output, h).row(0) = weight.matrix().transpose() * head(parts.output, h) / sum;
    out.logsumexp(h, 0) = m + std::log(sum);
  }
  return out;
}

#define ALAB_INSTANTIATE(T)                                                                                  \
  template SplitParts<T> split_kv_decode(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, std::int64_t, \
                                         double);                                                            \
  template AttentionOutput<T> combine_splits(const SplitParts<T>&);
ALAB_INSTANTIATE(float)
ALAB_INSTANTIATE(double)
#undef ALAB_INSTANTIATE

}  // namespace alab
