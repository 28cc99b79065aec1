// The text that students read, from checks.toml. SPDX-License-Identifier: MIT
#include <algorithm>

#include "kernels/student/counters.hpp"
#include "kernels/student/manifest.hpp"

namespace alab::student {
namespace {

std::string points_in_words(double points) {
  return text(points, points == 1 ? " point" : " points");
}

std::string joined(const std::vector<std::string>& list, std::string_view mark) {
  std::string out;
  for (const std::string& one : list) {
    out += text(out.empty() ? "" : ", ", mark, one, mark);
  }
  return out;
}

std::string with_full_stop(std::string sentence) {
  return sentence.ends_with('.') ? sentence : sentence + ".";
}

std::string bounds_of(const CheckSpec& c) {
  std::vector<std::string> texts;
  for (const Expression& one : c.require) {
    texts.push_back(one.text());
  }
  return joined(texts, "`");
}

std::string section_of(const CheckSpec& c) {
  std::string out = text("- **", c.title, "** (", points_in_words(c.points), "). ", criterion_of(c));
  if (!c.why.empty()) {
    out += text(" ", with_full_stop(c.why));
  }
  if (!c.shape_texts.empty()) {
    out += text("  \n  Shapes: ", joined(c.shape_texts, "`"), ".");
  }
  if (c.kind == CheckKind::values && c.inputs.size() > 1) {
    out += text(" Inputs: ", joined(c.inputs, ""), ".");
  }
  return out + "\n";
}

std::string hidden_line(const Manifest& m) {
  double points = 0;
  int count = 0;
  for (const CheckSpec& c : m.checks) {
    if (c.visibility != Visibility::visible) {
      points += c.points;
      ++count;
    }
  }
  return count == 0 ? ""
                    : text("- ", count, count == 1 ? " more check is" : " more checks are", " not shown (",
                           points_in_words(points), ").\n");
}

// Of the counters that the visible checks name.
std::string glossary(const Manifest& m) {
  std::vector<std::string> used;
  for (const CheckSpec& c : m.checks) {
    const auto add = [&](const Expression& e) {
      const std::vector<std::string> names = e.names();
      used.insert(used.end(), names.begin(), names.end());
    };
    if (c.visibility == Visibility::visible) {
      std::for_each(c.require.begin(), c.require.end(), add);
      if (c.counter) {
        add(*c.counter);
      }
    }
  }
  std::string out;
  for (const CounterDoc& doc : counter_docs()) {
    if (std::find(used.begin(), used.end(), doc.name) != used.end()) {
      out += text(out.empty() ? "\nCounters of all launches together: " : "; ", "`", doc.name, "` ",
                  doc.meaning);
    }
  }
  const bool of_arrays = std::any_of(used.begin(), used.end(), [](const std::string& name) {
    return name.starts_with("loads_of_") || name.starts_with("stores_of_");
  });
  if (of_arrays) {
    out += text(out.empty() ? "\nCounters of all launches together: " : "; ",
                "`loads_of_X`, `stores_of_X` elements of array X, distinct within the request of a warp");
  }
  return out.empty() ? out : out + ". `cd(a, b)` is a / b rounded up.\n";
}

}  // namespace

std::string criterion_of(const CheckSpec& c) {
  switch (c.kind) {
    case CheckKind::values:
      return text("Every output agrees with double precision: relative error (L2) at most ", c.tolerance,
                  ", no element off by more than ", 100 * c.tolerance, " of the largest.");
    case CheckKind::count:
      return text("Counted: ", bounds_of(c), ".");
    case CheckKind::growth:
      return text("When ", c.param, " doubles, `", c.counter->text(), "` grows at most ", c.most, " times.");
    default:
      return "In all runs above: no race, no access outside an array, no barrier that some threads miss, "
             "nothing read before it is written, inputs unchanged.";
  }
}

std::string statement_markdown(const Exercise& exercise, const Manifest& m) {
  std::string out = text("# ", m.title, "\n\n", m.statement, m.statement.ends_with('\n') ? "" : "\n",
                         "\n## Signature\n\n```cuda\n");
  for (const std::string& signature : m.signature) {
    out += signature + ";\n";
  }
  out += text("```\n\n**Launch.** ", with_full_stop(m.geometry), "\n\n**Arrays.** ", with_full_stop(m.arrays),
              " 4-byte elements, row by row.");
  std::vector<std::string> zeroed(exercise.zeroed.begin(), exercise.zeroed.end());
  out += zeroed.empty()
             ? " Outputs hold NaN before the launch.\n"
             : text(" Outputs hold NaN before the launch, except ", joined(zeroed, "`"), ", which hold 0.\n");
  out += text("\n## Checks\n\n", points_in_words(m.points()),
              ". Every run is made in three orders of blocks and threads. Time is no criterion.\n\n");
  for (const CheckSpec& c : m.checks) {
    out += c.visibility == Visibility::visible ? section_of(c) : "";
  }
  return out + hidden_line(m) + glossary(m);
}

}  // namespace alab::student
