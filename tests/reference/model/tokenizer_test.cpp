#include "reference/model/tokenizer.hpp"

#include <chrono>

#include "reference/model/text.hpp"
#include "tests/reference/model/model_fixtures.hpp"

using namespace alab;
using namespace alab::testing;

namespace {

using Pieces = std::vector<std::string_view>;

struct Tiny {
  TinyVocabulary vocabulary;
  std::string bytes = tiny_model({1, 2, 1, 16, 32});
  Gguf file{bytes};
  Tokenizer tokenizer{file};
  std::vector<int> ids(const std::vector<std::string>& tokens) const {
    std::vector<int> out;
    for (const std::string& token : tokens) {
      out.push_back(vocabulary.id(token));
    }
    return out;
  }
};

std::string vocabulary_error(const std::vector<std::string>& tokens, const std::vector<std::int32_t>& types,
                             const std::vector<std::string>& merges, std::string_view pre = "smollm") {
  GgufWriter file;
  file.word("tokenizer.ggml.model", "gpt2");
  file.word("tokenizer.ggml.pre", pre);
  file.word_list("tokenizer.ggml.tokens", tokens);
  file.integer_list("tokenizer.ggml.token_type", types);
  file.word_list("tokenizer.ggml.merges", merges);
  const std::string bytes = file.bytes();
  return error_of([&] { const Tokenizer tokenizer{Gguf(bytes)}; });
}

}  // namespace

TEST_CASE("text is cut where the smollm pattern cuts it") {
  CHECK(pre_tokenize("Hello world") == Pieces{"Hello", " world"});
  CHECK(pre_tokenize("It's 2024, isn't it?") ==
        Pieces{"It", "'s", " ", "2", "0", "2", "4", ",", " isn", "'t", " it", "?"});
  CHECK(pre_tokenize("I'M we'll") == Pieces{"I", "'", "M", " we", "'ll"});
  CHECK(pre_tokenize("a  b") == Pieces{"a", " ", " b"});
  CHECK(pre_tokenize("a \n b\n") == Pieces{"a", " \n", " b", "\n"});
  CHECK(pre_tokenize("a\nb") == Pieces{"a", "\n", "b"});
  CHECK(pre_tokenize("  1") == Pieces{"  ", "1"});
  CHECK(pre_tokenize("x   ") == Pieces{"x", "   "});
  CHECK(pre_tokenize(" ...!? ok") == Pieces{" ...!?", " ok"});
  CHECK(pre_tokenize("\u00e9t\u00e9 \u00bd") == Pieces{"\u00e9t\u00e9", " ", "\u00bd"});
  CHECK(pre_tokenize("a\u2003\u2003b") == Pieces{"a", "\u2003", "\u2003", "b"});
  CHECK(pre_tokenize("\u65e5\u672c\u3002") == Pieces{"\u65e5\u672c", "\u3002"});
  CHECK(pre_tokenize("").empty());
}

TEST_CASE("the pieces of any bytes joined give the bytes") {
  Rng rng(3);
  for (int round = 0; round < 500; ++round) {
    std::string bytes(rng.below(40), '\0');
    for (char& c : bytes) {
      c = static_cast<char>(rng.below(2) == 0 ? " a1.'\n\xC3\xA9"[rng.below(8)] : rng.next());
    }
    std::string joined;
    for (const std::string_view piece : pre_tokenize(bytes)) {
      CHECK(!piece.empty());
      joined += piece;
    }
    CHECK(joined == bytes);
  }
}

