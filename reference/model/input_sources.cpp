// SPDX-License-Identifier: MIT
#include "reference/model/input_sources.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <filesystem>
#include <optional>

#include "reference/core/eigen_view.hpp"
#include "reference/core/json.hpp"
#include "reference/core/npy.hpp"
#include "reference/core/param.hpp"
#include "reference/model/model_runs.hpp"
#include "reference/model/text.hpp"

namespace alab {
namespace {

constexpr std::string_view kHeadPrefix = "smollm2:", kCasePrefix = "case:";
constexpr std::int64_t kSmallestRun = 64;
constexpr std::size_t kLongestText = std::size_t{1} << 20;  // bytes of a student's text that are looked at

struct Listed {
  HeadChoice choice;
  std::string_view label, doc;
};

// Found by measuring all 270 heads; tests/reference/model/facts_test.cpp measures the figures again.
const Listed kListed[] = {
    {{17, 5, "", 0, ""},
     "SmolLM2 L17 H5, induction",
     "An induction head: after a word seen before, it looks at what followed it then."},
    {{18, 6, "", 0, ""},
     "SmolLM2 L18 H6, induction (strongest)",
     "On a text said twice it puts over 0.7 of its weight on the token that followed last time."},
    {{16, 0, "", 0, ""}, "SmolLM2 L16 H0, previous token", "Looks at the token just before, whatever it is."},
    {{18, 8, "", 0, ""},
     "SmolLM2 L18 H8, first-token sink",
     "Puts nearly all its weight on the first token."},
    {{0, 0, "", 0, ""},
     "SmolLM2 L0 H0, broad",
     "Spreads its weight over almost every token: the flattest softmax of the model."},
    {{17, 5, "alice", 0, ""},
     "SmolLM2 L17 H5 on Alice",
     "The induction head on Alice's Adventures in Wonderland."},
    {{17, 5, "moby_dick", 0, ""}, "SmolLM2 L17 H5 on Moby Dick", "The induction head on Moby Dick."},
};

std::optional<std::int64_t> parse_integer(std::string_view digits) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc() && end == digits.data() + digits.size() ? std::optional(value) : std::nullopt;
}

std::string model_unavailable() {
  std::error_code ignored;
  const auto path = SmolLm2::default_path();
  return std::filesystem::is_regular_file(path, ignored)
             ? ""
             : text("SmolLM2's weights are not in ", path.string(),
                    "; run ./app/run.sh once (without --no-model) to fetch them");
}

/// The text, cut so that at least `tokens` tokens come of it where it is long enough: a word is a token or
/// more.
std::string text_of(const HeadChoice& choice, std::int64_t tokens) {
  if (!choice.book.empty()) {
    return read_passage(find_book(choice.book), choice.offset, tokens);
  }
  return choice.text.empty() ? std::string(kDefaultText) : choice.text.substr(0, kLongestText);
}

/// "'Alice was beginning to get very ...'": the first words, on one line.
std::string excerpt(std::string_view words) {
  constexpr std::size_t kLength = 40;
  std::string line(words.substr(0, kLength));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\t' || c == '\r'; }, ' ');
  if (words.size() > kLength) {
    // Back to the last whole word, or at least to a whole character.
    const std::size_t blank = line.rfind(' ');
    line.resize(blank != std::string::npos && blank > kLength / 2 ? blank : line.size());
    while (!is_utf8(line) && line.size() > kLength - 4) {
      line.pop_back();
    }
    line += " ...";
  }
  return "'" + line + "'";
}

void copy_head(const RowMatrix<float>& from, Tensor<float>& to, std::int64_t h) {
  head(to, h) = from;
}

AttentionInput read_head(const HeadChoice& choice, const InputRequest& request, const Progress& progress) {
  require(request.seq_len >= 1 && request.heads >= 1, "an input of ", request.heads, " heads and ",
          request.seq_len, " tokens was asked for; both must be 1 or more");
  progress.step(0, "SmolLM2: reading the text");
  const std::shared_ptr<ModelRuns> runs = ModelRuns::installed();
  const SmolLm2& model = runs->model();
  const std::int64_t wanted = std::min(request.seq_len, kMaxTokens);
  // The model reads up to the next power of two: moving the length slider within it costs nothing, and since
  // the model is causal the first tokens are not touched by those after them.
  const auto read = std::max<std::int64_t>(
      kSmallestRun, static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(wanted))));
  const std::string words = text_of(choice, read);
  const std::vector<int> tokens = model.tokenizer().encode(words, static_cast<std::size_t>(read));
  require(!tokens.empty(), "the text has no tokens; type at least one word");
  const auto count = std::min<std::int64_t>(wanted, static_cast<std::int64_t>(tokens.size()));
  const auto run = runs->get(tokens, choice.layer, progress.part(0.02, 0.98));

  const std::int64_t heads = std::min<std::int64_t>(request.heads, model.shape().heads),
                     d = model.shape().head_dim;
  AttentionInput in;
  in.query = in.key = in.value = Tensor<float>({heads, count, d});
  for (std::int64_t i = 0; i < heads; ++i) {
    const std::int64_t h = (choice.head + i) % model.shape().heads;
    copy_head(run->query(choice.layer, h, count), in.query, i);
    copy_head(run->key(choice.layer, h, count), in.key, i);
    copy_head(run->value(choice.layer, h, count), in.value, i);
  }
  for (std::int64_t t = 0; t < count; ++t) {
    in.tokens.push_back(model.tokenizer().label(tokens[static_cast<std::size_t>(t)]));
  }
  const std::string which =
      heads == 1 ? text("head ", choice.head) : text(heads, " heads from head ", choice.head);
  in.description = text("SmolLM2-135M layer ", choice.layer, ", ", which, ", on ", excerpt(words), " (",
                        count, " tokens)");
  in.causal = in.real = true;
  progress.step(1, "SmolLM2: done");
  return in;
}

