// SPDX-License-Identifier: MIT
#include "app/export/csv.hpp"

#include <charconv>
#include <cmath>

#include "reference/core/error.hpp"

namespace alab {
namespace {

std::string exact(double value) {
  if (!std::isfinite(value)) {
    return format_value(value, "");
  }
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

class Csv {
 public:
  Csv& cell(std::string_view words) {
    out_ += first_ ? "" : ",";
    first_ = false;
    if (words.find_first_of(",\"\n\r") == std::string_view::npos) {
      out_ += words;
      return *this;
    }
    out_ += '"';
    for (const char c : words) {
      out_ += c == '"' ? "\"\"" : std::string(1, c);
    }
    out_ += '"';
    return *this;
  }
  Csv& cell(double value) { return cell(exact(value)); }
  Csv& cell(const Provenance& p) { return cell(to_string(p.kind)).cell(p.source); }
  void end_row() {
    out_ += "\r\n";
    first_ = true;
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
  bool first_ = true;
};

std::string with_unit(const Axis& axis) {
  return axis.unit.empty() ? axis.label : text(axis.label, " (", axis.unit, ")");
}

}  // namespace

std::string csv_of(const Plot& plot) {
  Csv csv;
  csv.cell("series")
      .cell(with_unit(plot.x))
      .cell(with_unit(plot.y))
      .cell("provenance")
      .cell("source")
      .end_row();
  for (const Series& s : plot.series) {
    for (std::size_t i = 0; i < s.xs.size(); ++i) {
      csv.cell(s.label).cell(s.xs[i]).cell(s.ys[i]).cell(s.provenance).end_row();
    }
  }
  return csv.take();
}

std::string csv_of(const Heatmap& map) {
  Csv csv;
  csv.cell("row")
      .cell("column")
      .cell("row label")
      .cell("column label")
      .cell(map.value_label.empty() ? "value" : map.value_label);
  csv.cell(map.detail_label).cell("provenance").cell("source").end_row();
  for (std::int64_t r = 0; r < map.rows; ++r) {
    for (std::int64_t c = 0; c < map.cols; ++c) {
      const auto at = static_cast<std::size_t>(r * map.cols + c);
      if (std::isnan(map.values[at])) {
        continue;
      }
      csv.cell(static_cast<double>(r)).cell(static_cast<double>(c));
      csv.cell(map.row_labels.empty() ? "" : map.row_labels[static_cast<std::size_t>(r)]);
      csv.cell(map.col_labels.empty() ? "" : map.col_labels[static_cast<std::size_t>(c)]);
      csv.cell(static_cast<double>(map.values[at]));
      map.detail.empty() ? csv.cell("") : csv.cell(static_cast<double>(map.detail[at]));
      csv.cell(map.provenance).end_row();
    }
  }
  return csv.take();
}

std::string csv_of(const Table& table) {
  std::vector<bool> numeric(table.columns.size(), false);
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      numeric[c] = numeric[c] || row[c].has_number;
    }
  }
  Csv csv;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    csv.cell(table.columns[c]);
    if (numeric[c]) {
      csv.cell(text("provenance of ", table.columns[c]));
    }
  }
  csv.end_row();
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      row[c].has_number ? csv.cell(row[c].value) : csv.cell(row[c].text);
      if (numeric[c]) {
        csv.cell(row[c].has_number ? text(to_string(row[c].provenance.kind), ": ", row[c].provenance.source)
                                   : "");
      }
    }
    csv.end_row();
  }
  return csv.take();
}

std::string csv_of(const Stepper& stepper) {
  Csv csv;
  csv.cell("frame").cell("kind").cell(stepper.row_label).cell(stepper.col_label).cell("caption");
  for (const std::string& quantity : stepper.quantities) {
    csv.cell(quantity);
  }
  csv.cell("provenance").cell("source").end_row();
  for (std::size_t f = 0; f < stepper.frames.size(); ++f) {
    const Frame& frame = stepper.frames[f];
    csv.cell(static_cast<double>(f + 1))
        .cell(to_string(frame.kind))
        .cell(static_cast<double>(frame.row))
        .cell(static_cast<double>(frame.col))
        .cell(frame.caption);
    for (const double value : frame.values) {
      csv.cell(value);
    }
    csv.cell(stepper.provenance).end_row();
  }
  return csv.take();
}

std::string csv_of_map(const Stepper& stepper) {
  Csv csv;
  csv.cell("frame").cell("row").cell("column").cell("row label").cell("column label");
  csv.cell(stepper.map.value_label.empty() ? "value" : stepper.map.value_label);
  csv.cell("provenance").cell("source").end_row();
  const auto label = [](const std::vector<std::string>& labels, std::int64_t i) {
    return labels.empty() ? std::string() : labels[static_cast<std::size_t>(i)];
  };
  for (std::size_t f = 0; f < stepper.frames.size(); ++f) {
    const Heatmap map = map_at(stepper, static_cast<std::int64_t>(f));
    for (std::int64_t cell = 0; cell < map.rows * map.cols; ++cell) {
      const std::int64_t r = cell / map.cols, c = cell % map.cols;
      const float value = map.values[static_cast<std::size_t>(cell)];
      if (!std::isnan(value)) {
        csv.cell(static_cast<double>(f + 1)).cell(static_cast<double>(r)).cell(static_cast<double>(c));
        csv.cell(label(map.row_labels, r)).cell(label(map.col_labels, c)).cell(static_cast<double>(value));
        csv.cell(map.provenance).end_row();
      }
    }
  }
  return csv.take();
}

std::string csv_of_numbers(const Result& result) {
  Csv csv;
  csv.cell("key")
      .cell("label")
      .cell("value")
      .cell("unit")
      .cell("low")
      .cell("high")
      .cell("passed")
      .cell("provenance")
      .cell("source")
      .end_row();
  for (const Scalar& s : result.scalars) {
    csv.cell(s.key)
        .cell(s.label)
        .cell(s.value)
        .cell(s.unit)
        .cell("")
        .cell("")
        .cell("")
        .cell(s.provenance)
        .end_row();
  }
  for (const Check& c : result.checks) {
    csv.cell(c.key).cell(c.label).cell(c.value).cell("").cell(c.low).cell(c.high);
    csv.cell(c.passed() ? "yes" : (c.lamp ? "lamp off" : "no")).cell(c.provenance).end_row();
  }
  return csv.take();
}

}  // namespace alab
