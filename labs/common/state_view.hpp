// The state of a recurrent op, one matrix after each token: played as a map, measured by norm and rank.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "labs/lab.hpp"

namespace alab {

/// S_1 ... S_N of any recurrence: linear attention, gated or not, retention, the delta rule, an SSM.
/// States lie one after another, row-major, rows = key channels (head_dim or feature_dim), cols = value
/// channels, in the orientation o_t = q_t S_t.
struct StateTrace {
  std::int64_t rows = 0, cols = 0;
  std::vector<double> states;       ///< tokens x rows x cols
  std::vector<std::string> tokens;  ///< one label per position, or empty: positions are counted
  std::string row_label = "key channel", col_label = "value channel";
  Provenance provenance;

  std::int64_t size() const;
  std::span<const double> at(std::int64_t t) const;
  /// Appends S_t; @throws Error when it has not rows x cols entries
  void add(std::span<const double> state);
  void add(std::span<const float> state);
};

/// Frobenius norm sqrt(sum S_ij^2); NaN and inf pass through.
double state_norm(std::span<const double> state);

/// Effective rank exp(-sum p_i ln p_i) with p_i = s_i / sum s over the singular values s: 1 when one
/// direction holds everything, n when n directions hold equal shares, 0 for the zero matrix, NaN when an
/// entry is not finite. Source: Roy, Vetterli, "The effective rank", EUSIPCO 2007.
double effective_rank(std::span<const double> state, std::int64_t rows, std::int64_t cols);

/// ln 2 / mean(-log_decay) of each channel over the tokens, in tokens: after so many steps half of a write is
/// left. inf for a channel that never decays. log_decay: [tokens, channels], entries <= 0.
std::vector<double> half_lives(std::span<const float> log_decay, std::int64_t channels);

/// Tokens that a stepper of this trace shows, so that frames x rows x cols stays small.
std::int64_t tokens_shown(const StateTrace& trace);

/// One frame per token: the map of S_t on one colour scale centred at zero, its norm, its effective rank and
/// the size of its change ||S_t - S_{t-1}||. Frames are of kind compute; the last one is finish.
Stepper state_stepper(const StateTrace& trace, std::string key, std::string title);

/// Norm and effective rank over tokens as a plot: what the stepper plays, at one look.
Plot state_plot(const StateTrace& trace, std::string key);

/// Half-life of each channel, longest first, on a logarithmic axis; channels that never decay are left out
/// and counted in the title. provenance: where the gates come from.
Plot half_life_plot(std::span<const double> lives, std::string key, Provenance provenance);

}  // namespace alab