Tensor<float> read_matrix_stack(const std::filesystem::path& file) {
  Tensor<float> tensor = read_npy<float>(file);
  if (tensor.rank() == 2) {
    const Shape shape{1, tensor.extent(0), tensor.extent(1)};
    tensor = Tensor<float>(shape, {tensor.span().begin(), tensor.span().end()});
  }
  require(tensor.rank() == 3 && tensor.size() > 0, file.string(), " has shape ", to_string(tensor.shape()),
          "; [heads, seq_len, dim] or [seq_len, dim], none of them 0, is needed");
  return tensor;
}

AttentionInput read_case(const std::filesystem::path& folder, const Progress& progress) {
  progress.step(0, "reading the case");
  AttentionInput in;
  in.query = read_matrix_stack(folder / "q.npy");
  in.key = read_matrix_stack(folder / "k.npy");
  in.value = read_matrix_stack(folder / "v.npy");
  require(in.query.extent(0) == in.key.extent(0) && in.key.extent(0) == in.value.extent(0) &&
              in.query.extent(2) == in.key.extent(2) && in.key.extent(1) == in.value.extent(1),
          "q ", to_string(in.query.shape()), ", k ", to_string(in.key.shape()), " and v ",
          to_string(in.value.shape()), " in ", folder.string(),
          " do not fit: heads must agree, q and k in dim, k and v in seq_len");
  std::error_code ignored;
  if (std::filesystem::exists(folder / "mask.npy", ignored)) {
    in.mask = read_npy<float>(folder / "mask.npy");
    require(in.mask.shape() == Shape{in.query.extent(1), in.key.extent(1)}, "mask ",
            to_string(in.mask.shape()), " in ", folder.string(), " must be [", in.query.extent(1), ", ",
            in.key.extent(1), "]");
  }
  if (std::filesystem::exists(folder / "meta.json", ignored)) {
    const Json meta = read_json(folder / "meta.json");
    const Json params = meta.is_object() ? meta.value("params", Json::object()) : Json::object();
    if (params.is_object() && params.contains("causal") && params["causal"].is_boolean()) {
      in.causal = params["causal"].get<bool>();
    }
    if (params.is_object() && params.contains("scale") && params["scale"].is_number()) {
      in.softmax_scale = params["scale"].get<double>();
    }
  }
  in.description = text("the case in ", folder.filename().string(), ", q ", to_string(in.query.shape()));
  return in;
}

}  // namespace

std::string name_of(const HeadChoice& choice) {
  std::string name = text(kHeadPrefix, "L", choice.layer, "H", choice.head);
  if (!choice.text.empty()) {
    return name + "@\"" + choice.text + "\"";
  }
  if (!choice.book.empty()) {
    name += "@" + choice.book + (choice.offset != 0 ? text("+", choice.offset) : "");
  }
  return name;
}

