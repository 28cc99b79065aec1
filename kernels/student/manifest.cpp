// SPDX-License-Identifier: MIT
#include "kernels/student/manifest.hpp"

#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/student/counters.hpp"

namespace alab::student {
namespace {

using Names = std::vector<std::string>;

constexpr std::array<std::string_view, 4> kKinds{"values", "count", "growth", "clean"};
constexpr std::array<std::string_view, 4> kVisibilities{"visible", "hidden", "after_due_date",
                                                        "after_published"};
struct NamedTolerance {
  std::string_view name;
  double value;
};
constexpr std::array<NamedTolerance, 2> kTolerances{{{"T32", 5e-6}, {"T32x", 5e-5}}};

template <std::size_t n>
Names names_of(const std::array<std::string_view, n>& list) {
  return {list.begin(), list.end()};
}

std::string listed(const Names& names) {
  std::string out;
  for (const std::string& name : names) {
    out += (out.empty() ? "" : ", ") + name;
  }
  return out;
}

int line_of(const toml::node& node) {
  return static_cast<int>(node.source().begin.line);
}

class Reader {
 public:
  Reader(const Exercise& exercise, std::string_view file) : exercise_(exercise), file_(file) {
    arrays_ = exercise.buffers(ParamSet(exercise.params));
  }

  Manifest whole(const toml::table& root) {
    only_keys(root, {"title", "signature", "geometry", "arrays", "statement", "seconds", "check", "wrong"},
              "checks.toml");
    Manifest m;
    m.title = words(root, "title");
    m.signature = list(root, "signature");
    m.geometry = words(root, "geometry");
    m.arrays = words(root, "arrays");
    m.statement = words(root, "statement");
    if (root.contains("seconds")) {
      m.seconds = number(root, "seconds", 0.1, 600);
    }
    for (const toml::table* one : tables(root, "check")) {
      add_check(m, *one);
    }
    for (const toml::table* one : tables(root, "wrong")) {
      m.wrong.push_back(wrong(m, *one));
    }
    require_checks(m, root);
    return m;
  }

 private:
  [[noreturn]] void fail(int line, const std::string& what) const {
    throw Error(text(file_, ":", line, ": ", what));
  }
  [[noreturn]] void unknown(int line, std::string_view what, const std::string& word,
                            const Names& known) const {
    const std::string close = nearest(word, known);
    fail(line, text("there is no ", what, " '", word, "'",
                    close.empty() ? "" : text("; did you mean '", close, "'?"),
                    close.empty() ? "; known: " : " Known: ", listed(known)));
  }

  void only_keys(const toml::table& table, const Names& known, std::string_view where) const {
    for (const auto& [key, node] : table) {
      const std::string word(key.str());
      if (std::find(known.begin(), known.end(), word) == known.end()) {
        unknown(static_cast<int>(key.source().begin.line), text("key for ", where), word, known);
      }
    }
  }
  template <class T>
  T typed(const toml::table& table, std::string_view key, std::string_view type) const {
    const toml::node* node = table.get(key);
    if (node == nullptr) {
      fail(line_of(table), text("'", key, "' is missing here; it is ", type));
    }
    return typed<T>(*node, key, type);
  }
  template <class T>
  T typed(const toml::node& node, std::string_view key, std::string_view type) const {
    const std::optional<T> value = node.value<T>();
    if (!value || (std::is_same_v<T, std::string> && !node.is_string()) ||
        (std::is_same_v<T, bool> && !node.is_boolean())) {
      fail(line_of(node), text("'", key, "' must be ", type));
    }
    return *value;
  }
  std::string words(const toml::table& table, std::string_view key) const {
    std::string value = typed<std::string>(table, key, "a text in quotes");
    if (value.find_first_not_of(" \n\t") == std::string::npos) {
      fail(line_of(*table.get(key)), text("'", key, "' is empty"));
    }
    return value;
  }
  std::string words_or(const toml::table& table, std::string_view key, std::string_view fallback) const {
    return table.contains(key) ? words(table, key) : std::string(fallback);
  }
  double number(const toml::table& table, std::string_view key, double low, double high) const {
    const double value = typed<double>(table, key, "a number");
    if (!(low <= value && value <= high)) {
      fail(line_of(*table.get(key)), text("'", key, "' is ", value, "; it goes from ", low, " to ", high));
    }
    return value;
  }
  Names list(const toml::table& table, std::string_view key) const {
    const toml::node* node = table.get(key);
    const toml::array* array = node == nullptr ? nullptr : node->as_array();
    if (array == nullptr || array->empty()) {
      fail(node == nullptr ? line_of(table) : line_of(*node),
           text("'", key, "' must be a list of texts, [\"...\", ...], that is not empty"));
    }
    Names out;
    for (const toml::node& item : *array) {
      out.push_back(typed<std::string>(item, key, "a list of texts, [\"...\", ...]"));
    }
    return out;
  }
  template <std::size_t n>
  std::size_t choice(const toml::table& table, std::string_view key,
                     const std::array<std::string_view, n>& known) const {
    const std::string word = words(table, key);
    const auto at = std::find(known.begin(), known.end(), word);
    if (at == known.end()) {
      unknown(line_of(*table.get(key)), key, word, names_of(known));
    }
    return static_cast<std::size_t>(at - known.begin());
  }
  std::vector<const toml::table*> tables(const toml::table& root, std::string_view key) const {
    std::vector<const toml::table*> out;
    const toml::node* node = root.get(key);
    if (node == nullptr) {
      return out;
    }
    if (!node->is_array_of_tables()) {
      fail(line_of(*node), text("'", key, "' must be written as [[", key, "]]"));
    }
    for (const toml::node& one : *node->as_array()) {
      out.push_back(one.as_table());
    }
    return out;
  }

