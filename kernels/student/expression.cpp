// SPDX-License-Identifier: MIT
#include "kernels/student/expression.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "reference/core/error.hpp"

namespace alab::student {
namespace {

using Kind = Expression::Kind;
using Node = Expression::Node;

bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Recursive descent: comparison, sum of terms, product of factors, sign, power, primary.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::vector<Node> whole() {
    require(text_.size() <= kLongest, "an expression of ", text_.size(), " characters: at most ", kLongest,
            " are allowed");
    const std::size_t left = terms();
    skip();
    if (at_ < text_.size()) {
      comparison(left);
    }
    return std::move(nodes_);
  }

 private:
  static constexpr int kDeepest = 64;
  static constexpr std::size_t kLongest = 1000;

  [[noreturn]] void fail(std::size_t at, std::string_view what) const {
    throw Error(alab::text("'", text_, "', character ", at + 1, ": ", what));
  }
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) {
      ++at_;
    }
  }
  bool take(std::string_view sign) {
    skip();
    if (!text_.substr(at_).starts_with(sign)) {
      return false;
    }
    at_ += sign.size();
    return true;
  }
  void need(std::string_view sign, std::string_view where) {
    if (!take(sign)) {
      fail(at_, alab::text("'", sign, "' is missing ", where));
    }
  }
  std::size_t add(Kind kind, std::vector<std::size_t> parts, std::size_t at, std::string name = {}) {
    nodes_.push_back({kind, 0, std::move(name), std::move(parts), at});
    return nodes_.size() - 1;
  }

  void comparison(std::size_t left) {
    const std::size_t at = at_;
    for (const std::string_view relation : {"==", "<=", ">=", "<", ">"}) {
      if (take(relation)) {
        const std::size_t right = terms();
        skip();
        if (at_ < text_.size()) {
          fail(at_, "the expression has ended here; one comparison is allowed");
        }
        add(Kind::compare, {left, right}, at, std::string(relation));
        return;
      }
    }
    fail(at, "expected an operator (+ - * / ^ == <= >= < >) or the end");
  }
  std::size_t terms() {
    std::size_t left = factors();
    for (;;) {
      skip();
      const std::size_t at = at_;
      if (take("+")) {
        left = add(Kind::add, {left, factors()}, at);
      } else if (take("-")) {
        left = add(Kind::subtract, {left, factors()}, at);
      } else {
        return left;
      }
    }
  }
  std::size_t factors() {
    std::size_t left = sign();
    for (;;) {
      skip();
      const std::size_t at = at_;
      if (take("*")) {
        left = add(Kind::multiply, {left, sign()}, at);
      } else if (take("/")) {
        left = add(Kind::divide, {left, sign()}, at);
      } else {
        return left;
      }
    }
  }
  std::size_t sign() {
    skip();
    const std::size_t at = at_;
    if (++depth_ > kDeepest) {
      fail(at, alab::text("nested more than ", kDeepest, " deep"));
    }
    const std::size_t node = take("-") ? add(Kind::negate, {sign()}, at) : power();
    --depth_;
    return node;
  }
  // Right to left, and before a sign: -2^2 is -4, 2^3^2 is 2^9, 2^-1 is a half.
  std::size_t power() {
    const std::size_t base = primary();
    skip();
    const std::size_t at = at_;
    return take("^") ? add(Kind::power, {base, sign()}, at) : base;
  }
  std::size_t primary() {
    skip();
    if (at_ == text_.size()) {
      fail(at_, "a number, a name or '(' is missing");
    }
    if (take("(")) {
      const std::size_t inner = terms();
      need(")", "after what '(' begins");
      return inner;
    }
    if (is_digit(text_[at_]) || text_[at_] == '.') {
      return number();
    }
    if (begins_name(text_[at_])) {
      return name_or_call();
    }
    fail(at_, alab::text("'", text_[at_], "' cannot stand here; expected a number, a name or '('"));
  }
  std::size_t number() {
    const std::size_t at = at_;
    double value = 0;
    const auto [end, why] = std::from_chars(text_.data() + at, text_.data() + text_.size(), value);
    if (why != std::errc() || !std::isfinite(value)) {
      fail(at, "this is no number");
    }
    at_ = static_cast<std::size_t>(end - text_.data());
    if (at_ < text_.size() && begins_name(text_[at_])) {
      fail(at_, "a name directly after a number; write 2*N for twice N");
    }
    nodes_.push_back({Kind::number, value, {}, {}, at});
    return nodes_.size() - 1;
  }
  std::string identifier() {
    skip();
    const std::size_t at = at_;
    if (at == text_.size() || !begins_name(text_[at])) {
      fail(at, "a name is missing");
    }
    while (at_ < text_.size() && (begins_name(text_[at_]) || is_digit(text_[at_]))) {
      ++at_;
    }
    return std::string(text_.substr(at, at_ - at));
  }
  std::size_t name_or_call() {
    const std::size_t at = at_;
    std::string name = identifier();
    if (!take("(")) {
      return add(Kind::name, {}, at, std::move(name));
    }
    if (name == "sum") {
      return sum(at);
    }
    const Kind kind = name == "cd" ? Kind::cd : name == "min" ? Kind::min : Kind::max;
    if (kind == Kind::max && name != "max") {
      fail(at, alab::text("there is no function '", name, "'; cd, min, max and sum are known"));
    }
    const std::size_t first = terms();
    need(",", alab::text("between the two values of ", name));
    const std::size_t second = terms();
    need(")", alab::text("after the two values of ", name));
    return add(kind, {first, second}, at);
  }
  std::size_t sum(std::size_t at) {
    std::string variable = identifier();
    need(",", "after the variable of sum");
    const std::size_t first = terms();
    need(",", "after the first value of sum's variable");
    const std::size_t last = terms();
    need(",", "after the last value of sum's variable");
    const std::size_t body = terms();
    need(")", "after the expression of sum");
    return add(Kind::sum, {first, last, body}, at, std::move(variable));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::vector<Node> nodes_;
};

