#include "tests/reference/model/model_fixtures.hpp"
#include "tests/folders.hpp"

#include <algorithm>

#include "reference/model/text.hpp"

namespace alab::testing {
namespace {

std::string half(float value) {
  return raw(Eigen::half_impl::float_to_half_rtne(value).x);
}

// The character that byte-level vocabularies write for a byte, in UTF-8.
std::string letter_of(int byte) {
  int next = 256, code = 0;
  for (int b = 0; b <= byte; ++b) {
    const bool printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
    code = printable ? b : next++;
  }
  std::string out;
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else {
    out.push_back(static_cast<char>(0xC0 | code >> 6));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
  return out;
}

}  // namespace

TinyVocabulary::TinyVocabulary() : tokens{"<|endoftext|>", "<|im_start|>"}, types{3, 3} {
  for (int b = 0; b < 256; ++b) {
    tokens.push_back(letter_of(b));
  }
  const std::string space = letter_of(' ');
  merges = {"h e", "l l", "he ll", space + " w", "hell o", "o r", space + "w or", "a a", "aa aa"};
  for (const std::string& merge : merges) {
    std::string joined = merge;
    joined.erase(joined.find(' '), 1);
    tokens.push_back(joined);
  }
  types.resize(tokens.size(), 1);
}

int TinyVocabulary::id(std::string_view token) const {
  return static_cast<int>(std::find(tokens.begin(), tokens.end(), token) - tokens.begin());
}

std::string random_matrix(std::uint32_t type, std::uint64_t count, Rng& rng) {
  std::string out;
  const auto value = [&] { return static_cast<float>(0.15 * rng.normal()); };
  if (type == 0) {
    for (std::uint64_t i = 0; i < count; ++i) {
      out += raw(value());
    }
  } else if (type == 1) {
    for (std::uint64_t i = 0; i < count; ++i) {
      out += half(value());
    }
  } else {
    for (std::uint64_t block = 0; block < count / 32; ++block) {
      const float spread = static_cast<float>(rng.uniform(0.1, 0.4));
      out += type == 8 ? half(spread / 127) : half(spread / 8) + half(-spread);
      for (int i = 0; i < (type == 8 ? 32 : 16); ++i) {
        out.push_back(static_cast<char>(rng.below(256)));
      }
    }
  }
  return out;
}

std::string tiny_model(const TinyShape& shape, std::uint64_t seed) {
  Rng rng(seed);
  GgufWriter file;
  const TinyVocabulary vocabulary;
  const std::uint64_t width = shape.heads * shape.head_dim, kv = shape.kv_heads * shape.head_dim;
  file.word("general.architecture", "llama");
  file.integer("llama.block_count", shape.layers);
  file.integer("llama.attention.head_count", shape.heads);
  file.integer("llama.attention.head_count_kv", shape.kv_heads);
  file.integer("llama.embedding_length", static_cast<std::uint32_t>(width));
  file.integer("llama.feed_forward_length", shape.hidden);
  file.real("llama.rope.freq_base", 1000);
  file.real("llama.attention.layer_norm_rms_epsilon", 1e-5F);
  file.word("tokenizer.ggml.model", "gpt2");
  file.word("tokenizer.ggml.pre", "smollm");
  file.word_list("tokenizer.ggml.tokens", vocabulary.tokens);
  file.integer_list("tokenizer.ggml.token_type", vocabulary.types);
  file.word_list("tokenizer.ggml.merges", vocabulary.merges);
  const auto matrix = [&](const std::string& name, std::uint64_t cols, std::uint64_t rows,
                          std::uint32_t type) {
    file.tensor(name + ".weight", {cols, rows}, type, random_matrix(type, rows * cols, rng));
  };
  const auto vector = [&](const std::string& name) {
    file.tensor(name + ".weight", {width}, 0, random_matrix(0, width, rng));
  };
  matrix("token_embd", width, vocabulary.tokens.size(), shape.output_type);
  vector("output_norm");
  for (std::uint32_t l = 0; l < shape.layers; ++l) {
    const std::string block = text("blk.", l, ".");
    vector(block + "attn_norm");
    matrix(block + "attn_q", width, width, shape.attention_type);
    matrix(block + "attn_k", width, kv, shape.attention_type);
    matrix(block + "attn_v", width, kv, shape.attention_type);
    matrix(block + "attn_output", width, width, shape.output_type);
    vector(block + "ffn_norm");
    matrix(block + "ffn_gate", width, shape.hidden, shape.feed_forward_type);
    matrix(block + "ffn_up", width, shape.hidden, shape.feed_forward_type);
    matrix(block + "ffn_down", shape.hidden, width, shape.feed_forward_type);
  }
  return file.bytes();
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "alab_model_XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  path = pattern;
}
TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

CacheAt::CacheAt(const std::filesystem::path& folder) {
  if (const char* old = std::getenv("ALAB_CACHE_DIR")) {
    before = old;
  }
  ::setenv("ALAB_CACHE_DIR", folder.c_str(), 1);
}
CacheAt::~CacheAt() {
  before ? ::setenv("ALAB_CACHE_DIR", before->c_str(), 1) : ::unsetenv("ALAB_CACHE_DIR");
}

bool have_model() {
  if (std::filesystem::exists(SmolLm2::default_path())) {
    return true;
  }
  MESSAGE("left out: no weights in " << SmolLm2::default_path().string() << "; ./app/run.sh fetches them");
  return false;
}

bool have_books() {
  const std::string missing = book_unavailable(find_book("alice"));
  if (!missing.empty()) {
    MESSAGE("left out: " << missing);
  }
  return missing.empty();
}

const SmolLm2& real_model() {
  static const SmolLm2 model(SmolLm2::default_path());
  return model;
}

const Json& fixture() {
  static const Json json = read_json(std::filesystem::path(alab::tests::source_folder()) /
                                     "tests/reference/model/fixtures/smollm2.json");
  return json;
}

}  // namespace alab::testing
