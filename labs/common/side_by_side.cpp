// Runs an op's rungs on every backend asked for and lays the outcome out as one table and one check per run.
// SPDX-License-Identifier: MIT
#include "labs/common/side_by_side.hpp"

#include <algorithm>
#include <chrono>

#include "labs/common/sweep.hpp"

namespace alab {
namespace {

const Cell kNone = Cell::words("-");

/// The check of a run that says most: the first failed one, else the output with the largest error.
Check telling_check(const RungRun& run) {
  const auto failed = std::ranges::find_if(run.checks, [](const Check& check) { return !check.passed(); });
  if (failed != run.checks.end()) {
    return *failed;
  }
  const auto worst = std::ranges::max_element(run.checks, {}, &Check::value);
  require(worst != run.checks.end(), "rung '", run.rung->id, "' was run and not checked");
  return *worst;
}

std::vector<Cell> words_row(std::string_view backend, std::string_view rung, std::string why) {
  return {Cell::words(std::string(backend)),
          Cell::words(std::string(rung)),
          Cell::words(std::move(why)),
          kNone,
          kNone,
          Cell::words("not run")};
}

std::vector<Cell> run_row(const RungRun& run, const Check& check) {
  const Provenance counted{Provenance::counted, "bytes asked from the scratch allocator, peak"};
  return {Cell::words(std::string(to_string(run.backend))),
          Cell::words(text(run.rung->id, "  ", run.rung->title)),
          Cell::number(check.value, "error", check.provenance),
          run.seconds > 0 ? Cell::number(run.seconds, "seconds", run.time_provenance) : kNone,
          Cell::number(static_cast<double>(run.peak_scratch_bytes), "bytes", counted),
          Cell::words(run.passed ? "passed" : "failed: " + check.detail)};
}

void add_runs(Table& table, const Op& op, Backend backend, bool timed, const ParamSet& problem,
              const HostArrays& inputs, const Judged& judged, std::span<const RungBuild* const> builds,
              const Progress& progress, std::vector<Check>& checks) {
  const std::vector<const RungBuild*> rungs = rungs_of(op.id, builds);
  for (std::size_t i = 0; i < rungs.size(); ++i) {
    progress.step(static_cast<double>(i) / static_cast<double>(rungs.size()),
                  text(to_string(backend), " ", rungs[i]->rung->id));
    const RunOptions options{
        .order = Stream::Order::ascending, .repeats = backend == Backend::cuda ? 20 : 3, .timed = timed};
    const RungRun run = run_rung(op, *rungs[i], backend, problem, ParamSet(rungs[i]->rung->tiles), inputs,
                                 judged, options, progress);
    if (!run.unsupported.empty()) {
      table.rows.push_back(words_row(to_string(backend), rungs[i]->rung->id, run.unsupported));
      continue;
    }
    Check check = telling_check(run);
    table.rows.push_back(run_row(run, check));
    check.label = text(rungs[i]->rung->title, " (", to_string(backend), "): ", check.label);
    check.key = text("error_", rungs[i]->rung->id, "_", to_string(backend));
    checks.push_back(std::move(check));
  }
}

/// The parameter that counts an op's tokens: seq_len, context for a step over a cache, "" for a single token.
std::string_view length_key(const ParamSet& problem) {
  for (const std::string_view key : {"seq_len", "context"}) {
    if (problem.find(key) != nullptr) {
      return key;
    }
  }
  return "";
}

/// The first rows of every head of [heads, tokens, dim].
Tensor<float> first_rows(const Tensor<float>& x, std::int64_t rows) {
  Tensor<float> out({x.extent(0), rows, x.extent(2)});
  for (std::int64_t h = 0; h < x.extent(0); ++h) {
    std::copy_n(x.data() + h * x.extent(1) * x.extent(2), rows * x.extent(2),
                out.data() + h * rows * x.extent(2));
  }
  return out;
}

double worst_error(const HostArrays& got, const TruthArrays& truth) {
  double worst = 0;
  for (const auto& [name, tensor] : got.f32) {
    const auto found = truth.find(name);
    if (found != truth.end()) {
      worst = std::max(worst, difference<float>(tensor.span(), found->second.span()).rel_l2);
    }
  }
  return worst;
}

}  // namespace

Table side_by_side(const Op& op, const ParamSet& problem, const HostArrays& inputs, const Context& context,
                   Result& result) {
  result.quick = context.quick ? "rungs are checked, not timed" : "";
  std::vector<Check>& checks = result.checks;
  Table table;
  table.key = "backends";
  table.title = text(op.title, ": every backend held against the same double-precision truth");
  table.note =
      "A simulated row ran the CUDA source on this CPU: its error is the kernel's, its time is not a GPU's.";
  table.columns = {"backend", "rung", "error against double", "time", "scratch memory", "outcome"};

  const auto start = std::chrono::steady_clock::now();
  const Judged judged = judge(op, problem, inputs);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  table.rows.push_back(
      {Cell::words("reference"), Cell::words("double and plain float, once each"),
       Cell::number(worst_error(judged.plain, judged.truth), "error", measured_here("plain float form")),
       Cell::number(seconds, "seconds", timed_here("double and float together")), kNone,
       Cell::words("the truth")});
  if (context.simulated) {
    add_runs(table, op, Backend::simulated, !context.quick, problem, inputs, judged, executor_rungs(),
             context.progress.part(0.1, 0.8), checks);
  }
  if (context.cuda && cuda_device().usable) {
    add_runs(table, op, Backend::cuda, !context.quick, problem, inputs, judged, cuda_rungs(),
             context.progress.part(0.8, 1), checks);
  } else if (context.cuda) {
    table.rows.push_back(words_row(to_string(Backend::cuda), "every rung", cuda_device().unavailable));
  }
  return table;
}

HostArrays inputs_fitted(const Op& op, ParamSet& problem, const InputSource& source,
                         const Progress& progress) {
  require(source.unavailable.empty(), "input ", source.name, " is not available: ", source.unavailable);
  const std::string_view length = length_key(problem);
  InputRequest request;
  request.heads = problem.integer(params::heads);
  request.seq_len = length.empty() ? 1 : static_cast<std::int64_t>(problem.value(length));
  request.head_dim = problem.integer(params::head_dim);
  request.head_dim_v = request.head_dim;
  request.seed = static_cast<std::uint64_t>(problem.integer(params::seed));
  AttentionInput input = source.make(request, progress);
  for (Tensor<float>* x : {&input.query, &input.key, &input.value}) {
    *x = first_rows(*x, length.empty() ? 1 : x->extent(1));
  }
  const auto set_if_there = [&](std::string_view key, std::int64_t value) {
    if (!key.empty() && problem.find(key) != nullptr) {
      problem.set(key, static_cast<double>(value));
    }
  };
  set_if_there("heads", input.query.extent(0));
  set_if_there(length, input.query.extent(1));
  set_if_there("head_dim", input.query.extent(2));
  set_if_there("head_dim_v", input.value.extent(2));
  set_if_there("masked", input.mask.empty() ? 0 : 1);
  InputSource made = source;
  made.make = [&input](const InputRequest&, const Progress&) { return input; };
  return op.inputs(problem, made, progress);
}

}  // namespace alab
