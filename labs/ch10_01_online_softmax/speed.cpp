// Accesses divided by bandwidth: what a GPU limited by memory would take; beside it the clock of this CPU.
// SPDX-License-Identifier: MIT
#include <array>

#include "labs/ch10_01_online_softmax/experiments.hpp"
#include "labs/ch10_01_online_softmax/forms.hpp"
#include "labs/ch10_01_online_softmax/row_input.hpp"
#include "labs/common/sweep.hpp"

namespace alab::ch10_01 {
namespace {

constexpr std::array<double, kGpus.size()> kBytesPerSecond{0.9e12, 1.555e12, 2.04e12, 3.35e12, 4.8e12};

struct FormSpec {
  std::string_view key, name;
  double accesses;  ///< per element, as the counters of this lab give it
  bool top_k;
};
constexpr FormSpec kForms[] = {{"naive", "naive", 3, false},
                               {"safe", "safe", 4, false},
                               {"online", "online", 3, false},
                               {"separate", "safe, then top-k", 5, true},
                               {"fused", "online with top-k, fused", 1, true}};
constexpr std::size_t kFormCount = std::size(kForms);

double modelled_seconds(const FormSpec& form, double cols, int k, double bytes_per_second) {
  return 4 * (form.accesses * cols + (form.top_k ? 2.0 * k : 0)) / bytes_per_second;
}

double measured_seconds(std::size_t form, std::vector<float>& x, std::vector<float>& y, int k,
                        const Progress& progress) {
  const PlainRow<float> in{x.data()}, out{y.data()};
  const auto n = static_cast<std::int64_t>(x.size());
  Winners<float> top(k);
  const auto work = [&] {
    switch (form) {
      case 0:
        naive_softmax<float>(in, out, n);
        break;
      case 1:
        safe_softmax<float>(in, out, n);
        break;
      case 2:
        online_softmax<float>(in, out, n);
        break;
      case 3:
        top = softmax_then_topk<float>(in, out, n, k);
        break;
      default:
        top = online_topk<float>(in, n, k);
        break;
    }
    keep(y.data());
    keep(&top);
  };
  return median_time(work, progress, 0.006).seconds;
}

struct Times {
  std::vector<double> cols;
  std::array<std::vector<double>, kFormCount> modelled, measured;
};

Times time_forms(double longest, int k, double bytes_per_second, std::uint64_t seed,
                 const Progress& progress) {
  Times t;
  t.cols = doublings(std::max(8.0, longest / 64), longest);
  for (std::size_t i = 0; i < t.cols.size(); ++i) {
    t.cols[i] = std::floor(t.cols[i]);
    const Tensor<float> row = synthetic_rows("normal", 1, static_cast<std::int64_t>(t.cols[i]), seed);
    std::vector<float> x(row.span().begin(), row.span().end()), y(x.size());
    const double done = static_cast<double>(i) / static_cast<double>(t.cols.size());
    for (std::size_t form = 0; form < kFormCount; ++form) {
      progress.step(done, text("timing rows of ", t.cols[i]));
      t.modelled[form].push_back(modelled_seconds(kForms[form], t.cols[i], k, bytes_per_second));
      t.measured[form].push_back(measured_seconds(form, x, y, k, progress.part(done, done)));
    }
  }
  return t;
}

Plot time_plot(std::string key, std::string title, std::string note, const Times& t,
               const std::array<std::vector<double>, kFormCount>& seconds, const Provenance& from) {
  Plot plot;
  plot.key = std::move(key);
  plot.title = std::move(title);
  plot.note = std::move(note);
  plot.x = {"row length V", "scores", true};
  plot.y = {"time per row", "s", true};
  for (std::size_t form = 0; form < kFormCount; ++form) {
    plot.series.push_back(fitted(text(plot.key, "_", kForms[form].key), std::string(kForms[form].name),
                                 t.cols, seconds[form], from));
  }
  return plot;
}

std::vector<double> quotient(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> out;
  for (std::size_t i = 0; i < a.size(); ++i) {
    out.push_back(a[i] / b[i]);
  }
  return out;
}

Plot ratio_plot(const Times& t, const Provenance& model, const Provenance& clock) {
  const double first = t.cols.front(), last = t.cols.back();
  const Provenance paper =
      paper_says("Milakov, Gimelshein 2018, arXiv:1805.02867, section 5, V100, batch 4000");
  Plot plot;
  plot.key = "ratio";
  const auto speed_up = [](const std::array<std::vector<double>, kFormCount>& s, std::size_t slow,
                           std::size_t fast) {
    return format_value(s[slow].back() / s[fast].back(), "ratio");
  };
  plot.title =
      text("Online: model ", speed_up(t.modelled, 1, 2), ", this CPU ", speed_up(t.measured, 1, 2),
           "; fused top-k: model ", speed_up(t.modelled, 3, 4), ", this CPU ", speed_up(t.measured, 3, 4));
  plot.note =
      "Time of the slower form over the faster one. The paper measured on a V100; the CPU is bound by exp.";
  plot.x = {"row length V", "scores", true};
  plot.y = {"speed-up", "times", false};
  plot.series = {plain("ratio_online_model", "safe / online, model", t.cols,
                       quotient(t.modelled[1], t.modelled[2]), model),
                 plain("ratio_online_cpu", "safe / online, this CPU", t.cols,
                       quotient(t.measured[1], t.measured[2]), clock, SeriesStyle::line_and_markers),
                 plain("ratio_fused_model", "top-k: separate / fused, model", t.cols,
                       quotient(t.modelled[3], t.modelled[4]), model),
                 plain("ratio_fused_cpu", "top-k: separate / fused, this CPU", t.cols,
                       quotient(t.measured[3], t.measured[4]), clock, SeriesStyle::line_and_markers),
                 level("ratio_online_paper", "safe / online, paper, V >= 4000", first, last, 1.3, paper),
                 level("ratio_fused_paper", "top-k, paper, V = 25000, K = 5", first, last, 5, paper)};
  return plot;
}

void add_numbers(Result& result, const Times& t, const Provenance& model, const Provenance& clock) {
  const auto last = [](const std::vector<double>& values) { return values.back(); };
  const double ratio = last(t.modelled[1]) / last(t.modelled[2]);
  const double fused = last(t.modelled[3]) / last(t.modelled[4]);
  const double cpu_ratio = last(t.measured[1]) / last(t.measured[2]);
  const double cpu_fused = last(t.measured[3]) / last(t.measured[4]);
  result.scalars = {scalar("modelled_ratio", "safe / online, modelled", ratio, "ratio", model),
                    scalar("measured_ratio", "safe / online, this CPU", cpu_ratio, "ratio", clock),
                    scalar("modelled_fused", "separate / fused top-k, modelled", fused, "ratio", model),
                    scalar("measured_fused", "separate / fused top-k, this CPU", cpu_fused, "ratio", clock),
                    scalar("modelled_time", "online row, modelled", last(t.modelled[2]), "seconds", model),
                    scalar("measured_time", "online row, this CPU", last(t.measured[2]), "seconds", clock)};
  const double slope = loglog_slope(t.cols, t.measured[2]);
  result.checks = {
      check_between("ratio_model", "modelled safe / online is 1.33", ratio, 1.33, 1.34, model),
      as_lamp(check_between("ratio_cpu",
                            "measured safe / online near the paper's 1.15 .. 1.3 (a GPU's figure)", cpu_ratio,
                            1.1, 1.45, clock)),
      as_lamp(check_between("fused_cpu", "measured separate / fused between 1 and the model's 5", cpu_fused,
                            1, 5, clock)),
      as_lamp(check_between("slope_cpu", "time grows like V: slope 1 +- 0.1", slope, 0.9, 1.1, clock))};
}

}  // namespace

Result speed(const ParamSet& params, const Context& context) {
  const auto gpu = static_cast<std::size_t>(params.value("gpu"));
  const int k = params.integer32(kTopK);
  const Times t = time_forms(params.real(kCols), k, kBytesPerSecond[gpu],
                             static_cast<std::uint64_t>(params.integer(params::seed)), context.progress);
  const Provenance model =
      modelled_by(text("4 bytes x accesses / ", kBytesPerSecond[gpu] / 1e12, " TB/s (", kGpus[gpu], ")"));
  const Provenance clock = timed_here("plain C++ loops, float, one thread, row in cache, median");
  Result result;
  result.plots = {
      ratio_plot(t, model, clock),
      time_plot("modelled", text("Modelled on ", kGpus[gpu], ": time follows accesses, slope 1"),
                "Bytes moved over the bandwidth of the memory; no arithmetic, no launch, no cache.", t,
                t.modelled, model),
      time_plot("measured",
                text("Measured on this CPU: a row of ", format_value(t.cols.back(), "count"), " takes ",
                     format_value(t.measured[2].back(), "seconds"), " online, ",
                     format_value(t.measured[1].back(), "seconds"), " safe"),
                "Median of repeated runs of the same loops that were counted in the step before.", t,
                t.measured, clock)};
  add_numbers(result, t, model, clock);
  result.notes.push_back(
      "The model is of a GPU bound by memory. This CPU keeps the row in its cache and is bound by exp, so "
      "its ratios differ.");
  return result;
}

}  // namespace alab::ch10_01
