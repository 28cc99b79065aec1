#include "reference/model/gguf.hpp"

#include "tests/reference/model/model_fixtures.hpp"

using namespace alab;
using namespace alab::testing;

namespace {

GgufWriter small_file() {
  GgufWriter file;
  file.word("name", "small");
  file.integer("count", 7);
  file.real("base", 1e5F);
  file.value("flag", 7, std::string(1, '\1'));
  file.value("wide", 10, raw(std::uint64_t{1} << 63));
  file.word_list("list", {"a", "", "ccc"});
  file.integer_list("numbers", {-1, 0, 5});
  file.tensor("x", {3, 2}, 0, raw(1.F) + raw(2.F) + raw(3.F) + raw(-4.F) + raw(5.5F) + raw(6.F));
  file.tensor("y", {2}, 1, std::string("\x00\x3c\x00\xc0", 4));
  return file;
}

std::string why_not(const GgufWriter& file) {
  return error_of([&] { const Gguf read(file.bytes()); });
}

std::vector<float> row_of(const Gguf& file, std::string_view name, std::int64_t row) {
  std::vector<float> out(static_cast<std::size_t>(file.find(name)->cols));
  dequantise_row(*file.find(name), row, out);
  return out;
}

}  // namespace

TEST_CASE("a GGUF file gives its metadata and tensors") {
  const std::string bytes = small_file().bytes();
  const Gguf file(bytes);
  CHECK(file.words("name") == "small");
  CHECK(file.integer("count") == 7);
  CHECK(file.real("base") == doctest::Approx(1e5));
  CHECK(file.real("count") == 7);
  CHECK(file.flag("flag"));
  CHECK(file.word_list("list") == std::vector<std::string_view>{"a", "", "ccc"});
  CHECK(file.integer_list("numbers") == std::vector<std::int64_t>{-1, 0, 5});
  CHECK(file.value_count() == 7);
  CHECK(file.find("x")->shape == Shape{2, 3});
  CHECK(row_of(file, "x", 1) == std::vector<float>{-4, 5.5F, 6});
  CHECK(row_of(file, "y", 0) == std::vector<float>{1, -2});
  CHECK(file.find("z") == nullptr);
}

TEST_CASE("asking for what a GGUF file does not hold is an error that names it") {
  const std::string bytes = small_file().bytes();
  const Gguf file(bytes, "small.gguf");
  CHECK(contains(error_of([&] { file.integer("missing"); }), "small.gguf: metadata 'missing' is missing"));
  CHECK(contains(error_of([&] { file.integer("name"); }), "'name' is not an integer"));
  CHECK(contains(error_of([&] { file.words("count"); }), "'count' is not a string"));
  CHECK(contains(error_of([&] { file.words("list"); }), "'list' is an array"));
  CHECK(contains(error_of([&] { file.word_list("numbers"); }), "'numbers' is not an array of strings"));
  CHECK(contains(error_of([&] { file.integer_list("list"); }), "'list' is not an array of integers"));
  CHECK(contains(error_of([&] { file.flag("count"); }), "'count' is not a boolean"));
  CHECK(contains(error_of([&] { file.integer("wide"); }), "beyond 2^63"));
  CHECK(contains(error_of([&] { file.tensor("x", {3, 2}); }), "shape [2, 3], [3, 2] is needed"));
  CHECK(contains(error_of([&] { file.tensor("nope", {1}); }), "tensor 'nope' is missing"));
  std::vector<float> out(3);
  CHECK(contains(error_of([&] { dequantise_row(*file.find("x"), 2, out); }),
                 "row 2 of tensor x is outside 0..1"));
  out.resize(2);
  CHECK(contains(error_of([&] { dequantise_row(*file.find("x"), 0, out); }), "3 columns, the buffer 2"));
}

TEST_CASE("Q8_0 and Q4_1 blocks are dequantised as the format defines them") {
  std::string q8 = std::string("\x00\x38", 2),
              q4 = std::string("\x00\x40\x00\xbc", 4);  // d = 0.5; d = 2, m = -1
  for (int i = 0; i < 32; ++i) {
    q8.push_back(static_cast<char>(i * 8 - 128));
  }
  for (int i = 0; i < 16; ++i) {
    q4.push_back(static_cast<char>(i | (15 - i) << 4));
  }
  GgufWriter file;
  file.tensor("q8", {32, 2}, 8, q8 + q8);
  file.tensor("q4", {32}, 3, q4);
  const std::string bytes = file.bytes();
  const Gguf read(bytes);
  const std::vector<float> eight = row_of(read, "q8", 1), four = row_of(read, "q4", 0);
  for (int i = 0; i < 32; ++i) {
    CHECK(eight[static_cast<std::size_t>(i)] == 0.5F * static_cast<float>(i * 8 - 128));
    const int nibble = i < 16 ? i : 31 - i;
    CHECK(four[static_cast<std::size_t>(i)] == 2.F * static_cast<float>(nibble) - 1.F);
  }
}

TEST_CASE("a GGUF file cut off anywhere is an error") {
  for (const std::string& whole : {small_file().bytes(), tiny_model({1, 2, 1, 16, 32})}) {
    REQUIRE_NOTHROW(Gguf{whole});
    for (std::size_t length = 0; length < whole.size(); length += length < 8192 ? 1 : 97) {
      const std::string part = whole.substr(0, length);
      CHECK_THROWS_AS(Gguf{part}, Error);
    }
  }
}

