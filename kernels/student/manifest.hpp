// checks.toml of an exercise: the statement, and what is checked with which points, shapes and bounds. The
// text that students read is made from the same data. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/student/exercise.hpp"
#include "kernels/student/expression.hpp"

namespace alab::student {

enum class CheckKind { values, count, growth, clean };
std::string_view to_string(CheckKind kind);
/// Gradescope's words.
enum class Visibility { visible, hidden, after_due_date, after_published };
std::string_view to_string(Visibility visibility);

/// One [[check]].
struct CheckSpec {
  std::string id, title;
  CheckKind kind = CheckKind::values;
  double points = 0;
  Visibility visibility = Visibility::visible;
  std::string tolerance_name = "T32";
  double tolerance = 5e-6;                    ///< relative error in the L2 sense; of a values check
  std::vector<ParamSet> shapes;               ///< none for a clean check
  std::vector<std::string> shape_texts;       ///< as written
  std::vector<std::string> inputs{"random"};  ///< kinds
  std::optional<std::uint64_t> seed;          ///< as written, for the inputs
  std::vector<Expression> require;            ///< of a count check
  std::optional<Expression> counter;          ///< of a growth check
  std::string param;                          ///< that a growth check doubles
  double most = 0;                            ///< of a growth check
  std::string why;
  int line = 0;
};

/// One [[wrong]].
struct WrongSpec {
  std::string file;     ///< in wrong/
  std::string mistake;  ///< what the kernel does, after "a kernel that": "leaves out the scale"
  std::string fails;    ///< id of a check
  std::string verdict;  ///< words that this check's verdict contains, whatever their case
  bool compare = true;  ///< outputs equal to this mistake's are named after it
  int line = 0;
};

struct Manifest {
  std::string title, geometry, arrays, statement;
  std::vector<std::string> signature;
  std::optional<double> seconds;  ///< limit of one case, wall clock
  std::vector<CheckSpec> checks;
  std::vector<WrongSpec> wrong;

  double points() const;
  const CheckSpec* check(std::string_view id) const;  ///< nullptr when there is none
};

/// @param file  named in errors
/// @throws Error "file:line: sentence": not TOML, an unknown key, a wrong type, a shape that the exercise
/// refuses, an unknown input, parameter, counter or check, an id that occurs twice, ...
Manifest read_manifest(const Exercise& exercise, std::string_view toml, std::string_view file);
/// Of the exercise's own checks.toml.
Manifest manifest_of(const Exercise& exercise);

/// What students read, as Markdown: the statement, signatures, launch geometry, arrays, and the visible
/// checks with points, shapes and bounds as they are checked; of others only their number and points.
std::string statement_markdown(const Exercise& exercise, const Manifest& manifest);
/// One sentence: what this check asks for, with its bounds.
std::string criterion_of(const CheckSpec& check);

}  // namespace alab::student
