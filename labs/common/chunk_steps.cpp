// SPDX-License-Identifier: MIT
#include "labs/common/chunk_steps.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "labs/common/counted_run.hpp"
#include "labs/common/sweep.hpp"

namespace alab {
namespace {

using counted::RequestKind;
using counted::TracedRequest;
using counted::WatchedValue;

constexpr std::uint64_t kMostBlocks = 64;

std::string span_name(std::int64_t begin, std::int64_t end) {
  return end - begin == 1 ? std::to_string(begin) : text(begin, " - ", end - 1);
}

/// What all blocks of the walk did between two barriers.
struct Phase {
  std::int64_t first = -1, last = -1;  ///< tokens of k that were loaded
  double moved = 0;                    ///< elements
  bool wrote_output = false;
};

void add_request(Phase& phase, const TracedRequest& r, const std::string& buffer, std::int64_t head_dim) {
  phase.moved += static_cast<double>(elements_of(r));
  phase.wrote_output = phase.wrote_output || (r.kind == RequestKind::store && buffer == "o");
  if (r.kind != RequestKind::load || buffer != "k") {
    return;
  }
  for (unsigned lane = 0; lane < 32; ++lane) {
    if ((r.mask >> lane & 1u) != 0) {
      const std::int64_t token = r.offsets[lane] / 4 / head_dim;
      phase.first = phase.first < 0 ? token : std::min(phase.first, token);
      phase.last = std::max(phase.last, token);
    }
  }
}

std::map<std::uint32_t, Phase> phases_of(const counted::RequestTrace& trace, const WalkRequest& request) {
  std::map<std::uint32_t, Phase> phases;
  for (const TracedRequest& r : trace.requests) {
    if (r.launch == request.launch) {
      add_request(phases[r.epoch], r, trace.buffers[static_cast<std::size_t>(r.buffer)], request.head_dim);
    }
  }
  return phases;
}

/// The state after the last update of each chunk. loaded: the phase in which each chunk was.
void add_states(ChunkWalk& walk, const counted::RequestTrace& trace, const WalkRequest& request,
                const std::vector<std::uint32_t>& loaded) {
  std::vector<float> state(static_cast<std::size_t>(request.head_dim * request.head_dim_v));
  for (std::size_t chunk = 0; chunk < loaded.size(); ++chunk) {
    for (const WatchedValue& v : trace.values) {
      const bool here = v.launch == request.launch && v.name == "S" && v.epoch >= loaded[chunk] &&
                        (chunk + 1 == loaded.size() || v.epoch < loaded[chunk + 1]);
      if (here && v.row < request.head_dim && v.col < request.head_dim_v) {  // tiles are padded
        state[static_cast<std::size_t>(v.row * request.head_dim_v + v.col)] = v.value;
      }
    }
    walk.states.add(state);
  }
}

void name_chunks(ChunkWalk& walk) {
  for (const ChunkStep& step : walk.steps) {
    walk.states.tokens.push_back(span_name(step.begin, step.end));
  }
}

void replay(ChunkWalk& walk, const counted::RequestTrace& trace, const WalkRequest& request) {
  std::vector<std::uint32_t> loaded;
  double moved = 0;
  for (const auto& [epoch, phase] : phases_of(trace, request)) {
    moved += phase.moved;
    if (phase.first >= 0) {
      walk.steps.push_back({phase.first, phase.last + 1, moved, moved});
      loaded.push_back(epoch);
    }
    if (phase.wrote_output && !walk.steps.empty()) {
      walk.steps.back().moved_after_output = moved;
    }
  }
  require(!loaded.empty(), "the kernel loaded no keys");
  walk.states.rows = request.head_dim;
  walk.states.cols = request.head_dim_v;
  add_states(walk, trace, request, loaded);
  name_chunks(walk);
}

void watch(ChunkWalk& walk, const RungBuild& build, const WalkRequest& request,
           const std::function<HostArrays(const Op&, ParamSet&)>& fill, const Context& context) {
  const Op& op = *find_op(request.op);
  ParamSet problem(op.params), tiles(build.rung->tiles);
  tiles.assign(request.tiles);
  HostArrays inputs = fill(op, problem);
  walk.why_not = build.rung->unsupported != nullptr ? build.rung->unsupported(problem, tiles) : "";
  if (!walk.why_not.empty()) {
    return;
  }
  const CountedTask task = counted_task(op, std::move(problem), std::move(inputs));
  const RungProfile profile = run_counted(task, build, tiles, context.progress, wish_for_steps(kMostBlocks));
  replay(walk, profile.trace, request);
  walk.states.provenance = counted_by("values shown by " + walk.kernel + " on the CPU executor");
}

}  // namespace

ChunkWalk watch_walk(const WalkRequest& request,
                     const std::function<HostArrays(const Op& op, ParamSet& problem)>& fill,
                     const Context& context) {
  ChunkWalk walk;
  walk.why_not = counting_unavailable(context);
  if (!walk.why_not.empty()) {
    return walk;
  }
  walk.kernel = text("kernels/", request.op, "/", request.rung, ".cu");
  try {
    watch(walk, counted_rung(request.op, request.rung), request, fill, context);
  } catch (const Error& error) {
    walk.why_not = error.what();
  }
  return walk;
}

ChunkWalk walk_of_states(const StateTrace& every_token, std::int64_t chunk_size) {
  ChunkWalk walk;
  walk.states.rows = every_token.rows;
  walk.states.cols = every_token.cols;
  walk.states.provenance = every_token.provenance;
  for (std::int64_t begin = 0; begin < every_token.size(); begin += chunk_size) {
    walk.steps.push_back({begin, std::min(every_token.size(), begin + chunk_size)});
    walk.states.add(every_token.at(walk.steps.back().end - 1));
  }
  name_chunks(walk);
  return walk;
}

double largest_state_gap(const ChunkWalk& a, const ChunkWalk& b) {
  double worst = a.states.tokens == b.states.tokens ? 0 : std::nan("");
  for (std::int64_t n = 0; n < std::min(a.states.size(), b.states.size()); ++n) {
    const auto x = a.states.at(n), y = b.states.at(n);
    double apart = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      apart += (x[i] - y[i]) * (x[i] - y[i]);
    }
    const double gap = std::sqrt(apart) / std::max(state_norm(y), 1e-30);
    worst = gap <= worst ? worst : gap;
  }
  return worst;
}

