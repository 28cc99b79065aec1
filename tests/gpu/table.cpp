// gpu_table [--backend cuda|simulated] [--out DIR]: for every rung the worst error over its op's shapes, and
// its time at a larger size, as Markdown and CSV. Exit 1 when a rung fails, 2 when the backend cannot run.
// SPDX-License-Identifier: MIT
#include <cstdio>
#include <iostream>

#include "kernels/bench.hpp"
#include "reference/core/files.hpp"

using namespace alab;

namespace {

struct Sizes {
  std::string_view op, on_gpu, simulated;
};
// Large enough to fill a GPU, small enough that the reference in double takes seconds.
constexpr Sizes kSizes[] = {
    {"softmax_rows", "rows=4096 cols=4096", "rows=64 cols=4096"},
    {"softmax_topk", "rows=4096 cols=4096 top_k=8", "rows=64 cols=4096 top_k=8"},
    {"flash_attention_fwd", "seq_len=1024 head_dim=64 heads=16", "seq_len=512 head_dim=64"},
    {"flash_attention_bwd", "seq_len=1024 head_dim=64 heads=16", "seq_len=256 head_dim=64"},
    {"attention_scores", "seq_len=1024 head_dim=64 heads=16", "seq_len=512 head_dim=64"},
    {"causal_linear", "seq_len=4096 head_dim=64 heads=64", "seq_len=512 head_dim=64"},
    {"causal_linear_bwd", "seq_len=2048 head_dim=64 heads=64", "seq_len=256 head_dim=64"},
    {"gla", "seq_len=1024 head_dim=64 heads=64", "seq_len=512 head_dim=64"},
    {"decode_step_softmax", "context=16384 head_dim=128 heads=32", "context=1024 head_dim=64"},
    {"decode_step_linear", "head_dim=128 heads=64", "head_dim=64 heads=4"},
};

struct Worst {
  double use = 0, error = 0, tolerance = 0;  // use: part of the tolerance
  int shapes = 0, refused = 0, failed = 0;
};

Worst worst_over_shapes(const Op& op, const std::string& rung, Backend backend) {
  Worst worst;
  for (const std::string_view shape : op.shapes) {
    ParamSet problem(op.params);
    problem.assign(shape);
    BenchOptions options;
    options.rung = rung;
    options.backends = {backend};
    options.repeats = 2;
    const BenchRow row = bench(op, problem, synthetic_inputs().front(), options, {}).at(0);
    ++worst.shapes;
    if (!row.unsupported.empty()) {
      ++worst.refused;
      continue;
    }
    if (!row.passed) {
      ++worst.failed;
      std::cout << "FAILED " << op.id << "/" << rung << " " << shape << ": " << row.failure << "\n";
    }
    const double use = row.tolerance > 0 ? row.error / row.tolerance : row.error;
    if (!(use <= worst.use)) {
      worst.use = use;
      worst.error = row.error;
      worst.tolerance = row.tolerance;
    }
  }
  return worst;
}

std::string number(const char* format, double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, value);
  return buffer;
}

ParamSet bench_problem(const Op& op, Backend backend) {
  ParamSet problem(op.params);
  for (const Sizes& sizes : kSizes) {
    if (sizes.op == op.id) {
      problem.assign(backend == Backend::cuda ? sizes.on_gpu : sizes.simulated);
    }
  }
  return problem;
}

bool print_op(const Op& op, Backend backend, std::string& markdown, std::string& csv) {
  const ParamSet problem = bench_problem(op, backend);
  BenchOptions options;
  options.backends = {backend};
  options.repeats = 11;
  const std::vector<BenchRow> rows = bench(op, problem, synthetic_inputs().front(), options, {});
  const std::vector<int> rank = ranks(rows);
  markdown += text("\n### ", op.id, ": ", problem.describe(), "\n\n",
                   "| rung | shapes passed | worst error | its tolerance | used | time (ms) | spread | rank "
                   "| GFLOP/s | scratch (MB) |\n",
                   "|---|---|---|---|---|---|---|---|---|---|\n");
  bool good = true;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const BenchRow& row = rows[i];
    const Worst worst = worst_over_shapes(op, row.rung, backend);
    const int run = worst.shapes - worst.refused;
    good = good && worst.failed == 0 && (row.passed || !row.unsupported.empty());
    const std::string shapes =
        text(run - worst.failed, "/", run, worst.refused > 0 ? text(" (", worst.refused, " refused)") : "");
    const std::string time = row.timed()               ? number("%.4f", 1e3 * row.seconds)
                             : row.unsupported.empty() ? "FAILED: " + row.failure
                                                       : row.unsupported;
    markdown += text("| ", row.rung, " | ", shapes, " | ", number("%.2e", worst.error), " | ",
                     number("%.2e", worst.tolerance), " | ", number("%.0f %%", 100 * worst.use), " | ", time,
                     " | ", number("%.4f", 1e3 * row.spread), " | ", rank[i], " | ",
                     number("%.0f", 1e-9 * row.flops_per_second()), " | ",
                     number("%.2f", 1e-6 * static_cast<double>(row.peak_scratch_bytes)), " |\n");
    csv += text(op.id, ",", row.rung, ",", problem.describe(), ",", run - worst.failed, ",", run, ",",
                worst.error, ",", worst.tolerance, ",", row.seconds, ",", row.spread, ",", row.repeats, ",",
                row.cost.flops, ",", row.peak_scratch_bytes, ",\"", row.provenance.source, "\"\n");
  }
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Backend backend = Backend::cuda;
    std::string out;
    for (int i = 1; i + 1 < argc; i += 2) {
      const std::string_view option = argv[i];
      if (option == "--backend") {
        backend = backend_from(argv[i + 1]).value_or(Backend::cuda);
      } else if (option == "--out") {
        out = argv[i + 1];
      }
    }
    if (backend == Backend::cuda && !cuda_device().usable) {
      std::cout << cuda_device().unavailable << "\n";
      return 2;
    }
    std::string markdown =
        text("## ",
             backend == Backend::cuda ? cuda_device().name + ", " + cuda_device().driver
                                      : "CPU executor on " + cpu_name() + " (not a GPU time)",
             "\n");
    std::string csv =
        "op,rung,problem,shapes_passed,shapes_run,worst_error,tolerance,seconds,spread,repeats,flops,scratch_"
        "bytes,source\n";
    bool good = true;
    for (const Op* op : all_ops()) {
      good = print_op(*op, backend, markdown, csv) && good;
    }
    std::cout << markdown;
    if (!out.empty()) {
      write_file_atomic(out + "/rungs.md", markdown);
      write_file_atomic(out + "/rungs.csv", csv);
    }
    return good ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 2;
  }
}