  static Names keys_of(CheckKind kind) {
    Names keys{"id", "title", "kind", "points", "visibility", "why"};
    const auto more = [&](const Names& names) { keys.insert(keys.end(), names.begin(), names.end()); };
    if (kind != CheckKind::clean) {
      more({"shapes", "inputs", "seed"});
    }
    if (kind == CheckKind::values) {
      more({"tolerance"});
    } else if (kind == CheckKind::count) {
      more({"require"});
    } else if (kind == CheckKind::growth) {
      more({"counter", "param", "most"});
    }
    return keys;
  }
  void add_check(Manifest& m, const toml::table& t) const {
    CheckSpec c;
    c.line = line_of(t);
    c.id = identifier(t);
    if (const CheckSpec* other = m.check(c.id)) {
      fail(c.line, text("the id '", c.id, "' is taken by the check in line ", other->line));
    }
    if (t.contains("kind")) {
      c.kind = static_cast<CheckKind>(choice(t, "kind", kKinds));
    }
    only_keys(t, keys_of(c.kind), text("a check of kind ", to_string(c.kind)));
    c.title = words(t, "title");
    c.points = number(t, "points", 0, 1000);
    if (t.contains("visibility")) {
      c.visibility = static_cast<Visibility>(choice(t, "visibility", kVisibilities));
    }
    c.why = words_or(t, "why", "");
    if (c.kind == CheckKind::clean) {
      if (m.checks.empty()) {
        fail(c.line, "a clean check looks at the cases of the checks above it: put another check first");
      }
    } else {
      read_cases(c, t);
    }
    read_bounds(c, t);
    m.checks.push_back(std::move(c));
  }
  std::string identifier(const toml::table& t) const {
    std::string id = words(t, "id");
    const auto allowed = [](char ch) {
      return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '_';
    };
    if (!std::all_of(id.begin(), id.end(), allowed)) {
      fail(line_of(t), text("the id '", id, "' may hold a-z, 0-9 and _ only"));
    }
    return id;
  }
  void read_cases(CheckSpec& c, const toml::table& t) const {
    c.shape_texts = list(t, "shapes");
    for (std::size_t i = 0; i < c.shape_texts.size(); ++i) {
      c.shapes.push_back(shape(c.shape_texts[i], line_of(*t.get("shapes")->as_array()->get(i))));
    }
    if (t.contains("inputs")) {
      c.inputs = list(t, "inputs");
      const Names known(exercise_.input_kinds.begin(), exercise_.input_kinds.end());
      for (const std::string& input : c.inputs) {
        if (std::find(known.begin(), known.end(), input) == known.end()) {
          unknown(line_of(*t.get("inputs")), "kind of input", input, known);
        }
      }
    }
    if (t.contains("seed")) {
      c.seed = static_cast<std::uint64_t>(number(t, "seed", 0, 4e9));
    }
  }
  ParamSet shape(const std::string& assignments, int line) const {
    ParamSet out(exercise_.params);
    try {
      out.assign(assignments);
    } catch (const Error& error) {
      fail(line, text("shape \"", assignments, "\": ", error.what()));
    }
    return out;
  }
  void read_bounds(CheckSpec& c, const toml::table& t) const {
    if (c.kind == CheckKind::values && t.contains("tolerance")) {
      read_tolerance(c, t);
    } else if (c.kind == CheckKind::count) {
      const Names texts = list(t, "require");
      for (std::size_t i = 0; i < texts.size(); ++i) {
        const int line = line_of(*t.get("require")->as_array()->get(i));
        c.require.push_back(expression(texts[i], line));
        if (!c.require.back().is_comparison()) {
          fail(line, text("'", texts[i], "' compares nothing: write a counter, == or <=, and a bound"));
        }
      }
    } else if (c.kind == CheckKind::growth) {
      read_growth(c, t);
    }
  }
  void read_tolerance(CheckSpec& c, const toml::table& t) const {
    c.tolerance_name = words(t, "tolerance");
    const auto at = std::find_if(kTolerances.begin(), kTolerances.end(),
                                 [&](const NamedTolerance& n) { return n.name == c.tolerance_name; });
    if (at == kTolerances.end()) {
      unknown(line_of(*t.get("tolerance")), "tolerance", c.tolerance_name, {"T32", "T32x"});
    }
    c.tolerance = at->value;
  }
  void read_growth(CheckSpec& c, const toml::table& t) const {
    const int line = line_of(t);
    c.counter = expression(words(t, "counter"), line_of(*t.get("counter")));
    if (c.counter->is_comparison()) {
      fail(line, "'counter' must be a number, not a comparison; 'most' is the bound");
    }
    c.param = words(t, "param");
    c.most = number(t, "most", 1, 1e6);
    for (std::size_t i = 0; i < c.shapes.size(); ++i) {
      doubled(c.shapes[i], c.param, line);
    }
  }
  void doubled(ParamSet shape, const std::string& param, int line) const {
    try {
      shape.set(param, 2 * shape.value(param));
    } catch (const Error& error) {
      fail(line, text("'", param, "' cannot be doubled: ", error.what()));
    }
  }
  Expression expression(const std::string& source, int line) const {
    try {
      Expression out(source);
      Names known = counter_names(arrays_);
      for (const Param* param : exercise_.params) {
        known.emplace_back(param->key);
      }
      for (const std::string& name : out.names()) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
          unknown(line, "counter or number", name, known);
        }
      }
      return out;
    } catch (const Error& error) {
      const std::string what = error.what();
      if (what.starts_with(file_)) {
        throw;
      }
      fail(line, what);
    }
  }

