// SPDX-License-Identifier: MIT
#include "reference/model/smollm2.hpp"

#include <algorithm>
#include <cmath>
#include <thread>

#include "reference/core/error.hpp"
#include "reference/parallel.hpp"

namespace alab {
namespace {

constexpr std::int64_t kPanel = 96;  // rows of a weight matrix dequantised at a time: 590 KB at 1536 columns
constexpr std::int64_t kQueryBlock = 128;  // query rows of one attention task

/// Rows first .. first+rows-1 of a weight as floats, into the top of panel.
void dequantise_panel(const GgufTensor& weight, std::int64_t first, std::int64_t rows,
                      RowMatrix<float>& panel) {
  panel.resize(rows, weight.cols);
  for (std::int64_t r = 0; r < rows; ++r) {
    dequantise_row(weight, first + r, {panel.row(r).data(), static_cast<std::size_t>(weight.cols)});
  }
}

std::int64_t panels_of(const GgufTensor& weight) {
  return (weight.rows + kPanel - 1) / kPanel;
}

/// cos and sin of t * base^(-2i / dim), [tokens, dim / 2] each.
struct Rotation {
  RowMatrix<float> cosine, sine;

  Rotation(std::int64_t tokens, std::int64_t dim, double base)
      : cosine(tokens, dim / 2), sine(tokens, dim / 2) {
    for (std::int64_t i = 0; i < dim / 2; ++i) {
      const double frequency = std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(dim));
      for (std::int64_t t = 0; t < tokens; ++t) {
        cosine(t, i) = static_cast<float>(std::cos(static_cast<double>(t) * frequency));
        sine(t, i) = static_cast<float>(std::sin(static_cast<double>(t) * frequency));
      }
    }
  }
  /// Turns the pairs (2i, 2i+1) of every head in x [tokens, heads * dim] in place.
  void apply(RowMatrix<float>& x) const {
    const std::int64_t pairs = cosine.cols();
    for (std::int64_t t = 0; t < x.rows(); ++t) {
      const float *c = cosine.row(t).data(), *s = sine.row(t).data();
      for (float* head = x.row(t).data(); head < x.row(t).data() + x.cols(); head += 2 * pairs) {
        for (std::int64_t i = 0; i < pairs; ++i) {
          const float a = head[2 * i], b = head[2 * i + 1];
          head[2 * i] = a * c[i] - b * s[i];
          head[2 * i + 1] = a * s[i] + b * c[i];
        }
      }
    }
  }
};

/// Scores of query rows first .. first+rows-1 against keys 0 .. first+rows-1, turned into causal softmax
/// weights.
template <class Query, class Key>
void causal_weights(const Query& query, const Key& key, std::int64_t first, RowMatrix<float>& weights) {
  const std::int64_t rows = query.rows(), keys = first + rows;
  weights.resize(rows, keys);
  weights.noalias() = query * key.topRows(keys).transpose();
  const float scale = 1.0f / std::sqrt(static_cast<float>(query.cols()));
  for (std::int64_t i = 0; i < rows; ++i) {
    auto seen = weights.row(i).head(first + i + 1).array();
    const float largest = seen.maxCoeff();
    seen = ((seen - largest) * scale).exp();
    seen *= 1.0f / seen.sum();
    weights.row(i).tail(rows - 1 - i).setZero();
  }
}

}  // namespace

/// Where a pass is: turns tasks done within a layer into one fraction of the whole.
struct SmolLm2::Step {
  const Progress& progress;
  std::string what;
  double from = 0, to = 1;

  Step part(double a, double b) const {
    return {progress, what, from + a * (to - from), from + b * (to - from)};
  }
  std::function<void(std::int64_t)> counter(std::int64_t tasks) const {
    return [this, tasks](std::int64_t done) {
      progress.step(from + (to - from) * static_cast<double>(done) / static_cast<double>(tasks), what);
    };
  }
};

std::size_t ModelRun::memory_bytes() const {
  const std::int64_t per_layer = (shape_.heads + 2 * shape_.kv_heads) * shape_.head_dim;
  return static_cast<std::size_t>(size() * (shape_.layers * per_layer + shape_.width)) * sizeof(float);
}

