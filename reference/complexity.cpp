// SPDX-License-Identifier: MIT
#include "reference/complexity.hpp"

#include <cmath>

#include "reference/core/error.hpp"

namespace alab {

double softmax_backward_flops(double n, double dk, double dv, bool causal) {
  return 2.5 * softmax_flops(n, dk, dv, causal);
}
double packed_quadratic_dim(double head_dim) {
  return head_dim * (head_dim + 1) / 2;
}

double cache_elements_read(double context, double dk, double dv) {
  return context * (dk + dv);
}
double state_elements_moved(double m, double dv) {
  return 2 * m * dv + 2 * m;
}
double cache_bytes(double context, double dk, double dv, double element_bytes) {
  return cache_elements_read(context, dk, dv) * element_bytes;
}

double saved_softmax(double n) {
  return n * n;
}
double saved_tiled(double n) {
  return n;
}
double saved_chunkwise(double n, double chunk_size, double m, double dv) {
  require(chunk_size >= 1, "chunk_size = ", chunk_size, " makes no chunks; it must be at least 1");
  return std::ceil(n / chunk_size) * m * dv;
}

double training_flops_per_token(double parameters) {
  return 6 * parameters;
}
double transformer_parameters(double layers, double model_dim) {
  return 12 * layers * model_dim * model_dim;
}
double context_training_flops(double layers, double model_dim, double context) {
  return 12 * layers * model_dim * context;
}
double context_training_flops_kaplan(double layers, double model_dim, double context) {
  return 6 * layers * model_dim * context;
}

}  // namespace alab
