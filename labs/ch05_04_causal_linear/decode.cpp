// Generation token by token: a cache that grows against a state that does not. Each token's time is taken
// while it is generated. SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <cmath>

#include "labs/ch05_04_causal_linear/experiments.hpp"
#include "labs/ch05_04_causal_linear/head.hpp"
#include "labs/ch05_04_causal_linear/params.hpp"
#include "reference/softmax_attention.hpp"

namespace alab::causal_linear {
namespace {

constexpr double kFirstFitted = 128;  // shorter contexts cost mostly overhead

std::span<const float> row(const Tensor<float>& x, std::int64_t t) {
  const auto width = static_cast<std::size_t>(x.extent(2));
  return {x.data() + t * x.extent(2), width};
}

struct Generated {
  Tensor<float> output;
  std::vector<double> seconds, elements;  ///< of every token: time taken, elements moved
};

double elements_moved(const CacheDecoder<float>& decoder) {
  return static_cast<double>(decoder.cache_elements());  // the whole cache is read
}
double elements_moved(const LinearDecoder<float>& decoder) {
  return 2 * static_cast<double>(decoder.state_elements());  // the state is read and written
}

/// Feeds the tokens one by one to a decoder and takes the time of each.
template <class Decoder>
Generated generate(Decoder decoder, const LinearAttentionProblem<float>& p, const Progress& progress) {
  using Clock = std::chrono::steady_clock;
  Generated out{Tensor<float>(p.value.shape()), {}, {}};
  const std::int64_t n = p.value.extent(1), width = p.value.extent(2);
  for (std::int64_t t = 0; t < n; ++t) {
    if (t % 64 == 0) {
      progress.step(static_cast<double>(t) / static_cast<double>(n), "generating");
    }
    const std::span<float> o{out.output.data() + t * width, static_cast<std::size_t>(width)};
    const auto start = Clock::now();
    decoder.step(row(p.query, t), row(p.key, t), row(p.value, t), o);
    out.seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    out.elements.push_back(elements_moved(decoder));
  }
  return out;
}

/// Median time of the tokens around each context length: a quarter of it, at least 8 tokens.
std::vector<double> times_at(const std::vector<double>& contexts, const std::vector<double>& seconds) {
  std::vector<double> out;
  for (const double context : contexts) {
    const auto end = static_cast<std::ptrdiff_t>(context);
    const std::ptrdiff_t begin = std::max<std::ptrdiff_t>(0, end - std::max<std::ptrdiff_t>(8, end / 4));
    out.push_back(median_and_spread({seconds.begin() + begin, seconds.begin() + end}).median);
  }
  return out;
}

double slope_from(const std::vector<double>& xs, const std::vector<double>& ys) {
  std::vector<double> fx, fy;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    if (xs[i] >= kFirstFitted) {
      fx.push_back(xs[i]);
      fy.push_back(ys[i]);
    }
  }
  return loglog_slope(fx, fy);
}

std::vector<double> elements_at(const std::vector<double>& contexts, const std::vector<double>& elements) {
  std::vector<double> out;
  for (const double context : contexts) {
    out.push_back(elements[static_cast<std::size_t>(context) - 1]);
  }
  return out;
}

Plot time_plot(const std::vector<double>& xs, const std::vector<double>& cache,
               const std::vector<double>& state) {
  Plot plot{"token_time",
            "A token costs more and more with a cache, and always the same with a state",
            "Median time of the tokens around each context, taken while they were generated.",
            {"context length", "tokens", true},
            {"time per token", "s", true},
            {}};
  plot.series = {plain("cache", "softmax with a KV cache", xs, cache, timed_here("one thread"),
                       SeriesStyle::line_and_markers),
                 plain("state", "linear with a state", xs, state, timed_here("one thread"),
                       SeriesStyle::line_and_markers)};
  plot.series[0].slope = slope_from(xs, cache);
  plot.series[1].slope = slope_from(xs, state);
  return plot;
}

Plot moved_plot(const std::vector<double>& xs, std::vector<double> cache, std::vector<double> state,
                double d) {
  Plot plot{"token_elements",
            text("The state moves more than the cache until the context reaches ", d + 1, " tokens"),
            "Elements moved for one token: the cache is read whole, the state is read and written.",
            {"context length", "tokens", true},
            {"elements moved per token", "elements", true},
            {}};
  plot.series = {fitted("cache_moved", "KV cache: 2 t d", xs, std::move(cache),
                        counted_by("elements of the cache when the token was generated")),
                 plain("state_moved", "state: 2 d d + 2 d", xs, std::move(state),
                       counted_by("elements of the state, read and written"), SeriesStyle::line_and_markers)};
  return plot;
}

/// The cache's last outputs against softmax attention in double over all keys.
double last_rows_error(const Tensor<float>& got, const AttentionInput& in) {
  const std::int64_t n = in.query.extent(1), rows = std::min<std::int64_t>(n, 64);
  const auto last = [&](const Tensor<float>& x) {
    const auto width = x.extent(2);
    return Tensor<float>({1, rows, width}, {x.data() + (n - rows) * width, x.data() + n * width});
  };
  AttentionOptions causal;
  causal.causal = true;  // aligned at the last key
  return rel_l2(last(got), softmax_attention(last(in.query).cast<double>(), in.key.cast<double>(),
                                             in.value.cast<double>(), causal)
                               .output);
}

}  // namespace

