#include "reference/model/smollm2.hpp"

#include <algorithm>
#include <atomic>

#include "reference/parallel.hpp"
#include "tests/reference/model/plain_model.hpp"

using namespace alab;
using namespace alab::testing;
using namespace std::string_literals;

namespace {

struct TinyFile {
  TemporaryFolder folder;
  std::filesystem::path path = folder.path / "tiny.gguf";
  std::string bytes;
  explicit TinyFile(const TinyShape& shape = {}) : bytes(tiny_model(shape)) {
    write_file_atomic(path, bytes);
  }
};

std::vector<int> random_ids(std::size_t count, std::uint64_t seed, std::uint64_t vocabulary = 267) {
  Rng rng(seed);
  std::vector<int> ids(count);
  for (int& id : ids) {
    id = static_cast<int>(rng.below(vocabulary));
  }
  return ids;
}

}  // namespace

TEST_CASE("the forward pass equals plain loops in double precision, for every storage type and odd sizes") {
  constexpr double kTolerance = 2e-5;  // float sums of up to 96 terms through two layers, against double
  for (const TinyShape& shape :
       {TinyShape{}, TinyShape{1, 2, 1, 16, 32, 0, 0, 0}, TinyShape{3, 6, 2, 32, 160, 8, 3, 8}}) {
    const TinyFile file(shape);
    const Gguf parsed(file.bytes);
    for (const int threads : {1, 3}) {
      const SmolLm2 model(file.path, threads);
      for (const std::size_t tokens : {1, 2, 65, 131}) {
        const std::vector<int> ids = random_ids(tokens, tokens);
        PlainModel plain(parsed, shape);
        const Rows truth = plain.logits(ids);
        const auto run = model.start(ids);
        const auto count = static_cast<std::int64_t>(tokens);
        CHECK(relative_error(model.logits(*run, 0, count, {}), truth) <= kTolerance);
        CHECK(relative_error(model.logits(*run, count - 1, 1, {}), {truth.back()}) <= kTolerance);
        for (std::uint32_t l = 0; l < shape.layers; ++l) {
          for (std::uint32_t h = 0; h < shape.heads; ++h) {
            const PlainModel::Head& head = plain.heads[l][h];
            CHECK(relative_error(run->query(l, h, count), head.query) <= kTolerance);
            CHECK(relative_error(run->key(l, h, count), head.key) <= kTolerance);
            CHECK(relative_error(run->value(l, h, count), head.value) <= kTolerance);
            CHECK(relative_error(run->attention_weights(l, h, count), head.weights) <= kTolerance);
          }
        }
      }
    }
  }
}

TEST_CASE("a run is extended layer by layer and later tokens do not reach back") {
  const TinyFile file;
  const SmolLm2 model(file.path, 2);
  const std::vector<int> ids = random_ids(100, 5);
  const auto whole = model.start(ids), steps = model.start(ids),
             part = model.start({ids.begin(), ids.begin() + 40});
  model.extend(*whole, 2, {});
  model.extend(*steps, 1, {});
  CHECK(steps->ready() == 1);
  CHECK(contains(error_of([&] { steps->query(1, 0, 10); }), "layer 1 is not computed; layers 0..0 are"));
  model.extend(*steps, 2, {});
  model.extend(*part, 2, {});
  CHECK(whole->query(1, 3, 100) == steps->query(1, 3, 100));
  CHECK(whole->value(1, 3, 100) == steps->value(1, 3, 100));
  CHECK((whole->query(1, 3, 40) - part->query(1, 3, 40)).norm() <= 1e-5F * part->query(1, 3, 40).norm());
  const RowMatrix<float> weights = whole->attention_weights(1, 0, 100);
  for (int i = 0; i < 100; ++i) {
    CHECK(weights.row(i).sum() == doctest::Approx(1).epsilon(1e-5));
    CHECK(weights.row(i).tail(99 - i).cwiseAbs().sum() == 0);
  }
}

