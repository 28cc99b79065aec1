// The command line as a user meets it: names, ranges, exit codes, JSON, completion, output that cannot be
// written, Ctrl-C.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>

#include "reference/core/json.hpp"
#include "tests/app/program.hpp"
#include "tests/folders.hpp"

namespace alab::app_test {
namespace {

constexpr const char* kLab = "ch10_01_online_softmax";
constexpr const char* kQuick = "ch10_01_online_softmax/thresholds";

struct Refused {
  std::vector<std::string> words;
  std::string names, suggests;  ///< both occur in the sentence
};

// One sentence: one line, "alab: ...", without a stack of causes.
bool is_one_sentence(const std::string& err) {
  return err.starts_with("alab: ") && std::count(err.begin(), err.end(), '\n') == 1;
}

}  // namespace

TEST_CASE("an unknown name is refused with code 2 and the nearest known one") {
  const Scratch scratch("names");
  const std::string out = (scratch / "out").string();
  const std::vector<Refused> all = {
      {{"lsit"}, "lsit", "list"},
      {{"list", "lab"}, "lab", "labs"},
      {{"list", "--jsom"}, "--jsom", "--json"},
      {{"run", "online_sofmax"}, "online_sofmax", "online_softmax"},
      {{"run", "ch10_02_flash_tilling"}, "ch10_02_flash_tilling", "ch10_02_flash_tiling"},
      {{"run", text(kLab, "/treshold")}, "treshold", "thresholds"},
      {{"run", kLab, "--set", "colz=4"}, "colz", "cols"},
      {{"run", text(kLab, "/speed"), "--set", "colz=4"}, "colz", "cols"},
      {{"run", kLab, "--preset", "nothing_like_it"}, "nothing_like_it", "it has:"},
      {{"run", kQuick, "--input", "normall"}, "normall", "normal"},
      {{"run", kQuick, "--backend", "simulate"}, "simulate", "simulated"},
      {{"run", kQuick, "--out", out, "--format", "jpg"}, "jpg", "png"},
      {{"report", "flash_tilling", "--out", out}, "flash_tilling", "flash_tiling"},
      {{"bench", "flash_attention_fw"}, "flash_attention_fw", "flash_attention_fwd"},
      {{"bench", "softmax_rows/10_sage"}, "10_sage", "10_safe"},
      {{"bench", "softmax_rows", "--set", "row=3"}, "row", "rows"},
      {{"profile", "softmax_row/00_naive"}, "softmax_row", "softmax_rows"},
      {{"profile", "softmax_rows/00_naiv"}, "00_naiv", "00_naive"},
      {{"profile"}, "OP/RUNG", "list kernels"},
      {{"completion", "zsh"}, "bash", "alab completion bash"},
      {{"help", "rum"}, "rum", "run"},
  };
  for (const Refused& one : all) {
    const Ran ran = alab(one.words);
    CAPTURE(one.words);
    CAPTURE(ran.err);
    CHECK(ran.code == 2);
    CHECK(is_one_sentence(ran.err));
    CHECK(contains(ran.err, one.names));
    CHECK(contains(ran.err, one.suggests));
  }
}

TEST_CASE("a value out of range is refused with the value and the range") {
  const std::vector<Refused> all = {
      {{"run", text(kLab, "/speed"), "--set", "cols=0"}, "cols = 0", "between 64 and 25000"},
      {{"run", text(kLab, "/speed"), "--set", "cols=1e99"}, "cols", "between"},
      {{"run", text(kLab, "/speed"), "--set", "cols=nan"}, "cols", ""},
      {{"run", text(kLab, "/speed"), "--set", "cols=100.5"}, "whole number", "100.5"},
      {{"run", text(kLab, "/speed"), "--set", "cols"}, "name=value", ""},
      {{"run", text(kLab, "/speed"), "--set", "cols=many"}, "many", ""},
      {{"bench", "softmax_rows", "--set", "rows=-1"}, "rows = -1", "between"},
      {{"run", kQuick, "--out", ""}, "--out", "empty"},
      {{"run", kQuick, "--out"}, "--out", "needs a value"},
      {{"run", kQuick, "--format", "csv"}, "--format", "--out"},
      {{"run"}, "needs one lab", "list experiments"},
      {{"eval"}, "case folder", "--help"},
      {{"grade", ".", "--jobs", "0"}, "--jobs is '0'", "1 to 256"},
      {{"grade", ".", "--partition", "short"}, "--partition", "--slurm"},
      {{"grade", ".", "--slurm", "--slurm-ask", "0"}, "--slurm-ask is '0'", "0.05 to 3600"},
      {{"grade", ".", "--slurm", "--slurm-options", "--array=0-3"}, "--array", "leave it out"},
      {{"grade", ".", "--slurm-part", "none.json"}, "none.json", "use 'alab grade --slurm'"},
  };
  for (const Refused& one : all) {
    const Ran ran = alab(one.words);
    CAPTURE(one.words);
    CAPTURE(ran.err);
    CHECK(ran.code == 2);
    CHECK(is_one_sentence(ran.err));
    CHECK(contains(ran.err, one.names));
    CHECK(contains(ran.err, one.suggests));
  }
}

TEST_CASE("a cluster that is not here is said, with what to install") {
  const Scratch scratch("no slurm");
  How how;
  how.environment = {{"PATH", scratch.path().string()}};
  const Ran ran =
      alab({"grade", scratch.path().string(), "--out", (scratch / "out").string(), "--slurm"}, how);
  CHECK(ran.code == 2);
  CHECK(is_one_sentence(ran.err));
  CHECK(contains(ran.err, "sbatch is not on PATH"));
  CHECK(contains(ran.err, "slurm-client"));
}

TEST_CASE("each command explains itself, with its exit codes") {
  CHECK(alab({}).code == 2);
  const Ran version = alab({"--version"});
  CHECK(version.code == 0);
  CHECK(version.out.find("Attention Lab ") == 0);
  CHECK(contains(version.out, ", commit "));
  const Ran overview = alab({"--help"});
  CHECK(overview.code == 0);
  for (const char* name :
       {"list", "run", "report", "eval", "bench", "profile", "check", "grade", "doctor", "completion"}) {
    CAPTURE(name);
    CHECK(contains(overview.out, name));
    const Ran help = alab({name, "--help"});
    CHECK(help.code == 0);
    CHECK(contains(help.out, text("Usage: alab ", name)));
    CHECK(help.out == alab({"help", name}).out);
  }
  for (const char* name : {"list", "run", "report", "eval", "bench", "profile", "check", "grade", "doctor"}) {
    CHECK(contains(alab({name, "--help"}).out, "Exit code"));
  }
  for (const char* name : {"list", "run", "bench", "profile", "doctor"}) {
    CHECK(contains(alab({name, "--help"}).out, "JSON: "));
  }
}

TEST_CASE("JSON has the shape that the help promises") {
  const Json lists = parse_json(alab({"list", "--json"}).out, "list");
  for (const char* kind : {"labs", "experiments", "kernels", "exercises", "algorithms", "inputs"}) {
    CAPTURE(kind);
    REQUIRE(lists.contains(kind));
    CHECK(parse_json(alab({"list", kind, "--json"}).out, kind) == lists[kind]);
    for (const Json& item : lists[kind]) {
      CHECK(item.contains("name"));
      CHECK(item.contains("about"));
    }
  }
  const Ran one = alab({"run", kQuick, "--json"});
  CHECK(one.code == 0);
  const Json result = parse_json(one.out, "run");
  std::vector<std::string> keys;
  for (const auto& item : result.items()) {
    keys.push_back(item.key());
  }
  CHECK(keys == std::vector<std::string>{"lab", "experiment", "params", "input", "passed", "scalars", "plots",
                                         "heatmaps", "tables", "steppers", "checks", "notes"});
  CHECK(result["lab"] == kLab);
  const Json whole = parse_json(alab({"run", kLab, "--json", "--backend", "reference"}).out, "run");
  CHECK(whole.is_array());
  CHECK(whole.size() > 1);
}

TEST_CASE("completion offers commands, labs, experiments, kernels and folders with spaces") {
  const Scratch scratch("complete");
  fs::create_directories(scratch / "my case");
  const auto offered = [&](const std::string& line) {
    const std::string script =
        text("source <('", alab::tests::bin_folder(), "/alab' completion bash) && COMP_WORDS=(", line,
             ") && COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) && _alab && "
             "printf '%s\\n' \"${COMPREPLY[@]}\"");
    How how;
    how.folder = scratch.path();
    const Ran ran = run_program({"/bin/bash", "-c", script}, how);
    CAPTURE(ran.err);
    CHECK(ran.code == 0);
    return ran.out;
  };
  CHECK(offered("alab b") == "bench\n");
  CHECK(contains(offered("alab run ch10_02"), "ch10_02_flash_tiling/"));
  CHECK(offered("alab run ch10_02_flash_tiling/sp") == "ch10_02_flash_tiling/sparse\n");
  CHECK(offered("alab bench softmax_rows/10") == "softmax_rows/10_safe\n");
  CHECK(offered("alab profile softmax_rows/10") == "softmax_rows/10_safe\n");
  CHECK(offered("alab profile softmax_rows --gpu A100-8") == "A100-80GB\n");
  CHECK(offered("alab run x --backend sim") == "simulated\n");
  CHECK(offered("alab run x --set head_dim=") != "");
  CHECK(contains(offered("alab run x --input no"), "normal"));
  CHECK(contains(offered("alab eval --dt"), "--dtype"));
  CHECK(offered("alab eval my") == "my case\n");
  CHECK(contains(offered("alab run --"), "--preset"));
}

TEST_CASE("output that cannot be written is a sentence and code 2, a reader that leaves is not") {
  How full;
  full.stdout_file = "/dev/full";
  const Ran ran = alab({"list"}, full);
  CHECK(ran.code == 2);
  CHECK(is_one_sentence(ran.err));
  CHECK(contains(ran.err, "could not be written"));
  const Ran left =
      run_program({"/bin/bash", "-o", "pipefail", "-c",
                   text("'", alab::tests::bin_folder(), "/alab' list --json | head -n 1 >/dev/null")});
  CHECK(left.code == 0);
  CHECK(left.err.empty());
}

TEST_CASE("a folder that cannot be written is told before anything runs") {
  const Scratch scratch("forbidden");
  write_file_atomic(scratch / "a file", "in the way");
  const std::string blocked = (scratch / "a file" / "below").string();
  const Environment nowhere{{"ALAB_DATA_DIR", blocked}, {"ALAB_CACHE_DIR", blocked}, {"HOME", blocked}};
  How how;
  how.environment = nowhere;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"run", kQuick, "--out", blocked},
        {"report", "--out", blocked},
        {"bench", "attention_cpu", "--json", blocked + "/bench.json"}}) {
    const Ran ran = alab(words, how);
    CAPTURE(ran.err);
    CHECK(ran.code == 2);
    CHECK(is_one_sentence(ran.err));
    CHECK(contains(ran.err, "cannot write"));
    CHECK(ran.seconds < 5);
  }
  CHECK(alab({"run", kQuick}, how).code == 0);  // a home that cannot be written does not hinder running
  CHECK(alab({"doctor"}, how).code == 1);
  CHECK(contains(alab({"doctor"}, how).out, "ALAB_DATA_DIR"));
}

