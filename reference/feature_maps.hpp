// Feature maps phi with phi(q).phi(k) in the place of exp(q.k): what turns attention into a linear
// recurrence. One options struct for all of them, applied head by head. SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

#include "reference/core/job.hpp"
#include "reference/core/rng.hpp"
#include "reference/core/tensor.hpp"

namespace alab {

/// d is head_dim, W [M, d] a drawn matrix with rows w_j, x the scaled input (see FeatureMap::input_scale).
enum class FeatureKind {
  identity,   ///< x; m = d; denominators of any sign
  elu1,       ///< x + 1 if x > 0, else e^x; m = d. Katharopoulos et al. 2020, arXiv:2006.16236, eq. 7
  relu,       ///< max(x, 0) + eps; m = d. Performer's generalised attention with eps = 1e-3
  exp,        ///< e^x, element by element; m = d
  quadratic,  ///< squares first, then sqrt2 x_i x_j for i < j, row-major: phi.phi = (x.y)^2; m = d(d+1)/2
  taylor2,    ///< [1, x, vec(x x^T)/sqrt2]: phi.phi = 1 + x.y + (x.y)^2/2; m = 1 + d + d^2. Based, 2402.18668
  dpfp,       ///< r = relu([x, -x]), [r roll(r, 1), .., r roll(r, nu)]; m = 2 d nu. Schlag et al., 2102.11174
  rff,        ///< sqrt(2/M) cos(w.x + b); m = M; Gaussian kernel. Rahimi, Recht 2007, section 3
  rff_pairs,  ///< M^-1/2 [sin w.x, cos w.x]; m = 2M. Also RFA's map (arXiv:2103.02143, eq. 4)
  favor_positive,       ///< M^-1/2 e^{w.x - |x|^2/2}; m = M. Performer, arXiv:2009.14794, lemma 1
  favor_hyperbolic,     ///< (2M)^-1/2 e^{-|x|^2/2} [e^{w.x}, e^{-w.x}]; m = 2M
  favor_trigonometric,  ///< M^-1/2 e^{+|x|^2/2} [sin w.x, cos w.x]; m = 2M; denominators of any sign
  hedgehog  ///< softmax([2x, -2x]), or of [2Wx, -2Wx] with a given W; m = 2d (2M). arXiv:2402.04347
};

/// What a menu needs to know of a kind.
struct FeatureKindInfo {
  FeatureKind kind;
  std::string_view name, label, doc;  ///< name: as in code and on the command line: elu1, favor_positive
  bool drawn = false;                 ///< depends on a random W
  bool non_negative = false;          ///< every feature >= 0, so that denominators are too
  bool approximates_softmax = false;  ///< phi(q).phi(k) stands for exp(q.k / sqrt d) with the natural scale
};
std::span<const FeatureKindInfo> feature_kinds();
const FeatureKindInfo& info_of(FeatureKind kind);
std::string_view to_string(FeatureKind kind);
/// By name. Throws Error with the nearest name when unknown.
FeatureKind feature_kind(std::string_view name);

enum class Rows {
  iid,        ///< every row drawn from N(0, I)
  orthogonal  ///< Gram-Schmidt of Gaussian blocks of d rows, a new block every d rows
};
/// Length of an orthogonal row (scaling 0 and 1 of the Performer code). Rows::iid are not rescaled.
enum class RowNorm {
  chi,    ///< that of an independent Gaussian vector: unbiased
  sqrt_d  ///< sqrt(d) for all: the regularised kernel SMREG, a lower bound on average (theorem 1)
};
/// What favor_positive and favor_hyperbolic subtract in the exponent: a constant per query, one for all keys.
enum class Stabilizer {
  off,
  full,            ///< max of w_j.x - |x|^2/2: over j per query, over j and all keys of a head
  projection_only  ///< max of w_j.x alone, as the Performer code: keeps the factor e^{-|x|^2/2}
};
/// Per-query constants cancel in the normaliser; a per-key one would change that key's weight.
enum class Role { query, key };

struct FeatureMap {
  FeatureKind kind = FeatureKind::elu1;
  std::int64_t rows = 64;  ///< M, rows of W; 1 .. 65536. Used by the drawn maps
  std::uint64_t seed = 42;
  Rows drawn = Rows::orthogonal;
  RowNorm row_norm = RowNorm::chi;
  Stabilizer stabilizer = Stabilizer::full;
  double eps = 0;           ///< added to e^{..} of favor_positive / _hyperbolic (Performer: 1e-6) and to relu
  std::int64_t shifts = 2;  ///< nu of dpfp, 1 .. 2d - 1
  double input_scale = 0;   ///< x = input_scale * input; 0 is the natural one: natural_scale()
  double sigma = 1;         ///< bandwidth of rff and rff_pairs: rows are divided by it
  Tensor<double> matrix = {};  ///< W [M, d] as given; empty: drawn from the seed. M = matrix.extent(0)
  Tensor<double> phase = {};   ///< b [M] of rff; empty: drawn from U[0, 2 pi]
};

/// d^{-1/4} for taylor2 and the favor maps (so that q.k / sqrt d is approximated), 1 for the others.
double natural_scale(FeatureKind kind, std::int64_t head_dim);
/// Number m of features of one row. Throws Error when the map does not fit head_dim (W of other width,
/// shifts).
std::int64_t feature_dim_of(const FeatureMap& map, std::int64_t head_dim);

/// W [rows, head_dim] of standard deviation 1. The second form continues a stream of its own, for experiments
/// that draw many.
Tensor<double> draw_projection(std::int64_t rows, std::int64_t head_dim, Rows kind, RowNorm norm,
                               std::uint64_t seed);
Tensor<double> draw_projection(std::int64_t rows, std::int64_t head_dim, Rows kind, RowNorm norm, Rng& rng);
/// The map with its W (and b) drawn and filled in, so that query and key surely share them and no call draws
/// again. Maps without W come back unchanged.
FeatureMap with_drawn(FeatureMap map, std::int64_t head_dim);

/// phi of every row. x [H, N, d] or [N, d] -> [H, N, m] or [N, m]. Computed in T.
/// @throws Error on an empty or other shape; Cancelled when a stop is requested
template <class T>
Tensor<T> apply_feature_map(const FeatureMap& map, const Tensor<T>& x, Role role = Role::query,
                            const Progress& progress = {});
/// The constants that the stabiliser of favor_positive / _hyperbolic subtracts: [H, N] for queries, [H, 1]
/// for keys (one head for [N, d]). Zeros when it is off or the map has none.
template <class T>
Tensor<T> stabilizer_of(const FeatureMap& map, const Tensor<T>& x, Role role);
/// Gradient with respect to x from the one with respect to phi(x): dx = J^T dphi. Stabilisers count as
/// constants (they cancel in attention); relu has the slope 0 at 0, elu1 the slope 1.
/// @param d_features shape of apply_feature_map's result
template <class T>
Tensor<T> feature_map_backward(const FeatureMap& map, const Tensor<T>& x, const Tensor<T>& d_features,
                               Role role = Role::query, const Progress& progress = {});

/// Mean squared error of M iid rows at one pair of scaled rows: lemma 2 of arXiv:2009.14794.
/// kind: favor_trigonometric, favor_positive or favor_hyperbolic (of M rows, 2M features)
double favor_squared_error(FeatureKind kind, std::span<const double> x, std::span<const double> y,
                           std::int64_t rows);
/// Theorem 2 of the same paper: upper bound on that of favor_positive with orthogonal rows, M <= d.
double favor_orthogonal_bound(std::span<const double> x, std::span<const double> y, std::int64_t rows);

}  // namespace alab
