// Chunkwise linear attention, chunk by chunk, as a running CUDA kernel showed it: which tokens it loaded and
// when, and the state after each chunk. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "labs/common/state_view.hpp"

namespace alab {

/// One chunk of the walk.
struct ChunkStep {
  std::int64_t begin = 0, end = 0;  ///< tokens
  /// Elements between memory and the chip since the walk began: when the chunk had been loaded, when its
  /// outputs had been written. 0 where nothing was counted.
  double moved_after_load = 0, moved_after_output = 0;
};

/// steps and the states after them; states.tokens names the chunks.
struct ChunkWalk {
  std::string kernel;   ///< "kernels/gla/30_two_level.cu"
  std::string why_not;  ///< "" or why no kernel was watched; then the rest is empty
  std::vector<ChunkStep> steps;
  StateTrace states;
};

/// A rung whose kernel walks over the chunks: loads buffer "k", shows its state as watch("S", ...), writes
/// "o".
struct WalkRequest {
  std::string_view op, rung;
  std::string tiles;         ///< assignments; the walk's chunk size among them
  std::uint32_t launch = 0;  ///< which launch of the rung walks
  std::int64_t head_dim = 0, head_dim_v = 0;
};
/// Runs it on the counted executor. fill: the op's problem and inputs; it may throw Error when the op cannot
/// take them.
ChunkWalk watch_walk(const WalkRequest& request,
                     const std::function<HostArrays(const Op& op, ParamSet& problem)>& fill,
                     const Context& context);

/// The same from states at every token, where no kernel can be watched.
ChunkWalk walk_of_states(const StateTrace& every_token, std::int64_t chunk_size);

/// Largest relative difference of the states after a chunk; NaN when the walks have other chunks.
double largest_state_gap(const ChunkWalk& a, const ChunkWalk& b);

/// Three frames a chunk: it is loaded; its outputs are made from the state before it and the products inside
/// it; the state is updated. update: the words for the last, as in "S <- S + K^T V".
Stepper chunk_stepper(const ChunkWalk& walk, std::string key, std::string title, std::string_view update);

/// What a lab shows of such a walk.
struct WalkShown {
  std::function<ChunkWalk()> watch;  ///< the running kernel's
  std::int64_t chunk_size = 0;       ///< of the walk
  std::string check_key, check_label;
  double tolerance = 0;             ///< of the check
  std::string_view reference_type;  ///< "double", of the states at every token
  std::string_view update;          ///< as chunk_stepper takes it
};
/// Adds the stepper "chunks" to a result and, where a kernel was watched, the check that its states are
/// those of every_token; a quick look of many multiply-adds and a build that cannot watch show every_token's.
void add_walk(Result& result, const StateTrace& every_token, const WalkShown& shown, const Context& context);

}  // namespace alab
