// What the lessons say about SmolLM2's heads, measured with our forward pass and held to the independent
// figures.
#include <cmath>

#include "reference/model/input_sources.hpp"
#include "reference/model/smollm2.hpp"
#include "reference/model/text.hpp"
#include "tests/reference/model/model_fixtures.hpp"

using namespace alab;
using namespace alab::testing;

namespace {

std::shared_ptr<ModelRun> run_of(const std::vector<int>& ids) {
  const auto run = real_model().start(ids);
  real_model().extend(*run, real_model().shape().layers, {});
  return run;
}

/// Mean over all heads, and over queries after the first, of the weight on token 0.
double mean_sink(const ModelRun& run) {
  double sum = 0;
  for (int layer = 0; layer < kSmolLm2Layers; ++layer) {
    for (int head = 0; head < kSmolLm2Heads; ++head) {
      sum += run.attention_weights(layer, head, run.size()).col(0).tail(run.size() - 1).mean();
    }
  }
  return sum / (kSmolLm2Layers * kSmolLm2Heads);
}

/// Mean weight that queries from..N-1 put on the token `back` before them.
double mean_diagonal(const ModelRun& run, int layer, int head, std::int64_t back, std::int64_t from) {
  return run.attention_weights(layer, head, run.size()).diagonal(-back).tail(run.size() - from).mean();
}

}  // namespace

TEST_CASE(
    "on Alice in Wonderland SmolLM2 needs 3.36 nats per token, a third of the attention sinks into token 0") {
  if (!have_model() || !have_books()) {
    return;
  }
  const Json& truth = fixture().at("alice");
  const std::vector<int> ids = real_model().tokenizer().encode(read_passage(find_book("alice"), 0, 400), 256);
  CHECK(std::vector<int>(ids.begin(), ids.begin() + 64) == truth.at("ids").get<std::vector<int>>());
  const auto run = run_of(ids);
  const RowMatrix<float> logits = real_model().logits(*run, 0, run->size(), {});
  double nats = 0;
  for (std::int64_t t = 0; t + 1 < run->size(); ++t) {
    const double top = logits.row(t).maxCoeff();
    const double sum = (logits.row(t).cast<double>().array() - top).exp().sum();
    nats += top + std::log(sum) - logits(t, ids[static_cast<std::size_t>(t) + 1]);
  }
  nats /= static_cast<double>(run->size() - 1);
  CHECK(std::abs(nats - truth.at("nats_per_token").get<double>()) <= 1e-4);
  CHECK(std::abs(nats - 3.36) <= 0.005);
  CHECK(std::abs(mean_sink(*run) - truth.at("sink").get<double>()) <= 1e-4);
  CHECK(std::abs(mean_diagonal(*run, 16, 0, 1, 1) - truth.at("previous_token_16_0").get<double>()) <= 1e-3);
  CHECK(mean_diagonal(*run, 16, 0, 1, 1) > 0.7);
  const double sink = run->attention_weights(18, 8, run->size()).col(0).tail(run->size() - 1).mean();
  CHECK(std::abs(sink - truth.at("sink_18_8").get<double>()) <= 1e-4);
}

TEST_CASE("on a short sentence half of all attention sinks into the first token") {
  if (!have_model()) {
    return;
  }
  const auto run = run_of(real_model().tokenizer().encode(kDefaultText));
  CHECK(run->size() == 22);
  CHECK(std::abs(mean_sink(*run) - fixture().at("default").at("sink").get<double>()) <= 1e-4);
}

TEST_CASE("layer 17 head 5 and layer 18 head 6 are induction heads, layer 0 head 0 is not") {
  if (!have_model()) {
    return;
  }
  // 32 tokens said twice: an induction head at position i looks at i - 31, the successor of its last
  // occurrence.
  std::vector<int> ids;
  for (int i = 0; i < 64; ++i) {
    ids.push_back(100 + i % 32 * 7919 % 48000);
  }
  const auto run = run_of(ids);
  const Json& truth = fixture().at("twice").at("induction");
  for (const auto& [name, value] : truth.items()) {
    const auto dot = name.find('.');
    const int layer = std::stoi(name.substr(0, dot)), head = std::stoi(name.substr(dot + 1));
    CHECK(std::abs(mean_diagonal(*run, layer, head, 31, 32) - value.get<double>()) <= 1e-3);
  }
  CHECK(mean_diagonal(*run, 17, 5, 31, 32) > 0.7);
  CHECK(mean_diagonal(*run, 18, 6, 31, 32) > 0.9);
  CHECK(mean_diagonal(*run, 0, 0, 31, 32) < 0.05);
}
