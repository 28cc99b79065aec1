// An array's parts, script and words, what squeue says, and programs that are run for it.
// SPDX-License-Identifier: MIT
#include "app/grade/slurm_array.hpp"

#include <doctest/doctest.h>

#include "app/grade/slurm_queue.hpp"
#include "app/grade/tool.hpp"
#include "tests/app/program.hpp"

namespace alab::grade {

using app_test::contains;

TEST_CASE("students are split evenly and in order") {
  const std::vector<std::string> seven{"a", "b", "c", "d", "e", "f", "g"};
  CHECK(split(seven, 3) == ArrayTasks{{"a", "b"}, {"c", "d"}, {"e", "f", "g"}});
  CHECK(split(seven, 1) == ArrayTasks{seven});
  CHECK(split(seven, 0) == ArrayTasks{seven});
  CHECK(split(seven, 99).size() == 7);
  CHECK(split({}, 3).empty());
}

TEST_CASE("the words for the shell and for sbatch mean what they say") {
  CHECK(shell_quoted("it's $(a) \"b\"") == "'it'\\''s $(a) \"b\"'");
  SlurmRequest slurm;
  slurm.program = "/opt/it's here/alab";
  slurm.words = {"/in put", "--jobs", "2"};
  slurm.setup = "module load gcc";
  slurm.partition = "short";
  slurm.options = site_options("--account=cs101  --mem=4G");
  slurm.cores = 2;
  const std::string script = script_of(slurm, "/out/slurm/round_1.json");
  CHECK(script.starts_with("#!/bin/bash\n"));
  CHECK(script.ends_with(
      "\nmodule load gcc\nexec '/opt/it'\\''s here/alab' grade '/in put' '--jobs' '2' --slurm-part "
      "'/out/slurm/round_1.json'\n"));
  const std::vector<std::string> words =
      sbatch_words(slurm, {1, "alab-x", "", {{"a"}, {"b"}}}, "/100 %/slurm");
  std::string all;
  for (const std::string& word : words) {
    all += word + "\n";
  }
  CHECK(all.starts_with("sbatch\n--account=cs101\n--mem=4G\n--partition=short\n--parsable\n"));
  for (const char* word : {"--array=0-1", "--cpus-per-task=2", "--requeue", "--job-name=alab-x",
                           "--open-mode=append", "--output=/100 %%/slurm/round_1/%a.log"}) {
    CHECK(contains(all, text("\n", word, "\n")));
  }
  CHECK(!contains(all, "--time"));
  CHECK(words.back() == "/100 %/slurm/round_1.sh");
  CHECK_THROWS_WITH_AS(site_options("--mem=4G --array=0-3"), doctest::Contains("--array"), Error);
}

TEST_CASE("squeue's and sacct's words are read, and what is unknown counts as alive") {
  const SlurmQueue queue = queue_from(
      "12|0|RUNNING|n1|None\n12|1|TIMEOUT|n2|TimeLimit\n12|[2-9]|PENDING||Resources\ngarbage\n"
      "12|3|CANCELLED by 0|None assigned\n12|4|SOMETHING_NEW|n1|\n12|5|REQUEUE_HOLD||launch failed requeued "
      "held\n");
  CHECK(queue.job == "12");
  REQUIRE(queue.tasks.size() == 5);
  CHECK(queue.tasks.at(0).live());
  CHECK(!queue.tasks.at(0).waits());
  CHECK(queue.tasks.at(0).reason.empty());
  CHECK(!queue.tasks.at(1).live());
  CHECK(how_it_ended(queue.tasks.at(1)) == "ran out of time on n2");
  CHECK(how_it_ended(queue.tasks.at(3)) == "was cancelled");
  CHECK(how_it_ended({}) == "ended");
  CHECK(queue.tasks.at(4).live());
  CHECK(queue.tasks.at(5).waits());
  CHECK(queue_from("").job.empty());
}

TEST_CASE("another program's output, complaint and end are told, and it is not waited for without end") {
  CHECK(run_tool({"sh", "-c", "echo out; echo err >&2; exit 3"}).out == "out\n");
  CHECK(run_tool({"sh", "-c", "echo out; echo err. >&2; exit 3"}).complaint() == "err");
  CHECK(run_tool({"sh", "-c", "kill -9 $$"}).code == 128 + 9);
  CHECK(run_tool({"sh", "-c", "head -c 3000000 /dev/zero; echo >&2"}).out.size() == 3000000);
  CHECK(contains(run_tool({"sleep", "20"}, 0.05).complaint(), "said nothing"));
  CHECK_THROWS_WITH_AS(run_tool({"no-such-program-here"}), doctest::Contains("could not be started"), Error);
  CHECK(tool_on_path("no-such-program-here").empty());
}

TEST_CASE("a task knows its students from its list and its number") {
  const app_test::Scratch scratch("part");
  const std::filesystem::path list = scratch / "round_1.json";
  write_file_atomic(list, Json(ArrayTasks{{"anna"}, {"bert", "Zoë"}}).dump());
  ::unsetenv("SLURM_ARRAY_TASK_ID");
  CHECK_THROWS_WITH_AS(students_of_this_task(list), doctest::Contains("use 'alab grade --slurm'"), Error);
  ::setenv("SLURM_ARRAY_TASK_ID", "1", 1);
  CHECK(students_of_this_task(list) == std::vector<std::string>{"bert", "Zoë"});
  ::setenv("SLURM_ARRAY_TASK_ID", "2", 1);
  CHECK_THROWS_WITH_AS(students_of_this_task(list), doctest::Contains("cannot be read"), Error);
  ::unsetenv("SLURM_ARRAY_TASK_ID");
}

}  // namespace alab::grade
