// How far a running sum can grow in fp16, bf16 and fp32, and what chunks change about it.
// SPDX-License-Identifier: MIT
#include <cmath>

#include "labs/ch05_04_causal_linear/experiments.hpp"
#include "labs/ch05_04_causal_linear/head.hpp"
#include "labs/ch05_04_causal_linear/params.hpp"
#include "reference/core/rng.hpp"
#include "reference/rounding.hpp"

namespace alab::causal_linear {
namespace {

std::vector<float> terms_of(std::string_view kind, std::int64_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> terms(static_cast<std::size_t>(count), 1.0F);
  for (float& x : terms) {
    if (kind == "uniform") {
      x = static_cast<float>(rng.uniform(0, 2));
    } else if (kind == "elu1") {
      const double draw = rng.normal();
      x = static_cast<float>(draw > 0 ? draw + 1 : std::exp(draw));
    }
  }
  return terms;
}

/// Sums after each of the given counts of terms; every addition is rounded to the format. A chunk is summed
/// in the format and joins an fp32 sum when it is full, as in a chunkwise kernel; 0: one chain.
std::vector<double> chain(const std::vector<float>& terms, const std::vector<double>& counts,
                          NumberFormat format, std::size_t chunk_size = 0) {
  std::vector<double> sums;
  float joined = 0, sum = 0;
  std::size_t done = 0;
  for (const double count : counts) {
    for (; done < static_cast<std::size_t>(count); ++done) {
      if (chunk_size > 0 && done % chunk_size == 0) {
        joined += sum;
        sum = 0;
      }
      sum = rounded(sum + rounded(terms[done], format), format);
    }
    sums.push_back(static_cast<double>(joined + sum));
  }
  return sums;
}

std::vector<double> exact(const std::vector<float>& terms, const std::vector<double>& counts) {
  std::vector<double> sums;
  double sum = 0;
  std::size_t done = 0;
  for (const double count : counts) {
    for (; done < static_cast<std::size_t>(count); ++done) {
      sum += static_cast<double>(terms[done]);
    }
    sums.push_back(sum);
  }
  return sums;
}

double relative(double got, double truth) {
  return std::abs(got - truth) / std::abs(truth);
}

struct Sums {
  std::vector<double> counts, exact, half, bfloat, single, repaired;
};

Sums sums_of(const ParamSet& params, const Progress& progress) {
  const std::vector<float> terms = terms_of(params.option(kTerms), params.integer(kSumTerms),
                                            static_cast<std::uint64_t>(params.integer(params::seed)));
  Sums s;
  s.counts = doublings(1, static_cast<double>(params.integer(kSumTerms)));
  progress.step(0.1, "summing in double");
  s.exact = exact(terms, s.counts);
  s.single = chain(terms, s.counts, NumberFormat::fp32);
  progress.step(0.3, "summing in fp16");
  s.half = chain(terms, s.counts, NumberFormat::fp16);
  s.repaired =
      chain(terms, s.counts, NumberFormat::fp16, static_cast<std::size_t>(params.integer(kSumChunk)));
  progress.step(0.6, "summing in bf16");
  s.bfloat = chain(terms, s.counts, NumberFormat::bf16);
  return s;
}

Plot sums_plot(const Sums& s, std::int64_t chunk_size) {
  const Provenance here = measured_here("every addition rounded to the format");
  Plot plot{"running_sum",
            text("fp16 stops at ", s.half.back(), ", bf16 at ", s.bfloat.back()),
            "The sum so far against the number of terms, in each format; the dashed line is exact.",
            {"terms added", "terms", true},
            {"running sum", "", true},
            {}};
  plot.series = {plain("exact", "exact", s.counts, s.exact, here, SeriesStyle::dashed),
                 plain("fp16", "fp16", s.counts, s.half, here, SeriesStyle::line_and_markers),
                 plain("bf16", "bf16", s.counts, s.bfloat, here, SeriesStyle::line_and_markers),
                 plain("fp32", "fp32", s.counts, s.single, here),
                 plain("repaired", text("fp16 in chunks of ", chunk_size, ", fp32 between"), s.counts,
                       s.repaired, here)};
  return plot;
}

/// Distance from x to the next larger number with so many significant bits.
double spacing(double x, int bits) {
  return std::ldexp(1.0, static_cast<int>(std::floor(std::log2(x))) - bits + 1);
}

Table formats_table(const Sums& s, std::int64_t chunk_size) {
  const Provenance here = measured_here("every addition rounded to the format"),
                   digits = modelled_by("2^(floor(log2 sum) - bits + 1)");
  const auto row = [&](std::string name, double sum, int bits) {
    return std::vector<Cell>{Cell::words(std::move(name)), Cell::number(bits, "count", digits),
                             Cell::number(sum, "", here), Cell::number(spacing(sum, bits), "", digits),
                             Cell::number(relative(sum, s.exact.back()), "error", here)};
  };
  return {"formats",
          "What is left of the sum",
          "Spacing: the distance to the next number of the format. A term below half of it changes nothing.",
          {"sum kept in", "significant bits", "sum at the end", "spacing there", "relative error"},
          {row("fp32", s.single.back(), 24), row("fp16", s.half.back(), 11), row("bf16", s.bfloat.back(), 8),
           row(text("fp16 inside chunks of ", chunk_size, ", fp32 between"), s.repaired.back(), 24)}};
}

}  // namespace

Result run_long_sums(const ParamSet& params, const Context& context) {
  const Sums s = sums_of(params, context.progress);
  const std::int64_t chunk_size = params.integer(kSumChunk);
  const Provenance here = measured_here("every addition rounded to the format");
  Result result;
  result.input = text(s.counts.back(), " terms, ", params.option(kTerms));
  result.plots.push_back(sums_plot(s, chunk_size));
  result.tables.push_back(formats_table(s, chunk_size));
  result.scalars = {
      scalar("stop_fp16", "fp16 sum at the end", s.half.back(), "count", here),
      scalar("stop_bf16", "bf16 sum at the end", s.bfloat.back(), "count", here),
      scalar("exact_sum", "exact sum", s.exact.back(), "count", here),
      scalar("spacing_fp16", "spacing of fp16 at its last sum", spacing(s.half.back(), 11), "",
             modelled_by("2^(floor(log2 sum) - 10)")),
      scalar("error_fp16", "fp16: relative error", relative(s.half.back(), s.exact.back()), "error", here),
      scalar("error_fp32", "fp32: relative error", relative(s.single.back(), s.exact.back()), "error", here),
      scalar("error_repaired", "fp16 in chunks: relative error", relative(s.repaired.back(), s.exact.back()),
             "error", here)};
  const bool ones = params.option(kTerms) == "ones";
  const auto stated = [&](double least, Check check) {
    add_where(result, ones && s.counts.back() >= least, text("ones, ", least, " terms or more"),
              std::move(check));
  };
  stated(2048, check_exactly("pass_fp16", "a sum of ones in fp16 stops at 2048", s.half.back(), 2048, here));
  stated(256, check_exactly("pass_bf16", "a sum of ones in bf16 stops at 256", s.bfloat.back(), 256, here));
  stated(1, check_exactly("pass_fp32", "in fp32 every one of them is counted", s.single.back(),
                          s.counts.back(), here));
  stated(1, check_at_most("pass_repaired", "fp16 inside chunks, fp32 between: relative error <= 5e-6",
                          relative(s.repaired.back(), s.counts.back()), kT32, here));
  return result;
}

}  // namespace alab::causal_linear