HeadChoice parse_head(std::string_view name) {
  const std::size_t at = std::min(name.find('@'), name.size());
  const std::string_view place = name.substr(0, at);
  const std::size_t l = kHeadPrefix.size(), h = place.find('H');
  const auto layer =
      place.starts_with(kHeadPrefix) && place.size() > l && place[l] == 'L' && h != std::string_view::npos
          ? parse_integer(place.substr(l + 1, h - l - 1))
          : std::nullopt;
  const auto index = layer ? parse_integer(place.substr(h + 1)) : std::nullopt;
  require(layer && index, "'", name.substr(0, 80),
          "' does not name a head; write smollm2:L17H5, smollm2:L17H5@alice, ",
          "smollm2:L17H5@alice+1000 or smollm2:L17H5@\"your text\"");
  require(*layer >= 0 && *layer < kSmolLm2Layers, "layer ", *layer, " is outside 0..", kSmolLm2Layers - 1);
  require(*index >= 0 && *index < kSmolLm2Heads, "head ", *index, " is outside 0..", kSmolLm2Heads - 1);
  HeadChoice choice{static_cast<int>(*layer), static_cast<int>(*index), "", 0, ""};
  if (at == name.size()) {
    return choice;
  }
  std::string_view what = name.substr(at + 1);
  if (what.starts_with('"')) {
    what.remove_prefix(1);
    what.remove_suffix(what.ends_with('"') ? 1 : 0);
    require(!what.empty(), "the text after @ is empty; type at least one word between the quotes");
    choice.text = what;
    return choice;
  }
  const std::size_t plus = std::min(what.find('+'), what.size());
  choice.book = find_book(what.substr(0, plus)).name;
  if (plus < what.size()) {
    const auto offset = parse_integer(what.substr(plus + 1));
    require(offset && *offset >= 0, "'", what.substr(plus + 1), "' is no number of words; write ",
            choice.book, "+1000");
    choice.offset = *offset;
  }
  return choice;
}

InputSource head_source(const HeadChoice& choice) {
  InputSource source;
  source.name = name_of(choice);
  source.label = text("SmolLM2 L", choice.layer, " H", choice.head);
  source.doc = "Queries, keys and values of one head of SmolLM2-135M on a text.";
  source.unavailable = model_unavailable();
  if (source.unavailable.empty() && !choice.book.empty()) {
    source.unavailable = book_unavailable(find_book(choice.book));
  }
  source.make = [choice](const InputRequest& request, const Progress& progress) {
    return read_head(choice, request, progress);
  };
  return source;
}

InputSource case_source(const std::string& folder) {
  InputSource source;
  source.name = text(kCasePrefix, folder);
  source.label = text("case ", std::filesystem::path(folder).filename().string());
  source.doc = "Your own q.npy, k.npy and v.npy.";
  for (const char* file : {"q.npy", "k.npy", "v.npy"}) {
    std::error_code ignored;
    if (source.unavailable.empty() &&
        !std::filesystem::is_regular_file(std::filesystem::path(folder) / file, ignored)) {
      source.unavailable =
          text("there is no ", file, " in '", folder, "'; a case is a folder with q.npy, k.npy and v.npy");
    }
  }
  source.make = [folder](const InputRequest&, const Progress& progress) {
    return read_case(folder, progress);
  };
  return source;
}

InputSource resolve_input(std::string_view name) {
  if (name.starts_with(kHeadPrefix)) {
    return head_source(parse_head(name));
  }
  if (name.starts_with(kCasePrefix)) {
    return case_source(std::string(name.substr(kCasePrefix.size())));
  }
  std::vector<std::string> names;
  for (const InputSource& source : synthetic_inputs()) {
    if (source.name == name) {
      return source;
    }
    names.push_back(source.name);
  }
  names.emplace_back("smollm2:L17H5");
  std::string all;
  for (const std::string& known : names) {
    all += known + ", ";
  }
  const auto begun = std::find_if(names.begin(), names.end(), [&](const std::string& known) {
    return !name.empty() && known.starts_with(name);
  });
  const std::string close = begun != names.end() ? *begun : nearest(name, names);
  throw Error(text("there is no input '", name, "'; ", close.empty() ? "" : "did you mean '" + close + "'? ",
                   "Inputs are ", all, "case:DIR"));
}

std::vector<InputSource> list_inputs() {
  std::vector<InputSource> sources = synthetic_inputs();
  for (const Listed& listed : kListed) {
    InputSource source = head_source(listed.choice);
    source.label = listed.label;
    source.doc = listed.doc;
    sources.push_back(std::move(source));
  }
  return sources;
}

}  // namespace alab
