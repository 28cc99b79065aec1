// The small language in which checks.toml states bounds: numbers of the shape, counters, + - * / ^, cd, min,
// max, sum(i, first, last, expression), one comparison. SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace alab::student {

/// The value of a free name. @throws Error: there is none of that name
using NameValue = std::function<double(std::string_view name)>;

/// Both sides of a comparison on one case.
struct Compared {
  double left = 0, right = 0;
  std::string relation;  ///< == <= >= < >
  bool holds = false;    ///< == up to 1e-9 of the larger side; false when a side is NaN
};

class Expression {
 public:
  /// @throws Error: what is wrong and at which character, counted from 1; more than 1000 characters
  explicit Expression(std::string_view text);

  const std::string& text() const { return text_; }
  bool is_comparison() const;
  /// What stands on the left of a comparison, as written; the whole text without one.
  std::string_view left_text() const;
  /// Free names, each once, in order of first use.
  std::vector<std::string> names() const;
  /// @throws Error: a name without a value, a division by zero, more than 4 million steps in a sum; a
  /// comparison
  double value(const NameValue& of) const;
  /// @throws Error: as value(), or no comparison
  Compared compare(const NameValue& of) const;

  enum class Kind {
    number,
    name,
    add,
    subtract,
    multiply,
    divide,
    power,
    negate,
    cd,
    min,
    max,
    sum,
    compare
  };
  struct Node {
    Kind kind = Kind::number;
    double number = 0;
    std::string name;                ///< of a name, of a sum's variable, or the relation
    std::vector<std::size_t> parts;  ///< indices of nodes
    std::size_t at = 0;              ///< where it begins in the text; of a comparison, its relation
  };

 private:
  std::string text_;
  std::vector<Node> nodes_;  ///< parts before wholes; the last is the root
};

}  // namespace alab::student
