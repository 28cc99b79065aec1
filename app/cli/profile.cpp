// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <sstream>

#include "app/cli/commands.hpp"
#include "kernels/profile_rung.hpp"
#include "reference/core/files.hpp"
#include "reference/model/input_sources.hpp"

namespace alab::cli {
namespace {

using counted::Access;
using counted::Counters;
using counted::Finding;
using counted::LaunchProfile;

constexpr std::size_t kMostBlocksInJson = 4096;

struct Request {
  const Op* op = nullptr;
  const RungBuild* build = nullptr;
  ParamSet problem, tiles;
  std::string order = "ascending";
};

std::string shown(const std::array<unsigned, 3>& v) {
  return text("(", v[0], ", ", v[1], ", ", v[2], ")");
}
std::string shown(const counted::Line& line) {
  return line.line == 0 ? std::string("?") : text(line.file, ":", line.line);
}
// Counts as they are, ratios with three digits.
std::string shown(double value) {
  std::ostringstream out;
  if (value == std::floor(value)) {
    out.precision(15);
  } else {
    out.precision(3);
  }
  out << value;
  return out.str();
}
std::string shown_count(std::uint64_t n) {
  return n == 0 ? "" : std::to_string(n);
}

void assign(Request& request, const std::string& assignment) {
  const std::string key = assignment.substr(0, assignment.find('='));
  const ParamList tiles = request.build->rung->tiles;
  const bool is_tile =
      std::any_of(tiles.begin(), tiles.end(), [&](const Param* tile) { return tile->key == key; });
  (is_tile ? request.tiles : request.problem).assign(assignment);
}

Stream::Order order_named(const std::string& name) {
  const std::vector<std::string> known{"ascending", "descending", "shuffled"};
  const auto at = std::find(known.begin(), known.end(), name);
  require(at != known.end(), "there is no order '", name, "'", did_you_mean(name, known),
          " choose ascending, descending or shuffled");
  return static_cast<Stream::Order>(at - known.begin());
}

Request request_of(const Arguments& arguments) {
  require(arguments.positional().size() == 1 && arguments.positional()[0].find('/') != std::string::npos,
          "'alab profile' takes one OP/RUNG, as in softmax_rows/00_naive; 'alab list kernels' shows them");
  const std::string& wanted = arguments.positional()[0];
  const std::string op = wanted.substr(0, wanted.find('/'));
  std::vector<std::string> ops, rungs;
  for (const Op* one : all_ops()) {
    ops.emplace_back(one->id);
  }
  require(find_op(op) != nullptr, "there is no op '", op, "'", did_you_mean(op, ops),
          " 'alab list kernels' shows them");
  Request request;
  request.op = find_op(op);
  const std::string rung = wanted.substr(op.size() + 1);
  // The fast build names them all, also where nothing can be counted.
  for (const RungBuild* build : rungs_of(op, executor_rungs())) {
    rungs.emplace_back(build->rung->id);
  }
  require(std::find(rungs.begin(), rungs.end(), rung) != rungs.end(), "op ", op, " has no rung '", rung, "'",
          did_you_mean(rung, rungs), " 'alab list kernels' shows them");
  require(!counted_rungs().empty(), "no kernel can be counted here: ", counted_unavailable());
  for (const RungBuild* build : rungs_of(op, counted_rungs())) {
    request.build = build->rung->id == rung ? build : request.build;
  }
  request.problem = ParamSet(request.op->params);
  request.tiles = ParamSet(request.build->rung->tiles);
  request.order = arguments.value("--order", "ascending");
  for (const std::string& assignment : arguments.values("--set")) {
    assign(request, assignment);
  }
  const Rung& r = *request.build->rung;
  const std::string why = r.unsupported != nullptr ? r.unsupported(request.problem, request.tiles) : "";
  require(why.empty(), op, "/", rung, " cannot take this problem: ", why);
  return request;
}

RungProfile profile_of(const Request& request, const Progress& progress) {
  const Op& op = *request.op;
  const HostArrays inputs = op.inputs(request.problem, resolve_input("normal"), progress);
  progress.step(0.1, text("computing the truth of ", op.id));
  const Judged judged = judge(op, request.problem, inputs);
  progress.step(0.3, text("counting ", op.id, "/", request.build->rung->id));
  RunOptions options;
  options.order = order_named(request.order);
  return profile_rung(op, *request.build, request.problem, request.tiles, inputs, judged, options, progress);
}

std::vector<std::string> line_row(const std::string& name, const Counters& c) {
  const auto global = [](const Access& a) {
    return a.passes == 0 ? std::string() : text(std::lround(100 * counted::coalescing_efficiency(a)), " %");
  };
  return {"  " + name,
          shown_count(c.global_load.requests),
          shown_count(c.global_load.passes),
          global(c.global_load),
          shown_count(c.global_store.requests),
          shown_count(c.global_store.passes),
          global(c.global_store),
          shown_count(c.shared_load.requests),
          shown_count(c.shared_load.passes),
          shown_count(c.shared_load.conflicts),
          shown_count(c.shared_store.requests),
          shown_count(c.shared_store.passes),
          shown_count(c.shared_store.conflicts),
          shown_count(c.global_atomic.requests + c.shared_atomic.requests),
          shown_count(c.barriers + c.warp_syncs + c.warp_calls),
          shown(counted::active_lanes_per_instruction(c))};
}

std::string shown_launch(const LaunchProfile& launch) {
  std::string out = text(launch.kernel, "  grid ", shown(launch.grid), "  block ", shown(launch.block), "  ",
                         launch.dynamic_shared_bytes, " bytes of dynamic shared memory  launched in ",
                         shown(launch.where), "\n");
  std::vector<std::vector<std::string>> rows;
  for (const counted::Counter& c : counted::counters(launch)) {
    rows.push_back({"  " + c.name, shown(c.value), c.unit});
  }
  out += aligned(rows) + "\n";
  rows = {{"  source line", "gl.ld", "sectors", "used", "gl.st", "sectors", "used", "sh.ld", "wavefr.",
           "confl.", "sh.st", "wavefr.", "confl.", "atomic", "sync", "lanes"}};
  for (const counted::LineProfile& line : launch.lines) {
    rows.push_back(line_row(shown(line.line), line.counters));
  }
  rows.push_back(line_row("all", launch.total));
  out += aligned(rows) + "\n";
  rows = {{"  buffer", "bytes", "read", "written", "sectors read", "sectors written"}};
  for (const counted::BufferProfile& b : launch.buffers) {
    rows.push_back({"  " + b.name, std::to_string(b.bytes), shown_count(b.read_bytes),
                    shown_count(b.written_bytes), shown_count(b.read_sectors),
                    shown_count(b.written_sectors)});
  }
  return out + aligned(rows);
}

Json json_of(const counted::Line& line) {
  return {{"file", line.file}, {"line", line.line}};
}

Json json_of(const std::vector<counted::Counter>& counters) {
  Json json = Json::object();
  for (const counted::Counter& c : counters) {
    json[c.name] = {{"value", c.value}, {"unit", c.unit}};
  }
  return json;
}

Json json_of(const Finding& f) {
  Json json{{"mistake", counted::to_string(f.mistake)},
            {"sentence", f.sentence},
            {"where", json_of(f.line)},
            {"block", f.block},
            {"thread", f.thread},
            {"buffer", f.buffer},
            {"count", f.count}};
  if (f.other_line.line != 0) {
    json["other"] = json_of(f.other_line);
  }
  return json;
}

Json json_of(const LaunchProfile& launch) {
  Json json{{"kernel", launch.kernel},
            {"where", json_of(launch.where)},
            {"grid", launch.grid},
            {"block", launch.block},
            {"dynamic_shared_bytes", launch.dynamic_shared_bytes},
            {"counters", json_of(counted::counters(launch))},
            {"lines", Json::array()},
            {"buffers", Json::array()}};
  for (const counted::LineProfile& line : launch.lines) {
    Json one = json_of(line.line);
    one["counters"] = json_of(counted::counters(line.counters));
    json["lines"].push_back(one);
  }
  for (const counted::BufferProfile& b : launch.buffers) {
    json["buffers"].push_back({{"name", b.name},
                               {"bytes", b.bytes},
                               {"scratch", b.scratch},
                               {"read_bytes", b.read_bytes},
                               {"written_bytes", b.written_bytes},
                               {"read_sectors", b.read_sectors},
                               {"written_sectors", b.written_sectors}});
  }
  if (launch.blocks.size() <= kMostBlocksInJson) {
    json["blocks"] = Json::array();
    for (const counted::BlockProfile& b : launch.blocks) {
      json["blocks"].push_back({{"requests", b.requests},
                                {"load_bytes", b.load_bytes},
                                {"store_bytes", b.store_bytes},
                                {"distinct_load_bytes", b.distinct_load_bytes},
                                {"shared_wavefronts", b.shared_wavefronts},
                                {"barriers", b.barriers}});
    }
  }
  return json;
}

Json json_of(const Request& request, const RungProfile& profile) {
  Json json{{"op", request.op->id},
            {"rung", request.build->rung->id},
            {"problem", request.problem.describe()},
            {"tiles", request.tiles.describe()},
            {"order", request.order},
            {"passed", profile.run.passed},
            {"provenance", {{"kind", "counted"}, {"source", "CPU executor, counted build"}}},
            {"checks", Json::array()},
            {"findings", Json::array()},
            {"launches", Json::array()}};
  for (const Check& c : profile.run.checks) {
    json["checks"].push_back({{"key", c.key}, {"passed", c.passed()}, {"detail", c.detail}});
  }
  for (const Finding& f : profile.findings) {
    json["findings"].push_back(json_of(f));
  }
  for (const LaunchProfile& launch : profile.launches) {
    json["launches"].push_back(json_of(launch));
  }
  return json;
}

void print(const Request& request, const RungProfile& profile) {
  std::cout << request.op->id << "/" << request.build->rung->id << "  " << request.problem.describe() << "  "
            << request.tiles.describe() << "  order " << request.order
            << "\ncounted by the CPU executor, never timed\n";
  for (const LaunchProfile& launch : profile.launches) {
    std::cout << "\n" << shown_launch(launch);
  }
  std::cout << "\n";
  for (const Check& c : profile.run.checks) {
    if (!c.passed()) {
      std::cout << "FAILED " << c.key << ": " << c.detail << "\n";
    }
  }
  for (const Finding& f : profile.findings) {
    std::cout << "FOUND (" << f.count << " times) " << f.sentence << "\n";
  }
  if (profile.run.passed && profile.findings.empty()) {
    std::cout << "The result is right and no mistake was found.\n";
  }
}

int run_profile(const Arguments& arguments, const Progress& progress) {
  const std::filesystem::path file = arguments.value("--json", "");
  if (arguments.has("--json")) {
    require_folder(file.has_parent_path() ? file.parent_path() : ".");
  }
  const Request request = request_of(arguments);
  const RungProfile profile = profile_of(request, alab::cli::shown(progress));
  end_of_progress_line();
  print(request, profile);
  if (arguments.has("--json")) {
    write_file_atomic(file, json_of(request, profile).dump(2) + "\n");
  }
  return profile.run.passed && profile.findings.empty() ? kPassed : kFailed;
}

constexpr std::array<Option, 3> kOptions{
    {{"--set", "name=value", "a parameter of the op or a tile size of the rung; may be given several times"},
     {"--order", "NAME", "order of blocks, warps and lanes: ascending (default), descending or shuffled"},
     {"--json", "FILE", "write every counter there as well"}}};

}  // namespace

const Command profile_command{
    "profile",
    "profile OP/RUNG [options]",
    "Counts what a kernel does to memory, per launch and per source line, and looks for mistakes.",
    "The CUDA source runs on the CPU with every access seen. Counters have Nsight Compute's names where it "
    "has\n"
    "them. Nothing is timed.\n\n"
    "  gl.ld, gl.st      load and store instructions of warps on global memory\n"
    "  sectors, used     32-byte sectors they move, and the share of these bytes that some lane asked for\n"
    "  sh.ld, sh.st      the same on shared memory; wavefr.: passes; confl.: passes that bank conflicts "
    "cost\n"
    "  atomic, sync      atomic instructions; barriers, warp barriers, shuffles and votes\n"
    "  lanes             active lanes per instruction, of 32\n\n"
    "Mistakes: accesses out of bounds or misaligned, races within a block and between blocks, reads of what\n"
    "nothing has written, barriers that not every thread reaches, warp calls with a wrong mask, loops that "
    "do\n"
    "not end.\n\n"
    "JSON: {op, rung, problem, tiles, order, passed, provenance, checks: [{key, passed, detail}], findings:\n"
    "[{mistake, sentence, where: {file, line}, other, block, thread, buffer, count}], launches: [{kernel, "
    "where,\n"
    "grid, block, dynamic_shared_bytes, counters: {name: {value, unit}}, lines: [{file, line, counters}],\n"
    "buffers: [{name, bytes, scratch, read_bytes, written_bytes, read_sectors, written_sectors}],\n"
    "blocks: [{requests, load_bytes, store_bytes, distinct_load_bytes, shared_wavefronts, barriers}]}]}; "
    "blocks\n"
    "is left out above 4096 blocks.\n\n"
    "Examples:\n  alab profile softmax_rows/00_naive --set rows=16 --set cols=256\n"
    "  alab profile flash_attention_fwd/30_fa2_order --set seq_len=256 --set block_m=16 --json fa2.json\n\n"
    "Exit code: 0 right and nothing found, 1 wrong or a mistake was found, 2 the request could not be "
    "carried out.\n",
    kOptions,
    run_profile};

}  // namespace alab::cli