TEST_CASE("progress rises, is stepped often, and a stop leaves a run that can go on") {
  const TinyFile file({6, 4, 2, 16, 96});
  const SmolLm2 model(file.path, 2);
  const std::vector<int> ids = random_ids(600, 9);
  const auto whole = model.start(ids), stopped = model.start(ids);
  double last = 0;
  int steps = 0;
  bool rising = true;
  Progress watch;
  watch.report = [&](double fraction, std::string_view what) {
    rising = rising && fraction >= last && fraction <= 1 && !what.empty();
    last = fraction;
    ++steps;
  };
  model.extend(*whole, 6, watch);
  CHECK(rising);
  CHECK(last > 0.9);
  CHECK(steps > 30);

  std::stop_source source;
  Progress stopping;
  stopping.stop = source.get_token();
  stopping.report = [&](double fraction, std::string_view) {
    if (fraction > 0.5) {
      source.request_stop();
    }
  };
  CHECK_THROWS_AS(model.extend(*stopped, 6, stopping), Cancelled);
  CHECK(stopped->ready() >= 2);
  CHECK(stopped->ready() < 6);
  model.extend(*stopped, 6, {});
  CHECK(stopped->query(5, 2, 600) == whole->query(5, 2, 600));
}

TEST_CASE("the model refuses what it cannot run, in one sentence") {
  const TinyFile file;
  const SmolLm2 model(file.path);
  CHECK(contains(error_of([&] { model.start({}); }), "a text of 0 tokens"));
  CHECK(contains(error_of([&] { model.start(std::vector<int>(2049, 1)); }), "a text of 2049 tokens"));
  CHECK(contains(error_of([&] { model.start({267}); }), "row 267"));
  CHECK(contains(error_of([&] { model.start({-1}); }), "row -1"));
  const auto run = model.start({1, 2, 3});
  CHECK(contains(error_of([&] { model.extend(*run, 3, {}); }), "3 layers were asked for, the model has 2"));
  CHECK(contains(error_of([&] { model.logits(*run, 2, 2, {}); }), "positions 2..3"));
  model.extend(*run, 2, {});
  CHECK(contains(error_of([&] { run->query(0, 4, 3); }), "head 4 is outside 0..3"));
  CHECK(contains(error_of([&] { run->query(-1, 0, 3); }), "layer -1"));
  CHECK(contains(error_of([&] { run->query(0, 0, 4); }), "3 tokens, 4 were asked for"));
  CHECK(contains(error_of([&] { SmolLm2(file.folder.path / "none.gguf"); }), "none.gguf"));
}

TEST_CASE("a model file whose parts do not fit is refused") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& from, const std::string& to) {
    std::string bytes = tiny_model();
    const std::size_t at = bytes.find(from);
    REQUIRE(at != std::string::npos);
    bytes.replace(at, from.size(), to);
    write_file_atomic(folder.path / "odd.gguf", bytes);
    return error_of([&] { SmolLm2(folder.path / "odd.gguf"); });
  };
  const auto integer = [](std::uint32_t v) { return raw(std::uint32_t{4}) + raw(v); };
  CHECK(contains(refused("\5\0\0\0\0\0\0\0llama"s, "\5\0\0\0\0\0\0\0lamma"s), "architecture is 'lamma'"));
  CHECK(contains(refused("block_count" + integer(2), "block_count" + integer(0)), "block_count is 0"));
  CHECK(contains(refused("block_count" + integer(2), "block_count" + integer(3)),
                 "'blk.2.attn_q.weight' is missing"));
  CHECK(contains(refused("head_count" + integer(4), "head_count" + integer(3)), "do not fit together"));
  CHECK(contains(refused("embedding_length" + integer(64), "embedding_length" + integer(1 << 30)),
                 "embedding_length is"));
  CHECK(contains(refused("feed_forward_length" + integer(96), "feed_forward_length" + integer(64)),
                 "has shape"));
  CHECK(contains(refused("blk.1.ffn_up.weight", "blk.1.ffn_xx.weight"), "'blk.1.ffn_up.weight' is missing"));
}

TEST_CASE("tasks run once each, and the first exception ends them") {
  std::vector<std::atomic<int>> seen(1000);
  parallel_tasks(
      1000, 4, [&](std::int64_t task, int) { ++seen[static_cast<std::size_t>(task)]; }, [](std::int64_t) {});
  CHECK(std::all_of(seen.begin(), seen.end(), [](const auto& count) { return count == 1; }));
  std::atomic<int> done{0};
  const auto failing = [&](std::int64_t task, int) {
    ++done;
    require(task != 20, "task 20 failed");
  };
  CHECK(error_of([&] { parallel_tasks(1'000'000, 4, failing, [](std::int64_t) {}); }) == "task 20 failed");
  CHECK(done < 1'000'000);
  CHECK_NOTHROW(parallel_tasks(0, 4, failing, [](std::int64_t) {}));
}
