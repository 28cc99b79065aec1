// Runs in the background: the newest wins, cancelled ones leave nothing, real labs stop soon.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/app/squares_lab.hpp"

namespace alab::shell {

TEST_CASE("the newest run wins, a cancelled one leaves nothing, and changed settings make a result stale") {
  Workbook book = fresh();
  book.open_step(kLab.id, "second");
  book.skip();
  Runner runner;
  book.set_params("slow=true");
  const InputSource& input = synthetic_inputs().front();
  runner.submit({book.lab(), book.step(), book.experiment(), book.params(), input, BackendChoice::all, ""});
  CHECK(runner.running());
  book.set_params("slow=false size=8");
  const auto before = std::chrono::steady_clock::now();
  run_to_end(runner, book);
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(1));
  const auto now = [&] {
    return settings_of(
        {book.lab(), book.step(), book.experiment(), book.params(), input, BackendChoice::all, ""});
  };
  RunView view = runner.view(kLab, *book.step(), now());
  CHECK(view.phase == RunPhase::done);
  CHECK(view.result->scalar("square")->value == 64);
  book.set_params("size=16");
  CHECK(runner.view(kLab, *book.step(), now()).phase == RunPhase::stale);
  book.set_params("slow=true");
  runner.submit({book.lab(), book.step(), book.experiment(), book.params(), input, BackendChoice::all, ""});
  CHECK(runner.view(kLab, *book.step(), now()).phase == RunPhase::running);
  runner.cancel();
  view = runner.view(kLab, *book.step(), now());
  CHECK(view.phase == RunPhase::stale);
  CHECK(view.result->scalar("square")->value == 64);
  CHECK(runner.results_of(kLab).size() == 1);
  runner.forget(kLab);
  CHECK(runner.view(kLab, *book.step(), now()).phase == RunPhase::empty);
}

TEST_CASE("a quick look says what it left out, carries no lamps, and passes no step") {
  Workbook book = fresh();
  book.open_step(kLab.id, "second");
  book.skip();
  book.set_params("slow=true");
  RunRequest request{
      book.lab(),         book.step(), book.experiment(), book.params(), synthetic_inputs().front(),
      BackendChoice::all, ""};
  const auto run = [&](bool quick) {
    Runner runner;
    request.quick = quick;
    runner.submit(request);
    Runner::Finished finished{};
    while (!runner.poll(&finished)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    const RunView view = runner.view(kLab, *book.step(), settings_of(request));
    CHECK(view.phase == RunPhase::done);
    CHECK(view.quick() == quick);
    CHECK(finished.quick == quick);
    CHECK(finished.passed != quick);
    return view.result;
  };
  const auto quick = run(true), full = run(false);
  CHECK(quick->checks.empty());
  REQUIRE(quick->notes.size() == 1);
  CHECK(quick->notes.front() == "Quick look while a setting moves: 0 of 400 waits.");
  CHECK(full->checks.size() == 1);
  CHECK(full->notes.empty());
}

TEST_CASE("a failing run is a sentence beside the last good result") {
  Workbook book = fresh();
  book.open_step(kLab.id, "second");
  InputSource broken = synthetic_inputs().front();
  static constexpr Experiment kReads{"squares", "Squares", "", kParams, true, run_squares};
  broken.unavailable = "it is not there; fetch it";
  Runner runner;
  runner.submit({book.lab(), book.step(), &kReads, book.params(), broken, BackendChoice::all, ""});
  Runner::Finished finished{};
  for (int i = 0; i < 1000 && runner.running(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  CHECK_FALSE(runner.poll(&finished));
  const RunView view = runner.view(kLab, *book.step(), {});
  CHECK(view.phase == RunPhase::failed);
  CHECK(view.error.find("it is not there; fetch it") != std::string::npos);
}

TEST_CASE("a parameter is swept over its doublings into curves with a slope") {
  Workbook book = fresh();
  book.open_step(kLab.id, "second");
  book.skip();
  CHECK(sweep_values(kSize).size() == 7);
  CHECK(sweep_values(kSlow) == std::vector<double>{0, 1});
  Runner runner;
  CHECK(run_to_end(runner, book, "size").sweep);
  const RunView view =
      runner.view(kLab, *book.step(), {book.params().describe(), "", "", BackendChoice::all});
  REQUIRE(view.result != nullptr);
  CHECK(view.sweep);
  REQUIRE(view.result->plots.size() == 1);
  CHECK(view.result->plots[0].series[0].xs.size() == 7);
  CHECK(view.result->plots[0].series[0].slope == doctest::Approx(2));
  CHECK(runner.results_of(kLab).empty());
}

namespace {

RunRequest real_run(const Lab& lab, const Experiment& experiment, const Step& step) {
  return {&lab,
          &step,
          &experiment,
          ParamSet(experiment.params),
          synthetic_inputs().front(),
          BackendChoice::reference,
          ""};
}

}  // namespace

TEST_CASE("every experiment of every lab stops soon when it is cancelled or overtaken") {
  static const Step kAnyStep{.key = "any", .title = "any"};
  for (const Lab* lab : all_labs()) {
    for (const Experiment& experiment : lab->experiments) {
      CAPTURE(experiment.id);
      Runner runner;
      for (const int wait_ms : {0, 1, 7, 25}) {
        runner.submit(real_run(*lab, experiment, kAnyStep));
        std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
      }
      runner.cancel();
      CHECK_FALSE(runner.running());
      const auto start = std::chrono::steady_clock::now();
      Workbook book = fresh();
      book.open_step(kLab.id, "second");
      const Runner::Finished finished = run_to_end(runner, book);
      CHECK(finished.lab == &kLab);  // nothing of the cancelled runs arrives
      CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
    }
  }
}

}  // namespace alab::shell