const ModelRun::Layer& ModelRun::finished(std::int64_t layer, std::int64_t head, std::int64_t count) const {
  require(layer >= 0 && layer < ready(), "layer ", layer, " is not computed; layers 0..", ready() - 1,
          " are");
  require(head >= 0 && head < shape_.heads, "head ", head, " is outside 0..", shape_.heads - 1);
  require(count >= 1 && count <= size(), "the run has ", size(), " tokens, ", count, " were asked for");
  return layers_[static_cast<std::size_t>(layer)];
}

RowMatrix<float> ModelRun::query(std::int64_t layer, std::int64_t head, std::int64_t count) const {
  const std::int64_t d = shape_.head_dim;
  return finished(layer, head, count).query.block(0, head * d, count, d);
}

RowMatrix<float> ModelRun::key(std::int64_t layer, std::int64_t head, std::int64_t count) const {
  const std::int64_t d = shape_.head_dim, shared = head / (shape_.heads / shape_.kv_heads);
  return finished(layer, head, count).key.block(0, shared * d, count, d);
}

RowMatrix<float> ModelRun::value(std::int64_t layer, std::int64_t head, std::int64_t count) const {
  const std::int64_t d = shape_.head_dim, shared = head / (shape_.heads / shape_.kv_heads);
  return finished(layer, head, count).value.block(0, shared * d, count, d);
}

RowMatrix<float> ModelRun::attention_weights(std::int64_t layer, std::int64_t head,
                                             std::int64_t count) const {
  RowMatrix<float> weights;
  causal_weights(query(layer, head, count), key(layer, head, count), 0, weights);
  return weights;
}

std::filesystem::path SmolLm2::default_path() {
  return cache_dir() / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf";
}

SmolLm2::SmolLm2(const std::filesystem::path& file, int threads)
    : mapped_(file), file_(mapped_.bytes(), file.filename().string()) {
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  threads_ = threads > 0 ? threads : static_cast<int>(std::min(16u, cores));
  read_shape();
  const ModelShape& s = shape_;
  embedding_ = &file_.tensor("token_embd.weight", {s.vocabulary, s.width});
  output_norm_ = read_vector("output_norm.weight");
  const std::int64_t q = s.heads * s.head_dim, kv = s.kv_heads * s.head_dim;
  for (std::int64_t l = 0; l < s.layers; ++l) {
    const std::string block = text("blk.", l, ".");
    const auto weight = [&](const char* name, std::int64_t rows, std::int64_t cols) {
      return &file_.tensor(block + name + ".weight", {rows, cols});
    };
    layers_.push_back({weight("attn_q", q, s.width), weight("attn_k", kv, s.width),
                       weight("attn_v", kv, s.width), weight("attn_output", s.width, q),
                       weight("ffn_gate", s.hidden, s.width), weight("ffn_up", s.hidden, s.width),
                       weight("ffn_down", s.width, s.hidden), read_vector(block + "attn_norm.weight"),
                       read_vector(block + "ffn_norm.weight")});
  }
  tokenizer_ = Tokenizer(file_);
  require(tokenizer_.size() == s.vocabulary, file_.name(), ": the tokenizer has ", tokenizer_.size(),
          " tokens, the embedding ", s.vocabulary, " rows");
}

void SmolLm2::read_shape() {
  const std::string_view kind = file_.words("general.architecture");
  require(kind == "llama", file_.name(), ": the architecture is '", kind,
          "'; 'llama' is what this program runs");
  const auto count = [&](const char* key, std::int64_t most) {
    const std::int64_t value = file_.integer(key);
    require(value >= 1 && value <= most, file_.name(), ": ", key, " is ", value, ", allowed are 1..", most);
    return value;
  };
  ModelShape& s = shape_;
  s.layers = count("llama.block_count", 256);
  s.heads = count("llama.attention.head_count", 256);
  s.kv_heads = count("llama.attention.head_count_kv", 256);
  s.width = count("llama.embedding_length", 1 << 16);
  s.hidden = count("llama.feed_forward_length", 1 << 18);
  s.head_dim = s.width / s.heads;
  require(s.heads % s.kv_heads == 0 && s.width % s.heads == 0 && s.head_dim % 2 == 0, file_.name(), ": ",
          s.heads, " heads, ", s.kv_heads, " key-value heads and width ", s.width, " do not fit together");
  require(
      !file_.has("llama.rope.dimension_count") || file_.integer("llama.rope.dimension_count") == s.head_dim,
      file_.name(), ": the rotation covers only a part of head_dim ", s.head_dim,
      ", which this program does not do");
  const GgufTensor* embedding = file_.find("token_embd.weight");
  require(embedding != nullptr && file_.find("output.weight") == nullptr, file_.name(),
          ": the output must be tied to token_embd.weight, as SmolLM2-135M's is");
  s.vocabulary = embedding->rows;
  s.rope_base = file_.has("llama.rope.freq_base") ? file_.real("llama.rope.freq_base") : 10000.0;
  s.rms_epsilon = file_.real("llama.attention.layer_norm_rms_epsilon");
  require(s.rope_base > 1 && s.rms_epsilon > 0, file_.name(), ": rope base ", s.rope_base, " or epsilon ",
          s.rms_epsilon, " is out of range; above 1 and above 0 are allowed");
}