Result run_decode(const ParamSet& params, const Context& context) {
  const std::int64_t n = params.integer(kContext), d = params.integer(kHeadDim);
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  context.progress.step(0, "drawing tokens");
  const AttentionInput in = synthetic_inputs().front().make({1, n, d, d, seed}, context.progress);
  const LinearAttentionProblem<float> plain_rows{in.query, in.key, in.value},
      features = linear_attention_problem(FeatureMap{}, in.query, in.key, in.value);
  const Generated cache =
      generate(CacheDecoder<float>(d, d, n), plain_rows, context.progress.part(0.05, 0.6));
  const Generated state = generate(LinearDecoder<float>(d, d), features, context.progress.part(0.6, 0.7));
  context.progress.step(0.7, "comparing with the whole sequence at once");
  const double state_error = rel_l2(state.output, linear_attention_chunkwise(widened(features), 64).output);
  const double cache_error = last_rows_error(cache.output, in);
  const std::vector<double> contexts = doublings(16, static_cast<double>(n)),
                            cache_time = times_at(contexts, cache.seconds),
                            state_time = times_at(contexts, state.seconds);
  const double dd = static_cast<double>(d), nn = static_cast<double>(n);
  const double moved_cache = cache.elements.back(), moved_state = state.elements.back();
  Result result;
  result.input = in.description;
  result.plots = {
      time_plot(contexts, cache_time, state_time),
      moved_plot(contexts, elements_at(contexts, cache.elements), elements_at(contexts, state.elements), dd)};
  const Provenance counted = counted_by("elements the decoders hold when the last token is generated"),
                   here = measured_here("float against double"), clock = timed_here("one thread");
  const double cache_slope = slope_from(contexts, cache_time), state_slope = slope_from(contexts, state_time);
  result.scalars = {
      scalar("moved_ratio", "cache over state, elements for the last token", moved_cache / moved_state,
             "ratio", counted),
      scalar("moved_cache", "cache: elements for the last token", moved_cache, "count", counted),
      scalar("moved_state", "state: elements for any token", moved_state, "count", counted),
      scalar("crossover", "context where both move as much", dd + 1, "count",
             modelled_by("2 t d = 2 d d + 2 d"), "tokens"),
      scalar("cache_slope", "slope of the cache's time", cache_slope, "", clock),
      scalar("state_slope", "slope of the state's time", state_slope, "", clock),
      scalar("cache_last", "cache: time of the last tokens", cache_time.back(), "seconds", clock),
      scalar("state_last", "state: time of the last tokens", state_time.back(), "seconds", clock)};
  result.checks = {
      check_exactly("pass_cache_moved", "the cache moves 2 t d elements for token t", moved_cache,
                    2 * nn * dd, counted),
      check_exactly("pass_state_moved", "the state moves 2 d d + 2 d elements for every token", moved_state,
                    2 * dd * dd + 2 * dd, counted),
      check_at_most("pass_state_error", "generated with the state equals the chunkwise form: <= 5e-6",
                    state_error, kT32, here),
      check_at_most("pass_cache_error", "generated with the cache equals softmax attention: <= 5e-6",
                    cache_error, kT32, here),
      as_lamp(check_at_most("lamp_state_slope", "time per token with the state: slope < 0.1", state_slope,
                            0.1, clock)),
      as_lamp(check_between("lamp_cache_slope", "time per token with the cache: slope > 0.7", cache_slope,
                            0.7, 2, clock))};
  return result;
}

}  // namespace alab::causal_linear