  WrongSpec wrong(const Manifest& m, const toml::table& t) const {
    only_keys(t, {"file", "mistake", "fails", "verdict", "compare"}, "a wrong solution");
    WrongSpec w;
    w.line = line_of(t);
    w.file = words(t, "file");
    w.mistake = words(t, "mistake");
    w.fails = words(t, "fails");
    w.verdict = words(t, "verdict");
    if (t.contains("compare")) {
      w.compare = typed<bool>(t, "compare", "true or false");
    }
    const bool twice = std::any_of(m.wrong.begin(), m.wrong.end(),
                                   [&](const WrongSpec& other) { return other.file == w.file; });
    if (twice || !w.file.ends_with(".cu") || w.file.find('/') != std::string::npos) {
      fail(w.line, text("file \"", w.file, "\" ",
                        twice ? "is listed twice" : "must be the name of a .cu file in wrong/"));
    }
    if (m.check(w.fails) == nullptr) {
      Names ids;
      for (const CheckSpec& c : m.checks) {
        ids.push_back(c.id);
      }
      unknown(w.line, "check", w.fails, ids);
    }
    return w;
  }
  void require_checks(const Manifest& m, const toml::table& root) const {
    if (!(m.points() > 0)) {
      fail(line_of(root), "there is no check with points: add a [[check]]");
    }
  }

  const Exercise& exercise_;
  std::string file_;
  std::vector<BufferSpec> arrays_;
};

}  // namespace

std::string_view to_string(CheckKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}
std::string_view to_string(Visibility visibility) {
  return kVisibilities[static_cast<std::size_t>(visibility)];
}

double Manifest::points() const {
  double total = 0;
  for (const CheckSpec& c : checks) {
    total += c.points;
  }
  return total;
}

const CheckSpec* Manifest::check(std::string_view id) const {
  const auto at = std::find_if(checks.begin(), checks.end(), [&](const CheckSpec& c) { return c.id == id; });
  return at == checks.end() ? nullptr : &*at;
}

Manifest read_manifest(const Exercise& exercise, std::string_view source, std::string_view file) {
  try {
    const toml::table root = toml::parse(source, std::string(file));
    return Reader(exercise, file).whole(root);
  } catch (const toml::parse_error& error) {
    throw Error(text(file, ":", error.source().begin.line, ": this is not TOML: ", error.description()));
  }
}

Manifest manifest_of(const Exercise& exercise) {
  const std::string_view source = file_of(exercise, "checks.toml");
  require(!source.empty(), "exercise ", exercise.id, " has no checks.toml");
  return read_manifest(exercise, source,
                       text("labs/", lab_of(exercise), "/exercises/", exercise.id, "/checks.toml"));
}

}  // namespace alab::student
