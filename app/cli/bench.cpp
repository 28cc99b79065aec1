// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <thread>

#include "app/cli/commands.hpp"
#include "reference/core/files.hpp"
#include "reference/cpu_forms.hpp"
#include "reference/model/input_sources.hpp"

namespace alab::cli {
namespace {

constexpr int kRepeats = 7;

// One timed way of computing the same thing. Times exist only beside a passed check.
struct Row {
  std::string name, backend, why_not;
  double error = std::nan(""), tolerance = std::nan("");
  bool passed = false;
  double seconds = 0, spread = 0;
  double gflops = 0;
  double scratch_bytes = 0;
  std::string source;
};

struct Board {
  std::string title, problem;
  std::vector<Row> rows;
};

bool timed(const Row& row) {
  return row.passed && row.seconds > 0;
}

// Rows of one backend are ranked by time; those whose spreads touch share a rank.
std::string rank_of(const Row& row, const std::vector<Row>& rows) {
  if (!timed(row)) {
    return "";
  }
  const auto close = [](const Row& a, const Row& b) {
    return std::abs(a.seconds - b.seconds) <= a.spread + b.spread;
  };
  int faster = 0;
  bool tie = false;
  for (const Row& other : rows) {
    if (&other == &row || other.backend != row.backend || !timed(other)) {
      continue;
    }
    tie = tie || close(row, other);
    faster += !close(row, other) && other.seconds < row.seconds ? 1 : 0;
  }
  return text(tie ? "=" : "", faster + 1);
}

std::string shown_board(const Board& board) {
  std::vector<std::vector<std::string>> lines{
      {"  rank", "form", "on", "error (allowed)", "time", "spread", "GFLOP/s", "scratch", ""}};
  for (const Row& row : board.rows) {
    if (!row.why_not.empty()) {
      lines.push_back({"", row.name, row.backend, "", "", "", "", "", row.why_not});
      continue;
    }
    const bool has_time = timed(row);
    lines.push_back({text("  ", rank_of(row, board.rows)), row.name, row.backend,
                     text(format_value(row.error, "error"), " (", format_value(row.tolerance, "error"), ")"),
                     has_time ? format_value(row.seconds, "seconds") : "",
                     has_time ? "+-" + format_value(row.spread, "seconds") : "",
                     has_time && row.gflops > 0 ? format_value(row.gflops, "") : "",
                     format_value(row.scratch_bytes, "bytes"),
                     row.passed ? "" : "FAILED its check: no time is shown"});
  }
  std::string out = text(board.title, "\n  ", board.problem, "\n", aligned(lines));
  std::vector<std::string> sources;
  for (const Row& row : board.rows) {
    if (timed(row) && std::find(sources.begin(), sources.end(), row.source) == sources.end()) {
      sources.push_back(row.source);
      out += text("  measured: ", row.source, "\n");
    }
  }
  return out;
}

Json json_of(const Board& board) {
  Json rows = Json::array();
  for (const Row& row : board.rows) {
    Json one{{"form", row.name}, {"backend", row.backend}};
    if (!row.why_not.empty()) {
      one["unsupported"] = row.why_not;
    } else {
      one["passed"] = row.passed;
      one["rel_l2"] = std::isfinite(row.error) ? Json(row.error) : Json(nullptr);
      one["tolerance"] = row.tolerance;
      one["scratch_bytes"] = row.scratch_bytes;
      if (timed(row)) {
        one["seconds"] = {{"median", row.seconds}, {"spread", row.spread}};
        one["gflops"] = row.gflops;
        one["rank"] = rank_of(row, board.rows);
        one["provenance"] = {{"kind", "measured"}, {"source", row.source}};
      }
    }
    rows.push_back(one);
  }
  return {{"title", board.title}, {"problem", board.problem}, {"rows", rows}};
}

Row row_of(const RungRun& run, const ParamSet& problem, const Op& op) {
  Row row;
  row.name = run.rung->id;
  row.backend = to_string(run.backend);
  row.why_not = run.unsupported;
  row.passed = run.passed;
  row.seconds = run.seconds;
  row.spread = run.spread;
  row.scratch_bytes = static_cast<double>(run.peak_scratch_bytes);
  row.source = run.time_provenance.source;
  row.gflops = run.seconds > 0 ? op.cost(problem).flops / run.seconds / 1e9 : 0;
  row.error = row.tolerance = 0;
  for (const Check& check : run.checks) {
    if (!(check.value <= row.error)) {  // the worst output, and NaN above all
      row.error = check.value;
      row.tolerance = check.high;
    }
  }
  return row;
}

void require_rung(const Op& op, std::string_view rung) {
  std::vector<std::string> known;
  for (const RungBuild* build : rungs_of(op.id, executor_rungs())) {
    known.emplace_back(build->rung->id);
  }
  require(rung.empty() || std::find(known.begin(), known.end(), rung) != known.end(), "op ", op.id,
          " has no rung '", rung, "'", did_you_mean(rung, known), " 'alab list kernels' shows them");
}

Board bench_op(const Op& op, std::string_view rung, const std::vector<std::string>& assignments,
               bool simulated, bool cuda, const Progress& progress) {
  require_rung(op, rung);
  ParamSet problem(op.params);
  for (const std::string& assignment : assignments) {
    problem.assign(assignment);
  }
  const HostArrays inputs = op.inputs(problem, resolve_input("normal"), progress);
  progress.step(0.05, text("computing the truth of ", op.id));
  const Judged judged = judge(op, problem, inputs);
  RunOptions options;
  options.repeats = kRepeats;
  Board board{text(op.id, ": ", op.title), problem.describe(), {}};
  const auto take = [&](std::span<const RungBuild* const> builds, Backend backend) {
    for (const RungBuild* build : rungs_of(op.id, builds)) {
      if (rung.empty() || build->rung->id == rung) {
        progress.step(0.1, text("timing ", op.id, "/", build->rung->id, ", ", to_string(backend)));
        const ParamSet tiles(build->rung->tiles);
        board.rows.push_back(row_of(
            run_rung(op, *build, backend, problem, tiles, inputs, judged, options, progress), problem, op));
      }
    }
  };
  if (simulated) {
    take(executor_rungs(), Backend::simulated);
  }
  if (cuda && cuda_device().usable) {
    take(cuda_rungs(), Backend::cuda);
  }
  return board;
}

Board bench_cpu_forms(const CpuFamily& family, const std::vector<std::string>& assignments,
                      const Progress& progress) {
  const std::array<const Param*, 4> schema{&params::heads, &params::seq_len, &params::head_dim,
                                           &params::causal};
  ParamSet problem(schema);
  problem.set(params::seq_len, 1024);
  for (const std::string& assignment : assignments) {
    problem.assign(assignment);
  }
  Board board{text(family.name, ": ", family.title),
              text(problem.describe(), "; GFLOP/s counts ", family.flops_formula),
              {}};
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  for (const CpuForm& form : family.forms) {
    for (const int threads : {1, cores}) {
      if (threads > 1 && !form.threaded) {
        continue;
      }
      CpuBenchOptions options;
      options.heads = problem.integer(params::heads);
      options.seq_len = problem.integer(params::seq_len);
      options.head_dim = problem.integer(params::head_dim);
      options.causal = problem.flag(params::causal);
      options.threads = threads;
      progress.step(0.1, text("timing ", form.name, " on ", threads, " threads"));
      const CpuTiming t = time_cpu_form(family, form, options, progress);
      Row row;
      row.name = text(form.name, ", ", threads, threads == 1 ? " thread" : " threads");
      row.backend = "reference";
      row.error = t.rel_l2;
      row.tolerance = t.tolerance;
      row.passed = t.passed;
      row.seconds = t.passed ? t.median_s : 0;
      row.spread = t.passed ? (t.high_s - t.low_s) / 2 : 0;
      row.gflops = t.passed ? t.gflops : 0;
      row.source = cpu_name();
      board.rows.push_back(row);
      if (threads == cores && cores == 1) {
        break;
      }
    }
  }
  return board;
}

std::vector<Board> boards_of(const Arguments& arguments, const Progress& progress) {
  require(arguments.positional().size() <= 1,
          "'alab bench' takes one op or OP/RUNG; 'alab list kernels' shows them");
  const std::string wanted = arguments.positional().empty() ? "" : arguments.positional()[0];
  const std::size_t slash = wanted.find('/');
  const std::string op_name = wanted.substr(0, slash);
  const std::string rung = slash == std::string::npos ? "" : wanted.substr(slash + 1);
  bool simulated = true;
  bool cuda = true;
  const std::string backend = arguments.value("--backend", "all");
  choose_backend(backend, simulated, cuda);
  std::vector<std::string> names;
  std::vector<Board> boards;
  for (const CpuFamily& family : cpu_families()) {
    names.emplace_back(family.name);
    if (wanted == family.name || (wanted.empty() && (backend == "all" || backend == "reference"))) {
      boards.push_back(bench_cpu_forms(family, arguments.values("--set"), progress));
    }
  }
  for (const Op* op : all_ops()) {
    names.emplace_back(op->id);
    if ((simulated || cuda) && (wanted.empty() || op_name == op->id)) {
      boards.push_back(bench_op(*op, rung, arguments.values("--set"), simulated, cuda, progress));
    }
  }
  if (boards.empty()) {
    throw Error(text("there is no op '", op_name, "'", did_you_mean(op_name, names),
                     " 'alab list kernels' shows them; attention_cpu, linear_cpu and gla_cpu compare "
                     "forms on this CPU"));
  }
  return boards;
}

int run_bench(const Arguments& arguments, const Progress& progress) {
  const std::filesystem::path file = arguments.value("--json", "");
  if (arguments.has("--json")) {
    require_folder(file.has_parent_path() ? file.parent_path() : ".");
  }
  const std::vector<Board> boards = boards_of(arguments, shown(progress));
  end_of_progress_line();
  bool all_passed = true;
  Json json{{"cpu", cpu_name()},
            {"gpu", cuda_device().usable ? Json(cuda_device().name) : Json(nullptr)},
            {"repeats", kRepeats},
            {"boards", Json::array()}};
  for (const Board& board : boards) {
    for (const Row& row : board.rows) {
      all_passed = all_passed && (row.passed || !row.why_not.empty());
    }
    std::cout << shown_board(board) << "\n";
    json["boards"].push_back(json_of(board));
  }
  if (!cuda_device().usable) {
    std::cout << "No GPU times: " << cuda_device().unavailable << "\n";
  }
  if (arguments.has("--json")) {
    write_file_atomic(file, json.dump(2) + "\n");
  }
  return all_passed ? kPassed : kFailed;
}

constexpr std::array<Option, 3> kOptions{
    {{"--backend", "NAME", "reference, simulated, cuda or all (default)"},
     {"--set", "name=value", "a parameter of the op; may be given several times"},
     {"--json", "FILE", "write the figures there as well"}}};

}  // namespace

const Command bench_command{
    "bench",
    "bench [attention_cpu | linear_cpu | gla_cpu | OP[/RUNG]] [options]",
    "Checks each form against double precision, then times it.",
    "Times are medians; spread is half the interquartile range (10th to 90th percentile for CPU forms).\n"
    "A form that fails its check gets no time. Forms whose spreads touch share a rank (=).\n"
    "A simulated time is the executor's on this CPU, never a GPU's.\n\n"
    "JSON: {cpu, gpu, repeats, boards: [{title, problem, rows}]}; a row is {form, backend, unsupported} or\n"
    "{form, backend, passed, rel_l2, tolerance, scratch_bytes} and, when it passed, {seconds: {median, "
    "spread},\n"
    "gflops, rank, provenance}.\n\n"
    "Examples:\n  alab bench attention_cpu --set seq_len=2048\n  alab bench flash_attention_fwd --backend "
    "simulated\n\n"
    "Exit code: 0 every form passed its check, 1 one failed, 2 the request could not be carried out.\n",
    kOptions,
    run_bench};

}  // namespace alab::cli