TEST_CASE("UTF-8 is told from other bytes") {
  CHECK(is_utf8("plain"));
  CHECK(is_utf8("\u00e9\u65e5\U0001F642"));
  for (const std::string_view bad : {"\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                                     "\xF5\x80\x80\x80", "\xF4\x90\x80\x80", "a\xE9g"}) {
    CHECK_FALSE(is_utf8(bad));
  }
}

TEST_CASE("merges are applied lowest rank first, leftmost first") {
  const Tiny tiny;
  CHECK(tiny.tokenizer.encode("hello") == tiny.ids({"hello"}));
  CHECK(tiny.tokenizer.encode("hell") == tiny.ids({"hell"}));
  CHECK(tiny.tokenizer.encode("hel") == tiny.ids({"he", "l"}));
  CHECK(tiny.tokenizer.encode("hello wor") == tiny.ids({"hello", "\u0120wor"}));
  CHECK(tiny.tokenizer.encode("aaaaa") == tiny.ids({"aaaa", "a"}));
  CHECK(tiny.tokenizer.encode("aaaaaaa") == tiny.ids({"aaaa", "aa", "a"}));
  CHECK(tiny.tokenizer.encode("lll") == tiny.ids({"ll", "l"}));
  CHECK(tiny.tokenizer.encode("").empty());
}

TEST_CASE("control tokens are found as a whole and the limit is kept") {
  const Tiny tiny;
  CHECK(tiny.tokenizer.encode("<|im_start|>hello<|endoftext|>") ==
        tiny.ids({"<|im_start|>", "hello", "<|endoftext|>"}));
  CHECK(tiny.tokenizer.encode("<|im_start|") != tiny.ids({"<|im_start|>"}));
  CHECK(tiny.tokenizer.encode("hello hello hello", 2).size() == 2);
  CHECK(tiny.tokenizer.encode("hello<|endoftext|>x", 1) == tiny.ids({"hello"}));
  CHECK(tiny.tokenizer.encode("hello", 0).empty());
}

TEST_CASE("decoding gives back every byte, and labels can be shown") {
  const Tiny tiny;
  std::string bytes;
  for (int b = 0; b < 256; ++b) {
    bytes.push_back(static_cast<char>(b));
  }
  bytes += " hello w\u00e9";
  CHECK(tiny.tokenizer.decode(tiny.tokenizer.encode(bytes)) == bytes);
  const auto label = [&](const std::string& token) {
    return tiny.tokenizer.label(tiny.vocabulary.id(token));
  };
  CHECK(label("\u0120wor") == "\u00B7wor");
  CHECK(label("\u010A") == "\\n");
  CHECK(label("\u0109") == "\\t");
  CHECK(label("\u0100") == "<0x00>");
  CHECK(label("\u00c3") == "<0xC3>");
  CHECK(label("<|im_start|>") == "<|im_start|>");
  CHECK(contains(error_of([&] { tiny.tokenizer.label(100000); }),
                 "token 100000 is outside the vocabulary 0..266"));
  CHECK(contains(error_of([&] { tiny.tokenizer.label(-1); }), "token -1"));
}

TEST_CASE("a very long word takes no more than n log n") {
  const Tiny tiny;
  const std::string word(400'000, 'a');
  const auto start = std::chrono::steady_clock::now();
  CHECK(tiny.tokenizer.encode(word).size() == 100'000);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  CHECK(took.count() < 20);  // quadratic would be hours
}

TEST_CASE("a broken vocabulary is an error") {
  CHECK(vocabulary_error({"a", "b", "ab"}, {1, 1, 1}, {"a b"}) == "no error");
  CHECK(contains(vocabulary_error({"a", "b"}, {1, 1}, {}, "llama-bpe"), "'gpt2' with 'smollm'"));
  CHECK(contains(vocabulary_error({"a", "b"}, {1}, {}), "2 tokens and 1 token types"));
  CHECK(contains(vocabulary_error({}, {}, {}), "0 tokens"));
  CHECK(contains(vocabulary_error({"a", "a"}, {1, 1}, {}), "token 1 repeats"));
  CHECK(contains(vocabulary_error({"a", " "}, {1, 1}, {}), "token 1 is not byte-level text"));
  CHECK(contains(vocabulary_error({"a", ""}, {1, 1}, {}), "token 1 is not byte-level text"));
  CHECK(contains(vocabulary_error({"a", "b"}, {1, 1}, {"a b"}), "merge 0 of the vocabulary names a token"));
  CHECK(
      contains(vocabulary_error({"a", "b"}, {1, 1}, {"ab"}), "merge 0 of the vocabulary does not name two"));
}

TEST_CASE("SmolLM2's token ids are those of the tokenizers package") {
  if (!have_model()) {
    return;
  }
  const Tokenizer& tokenizer = real_model().tokenizer();
  CHECK(tokenizer.size() == 49152);
  for (const Json& sample : fixture().at("texts")) {
    const auto words = sample.at("text").get<std::string>();
    CAPTURE(words);
    CHECK(tokenizer.encode(words) == sample.at("ids").get<std::vector<int>>());
    CHECK(tokenizer.decode(tokenizer.encode(words)) == words);
  }
}

TEST_CASE("every book decodes to what was encoded, and all labels are printable") {
  if (!have_model() || !have_books()) {
    return;
  }
  const Tokenizer& tokenizer = real_model().tokenizer();
  for (const Book& book : books()) {
    const std::string words = read_passage(book, 100, 3000);
    const std::vector<int> ids = tokenizer.encode(words);
    CHECK(ids.size() > 3000);
    CHECK(tokenizer.decode(ids) == words);
  }
  for (int id = 0; id < tokenizer.size(); ++id) {
    const std::string label = tokenizer.label(id);
    const bool printable = !label.empty() && is_utf8(label) &&
                           std::none_of(label.begin(), label.end(), [](char c) { return c >= 0 && c <= 32; });
    REQUIRE_MESSAGE(printable, "token " << id);
  }
}