Eigen::RowVectorXf SmolLm2::read_vector(const std::string& name) const {
  const GgufTensor& tensor = file_.tensor(name, {shape_.width});
  Eigen::RowVectorXf values(tensor.cols);
  dequantise_row(tensor, 0, {values.data(), static_cast<std::size_t>(values.size())});
  return values;
}

std::shared_ptr<ModelRun> SmolLm2::start(std::vector<int> tokens) const {
  const auto count = static_cast<std::int64_t>(tokens.size());
  require(count >= 1 && count <= kMaxTokens, "a text of ", count, " tokens cannot be run; 1 to ", kMaxTokens,
          " are allowed, so shorten the text");
  auto run = std::make_shared<ModelRun>();
  run->shape_ = shape_;
  run->residual_.resize(count, shape_.width);
  for (std::int64_t t = 0; t < count; ++t) {
    dequantise_row(*embedding_, tokens[static_cast<std::size_t>(t)],
                   {run->residual_.row(t).data(), static_cast<std::size_t>(shape_.width)});
  }
  run->tokens_ = std::move(tokens);
  run->layers_.resize(static_cast<std::size_t>(shape_.layers));
  return run;
}

RowMatrix<float> SmolLm2::rms_norm(const RowMatrix<float>& x, const Eigen::RowVectorXf& weight) const {
  RowMatrix<float> out(x.rows(), x.cols());
  const auto epsilon = static_cast<float>(shape_.rms_epsilon);
  for (std::int64_t t = 0; t < x.rows(); ++t) {
    const float inverse = 1.0f / std::sqrt(x.row(t).squaredNorm() / static_cast<float>(x.cols()) + epsilon);
    out.row(t) = (x.row(t) * inverse).cwiseProduct(weight);
  }
  return out;
}

/// out = in weight^T (or +=) for each target; all panels of all targets are one list of tasks.
void SmolLm2::multiply(const RowMatrix<float>& in, const std::vector<Target>& targets,
                       const Step& step) const {
  struct Task {
    const Target* target;
    std::int64_t first, rows;
  };
  std::vector<Task> tasks;
  for (const Target& target : targets) {
    for (std::int64_t first = 0; first < target.weight->rows; first += kPanel) {
      tasks.push_back({&target, first, std::min(kPanel, target.weight->rows - first)});
    }
  }
  std::vector<RowMatrix<float>> panels(static_cast<std::size_t>(threads_));
  const auto count = static_cast<std::int64_t>(tasks.size());
  const auto work = [&](std::int64_t index, int worker) {
    const Task& task = tasks[static_cast<std::size_t>(index)];
    RowMatrix<float>& panel = panels[static_cast<std::size_t>(worker)];
    dequantise_panel(*task.target->weight, task.first, task.rows, panel);
    auto out = task.target->out->middleCols(task.first, task.rows);
    if (task.target->add) {
      out.noalias() += in * panel.transpose();
    } else {
      out.noalias() = in * panel.transpose();
    }
  };
  parallel_tasks(count, threads_, work, step.counter(count));
}

/// out = silu(in gate^T) * (in up^T), silu(x) = x / (1 + exp(-x)).
void SmolLm2::feed_forward(const RowMatrix<float>& in, const LayerWeights& weights, RowMatrix<float>& out,
                           const Step& step) const {
  struct Scratch {
    RowMatrix<float> panel, gate, up;
  };
  std::vector<Scratch> scratch(static_cast<std::size_t>(threads_));
  const std::int64_t count = panels_of(*weights.gate);
  const auto work = [&](std::int64_t index, int worker) {
    Scratch& own = scratch[static_cast<std::size_t>(worker)];
    const std::int64_t first = index * kPanel, rows = std::min(kPanel, weights.gate->rows - first);
    dequantise_panel(*weights.gate, first, rows, own.panel);
    own.gate.noalias() = in * own.panel.transpose();
    dequantise_panel(*weights.up, first, rows, own.panel);
    own.up.noalias() = in * own.panel.transpose();
    out.middleCols(first, rows) =
        (own.gate.array() / (1.0f + (-own.gate.array()).exp()) * own.up.array()).matrix();
  };
  parallel_tasks(count, threads_, work, step.counter(count));
}

