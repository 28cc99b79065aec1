// What attention costs beyond the products of linear_counts.hpp: backward, decoding, saved state, and a whole
// transformer. Closed formulas (modelled); tests hold them against loops. One head unless said otherwise; a
// multiply-add is 2 FLOPs; exp, feature maps and masks are not counted. SPDX-License-Identifier: MIT
#pragma once

#include "reference/linear_counts.hpp"

namespace alab {

/// Backward pass of softmax attention with recomputation: five products where the forward pass has two, so
/// 2.5 times softmax_flops. Source: Dao 2023, arXiv:2307.08691, section 4.1.
double softmax_backward_flops(double n, double dk, double dv, bool causal = false);
/// Entries of the packed exact map for (x.y)^2: d (d + 1) / 2. Unpacked it has d^2.
double packed_quadratic_dim(double head_dim);

/// One decoded token over t cached tokens reads t (dk + dv) elements of the cache.
double cache_elements_read(double context, double dk, double dv);
/// One decoded token reads and writes the state m dv and the normaliser m, whatever the context.
double state_elements_moved(double m, double dv);
/// Bytes that a cache of t tokens occupies.
double cache_bytes(double context, double dk, double dv, double element_bytes);

/// Elements kept between forward and backward pass, beyond q, k, v and the output.
double saved_softmax(double n);  ///< the weights: n^2
double saved_tiled(double n);    ///< one logsumexp a query: n
/// A state at each chunk boundary: ceil(n / C) m dv.
double saved_chunkwise(double n, double chunk_size, double m, double dv);

/// Training FLOPs per token that come from the parameters: 2 P forward, 4 P backward. Source: Kaplan et al.
/// 2020, arXiv:2001.08361, section 2.1 (C = 6 N D, N the parameters, D the tokens).
double training_flops_per_token(double parameters);
/// Parameters of a dense transformer without embeddings: 12 n_layer d_model^2. Source: as above.
double transformer_parameters(double layers, double model_dim);
/// Training FLOPs per token that come from the context, every query meeting every key: 12 n_layer d_model N.
/// Source: arXiv:2307.08691, section 4.3.
double context_training_flops(double layers, double model_dim, double context);
/// The same by Kaplan's count, 2 n_layer n_ctx d_model forward and three times that in training.
double context_training_flops_kaplan(double layers, double model_dim, double context);

}  // namespace alab
