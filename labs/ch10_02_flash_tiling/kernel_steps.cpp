// A kernel's requests and watched values, put in order: by block, then by the barriers that the block had
// passed. Between two barriers all threads do one thing, so that a phase has one meaning.
// SPDX-License-Identifier: MIT
#include "labs/ch10_02_flash_tiling/kernel_steps.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>

#include "labs/common/counted_run.hpp"

namespace alab::flash_tiling {
namespace {

using counted::RequestKind;
using counted::TracedRequest;
using counted::WatchedValue;

constexpr float kMinusInf = -std::numeric_limits<float>::infinity();
constexpr std::uint64_t kMostBlocks = 256;

/// Rows [begin, end) of an array that were touched; empty when none was.
struct Rows {
  std::int64_t begin = std::numeric_limits<std::int64_t>::max(), end = 0;
  bool any() const { return begin < end; }
  void add(std::int64_t row) {
    begin = std::min(begin, row);
    end = std::max(end, row + 1);
  }
};

/// What one block did between two of its barriers.
struct Phase {
  Rows queries, keys, stored_outputs;
  std::int64_t loads = 0, stores = 0;  ///< elements
  std::vector<const WatchedValue*> values;
};
using Phases = std::map<std::uint32_t, Phase>;  ///< by epoch

void add_rows(Rows& rows, const TracedRequest& r, std::int64_t width) {
  for (unsigned lane = 0; lane < 32; ++lane) {
    if ((r.mask >> lane & 1u) != 0) {
      rows.add(r.offsets[lane] / 4 / width);
    }
  }
}

std::map<std::uint64_t, Phases> phases_of(const counted::RequestTrace& trace, const TileProblem& p) {
  std::map<std::uint64_t, Phases> blocks;
  for (const TracedRequest& r : trace.requests) {
    Phase& phase = blocks[r.block][r.epoch];
    const std::string& buffer = trace.buffers[static_cast<std::size_t>(r.buffer)];
    const bool load = r.kind == RequestKind::load;
    (load ? phase.loads : phase.stores) += elements_of(r);
    if (load && buffer == "q") {
      add_rows(phase.queries, r, p.query.cols());
    } else if (load && buffer == "k") {
      add_rows(phase.keys, r, p.key.cols());
    } else if (!load && buffer == "o") {
      add_rows(phase.stored_outputs, r, p.value.cols());
    }
  }
  for (const WatchedValue& value : trace.values) {
    blocks[value.block][value.epoch].values.push_back(&value);
  }
  return blocks;
}

class Replay {
 public:
  Replay(const TileProblem& p, const RowMatrix<float>& written, const MomentObserver<float>& observer)
      : p_(p), written_(written), observer_(observer), n_(p.query.rows()), keys_(p.key.rows()) {
    const auto rows = static_cast<std::size_t>(n_);
    m_.assign(rows, kMinusInf);
    m_old_ = m_;
    l_.assign(rows, 0);
    factor_.assign(rows, 1);
    o_ = RowMatrix<float>::Zero(n_, p.value.cols());
  }

  const Counters& run(const std::map<std::uint64_t, Phases>& blocks) {
    for (const auto& [block, phases] : blocks) {
      for (const auto& [epoch, phase] : phases) {
        p_.order == LoopOrder::fa1 ? keys_outside(phase) : queries_outside(phase);
      }
    }
    return counters_;
  }

 private:
  using Moment = TileMoment<float>;

  void keys_outside(const Phase& phase) {
    counters_.loads += phase.loads;
    if (phase.keys.any()) {
      at_cols(phase.keys);
      at_rows({0, std::min(n_, p_.block_m)});
      tell(Moment::load_keys, TileUse::full);
    }
    if (phase.queries.any()) {
      at_rows(phase.queries);
      tell(Moment::load_queries, TileUse::full);
      open_tile();
    }
    take(phase);
    const bool visited = open_ && phase.stored_outputs.any();
    if (visited) {
      close_tile();
    }
    counters_.stores += phase.stores;
    if (visited) {
      tell(Moment::store, TileUse::full);
    }
  }

  void queries_outside(const Phase& phase) {
    if (phase.keys.any() || phase.stored_outputs.any()) {
      close_tile();
    }
    counters_.loads += phase.loads;
    if (phase.queries.any()) {
      at_rows(phase.queries);
      col_tile_ = -1;
      tell_at_first_column();
    }
    if (phase.keys.any()) {
      at_cols(phase.keys);
      tell(Moment::load_keys, TileUse::full);
      open_tile();
    }
    take(phase);
    if (phase.stored_outputs.any()) {
      skip_the_rest();
      counters_.stores += phase.stores;
      o_.middleRows(r0_, r1_ - r0_) = written_.middleRows(r0_, r1_ - r0_);
      tell(Moment::store, TileUse::full);
    }
  }

  void at_rows(const Rows& rows) {
    row_tile_ = rows.begin / p_.block_m;
    r0_ = rows.begin;
    r1_ = rows.end;
  }
  void at_cols(const Rows& cols) {
    col_tile_ = cols.begin / p_.block_n;
    c0_ = cols.begin;
    c1_ = cols.end;
  }
  TileUse use() const {
    return p_.causal ? use_of(CausalTest::greater, r0_, r1_, c0_, c1_, keys_ - n_) : TileUse::full;
  }

