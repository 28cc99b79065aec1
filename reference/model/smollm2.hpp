// SmolLM2-135M (a LLaMA-style decoder) forwards in single precision: queries, keys, values and attention
// weights of every layer and head, and logits. Weights stay in the mapped file and are dequantised panel by
// panel. SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "reference/core/eigen_view.hpp"
#include "reference/core/files.hpp"
#include "reference/core/job.hpp"
#include "reference/model/gguf.hpp"
#include "reference/model/tokenizer.hpp"

namespace alab {

/// Read from the file's metadata (llama.*). SmolLM2-135M: 30, 9, 3, 64, 576, 1536, 49152, 1e5, 1e-5.
struct ModelShape {
  std::int64_t layers = 0, heads = 0, kv_heads = 0, head_dim = 0, width = 0, hidden = 0, vocabulary = 0;
  double rope_base = 0, rms_epsilon = 0;
};

/// The most tokens a run may have here (the model itself was trained to 8192).
inline constexpr std::int64_t kMaxTokens = 2048;

/// What one text did in the model, layer by layer. Layers below ready() may be read while a forward pass adds
/// more.
class ModelRun {
 public:
  const std::vector<int>& tokens() const { return tokens_; }
  std::int64_t size() const { return static_cast<std::int64_t>(tokens_.size()); }
  std::int64_t ready() const { return ready_.load(std::memory_order_acquire); }  ///< layers finished
  std::size_t memory_bytes() const;  ///< held once all layers are done

  /// One head of a finished layer: the first `count` tokens, [count, head_dim]; query and key after the
  /// rotation. Query head h reads key-value head h / (heads / kv_heads). The model is causal: the rows do not
  /// depend on tokens that come later.
  RowMatrix<float> query(std::int64_t layer, std::int64_t head, std::int64_t count) const;
  RowMatrix<float> key(std::int64_t layer, std::int64_t head, std::int64_t count) const;
  RowMatrix<float> value(std::int64_t layer, std::int64_t head, std::int64_t count) const;
  /// softmax(q k^T / sqrt(head_dim)) over keys j <= i, zeros above: [count, count].
  RowMatrix<float> attention_weights(std::int64_t layer, std::int64_t head, std::int64_t count) const;

 private:
  friend class SmolLm2;
  struct Layer {
    RowMatrix<float> query, key, value;  ///< [tokens, heads * head_dim], [tokens, kv_heads * head_dim] twice
  };
  const Layer& finished(std::int64_t layer, std::int64_t head, std::int64_t count) const;

  ModelShape shape_;
  std::vector<int> tokens_;
  RowMatrix<float> residual_;  ///< after the finished layers, [tokens, width]
  std::vector<Layer> layers_;
  std::atomic<std::int64_t> ready_{0};
};

/// The model. Const after construction and safe to share; a ModelRun is extended by one thread at a time.
class SmolLm2 {
 public:
  /// Maps and checks the file. threads = 0: as many as the machine has, at most 16.
  /// @throws Error on a damaged file or one of another architecture, naming it
  explicit SmolLm2(const std::filesystem::path& file, int threads = 0);
  /// cache_dir()/models/SmolLM2-135M-Instruct.Q4_1.gguf, where app/run.sh puts it.
  static std::filesystem::path default_path();

  const ModelShape& shape() const { return shape_; }
  const Tokenizer& tokenizer() const { return tokenizer_; }

  /// A run with the tokens embedded and no layer done. Error unless 1 .. kMaxTokens tokens, all in the
  /// vocabulary.
  std::shared_ptr<ModelRun> start(std::vector<int> tokens) const;

  /// Brings run.ready() to at least `layers`. Per layer, with x [tokens, width]:
  ///   h = rms(x) w_norm; q, k = rope(h Wq^T), rope(h Wk^T); v = h Wv^T; x += attention(q, k, v) Wo^T;
  ///   h = rms(x) w_ffn;  x += (silu(h Wg^T) * (h Wu^T)) Wd^T;    rms(x) = x / sqrt(mean(x^2) + epsilon)
  /// rope turns the pair (2i, 2i+1) at position t by t * rope_base^(-2i / head_dim).
  /// Steps progress after every task of a few milliseconds; cancelled, the run keeps the layers it has.
  /// Source: Touvron et al. 2023 (arXiv:2302.13971, section 2.2); Allal et al. 2025 (SmolLM2,
  /// arXiv:2502.02737).
  void extend(ModelRun& run, std::int64_t layers, const Progress& progress) const;

  /// Logits rms(x) w_out E^T of positions first .. first+count-1 (extends the run to its end): [count,
  /// vocabulary].
  RowMatrix<float> logits(ModelRun& run, std::int64_t first, std::int64_t count,
                          const Progress& progress) const;

 private:
  struct LayerWeights {
    const GgufTensor *query, *key, *value, *output, *gate, *up, *down;
    Eigen::RowVectorXf attention_norm, feed_forward_norm;
  };
  struct Step;
  struct Target {
    const GgufTensor* weight;
    RowMatrix<float>* out;
    bool add;
  };
  void read_shape();
  Eigen::RowVectorXf read_vector(const std::string& name) const;
  void multiply(const RowMatrix<float>& in, const std::vector<Target>& targets, const Step& step) const;
  void feed_forward(const RowMatrix<float>& in, const LayerWeights& weights, RowMatrix<float>& out,
                    const Step& step) const;
  void attend(const ModelRun::Layer& layer, RowMatrix<float>& out, const Step& step) const;
  RowMatrix<float> rms_norm(const RowMatrix<float>& x, const Eigen::RowVectorXf& weight) const;

  MappedFile mapped_;
  Gguf file_;
  ModelShape shape_;
  Tokenizer tokenizer_;
  int threads_ = 1;
  std::vector<LayerWeights> layers_;
  Eigen::RowVectorXf output_norm_;
  const GgufTensor* embedding_ = nullptr;
};

}  // namespace alab