void SmolLm2::attend(const ModelRun::Layer& layer, RowMatrix<float>& out, const Step& step) const {
  const std::int64_t tokens = layer.query.rows(), d = shape_.head_dim, group = shape_.heads / shape_.kv_heads;
  const std::int64_t blocks = (tokens + kQueryBlock - 1) / kQueryBlock, count = blocks * shape_.heads;
  std::vector<RowMatrix<float>> scratch(static_cast<std::size_t>(threads_));
  const auto work = [&](std::int64_t index, int worker) {
    RowMatrix<float>& weights = scratch[static_cast<std::size_t>(worker)];
    // The longest rows first, so that the last tasks are short ones.
    const std::int64_t head = index % shape_.heads, block = blocks - 1 - index / shape_.heads;
    const std::int64_t first = block * kQueryBlock, rows = std::min(kQueryBlock, tokens - first);
    const auto key = layer.key.middleCols(head / group * d, d),
               value = layer.value.middleCols(head / group * d, d);
    causal_weights(layer.query.block(first, head * d, rows, d), key, first, weights);
    out.block(first, head * d, rows, d).noalias() = weights * value.topRows(first + rows);
  };
  parallel_tasks(count, threads_, work, step.counter(count));
}

void SmolLm2::extend(ModelRun& run, std::int64_t layers, const Progress& progress) const {
  require(layers <= shape_.layers, layers, " layers were asked for, the model has ", shape_.layers);
  const std::int64_t tokens = run.size(), begin = run.ready();
  const std::int64_t kv = shape_.kv_heads * shape_.head_dim;
  const Rotation rotation(tokens, shape_.head_dim, shape_.rope_base);
  for (std::int64_t l = begin; l < layers; ++l) {
    const auto fraction = [&](std::int64_t layer) {
      return static_cast<double>(layer - begin) / static_cast<double>(layers - begin);
    };
    const Step step{progress, text("SmolLM2 layer ", l, " of ", layers, ", ", tokens, " tokens"), fraction(l),
                    fraction(l + 1)};
    progress.step(step.from, step.what);
    const LayerWeights& weights = layers_[static_cast<std::size_t>(l)];
    ModelRun::Layer done;
    done.query.resize(tokens, shape_.width);
    done.key.resize(tokens, kv);
    done.value.resize(tokens, kv);
    RowMatrix<float> attended(tokens, shape_.width), activated(tokens, shape_.hidden), next = run.residual_;
    multiply(rms_norm(next, weights.attention_norm),
             {{weights.query, &done.query, false},
              {weights.key, &done.key, false},
              {weights.value, &done.value, false}},
             step.part(0, 0.25));
    rotation.apply(done.query);
    rotation.apply(done.key);
    attend(done, attended, step.part(0.25, 0.35));
    multiply(attended, {{weights.output, &next, true}}, step.part(0.35, 0.45));
    feed_forward(rms_norm(next, weights.feed_forward_norm), weights, activated, step.part(0.45, 0.8));
    multiply(activated, {{weights.down, &next, true}}, step.part(0.8, 1));
    run.layers_[static_cast<std::size_t>(l)] = std::move(done);
    run.residual_ = std::move(next);
    run.ready_.store(l + 1, std::memory_order_release);
  }
}

RowMatrix<float> SmolLm2::logits(ModelRun& run, std::int64_t first, std::int64_t count,
                                 const Progress& progress) const {
  require(first >= 0 && count >= 1 && first <= run.size() - count, "positions ", first, "..",
          first + count - 1, " are outside the ", run.size(), " tokens of the run");
  extend(run, shape_.layers, progress.part(0, 0.8));
  RowMatrix<float> out(count, shape_.vocabulary);
  const Progress rest = progress.part(0.8, 1);
  const Step step{rest, "SmolLM2 logits", 0, 1};
  multiply(rms_norm(run.residual_.middleRows(first, count), output_norm_), {{embedding_, &out, false}}, step);
  return out;
}

}  // namespace alab
