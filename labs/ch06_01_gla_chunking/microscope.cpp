// The overflow microscope: how many digits each implementation has left at each token, in three formats, and
// where it stops being a number. SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>

#include "labs/ch06_01_gla_chunking/experiments.hpp"
#include "labs/ch06_01_gla_chunking/five_forms.hpp"
#include "labs/ch06_01_gla_chunking/params.hpp"
#include "labs/common/sweep.hpp"

namespace alab::gla_chunking {
namespace {

constexpr std::array<NumberFormat, 3> kScopes{NumberFormat::fp32, NumberFormat::bf16, NumberFormat::fp16};
constexpr std::size_t kMostCells = 48;  // columns of the map, so that its rows can be read
constexpr double kMostDigits = 7.5;     // of fp32; a row of zero error shows as these

NumberFormat format_named(std::string_view name) {
  return name == "fp16" ? NumberFormat::fp16 : (name == "bf16" ? NumberFormat::bf16 : NumberFormat::fp32);
}

/// The operands of products in the format; cumulative logs and state in float unless they are narrowed too.
GatePrecision precision_of(NumberFormat format, std::string_view narrow) {
  GatePrecision p = GatePrecision::all(format);
  if (narrow == "operands" || narrow == "operands_and_state") {
    p.log_cumulative = NumberFormat::full;
  }
  if (narrow == "operands" || narrow == "operands_and_logs") {
    p.state = NumberFormat::full;
  }
  return p;
}

double digits_of(double error) {
  return error > 0 ? std::clamp(-std::log10(error), 0.0, kMostDigits)
                   : (error == 0 ? kMostDigits : std::nan(""));
}

struct View {
  NumberFormat format;
  std::size_t form;
  std::vector<double> errors;  ///< of each row
  double error = 0;
  RowCounts rows;
};

View look(const GatedHead& head, const Tensor<double>& truth, std::size_t form, NumberFormat format,
          std::string_view narrow, const FormSizes& sizes, const Progress& progress) {
  GatedOptions options;
  options.precision = precision_of(format, narrow);
  const Tensor<float> output = run_form(form, head.problem, sizes, options, progress);
  return {format, form, row_errors(output, truth), error_of(output, truth), count_rows(output)};
}

/// "naive fp16": the first word, because labels have little room.
std::string label_of(const View& view) {
  const std::string_view form = kFormNames[view.form];
  return text(form.substr(0, form.find(' ')), " ", to_string(view.format));
}

/// The fewest digits of each run of `block` tokens; NaN as soon as one of them is no number.
std::vector<float> digits_by_block(const std::vector<double>& errors, std::size_t block) {
  std::vector<float> out;
  for (std::size_t first = 0; first < errors.size(); first += block) {
    double fewest = kMostDigits;
    for (std::size_t t = first; t < std::min(first + block, errors.size()); ++t) {
      const double digits = digits_of(errors[t]);
      fewest = digits >= fewest || std::isnan(fewest) ? fewest : digits;
    }
    out.push_back(static_cast<float>(fewest));
  }
  return out;
}

Heatmap digit_map(const std::vector<View>& views, double alpha) {
  const std::size_t tokens = views.front().errors.size(), block = (tokens + kMostCells - 1) / kMostCells;
  Heatmap map;
  map.key = "digits";
  map.title = text("Correct digits of each token's output, every gate ", format_value(alpha, ""));
  map.note = text(block > 1 ? text("A cell is the worst of ", block, " tokens. ") : "",
                  "Bright: many correct digits. Masked cells hold inf or NaN: the form has overflowed.");
  map.value_label = "correct decimal digits";
  map.row = {"implementation and format", "", false};
  map.col = {"token", "", false};
  map.provenance = measured_here("narrow formats emulated by rounding; float against double");
  for (const View& view : views) {
    map.row_labels.push_back(label_of(view));
    const std::vector<float> digits = digits_by_block(view.errors, block);
    map.values.insert(map.values.end(), digits.begin(), digits.end());
  }
  map.rows = static_cast<std::int64_t>(views.size());
  map.cols = static_cast<std::int64_t>(map.values.size()) / map.rows;
  for (std::size_t c = 0; c < static_cast<std::size_t>(map.cols); ++c) {
    map.col_labels.push_back(std::to_string(c * block));
  }
  return map;
}

Plot row_plot(const std::vector<View>& views, NumberFormat format, double alpha) {
  Plot plot;
  plot.key = "lens";
  plot.title = text("In ", to_string(format), ", every gate ", format_value(alpha, ""),
                    ": digits fade, then a line ends");
  plot.note = "relL2 error of each token's output in the chosen format; a line ends where it is no number.";
  plot.x = {"token t", "", false};
  plot.y = {"relL2 error of the row", "", true};
  for (const View& view : views) {
    if (view.format == format) {
      std::vector<double> token;
      for (std::size_t t = 0; t < view.errors.size(); ++t) {
        token.push_back(static_cast<double>(t));
      }
      plot.series.push_back(plain(std::string(kFormKeys[view.form]), std::string(kFormNames[view.form]),
                                  std::move(token), view.errors, measured_here("emulated by rounding")));
    }
  }
  return plot;
}

Table verdict_table(const std::vector<View>& views) {
  const Provenance here = measured_here("emulated by rounding"), counted = counted_by("rows of the output");
  Table table;
  table.key = "verdicts";
  table.title = "Who loses digits, who overflows";
  table.note = "Error over all tokens; first token whose output is inf or NaN.";
  table.columns = {
      "format",          "implementation", "relL2 error", "digits at token 0", "fewest digits before that",
      "first token lost"};
  for (const View& view : views) {
    double fewest = kMostDigits;
    for (const double error : view.errors) {
      fewest = std::isnan(error) ? fewest : std::min(fewest, digits_of(error));
    }
    table.rows.push_back(
        {Cell::words(std::string(to_string(view.format))), Cell::words(std::string(kFormNames[view.form])),
         Cell::number(view.error, "error", here), Cell::number(digits_of(view.errors.front()), "", here),
         Cell::number(fewest, "", here),
         view.rows.first < 0 ? Cell::words("none")
                             : Cell::number(static_cast<double>(view.rows.first), "count", counted)});
  }
  return table;
}

/// The token that the gates and keys predict against the one that the run lost. Exact: both round alike.
void add_prediction(Result& result, std::string key, std::string label, const std::optional<Break>& predicted,
                    std::int64_t measured) {
  result.checks.push_back(check_exactly(std::move(key), std::move(label), static_cast<double>(measured),
                                        static_cast<double>(token_of(predicted)),
                                        counted_by("rows of the output; -1: none")));
}

}  // namespace

Result run_microscope(const ParamSet& params, const Context& context) {
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const double alpha = params.real(kAlpha);
  GatedHead head = normal_head(params.integer(kShortLength), params.integer(kScopeDim), seed);
  head.problem.log_decay = constant_gates(alpha, head.seq_len(), head.head_dim());
  const FormSizes sizes{params.integer(kChunk), std::min(params.integer(kSubChunk), params.integer(kChunk))};
  const std::string_view narrow = params.option(kNarrow);
  const NumberFormat chosen = format_named(params.option(kFormat));
  const Tensor<double> truth =
      gated_linear_attention_recurrent(in_double(head.problem), {}, context.progress).output;
  std::vector<View> views;
  for (const NumberFormat format : kScopes) {
    for (std::size_t form = 0; form < kFormKeys.size(); ++form) {
      const double done = static_cast<double>(views.size()) / 15;
      context.progress.step(done, text(kFormNames[form], " in ", to_string(format)));
      views.push_back(look(head, truth, form, format, narrow, sizes, context.progress.part(done, done)));
    }
  }
  const auto view_of = [&](std::string_view form, NumberFormat format) -> const View& {
    return *std::ranges::find_if(
        views, [&](const View& v) { return kFormKeys[v.form] == form && v.format == format; });
  };
  Result result;
  result.input = text("normal, seed ", seed, "; every gate ", format_value(alpha, ""));
  result.heatmaps = {digit_map(views, alpha)};
  result.plots = {row_plot(views, chosen, alpha)};
  result.tables = {verdict_table(views),
                   break_table(head, first_break(head.problem, head.seq_len(), chosen), chosen)};
  for (const NumberFormat format : kScopes) {
    const std::string name(to_string(format));
    if (narrow == "operands" || narrow == "operands_and_state") {
      add_prediction(result, "naive_" + name,
                     text("naive, ", name, ": lost at the token that |k|/b predicts"),
                     first_break(head.problem, head.seq_len(), format), view_of("naive", format).rows.first);
      add_prediction(result, "one_level_" + name,
                     text("one-level, ", name, ": lost at the token that |k|/b predicts inside a chunk"),
                     first_break(head.problem, sizes.chunk_size, format),
                     view_of("one_level", format).rows.first);
    }
  }
  const View& two = view_of("two_level", NumberFormat::fp32);
  const Provenance here = measured_here("emulated by rounding; against double");
  result.checks.push_back(
      check_at_most("two_level_t32x", "two-level, fp32: within T32x at any gate", two.error, kT32x, here));
  const auto first = [&](std::string_view form, NumberFormat format) {
    return static_cast<double>(view_of(form, format).rows.first);
  };
  const Provenance counted = counted_by("rows of the output; -1: none");
  result.scalars = {scalar("naive_fp16_lost", "first token lost, naive, fp16",
                           first("naive", NumberFormat::fp16), "count", counted),
                    scalar("naive_bf16_lost", "first token lost, naive, bf16",
                           first("naive", NumberFormat::bf16), "count", counted),
                    scalar("naive_fp32_lost", "first token lost, naive, fp32",
                           first("naive", NumberFormat::fp32), "count", counted),
                    scalar("one_fp16_lost", "first token lost, one-level, fp16",
                           first("one_level", NumberFormat::fp16), "count", counted),
                    scalar("error_two_fp16", "error of two-level, fp16",
                           view_of("two_level", NumberFormat::fp16).error, "error", here),
                    scalar("error_two_bf16", "error of two-level, bf16",
                           view_of("two_level", NumberFormat::bf16).error, "error", here),
                    scalar("error_two_fp32", "error of two-level, fp32", two.error, "error", here)};
  return result;
}

}  // namespace alab::gla_chunking
