// Gradients of gated linear attention in closed form, the gate's included. SPDX-License-Identifier: MIT
#include "reference/gated_head.hpp"

namespace alab {

namespace {

constexpr std::int64_t kTokensAtOnce = 64;

template <class T>
void query_gradients(const GatedLinearAttentionProblem<T>& p, const Tensor<T>& d_output, T scale,
                     std::int64_t h, GatedGradients<T>& out, const Progress& progress) {
  const GatedExtents<T> e(p);
  RowMatrix<T> s = initial_state(p.initial_state, e.dk, e.dv, h);
  for (std::int64_t t = 0; t < e.n; ++t) {
    if (t % kTokensAtOnce == 0) {
      progress.step(static_cast<double>(t) / static_cast<double>(e.n), "backward: states");
    }
    s.array().colwise() *= exp_of(head(p.log_decay, h).row(t).array()).transpose();
    s.noalias() += head(p.key, h).row(t).transpose() * head(p.value, h).row(t);
    head(out.output, h).row(t).noalias() = scale * head(p.query, h).row(t) * s;
    head(out.dq, h).row(t).noalias() = scale * head(d_output, h).row(t) * s.transpose();
  }
}

/// From the last token to the first: R, dk, dv and the running sum of q * dq - k * dk.
template <class T>
void other_gradients(const GatedLinearAttentionProblem<T>& p, const Tensor<T>& d_output, T scale,
                     std::int64_t h, GatedGradients<T>& out, const Progress& progress) {
  const GatedExtents<T> e(p);
  RowMatrix<T> r = RowMatrix<T>::Zero(e.dk, e.dv);
  GateRow<T> d_log_b = GateRow<T>::Zero(e.dk);
  for (std::int64_t t = e.n - 1; t >= 0; --t) {
    if (t % kTokensAtOnce == 0) {
      progress.step(1 - static_cast<double>(t) / static_cast<double>(e.n), "backward: reverse scan");
    }
    const auto q = head(p.query, h).row(t);
    const auto k = head(p.key, h).row(t);
    r.noalias() += scale * q.transpose() * head(d_output, h).row(t);
    head(out.dk, h).row(t).noalias() = head(p.value, h).row(t) * r.transpose();
    head(out.dv, h).row(t).noalias() = k * r;
    d_log_b += q.array() * head(out.dq, h).row(t).array() - k.array() * head(out.dk, h).row(t).array();
    head(out.d_log_decay, h).row(t) = d_log_b.matrix();
    r.array().colwise() *= exp_of(head(p.log_decay, h).row(t).array()).transpose();
  }
  head(out.d_initial_state, h) = r;
}

}  // namespace

template <class T>
GatedGradients<T> gated_linear_attention_backward(const GatedLinearAttentionProblem<T>& p,
                                                  const Tensor<T>& d_output, const GatedOptions& options,
                                                  const Progress& progress) {
  check_gated_shapes(p);
  require(d_output.shape() == p.value.shape(), "the gradient of the output has the shape ",
          to_string(d_output.shape()), ": give ", to_string(p.value.shape()));
  const GatedExtents<T> e(p);
  const Metered held(options.meter, e.dk * e.dv);
  GatedGradients<T> out{Tensor<T>(p.value.shape()), Tensor<T>(p.query.shape()),
                        Tensor<T>(p.query.shape()), Tensor<T>(p.value.shape()),
                        Tensor<T>(p.query.shape()), Tensor<T>({e.heads, e.dk, e.dv})};
  for (std::int64_t h = 0; h < e.heads; ++h) {
    query_gradients(p, d_output, static_cast<T>(options.scale), h, out, progress.part(0, 0.5));
    other_gradients(p, d_output, static_cast<T>(options.scale), h, out, progress.part(0.5, 1));
  }
  return out;
}

template GatedGradients<float> gated_linear_attention_backward(const GatedLinearAttentionProblem<float>&,
                                                               const Tensor<float>&, const GatedOptions&,
                                                               const Progress&);
template GatedGradients<double> gated_linear_attention_backward(const GatedLinearAttentionProblem<double>&,
                                                                const Tensor<double>&, const GatedOptions&,
                                                                const Progress&);

}  // namespace alab
