// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <iostream>

#include "app/cli/commands.hpp"
#include "app/cli/profile_report.hpp"
#include "app/export/csv.hpp"
#include "kernels/student/profile_case.hpp"
#include "kernels/student/saved_source.hpp"
#include "reference/core/files.hpp"
#include "reference/model/input_sources.hpp"

namespace alab::cli {
namespace {

Stream::Order order_named(const std::string& name) {
  const std::vector<std::string> known{"ascending", "descending", "shuffled"};
  const auto at = std::find(known.begin(), known.end(), name);
  require(at != known.end(), "there is no order '", name, "'", did_you_mean(name, known),
          " choose ascending, descending or shuffled");
  return static_cast<Stream::Order>(at - known.begin());
}

const RooflineDevice& gpu_named(const std::string& name) {
  const std::vector<std::string> known(kRooflineDeviceNames.begin(), kRooflineDeviceNames.end());
  const RooflineDevice* const gpu = find_roofline_device(name);
  std::string all;
  for (const std::string& one : known) {
    all += (all.empty() ? "" : ", ") + one;
  }
  require(gpu != nullptr, "there is no GPU '", name, "'", did_you_mean(name, known), " known are ", all);
  return *gpu;
}

// "md", "csv" or both.
struct Formats {
  bool markdown = false, csv = false;
};
Formats formats_named(const std::string& list) {
  Formats formats;
  for (std::size_t from = 0; from <= list.size();) {
    const std::size_t comma = std::min(list.find(',', from), list.size());
    const std::string one = list.substr(from, comma - from);
    require(one == "md" || one == "csv", "there is no format '", one,
            "' of a ladder's table: choose md, csv or md,csv");
    (one == "md" ? formats.markdown : formats.csv) = true;
    from = comma + 1;
  }
  return formats;
}

struct Request {
  ProfileReport report;
  const student::Exercise* exercise = nullptr;  ///< whose student's file is counted in place of rungs
  std::filesystem::path source;
  std::vector<const RungBuild*> builds;
  std::vector<std::string> tiles;  ///< assignments
  bool here = false;               ///< in this process, without limits
};

const Op& op_named(const std::string& name) {
  std::vector<std::string> ops;
  for (const Op* one : all_ops()) {
    ops.emplace_back(one->id);
  }
  require(find_op(name) != nullptr, "there is no op '", name, "'", did_you_mean(name, ops),
          " 'alab list kernels' shows them");
  return *find_op(name);
}

// wanted: "OP" or "OP/RUNG".
void choose_rungs(Request& request, const std::string& wanted) {
  const std::size_t slash = wanted.find('/');
  request.report.op = &op_named(wanted.substr(0, slash));
  request.report.ladder = slash == std::string::npos;
  const std::string_view op = request.report.op->id;
  // The fast build names them all, also where nothing can be counted.
  std::vector<std::string> rungs;
  for (const RungBuild* build : rungs_of(op, executor_rungs())) {
    rungs.emplace_back(build->rung->id);
  }
  const std::string rung = request.report.ladder ? "" : wanted.substr(slash + 1);
  require(request.report.ladder || std::find(rungs.begin(), rungs.end(), rung) != rungs.end(), "op ", op,
          " has no rung '", rung, "'", did_you_mean(rung, rungs), " 'alab list kernels' shows them");
  require(!counted_rungs().empty(), "no kernel can be counted here: ", counted_unavailable());
  for (const RungBuild* build : rungs_of(op, counted_rungs())) {
    if (request.report.ladder || build->rung->id == rung) {
      request.builds.push_back(build);
    }
  }
}

// Tile sizes go to the rungs, the rest to the problem.
void assign(Request& request, const std::string& assignment) {
  const std::string key = assignment.substr(0, assignment.find('='));
  const bool is_tile = std::any_of(request.builds.begin(), request.builds.end(), [&](const RungBuild* build) {
    return std::any_of(build->rung->tiles.begin(), build->rung->tiles.end(),
                       [&](const Param* tile) { return tile->key == key; });
  });
  if (is_tile) {
    request.tiles.push_back(assignment);
  } else {
    request.report.problem.assign(assignment);
  }
}

int registers_given(const Arguments& arguments) {
  if (!arguments.has("--registers")) {
    return 0;
  }
  const std::string given = arguments.value("--registers", "");
  const bool digits =
      !given.empty() && given.size() <= 3 && given.find_first_not_of("0123456789") == std::string::npos;
  const int registers = digits ? std::stoi(given) : 0;
  require(registers >= 1 && registers <= 255, "--registers ", given,
          " is outside 1 to 255, what a thread can have");
  return registers;
}

/// Order, GPU and registers, which every request may name.
void read_common(Request& request, const Arguments& arguments) {
  request.report.order = arguments.value("--order", "ascending");
  order_named(request.report.order);
  request.report.gpu = &gpu_named(arguments.value("--gpu", "H200"));
  request.report.registers = registers_given(arguments);
}

Request own_request_of(const Arguments& arguments) {
  require(arguments.positional().empty() && !arguments.has("--here") && !arguments.has("--out"),
          "--exercise names what is counted: leave OP/RUNG, --here and --out away");
  Request request;
  request.exercise = &exercise_named(arguments.value("--exercise", ""));
  const student::Exercise& exercise = *request.exercise;
  request.source = arguments.value("--file", student::saved_source(exercise).string());
  read_common(request, arguments);
  request.report.problem =
      student::largest_case(exercise, student::profile_cases(exercise, student::manifest_of(exercise))).shape;
  for (const std::string& assignment : arguments.values("--set")) {
    request.report.problem.assign(assignment);
  }
  return request;
}

Request request_of(const Arguments& arguments) {
  if (arguments.has("--exercise")) {
    return own_request_of(arguments);
  }
  require(!arguments.has("--file"), "--file names a student's kernel: add --exercise ID");
  require(
      arguments.positional().size() == 1,
      "'alab profile' takes one OP or OP/RUNG, as in softmax_rows/00_naive; 'alab list kernels' shows them");
  Request request;
  choose_rungs(request, arguments.positional()[0]);
  request.report.problem = ParamSet(request.report.op->params);
  read_common(request, arguments);
  request.here = arguments.has("--here");
  for (const std::string& assignment : arguments.values("--set")) {
    assign(request, assignment);
  }
  require(request.report.ladder || !arguments.has("--out"),
          "--out writes the table of a ladder: name an op without a rung, as in 'alab profile softmax_rows'");
  require(arguments.has("--out") || !arguments.has("--format"),
          "--format says how to write files; add --out DIR");
  return request;
}

void count_own(Request& request, const student::StudentLimits& limits, const Progress& progress) {
  ProfileReport& report = request.report;
  const student::Exercise& exercise = *request.exercise;
  ProfiledRung one;
  one.rung = student::student_rung(exercise).rung;
  student::Case c{report.problem};
  c.order = order_named(report.order);
  one.profile = student::profile_case(exercise, student::manifest_of(exercise), read_file(request.source), c,
                                      limits, progress);
  report.rungs.push_back(std::move(one));
}

void count(Request& request, const Progress& progress) {
  ProfileReport& report = request.report;
  const Op& op = *report.op;
  RunOptions options;
  options.order = order_named(report.order);
  const HostArrays inputs = op.inputs(report.problem, resolve_input("normal"), progress);
  progress.step(0, text("computing the truth of ", op.id));
  const Judged judged = judge(op, report.problem, inputs);
  report.rungs = profile_ladder(op, request.builds, report.problem, request.tiles, inputs, judged, options,
                                request.here ? std::nullopt : std::optional(profile_limits()), progress);
  const ProfiledRung& first = report.rungs.front();
  require(report.ladder || first.unsupported.empty(), op.id, "/", first.rung->id,
          " cannot take this problem: ", first.unsupported);
}

void write_table(const ProfileReport& report, const std::filesystem::path& folder, const Formats& formats) {
  const std::string name = text(report.op->id, "_ladder");
  if (formats.markdown) {
    write_file_atomic(folder / (name + ".md"), markdown_ladder(report));
  }
  if (formats.csv) {
    write_file_atomic(folder / (name + ".csv"),
                      csv_of(ladder_table(*report.op, report.rungs, *report.gpu, report.registers)));
  }
}

void show_printed(const ProfileReport& report) {
  for (const ProfiledRung& one : report.rungs) {
    if (!one.printed.empty()) {
      std::cout << one.rung->id << " printed:\n" << one.printed << "\n";
    }
  }
}

// Nothing wrong and nothing found; a rung that cannot take the problem is no failure.
bool all_right(const ProfileReport& report) {
  return std::all_of(report.rungs.begin(), report.rungs.end(), [](const ProfiledRung& one) {
    return !one.unsupported.empty() || (one.profile.run.passed && one.profile.findings.empty());
  });
}

int run_profile(const Arguments& arguments, const Progress& progress) {
  const std::filesystem::path file = arguments.value("--json", ""), folder = arguments.value("--out", "");
  const Formats formats = formats_named(arguments.value("--format", "md,csv"));
  Request request = request_of(arguments);
  if (arguments.has("--json")) {
    require_folder(file.has_parent_path() ? file.parent_path() : ".");
  }
  if (arguments.has("--out")) {
    require_folder(folder);
  }
  if (request.exercise != nullptr) {
    count_own(request, student_limits_of(arguments), alab::cli::shown(progress));
  } else {
    count(request, alab::cli::shown(progress));
  }
  end_of_progress_line();
  show_printed(request.report);
  std::cout << (request.report.ladder ? shown_ladder(request.report) : shown_rung(request.report));
  if (arguments.has("--json")) {
    write_file_atomic(file, json_of(request.report).dump(2) + "\n");
  }
  if (arguments.has("--out")) {
    write_table(request.report, folder, formats);
  }
  return all_right(request.report) ? kPassed : kFailed;
}

constexpr std::array<Option, 11> kOptions{
    {{"--set", "name=value", "a parameter of the op or a tile size of its rungs; may be given several times"},
     {"--exercise", "ID", "count a student's kernel for this exercise instead; --set gives its sizes"},
     {"--file", "FILE.cu", "with --exercise: the kernel (default: the text that the window has saved)"},
     {"--without-sandbox", "",
      "with --exercise: run without bubblewrap, with limits alone: for your own code"},
     {"--order", "NAME", "order of blocks, warps and lanes: ascending (default), descending or shuffled"},
     {"--gpu", "NAME", "whose limits and peaks occupancy and time bounds use (default H200)"},
     {"--registers", "N", "registers per thread, instead of those recorded for sm_80 and sm_90"},
     {"--here", "", "run kernels in this process and without limits, for a debugger"},
     {"--json", "FILE", "write every counter there as well"},
     {"--out", "DIR", "write a ladder's table there: OP_ladder.md and OP_ladder.csv"},
     {"--format", "LIST", "of md,csv (default: both)"}}};

}  // namespace

const Command profile_command{
    "profile",
    "profile OP[/RUNG] | --exercise ID [options]",
    "Counts what a kernel does, per launch and per source line, and looks for mistakes.",
    "The CUDA source runs on the CPU with every access seen, and once more with every operation counted.\n"
    "Counters have Nsight Compute's names where it has them. Nothing is timed. Without a rung, every rung of "
    "the\n"
    "op is counted on the same problem and one table sets them side by side.\n\n"
    "  gl.ld, gl.st      load and store instructions of warps on global memory\n"
    "  sectors, used     32-byte sectors they move, and the share of these bytes that some lane asked for\n"
    "  sh.ld, sh.st      the same on shared memory; wavefr.: passes; confl.: passes that bank conflicts "
    "cost\n"
    "  atomic, sync      atomic instructions; barriers, warp barriers, shuffles and votes\n"
    "  lanes             active lanes per instruction, of 32\n"
    "  flops, beside     fadd + fmul + 2 ffma of all threads; divisions, functions and comparisons beside "
    "it.\n"
    "                    A product that is added to something is one ffma, also where nvcc would need more "
    "code.\n"
    "                    JSON has them by kind, of a launch and of each line\n"
    "  compulsory bytes  distinct sectors read and written: what no cache can save\n\n"
    "Each kernel runs in a process of its own, at most ten minutes and in 8 GiB; it can make no file and "
    "reach\n"
    "no network. One that never ends, crashes or exits is stopped, and named with the line it was in.\n\n"
    "Mistakes: accesses out of bounds or misaligned, races within a block and between blocks, reads of what\n"
    "nothing has written, barriers that not every thread reaches, warp calls with a wrong mask, loops that "
    "do\n"
    "not end.\n\n"
    "JSON: {op, problem, order, gpu, provenance, rung, tiles, passed, flops_unavailable, checks: [{key, "
    "passed,\n"
    "detail}], findings: [{mistake, sentence, where: {file, line}, other, block, thread, buffer, count}],\n"
    "launches: [{kernel, where, grid, block, dynamic_shared_bytes, counters: {name: {value, unit}},\n"
    "occupancy: {blocks, warps, share, limited_by, registers, static_shared_bytes, registers_from, "
    "not_launchable},\n"
    "roofline: {flops, compulsory_bytes, block_bytes, sector_bytes, flop_per_byte, ridge, memory_seconds,\n"
    "compute_seconds, provenance}, lines: [{file, line, counters}],\n"
    "buffers: [{name, bytes, scratch, load_bytes, store_bytes, atomic_bytes, read_bytes, written_bytes,\n"
    "read_sectors, written_sectors}],\n"
    "blocks: [{requests, load_bytes, store_bytes, distinct_load_bytes, shared_wavefronts, barriers}]}]}; "
    "blocks\n"
    "is left out above 4096 blocks. Of a ladder: {op, problem, order, gpu, provenance, table: {columns, "
    "rows},\n"
    "rungs: [as above from rung on; unsupported: why it was not run]}.\n\n"
    "Examples:\n  alab profile softmax_rows/00_naive --set rows=16 --set cols=256\n"
    "  alab profile flash_attention_fwd/30_fa2_order --set seq_len=256 --set block_m=16 --json fa2.json\n"
    "  alab profile softmax_rows --set rows=64 --set cols=1000 --gpu A100-40GB --out report\n"
    "  alab profile --exercise 1a --file mine.cu --set N=64\n\n"
    "Exit code: 0 right and nothing found, 1 wrong or a mistake was found, 2 the request could not be "
    "carried out.\n",
    kOptions,
    run_profile};

}  // namespace alab::cli
