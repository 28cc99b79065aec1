#include "reference/model/model_runs.hpp"

#include <atomic>
#include <thread>

#include "tests/reference/model/model_fixtures.hpp"

using namespace alab;
using namespace alab::testing;

namespace {

struct Runs {
  TemporaryFolder folder;
  std::shared_ptr<const SmolLm2> model;
  explicit Runs(const TinyShape& shape = {}) {
    write_file_atomic(folder.path / "tiny.gguf", tiny_model(shape));
    model = std::make_shared<const SmolLm2>(folder.path / "tiny.gguf", 2);
  }
};

std::vector<int> ids_of(int first, int count) {
  std::vector<int> ids;
  for (int i = 0; i < count; ++i) {
    ids.push_back((first + i * 37) % 267);
  }
  return ids;
}

}  // namespace

TEST_CASE("a text is run once, only as deep as asked, and then kept") {
  const Runs made;
  ModelRuns runs(made.model);
  int steps = 0;
  Progress watch;
  watch.report = [&](double, std::string_view) { ++steps; };
  const auto first = runs.get(ids_of(1, 50), 0, watch);
  CHECK(first->ready() == 1);
  CHECK(steps > 0);
  steps = 0;
  CHECK(runs.get(ids_of(1, 50), 0, watch) == first);
  CHECK(steps == 0);
  CHECK(runs.get(ids_of(1, 50), 1, watch) == first);
  CHECK(first->ready() == 2);
  CHECK(runs.kept() == 1);
  CHECK(runs.get(ids_of(2, 50), 1, {}) != first);
  CHECK(runs.kept() == 2);
  CHECK(contains(error_of([&] { runs.get(ids_of(1, 50), 2, {}); }), "layer 2 is outside 0..1"));
}

TEST_CASE("the texts used longest ago are forgotten when there are too many bytes") {
  const Runs made;
  const std::size_t one = made.model->start(ids_of(0, 50))->memory_bytes();
  CHECK(one == 50 * (2 * (4 + 2 * 2) * 16 + 64) * sizeof(float));
  ModelRuns runs(made.model, 2 * one);
  const auto a = runs.get(ids_of(1, 50), 1, {});
  runs.get(ids_of(2, 50), 1, {});
  runs.get(ids_of(1, 50), 1, {});
  runs.get(ids_of(3, 50), 1, {});
  CHECK(runs.kept() == 2);
  CHECK(runs.get(ids_of(1, 50), 1, {}) == a);
  ModelRuns small(made.model, 1);
  CHECK(small.get(ids_of(1, 50), 1, {})->ready() == 2);
  CHECK(small.kept() == 1);
}

TEST_CASE("many threads asking for heads of a few texts all get the same numbers") {
  const Runs made({4, 4, 2, 16, 96});
  std::vector<RowMatrix<float>> truth;
  for (int text = 0; text < 3; ++text) {
    const auto run = made.model->start(ids_of(text, 80));
    made.model->extend(*run, 4, {});
    truth.push_back(run->query(3, 1, 80));
  }
  ModelRuns runs(made.model, 2 * made.model->start(ids_of(0, 80))->memory_bytes());
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 6; ++t) {
      threads.emplace_back([&, t] {
        for (int round = 0; round < 12; ++round) {
          const int text = (t + round) % 3;
          const auto run = runs.get(ids_of(text, 80), round % 2 == 0 ? 3 : 1, {});
          const auto last = runs.get(ids_of(text, 80), 3, {});
          wrong += last->query(3, 1, 80) == truth[static_cast<std::size_t>(text)] ? 0 : 1;
        }
      });
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("who waits for another text's forward pass can be cancelled") {
  const Runs made({6, 4, 2, 16, 96});
  ModelRuns runs(made.model);
  std::stop_source waiting;
  runs.get(ids_of(1, 300), 5, {});
  std::atomic<bool> release{false};
  std::atomic<int> reports{0};
  std::jthread computing([&] {
    Progress slow;
    slow.report = [&](double, std::string_view what) {
      if (contains(what, "layer")) {
        ++reports;
        while (!release) {
          std::this_thread::yield();
        }
      }
    };
    runs.get(ids_of(2, 300), 5, slow);
  });
  while (reports == 0) {
    std::this_thread::yield();
  }
  Progress progress;
  progress.stop = waiting.get_token();
  int steps = 0;
  progress.report = [&](double, std::string_view) {
    if (++steps == 3) {
      waiting.request_stop();
    }
  };
  CHECK_THROWS_AS(runs.get(ids_of(3, 300), 5, progress), Cancelled);
  CHECK(runs.get(ids_of(1, 300), 5, {})->ready() == 6);  // a finished text is read while another is computed
  release = true;
}

TEST_CASE("without the weights the installed model names the file and the command") {
  const TemporaryFolder empty;
  const CacheAt cache(empty.path);
  const std::string message = error_of([] { ModelRuns::installed(); });
  CHECK(contains(message, empty.path.string()));
  CHECK(contains(message, "./app/run.sh"));
  std::filesystem::create_directories(empty.path / "models");
  write_file_atomic(SmolLm2::default_path(), "GGUF");
  CHECK(contains(error_of([] { ModelRuns::installed(); }), "ends inside the version"));
}