TEST_CASE("what is no GGUF, or one of an unknown version, is refused") {
  CHECK(contains(error_of([] { Gguf("GGML\3\0\0\0"); }), "does not start with 'GGUF'"));
  CHECK(contains(error_of([] { Gguf(""); }), "ends inside the magic number"));
  for (const std::uint32_t version : {0u, 1u, 4u, 0x03000000u}) {
    GgufWriter file = small_file();
    file.version = version;
    CHECK(contains(why_not(file), "is not known; versions 2 and 3"));
  }
  GgufWriter two = small_file();
  two.version = 2;
  CHECK(why_not(two) == "no error");
}

TEST_CASE("absurd counts and lengths in a GGUF file end in an error at once") {
  for (const std::uint64_t absurd : {std::uint64_t{1} << 20, std::uint64_t{1} << 62, ~std::uint64_t{0}}) {
    GgufWriter values = small_file(), tensors = small_file(), key = small_file(), array = small_file(),
               list = small_file();
    values.claimed_values = absurd;
    tensors.claimed_tensors = absurd;
    key.metadata += raw(absurd);
    ++key.values;
    array.value("many", 9, raw(std::uint32_t{10}) + raw(absurd));
    list.value("many", 9, raw(std::uint32_t{8}) + raw(absurd));
    for (const GgufWriter& file : {values, tensors, key, array, list}) {
      CHECK_THROWS_AS(Gguf{file.bytes()}, Error);
    }
  }
}

TEST_CASE("a tensor that does not fit its file is refused") {
  const std::string data(64, '\1');
  const auto with = [&](const std::vector<std::uint64_t>& extents, std::uint32_t type,
                        std::optional<std::uint64_t> offset) {
    GgufWriter file;
    file.tensor("bad", extents, type, data, offset);
    return why_not(file);
  };
  CHECK(with({16}, 0, {}) == "no error");
  CHECK(contains(with({17}, 0, {}), "lies outside the 64 bytes"));
  CHECK(contains(with({16}, 0, 32), "lies outside"));
  CHECK(contains(with({1}, 0, 1), "is not aligned to 32"));
  CHECK(contains(with({1}, 0, ~std::uint64_t{31}), "lies outside"));
  CHECK(contains(with({~std::uint64_t{0}}, 0, {}), "at most 2^40 elements"));
  CHECK(contains(with({1u << 20, 1u << 20, 2}, 0, {}), "at most 2^40 elements"));
  CHECK(contains(with({16, 0}, 0, {}), "has an extent of 0"));
  CHECK(contains(with({}, 0, {}), "0 dimensions"));
  CHECK(contains(with({1, 1, 1, 1, 1}, 0, {}), "5 dimensions"));
  CHECK(contains(with({16}, 2, {}), "storage type 2"));
  CHECK(contains(with({16}, 99, {}), "storage type 99"));
  CHECK(contains(with({33}, 8, {}), "not a whole number of Q8_0 blocks of 32"));
}

TEST_CASE("odd metadata in a GGUF file is refused") {
  GgufWriter nested = small_file(), unknown = small_file(), twice = small_file(), alignment = small_file(),
             same = small_file();
  nested.value("deep", 9,
               raw(std::uint32_t{9}) + raw(std::uint64_t{1}) + raw(std::uint32_t{9}) + raw(std::uint64_t{1}));
  CHECK(contains(why_not(nested), "'deep' is an array of arrays"));
  unknown.value("odd", 13, "");
  CHECK(contains(why_not(unknown), "unknown type 13"));
  twice.integer("count", 8);
  CHECK(contains(why_not(twice), "'count' occurs twice"));
  alignment.integer("general.alignment", 24);
  CHECK(contains(why_not(alignment), "not a power of two"));
  same.tensor("x", {1}, 0, raw(1.F));
  CHECK(contains(why_not(same), "tensor 'x' occurs twice"));
  GgufWriter binary = small_file();
  binary.value(std::string(1000, '\2'), 77, "");
  const std::string message = why_not(binary);
  CHECK(message.size() < 400);
  CHECK(std::all_of(message.begin(), message.end(), [](char c) { return c >= 32 && c < 127; }));
}

TEST_CASE("random damage to a GGUF file never does more than throw Error") {
  Rng rng(7);
  const std::string whole = tiny_model({1, 2, 1, 16, 32});
  int refused = 0;
  constexpr int kRounds = 3000;
  for (int round = 0; round < kRounds; ++round) {
    std::string bytes = whole;
    for (std::uint64_t edits = 1 + rng.below(4); edits > 0; --edits) {
      // Half of the edits hit the header and the first metadata.
      const std::size_t at = rng.below(rng.below(2) == 0 ? 400 : bytes.size());
      bytes[at] = static_cast<char>(rng.below(3) == 0 ? 0xFF : rng.next());
    }
    try {
      const Gguf file(bytes);
      for (const GgufTensor& tensor : file.tensors()) {
        std::vector<float> row(static_cast<std::size_t>(tensor.cols));
        dequantise_row(tensor, tensor.rows - 1, row);
      }
      const Tokenizer tokenizer(file);
      tokenizer.encode("hello world 12");
    } catch (const Error&) {
      ++refused;
    }
  }
  CHECK(refused > kRounds / 10);
  CHECK(refused < kRounds);
}