class Evaluation {
 public:
  Evaluation(const std::string& text, const std::vector<Node>& nodes, const NameValue& of)
      : text_(text), nodes_(nodes), of_(of) {}

  double value(std::size_t index) {
    const Node& node = nodes_[index];
    require(++steps_ <= kMostSteps, "'", text_, "' takes more than ", kMostSteps,
            " steps: sum over fewer values");
    switch (node.kind) {
      case Kind::number:
        return node.number;
      case Kind::name:
        return named(node.name);
      case Kind::negate:
        return -value(node.parts[0]);
      case Kind::sum:
        return sum(node);
      case Kind::compare:
        throw Error(alab::text("'", text_, "' is a comparison where a number is asked for"));
      default:
        return joined(node, value(node.parts[0]), value(node.parts[1]));
    }
  }

 private:
  static constexpr std::int64_t kMostSteps = 4'000'000;

  double named(const std::string& name) const {
    const auto at =
        std::find_if(bound_.rbegin(), bound_.rend(), [&](const auto& b) { return b.first == name; });
    return at != bound_.rend() ? at->second : of_(name);
  }
  double joined(const Node& node, double a, double b) const {
    switch (node.kind) {
      case Kind::add:
        return a + b;
      case Kind::subtract:
        return a - b;
      case Kind::multiply:
        return a * b;
      case Kind::power:
        return std::pow(a, b);
      case Kind::min:
        return std::min(a, b);
      case Kind::max:
        return std::max(a, b);
      default:
        require(b != 0, "'", text_, "', character ", node.at + 1, ": a division by zero");
        return node.kind == Kind::cd ? std::ceil(a / b) : a / b;
    }
  }
  double sum(const Node& node) {
    const double first = value(node.parts[0]), last = value(node.parts[1]);
    double total = 0;
    bound_.emplace_back(node.name, first);
    for (double i = first; i <= last; i += 1) {
      bound_.back().second = i;
      total += value(node.parts[2]);
    }
    bound_.pop_back();
    return total;
  }

  const std::string& text_;
  const std::vector<Node>& nodes_;
  const NameValue& of_;
  std::vector<std::pair<std::string_view, double>> bound_;
  std::int64_t steps_ = 0;
};

void collect_names(const std::vector<Node>& nodes, std::size_t index, std::vector<std::string>& bound,
                   std::vector<std::string>& out) {
  const auto has = [](const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  const Node& node = nodes[index];
  if (node.kind == Kind::name && !has(bound, node.name) && !has(out, node.name)) {
    out.push_back(node.name);
  }
  for (std::size_t part = 0; part < node.parts.size(); ++part) {
    const bool body = node.kind == Kind::sum && part == 2;
    if (body) {
      bound.push_back(node.name);
    }
    collect_names(nodes, node.parts[part], bound, out);
    if (body) {
      bound.pop_back();
    }
  }
}

}  // namespace

Expression::Expression(std::string_view text) : text_(text), nodes_(Parser(text).whole()) {}

bool Expression::is_comparison() const {
  return nodes_.back().kind == Kind::compare;
}

std::string_view Expression::left_text() const {
  std::string_view left = text_;
  if (is_comparison()) {
    left = left.substr(0, nodes_.back().at);
  }
  const std::size_t last = left.find_last_not_of(' ');
  return left.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

std::vector<std::string> Expression::names() const {
  std::vector<std::string> bound, out;
  collect_names(nodes_, nodes_.size() - 1, bound, out);
  return out;
}

double Expression::value(const NameValue& of) const {
  return Evaluation(text_, nodes_, of).value(nodes_.size() - 1);
}

Compared Expression::compare(const NameValue& of) const {
  const Node& root = nodes_.back();
  require(root.kind == Kind::compare, "'", text_, "' compares nothing: write == <= >= < or > and a bound");
  Evaluation evaluation(text_, nodes_, of);
  Compared out{evaluation.value(root.parts[0]), evaluation.value(root.parts[1]), root.name, false};
  const double close = 1e-9 * std::max(std::abs(out.left), std::abs(out.right));
  const bool equal = std::abs(out.left - out.right) <= close;
  const bool less = out.left < out.right && !equal, more = out.left > out.right && !equal;
  out.holds = out.relation == "=="   ? equal
              : out.relation == "<=" ? less || equal
              : out.relation == ">=" ? more || equal
              : out.relation == "<"  ? less
                                     : more;
  return out;
}

}  // namespace alab::student
