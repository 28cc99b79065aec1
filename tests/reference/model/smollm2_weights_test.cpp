// The real SmolLM2-135M against numbers made without our code (make_fixture.py), and what it costs.
#include <chrono>
#include <cmath>

#include "reference/model/smollm2.hpp"
#include "tests/reference/model/model_fixtures.hpp"

using namespace alab;
using namespace alab::testing;

namespace {

std::vector<int> random_ids(std::size_t count, std::uint64_t seed, std::uint64_t vocabulary) {
  Rng rng(seed);
  std::vector<int> ids(count);
  for (int& id : ids) {
    id = static_cast<int>(rng.below(vocabulary));
  }
  return ids;
}

/// Kilobytes from /proc/self/status.
double status_kb(std::string_view key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(key, 0) == 0) {
      return std::stod(line.substr(key.size() + 1));
    }
  }
  return 0;
}

}  // namespace

TEST_CASE("weights and logits of SmolLM2 are those computed independently") {
  if (!have_model()) {
    return;
  }
  const SmolLm2& model = real_model();
  const MappedFile mapped(SmolLm2::default_path());
  const Gguf file(mapped.bytes());
  for (const Json& sample : fixture().at("rows")) {
    const GgufTensor& tensor = *file.find(sample.at("tensor").get<std::string>());
    std::vector<float> row(static_cast<std::size_t>(tensor.cols));
    dequantise_row(tensor, sample.at("row").get<std::int64_t>(), row);
    const auto truth = sample.at("values").get<std::vector<double>>();
    for (std::size_t i = 0; i < truth.size(); ++i) {
      CHECK(std::abs(row[i] - truth[i]) <= 1e-6);
    }
  }
  const Json& truth = fixture().at("default");
  const auto ids = truth.at("ids").get<std::vector<int>>();
  const auto run = model.start(ids);
  const RowMatrix<float> logits = model.logits(*run, 0, run->size(), {});
  // transformers in single precision is 9.3e-5 from the fixture; the largest logit is 36.
  constexpr double kTolerance = 5e-4;
  const auto columns = truth.at("ids_of_logits").get<std::vector<int>>();
  for (std::int64_t t = 0; t < run->size(); ++t) {
    const Json& position = truth.at("per_position").at(static_cast<std::size_t>(t));
    Eigen::Index best = 0;
    logits.row(t).maxCoeff(&best);
    CHECK(best == position.at("argmax").get<int>());
    for (std::size_t c = 0; c < columns.size(); ++c) {
      CHECK(std::abs(logits(t, columns[c]) - position.at("logits").at(c).get<double>()) <= kTolerance);
    }
  }
  for (const Json& top : truth.at("top")) {
    CHECK(std::abs(logits(run->size() - 1, top.at("id").get<int>()) - top.at("logit").get<double>()) <=
          kTolerance);
  }
  for (const Json& sample : truth.at("samples")) {
    const auto layer = sample.at("layer").get<int>(), head = sample.at("head").get<int>(),
               t = sample.at("token").get<int>();
    const RowMatrix<float> q = run->query(layer, head, run->size()), k = run->key(layer, head, run->size());
    const RowMatrix<float> v = run->value(layer, head, run->size()),
                           w = run->attention_weights(layer, head, run->size());
    for (std::size_t c = 0; c < 6; ++c) {
      CHECK(std::abs(q(t, static_cast<int>(c)) - sample.at("query").at(c).get<double>()) <= kTolerance);
      CHECK(std::abs(k(t, static_cast<int>(c)) - sample.at("key").at(c).get<double>()) <= kTolerance);
      CHECK(std::abs(v(t, static_cast<int>(c)) - sample.at("value").at(c).get<double>()) <= kTolerance);
    }
    for (std::size_t j = 0; j < ids.size(); ++j) {
      CHECK(std::abs(w(t, static_cast<int>(j)) - sample.at("weights").at(j).get<double>()) <= 1e-4);
    }
  }
}

TEST_CASE("SmolLM2's weights are mapped, not copied, and a long text stays under 1.5 GB") {
  if (!have_model()) {
    return;
  }
  const double before = status_kb("RssAnon:");
  const SmolLm2 model(SmolLm2::default_path());
  const double own_mb = (status_kb("RssAnon:") - before) / 1024;
  MESSAGE("opening the model takes " << own_mb << " MB of its own beside the 98 MB file");
  if (!kSanitized) {
    CHECK(own_mb < 40);
  }
  const std::vector<int> ids = random_ids(kSanitized ? 64 : 2048, 11, 49152);
  for (const std::size_t tokens : {std::size_t{512}, ids.size()}) {
    const auto run =
        model.start({ids.begin(), ids.begin() + static_cast<long>(std::min(tokens, ids.size()))});
    double longest = 0;
    auto last = std::chrono::steady_clock::now();
    const auto start = last;
    Progress watch;
    watch.report = [&](double, std::string_view) {
      const auto now = std::chrono::steady_clock::now();
      longest = std::max(longest, std::chrono::duration<double>(now - last).count());
      last = now;
    };
    model.logits(*run, run->size() - 1, 1, watch);
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    MESSAGE(run->size() << " tokens: " << took << " s, longest time between steps " << 1000 * longest
                        << " ms");
    if (!kSanitized && run->size() == 512) {
      WARN(took <= 3);
    }
    if (!kSanitized) {
      WARN(longest <= 0.05);
    }
  }
  const double peak_mb = status_kb("VmHWM:") / 1024;
  MESSAGE("peak memory of this test program " << peak_mb << " MB");
  if (!kSanitized) {
    CHECK(peak_mb < 1500);
  }
}
