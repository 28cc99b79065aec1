// The ladder of this lab side by side: reference, simulated rungs, rungs on the GPU or the reason why not;
// and the rungs that divide by b, run where they must break. SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch06_01_gla_chunking/experiments.hpp"
#include "labs/ch06_01_gla_chunking/gated_head.hpp"
#include "labs/ch06_01_gla_chunking/params.hpp"
#include "labs/common/side_by_side.hpp"
#include "labs/common/sweep.hpp"

namespace alab::gla_chunking {
namespace {

constexpr std::string_view kRefuse = "refuse_overflow", kChunkTile = "chunk";

ParamSet problem_of(const Op& op, const GatedHead& head, const ParamSet& params) {
  const auto [low, high] = std::minmax({params.real(kAlphaLow), params.real(kAlphaHigh)});
  ParamSet problem(op.params);
  problem.set("seq_len", static_cast<double>(head.seq_len()));
  problem.set("head_dim", static_cast<double>(head.head_dim()));
  problem.set("head_dim_v", static_cast<double>(head.head_dim_v()));
  problem.set("heads", 1);
  problem.set("alpha_min", low);
  problem.set("alpha_max", high);
  problem.set("seed", params.real(params::seed));
  return problem;
}

/// A rung that divides by cumulative gates has a tile parameter that lets it run all the same.
bool divides(const Rung& rung) {
  return std::ranges::any_of(rung.tiles, [](const Param* p) { return p->key == kRefuse; });
}

struct Verdict {
  const Rung* rung = nullptr;
  RowCounts rows;
  std::optional<Break> predicted;
  double error = 0;
};

Verdict run_anyway(const Op& op, const RungBuild& build, const ParamSet& problem, const HostArrays& inputs,
                   const Judged& judged, const GatedHead& head, const Progress& progress) {
  ParamSet tiles(build.rung->tiles);
  tiles.set(kRefuse, 0);
  const bool chunked =
      std::ranges::any_of(build.rung->tiles, [](const Param* p) { return p->key == kChunkTile; });
  const auto chunk = chunked ? static_cast<std::int64_t>(tiles.value(kChunkTile)) : head.seq_len();
  const RunOptions options{.order = Stream::Order::ascending, .repeats = 1, .timed = false};
  const RungRun run =
      run_rung(op, build, Backend::simulated, problem, tiles, inputs, judged, options, progress);
  Verdict verdict{build.rung, {}, first_break(head.problem, chunk), 0};
  const Tensor<float>& output = run.outputs.f32.at("o");
  verdict.rows = count_rows(output);
  verdict.error = error_of(output, judged.truth.at("o"));
  return verdict;
}

Table verdict_table(const std::vector<Verdict>& verdicts) {
  const Provenance counted = counted_by("rows of the output of the simulated kernel");
  Table table;
  table.key = "breaking";
  table.title = "The rungs that divide by b, run without their guard";
  table.note = "Above they refuse gates that may overflow. Here they run: predicted and first lost token.";
  table.columns = {"rung", "error against double", "rows that are no number", "predicted token",
                   "first lost token"};
  for (const Verdict& v : verdicts) {
    const auto token = [&](std::int64_t at) {
      return at < 0 ? Cell::words("none") : Cell::number(static_cast<double>(at), "count", counted);
    };
    table.rows.push_back({Cell::words(text(v.rung->id, "  ", v.rung->title)),
                          Cell::number(v.error, "error", measured_here("executor, float against double")),
                          Cell::number(static_cast<double>(v.rows.broken()), "count", counted),
                          token(token_of(v.predicted)), token(v.rows.first)});
  }
  return table;
}

/// The tolerance class of the course for a rung: wider where all gates are differences of cumulative logs.
double class_of(const Rung& rung) {
  return rung.id.find("log_space") == std::string_view::npos ? kT32 : kT32x;
}

/// The derived bound of the table holds the worst element to twice the plain form's. On other inputs than an
/// op's shapes that one element may lie a little beyond, so here the course's class decides over the whole
/// output, and the derived bound is a lamp; whatever else failed in a run still gates.
void judge_by_class(const Op& op, const ParamSet& problem, const HostArrays& inputs, const Judged& judged,
                    const Progress& progress, std::vector<Check>& checks) {
  for (const RungBuild* build : rungs_of(op.id, executor_rungs())) {
    const RunOptions options{.order = Stream::Order::ascending, .repeats = 1, .timed = false};
    const RungRun run = run_rung(op, *build, Backend::simulated, problem, ParamSet(build->rung->tiles),
                                 inputs, judged, options, progress);
    if (!run.unsupported.empty()) {
      continue;
    }
    const bool only_errors = std::ranges::all_of(run.checks, [](const Check& check) {
      return check.passed() || check.label.find("relative error") != std::string::npos;
    });
    for (Check& check : checks) {
      if (only_errors && check.key == text("error_", build->rung->id, "_simulated")) {
        check = as_lamp(std::move(check));
      }
    }
    const double bound = class_of(*build->rung);
    checks.push_back(check_at_most(text("class_", build->rung->id),
                                   text(build->rung->title, ": within ", bound == kT32 ? "T32" : "T32x"),
                                   error_of(run.outputs.f32.at("o"), judged.truth.at("o")), bound,
                                   measured_here("executor, float against double")));
  }
}

/// Kernels multiply b up where the prediction adds logs: the last bit may move the break by one token.
Check broken_where_predicted(const Verdict& v) {
  const auto predicted = static_cast<double>(token_of(v.predicted));
  const double slack = predicted < 0 ? 0 : 1;
  return check_between(text("breaks_", v.rung->id),
                       text(v.rung->title, ": first lost token where k / b leaves fp32, +-1; -1: nowhere"),
                       static_cast<double>(v.rows.first), predicted - slack, predicted + slack,
                       counted_by("rows of the output of the simulated kernel"));
}

}  // namespace

Result run_backends(const ParamSet& params, const Context& context) {
  const Op* op = find_op("gla");
  require(op != nullptr,
          "the kernel ladder 'gla' is not in this build; configure again so that kernels/gla is found");
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  GatedHead head = read_head(context, params.integer(kLadderLength), params.integer(kLadderDim), seed);
  const ParamSet problem = problem_of(*op, head, params);
  InputSource source = context.input;  // hands the op the very head that was cut to size
  source.make = [&](const InputRequest&, const Progress&) {
    AttentionInput cut = head.input;
    cut.query = head.problem.query;
    cut.key = head.problem.key;
    cut.value = head.problem.value;
    return cut;
  };
  const HostArrays inputs = op->inputs(problem, source, context.progress);
  head.problem.log_decay = inputs.f32.at("g");
  head.problem.key = inputs.f32.at("k");
  Result result;
  result.input = text(head.input.description, "; gates uniform between the decays");
  result.tables.push_back(side_by_side(*op, problem, inputs, context, result));
  const double runs = static_cast<double>(result.checks.size());
  double broken = 0;
  if (context.simulated) {
    const Judged judged = judge(*op, problem, inputs);
    judge_by_class(*op, problem, inputs, judged, context.progress.part(0.85, 0.9), result.checks);
    std::vector<Verdict> verdicts;
    for (const RungBuild* build : rungs_of(op->id, executor_rungs())) {
      if (divides(*build->rung)) {
        context.progress.step(0.9, build->rung->id);
        verdicts.push_back(
            run_anyway(*op, *build, problem, inputs, judged, head, context.progress.part(0.9, 1)));
        broken += verdicts.back().rows.broken() > 0 ? 1 : 0;
        result.checks.push_back(broken_where_predicted(verdicts.back()));
      }
    }
    result.tables.push_back(verdict_table(verdicts));
  }
  const std::optional<Break> naive = first_break(head.problem, head.seq_len());
  result.tables.push_back(break_table(head, naive));
  const Provenance here = measured_here("cumulative log gates summed in float");
  result.scalars = {
      scalar("runs", "rungs run and judged", runs, "count", counted_by("rows of the table with a check")),
      scalar("broken_rungs", "rungs that break without their guard", broken, "count",
             counted_by("rows of their output")),
      scalar("break_token", "token whose k / b first leaves fp32 (-1: none)",
             static_cast<double>(token_of(naive)), "count", here),
      scalar("break_channel", "its channel (-1: none)", naive ? static_cast<double>(naive->channel) : -1,
             "count", here),
      scalar("break_log", "cumulative log gate there (0: none)",
             naive ? static_cast<double>(naive->log_here) : 0, "", here, "nats"),
      scalar("compulsory", "bytes that any form must move", op->cost(problem).compulsory_bytes, "bytes",
             modelled_by("inputs read once, outputs written once, 4 bytes an element"))};
  if (context.cuda && !cuda_device().usable) {
    result.notes.push_back(text("No GPU rows: ", cuda_device().unavailable));
  }
  return result;
}

}  // namespace alab::gla_chunking
