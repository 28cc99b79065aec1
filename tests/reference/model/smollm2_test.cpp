#include "reference/model/smollm2.hpp"

#include <chrono>
#include <cmath>
#include <sstream>

#include "reference/model/parallel.hpp"
#include "tests/reference/model/model_fixtures.hpp"

using namespace alab;
using namespace alab::testing;
using namespace std::string_literals;

namespace {

using Rows = std::vector<std::vector<double>>;

/// The forward pass written with plain loops in double precision, from the dequantised rows.
class PlainModel {
 public:
  PlainModel(const Gguf& file, const TinyShape& shape) : file_(file), s_(shape) {}

  struct Head {
    Rows query, key, value, weights;
  };
  /// Heads of every layer: [layer][head].
  std::vector<std::vector<Head>> heads;

  Rows logits(const std::vector<int>& ids) {
    const Rows embedding = rows("token_embd.weight");
    Rows x;
    for (const int id : ids) {
      x.push_back(embedding[static_cast<std::size_t>(id)]);
    }
    for (std::uint32_t l = 0; l < s_.layers; ++l) {
      const std::string block = text("blk.", l, ".");
      const Rows h = rms(x, rows(block + "attn_norm.weight")[0]);
      add(x, times(attention(times(h, rows(block + "attn_q.weight")), times(h, rows(block + "attn_k.weight")),
                             times(h, rows(block + "attn_v.weight"))),
                   rows(block + "attn_output.weight")));
      const Rows f = rms(x, rows(block + "ffn_norm.weight")[0]);
      Rows gate = times(f, rows(block + "ffn_gate.weight"));
      const Rows up = times(f, rows(block + "ffn_up.weight"));
      for (std::size_t t = 0; t < gate.size(); ++t) {
        for (std::size_t i = 0; i < gate[t].size(); ++i) {
          gate[t][i] = gate[t][i] / (1 + std::exp(-gate[t][i])) * up[t][i];
        }
      }
      add(x, times(gate, rows(block + "ffn_down.weight")));
    }
    return times(rms(x, rows("output_norm.weight")[0]), embedding);
  }

 private:
  Rows rows(const std::string& name) const {
    const GgufTensor& tensor = *file_.find(name);
    Rows out;
    std::vector<float> row(static_cast<std::size_t>(tensor.cols));
    for (std::int64_t r = 0; r < tensor.rows; ++r) {
      dequantise_row(tensor, r, row);
      out.emplace_back(row.begin(), row.end());
    }
    return out;
  }
  static Rows times(const Rows& x, const Rows& w) {
    Rows out(x.size(), std::vector<double>(w.size()));
    for (std::size_t t = 0; t < x.size(); ++t) {
      for (std::size_t r = 0; r < w.size(); ++r) {
        for (std::size_t c = 0; c < w[r].size(); ++c) {
          out[t][r] += x[t][c] * w[r][c];
        }
      }
    }
    return out;
  }
  static void add(Rows& x, const Rows& y) {
    for (std::size_t t = 0; t < x.size(); ++t) {
      for (std::size_t c = 0; c < x[t].size(); ++c) {
        x[t][c] += y[t][c];
      }
    }
  }
  static Rows rms(const Rows& x, const std::vector<double>& weight) {
    Rows out = x;
    for (auto& row : out) {
      double sum = 0;
      for (const double v : row) {
        sum += v * v;
      }
      for (std::size_t c = 0; c < row.size(); ++c) {
        row[c] = row[c] / std::sqrt(sum / static_cast<double>(row.size()) + 1e-5) * weight[c];
      }
    }
    return out;
  }
  Rows rotated_head(const Rows& x, std::size_t h) const {
    Rows out;
    for (std::size_t t = 0; t < x.size(); ++t) {
      std::vector<double> row(x[t].begin() + static_cast<long>(h * s_.head_dim),
                              x[t].begin() + static_cast<long>((h + 1) * s_.head_dim));
      for (std::size_t i = 0; i < s_.head_dim / 2; ++i) {
        const double angle =
            static_cast<double>(t) * std::pow(1000.0, -2.0 * static_cast<double>(i) / s_.head_dim);
        const double a = row[2 * i], b = row[2 * i + 1];
        row[2 * i] = a * std::cos(angle) - b * std::sin(angle);
        row[2 * i + 1] = a * std::sin(angle) + b * std::cos(angle);
      }
      out.push_back(row);
    }
    return out;
  }
  Rows attention(const Rows& q, const Rows& k, const Rows& v) {
    const std::size_t d = s_.head_dim;
    Rows out(q.size(), std::vector<double>(s_.heads * d));
    heads.emplace_back();
    for (std::size_t h = 0; h < s_.heads; ++h) {
      const std::size_t shared = h / (s_.heads / s_.kv_heads);
      Head head{
          rotated_head(q, h), rotated_head(k, shared), {}, Rows(q.size(), std::vector<double>(q.size()))};
      for (const auto& row : v) {
        head.value.emplace_back(row.begin() + static_cast<long>(shared * d),
                                row.begin() + static_cast<long>((shared + 1) * d));
      }
      for (std::size_t i = 0; i < q.size(); ++i) {
        double sum = 0;
        for (std::size_t j = 0; j <= i; ++j) {
          double score = 0;
          for (std::size_t c = 0; c < d; ++c) {
            score += head.query[i][c] * head.key[j][c];
          }
          sum += head.weights[i][j] = std::exp(score / std::sqrt(static_cast<double>(d)));
        }
        for (std::size_t j = 0; j <= i; ++j) {
          head.weights[i][j] /= sum;
          for (std::size_t c = 0; c < d; ++c) {
            out[i][h * d + c] += head.weights[i][j] * head.value[j][c];
          }
        }
      }
      heads.back().push_back(std::move(head));
    }
    return out;
  }

  const Gguf& file_;
  TinyShape s_;
};

/// ||got - truth|| / ||truth||.
double relative_error(const RowMatrix<float>& got, const Rows& truth) {
  double distance = 0, size = 0;
  REQUIRE(got.rows() == static_cast<std::int64_t>(truth.size()));
  REQUIRE(got.cols() == static_cast<std::int64_t>(truth[0].size()));
  for (std::int64_t i = 0; i < got.rows(); ++i) {
    for (std::int64_t j = 0; j < got.cols(); ++j) {
      const double t = truth[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
      distance += (got(i, j) - t) * (got(i, j) - t);
      size += t * t;
    }
  }
  return std::sqrt(distance / size);
}

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
  const std::vector<int> ids = random_ids(kSanitized ? 256 : 2048, 11, 49152);
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