void add_walk(Result& result, const StateTrace& every_token, const WalkShown& shown, const Context& context) {
  const std::int64_t multiply_adds = 2 * every_token.size() * every_token.rows * every_token.cols;
  ChunkWalk walk;
  if (too_long_for_quick(context, multiply_adds)) {
    result.quick = walk.why_not = "the reference's chunks, without the running kernel";
  } else {
    walk = shown.watch();
  }
  const ChunkWalk reference = walk_of_states(every_token, shown.chunk_size);
  if (walk.why_not.empty()) {
    result.checks.push_back(check_at_most(
        shown.check_key, shown.check_label, largest_state_gap(walk, reference), shown.tolerance,
        measured_here(text(walk.kernel, " on the CPU executor, against ", shown.reference_type))));
  } else {
    if (result.quick.empty()) {
      result.notes.push_back(
          text("The chunks shown are the reference's, not a running kernel's: ", walk.why_not));
    }
    walk = reference;
  }
  result.steppers.push_back(chunk_stepper(walk, "chunks", "The same state, chunk by chunk", shown.update));
}

Stepper chunk_stepper(const ChunkWalk& walk, std::string key, std::string title, std::string_view update) {
  const Stepper states = state_stepper(walk.states, std::move(key), std::move(title));
  Stepper out = states;
  out.frames.clear();
  out.map_values.clear();
  out.note = text(
      "Three frames a chunk; the map is the state. Watched: ",
      walk.kernel.empty() ? std::string("the reference's recurrence") : walk.kernel + " on the CPU executor",
      ".");
  out.row_label = "walk";
  out.col_label = "chunk of tokens";
  const bool counted = !walk.kernel.empty();
  if (counted) {
    out.quantities.push_back("elements moved so far");
  }
  const auto cells = static_cast<std::size_t>(states.map.rows * states.map.cols);
  std::vector<float> before(cells);
  std::vector<double> last{0, 0, 0};
  for (std::size_t n = 0; n < states.frames.size(); ++n) {
    const ChunkStep& step = walk.steps[n];
    const auto add = [&](Frame::Kind kind, std::string caption, const std::vector<double>& values,
                         double moved, const float* map) {
      Frame frame{kind, 0, static_cast<std::int64_t>(n), std::move(caption), values};
      if (counted) {
        frame.values.push_back(moved);
      }
      out.frames.push_back(std::move(frame));
      out.map_values.insert(out.map_values.end(), map, map + cells);
    };
    const std::string tokens = span_name(step.begin, step.end);
    const float* const after = states.map_values.data() + n * cells;
    add(Frame::load, text("Load chunk ", n + 1, ": queries, keys and values of tokens ", tokens, "."), last,
        step.moved_after_load, before.data());
    add(Frame::compute,
        text("Outputs of tokens ", tokens, ": the state before the chunk, and the masked product inside it."),
        last, step.moved_after_output, before.data());
    last = states.frames[n].values;
    add(states.frames[n].kind, text("Update the state: ", update, ". Chunk ", n + 1, " is now part of it."),
        last, step.moved_after_output, after);
    before.assign(after, after + cells);
  }
  return out;
}

}  // namespace alab