TEST_CASE("a disk that fills up leaves no file under its final name") {
  const Scratch scratch("full");
  How how;
  how.largest_file = 2000;
  const Ran ran = alab({"run", kQuick, "--out", (scratch / "out").string()}, how);
  CAPTURE(ran.err);
  CHECK(ran.code == 2);
  CHECK(is_one_sentence(ran.err));
  CHECK(contains(ran.err, "cannot write"));
  CHECK(files_below(scratch / "out").empty());
}

TEST_CASE("Ctrl-C stops a report soon and every file it leaves is whole") {
  const Scratch scratch("report");
  const fs::path out = scratch / "out";
  How how;
  how.interrupt_when = [&] {  // the last file of a preset is its JSON
    return std::ranges::any_of(files_below(out), [](const std::string& n) { return n.ends_with(".json"); });
  };
  const Ran ran = alab({"report", "--out", out.string()}, how);
  CAPTURE(ran.err);
  CHECK(ran.code == 130);
  CHECK(contains(ran.err, "nothing was left half-written"));
  int seen = 0;
  for (const std::string& name : files_below(out)) {
    CAPTURE(name);
    const std::string bytes = read_file(out / name);
    CHECK_FALSE(contains(name, ".tmp-"));
    if (name.ends_with(".svg")) {
      CHECK(bytes.ends_with("</svg>\n"));
    } else if (name.ends_with(".json")) {
      CHECK(parse_json(bytes, name).is_object());
    } else if (name.ends_with(".png")) {
      CHECK(contains(bytes.substr(bytes.size() - 12), "IEND"));
    }
    ++seen;
  }
  CHECK(seen > 0);
}

TEST_CASE("Ctrl-C stops a run and a benchmark soon and writes nothing") {
  const Scratch scratch("stop");
  const auto started = std::chrono::steady_clock::now();
  auto since = started;
  How how;
  how.interrupt_when = [&] {
    return std::chrono::steady_clock::now() - since > std::chrono::milliseconds(300);
  };
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"run", "ch10_02_flash_tiling", "--json"},
        {"bench", "--json", (scratch / "bench.json").string()}}) {
    since = std::chrono::steady_clock::now();
    const Ran ran = alab(words, how);
    CAPTURE(words);
    CAPTURE(ran.err);
    CHECK(ran.code == 130);
    CHECK(ran.seconds < 3);
    CHECK(ran.out.empty());
  }
  CHECK(files_below(scratch.path()).empty());
}

}  // namespace alab::app_test