  void tell_at_first_column() {
    col_tile_ = 0;
    c0_ = 0;
    c1_ = std::min(keys_, p_.block_n);
    tell(Moment::load_queries, TileUse::full);
    col_tile_ = -1;
  }

  void open_tile() {
    open_ = true;
    std::copy(m_.begin() + r0_, m_.begin() + r1_, m_old_.begin() + r0_);
  }

  void take(const Phase& phase) {
    for (const WatchedValue* value : phase.values) {
      if (value->row >= n_) {
        continue;  // of a tile that reaches beyond the last query
      }
      if (value->name == "o") {
        o_(value->row, value->col) = value->value;
      } else if (value->name == "m") {
        m_[static_cast<std::size_t>(value->row)] = value->value;
      } else if (value->name == "l") {
        l_[static_cast<std::size_t>(value->row)] = value->value;
      }
    }
  }

  void close_tile() {
    if (!open_) {
      return;
    }
    open_ = false;
    for (auto row = static_cast<std::size_t>(r0_); row < static_cast<std::size_t>(r1_); ++row) {
      factor_[row] = m_[row] == kMinusInf ? 1.0F : std::exp(m_old_[row] - m_[row]);
    }
    const TileUse what = use();
    ++(what == TileUse::full ? counters_.tiles_full : counters_.tiles_masked);
    tell(Moment::compute, what);
  }

  void skip_the_rest() {
    const std::int64_t tiles = (keys_ + p_.block_n - 1) / p_.block_n;
    for (std::int64_t j = col_tile_ + 1; j < tiles; ++j) {
      at_cols({j * p_.block_n, std::min(keys_, (j + 1) * p_.block_n)});
      ++counters_.tiles_skipped;
      tell(Moment::skip, TileUse::skipped);
    }
    if (col_tile_ < 0) {
      at_cols({0, std::min(keys_, p_.block_n)});
    }
  }

  void tell(Moment::Kind kind, TileUse what) const {
    observer_(
        Moment{kind, row_tile_, col_tile_, r0_, r1_, c0_, c1_, what, m_old_, m_, l_, factor_, o_, counters_});
  }

  const TileProblem& p_;
  const RowMatrix<float>& written_;
  const MomentObserver<float>& observer_;
  std::int64_t n_, keys_;
  std::int64_t row_tile_ = 0, col_tile_ = -1, r0_ = 0, r1_ = 0, c0_ = 0, c1_ = 0;
  bool open_ = false;  ///< a tile has been loaded and not told yet
  std::vector<float> m_, m_old_, l_, factor_;
  RowMatrix<float> o_;
  Counters counters_;
};

/// "" or why this rung cannot run this problem.
std::string refusal(const Rung& rung, const ParamSet& problem, const ParamSet& tiles) {
  return rung.unsupported != nullptr ? rung.unsupported(problem, tiles) : "";
}

void watch(KernelSteps& steps, const RungBuild& build, const Head& head, const TileProblem& p, double seed,
           const Context& context, const MomentObserver<float>& observer) {
  const Op& op = *find_op("flash_attention_fwd");
  KernelProblem kernel = kernel_problem(op, head, seed, context);
  ParamSet tiles(build.rung->tiles);
  tiles.assign(text("block_m=", p.block_m, " block_n=", p.block_n));
  steps.why_not = refusal(*build.rung, kernel.problem, tiles);
  if (!steps.why_not.empty()) {
    return;
  }
  const CountedTask task = counted_task(op, std::move(kernel.problem), std::move(kernel.inputs));
  const RungProfile profile = run_counted(task, build, tiles, context.progress, wish_for_steps(kMostBlocks));
  const Tensor<float>& written = profile.run.outputs.f32.at("o");
  steps.o = alab::head(written, 0);
  steps.counters = Replay(p, steps.o, observer).run(phases_of(profile.trace, p));
}

}  // namespace

KernelProblem kernel_problem(const Op& op, const Head& head, double seed, const Context& context) {
  KernelProblem kernel{ParamSet(op.params), {}};
  ParamSet& problem = kernel.problem;
  problem.set("seq_len", static_cast<double>(head.seq_len()));
  problem.set("key_len", static_cast<double>(head.key_len()));
  problem.set("head_dim", static_cast<double>(head.head_dim()));
  problem.set("head_dim_v", static_cast<double>(head.head_dim_v()));
  problem.set("heads", 1);
  problem.set("causal", head.causal() ? 1 : 0);
  problem.set("masked", head.input().mask.empty() ? 0 : 1);
  problem.set("scale", head.scale());
  problem.set("seed", seed);
  InputSource source = context.input;  // hands the op the very head that was cut to size
  source.make = [&](const InputRequest&, const Progress&) { return head.input(); };
  kernel.inputs = op.inputs(problem, source, context.progress);
  return kernel;
}

KernelSteps watch_kernel(const Head& head, const TileProblem& tiles, double seed, const Context& context,
                         const MomentObserver<float>& observer) {
  KernelSteps steps;
  const std::string_view id = tiles.order == LoopOrder::fa1 ? "20_fa1_order" : "30_fa2_order";
  steps.why_not = counting_unavailable(context);
  if (!steps.why_not.empty()) {
    return steps;
  }
  steps.kernel = text("kernels/flash_attention_fwd/", id, ".cu");
  try {
    watch(steps, counted_rung("flash_attention_fwd", id), head, tiles, seed, context, observer);
  } catch (const Error& error) {
    steps.why_not = error.what();
  }
  return steps;
}

}  // namespace alab::flash_tiling
