// FlashAttention on the CPU: both loop orders against the definition, access counts against formulas, the
// rescale switch, the observer, backward, block-sparse, split-KV decoding. SPDX-License-Identifier: MIT
#include "reference/flash_attention.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/reference/truth.hpp"

using namespace alab;

namespace {

constexpr double kT32 = 5e-6, kT64 = 1e-12;

template <class T>
struct Inputs {
  Inputs(std::int64_t heads, std::int64_t rows, std::int64_t cols, std::int64_t dk, std::int64_t dv,
         double factor = 1)
      : q(truth::normal<T>({heads, rows, dk}, 1, factor)),
        k(truth::normal<T>({heads, cols, dk}, 2, factor)),
        v(truth::normal<T>({heads, cols, dv}, 3)),
        d_output(truth::normal<T>({heads, rows, dv}, 4)) {}
  Tensor<T> q, k, v, d_output;
};

const TilePlan kPlans[] = {{64, 64}, {16, 48}, {1, 1}, {1000, 7}, {5, 1000}};

/// One query per row of `scores`: key j scores `scores[j]` for every query, exactly.
Inputs<float> with_scores(const std::vector<float>& scores) {
  const auto n = static_cast<std::int64_t>(scores.size());
  Inputs<float> in(1, n, n, 4, 16);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t c = 0; c < 4; ++c) {
      in.q(0, i, c) = c == 0 ? 1.0F : 0.0F;
      in.k(0, i, c) = c == 0 ? scores[static_cast<std::size_t>(i)] : 0.0F;
    }
  }
  return in;
}

double rescale_error(const Inputs<float>& in, Rescale rescale, double scale) {
  const truth::Attention expected = truth::attention(in.q, in.k, in.v, false, scale);
  const FlashOptions options{.scale = scale, .tiles = {32, 32}, .rescale = rescale};
  return truth::distance(flash_attention_fa2(in.q, in.k, in.v, options).output, expected.output);
}

}  // namespace

TEST_CASE_TEMPLATE("both loop orders agree with the definition for tiles that divide nothing", T, float,
                   double) {
  const double bound = sizeof(T) == 4 ? kT32 : kT64;
  for (const bool causal : {false, true}) {
    for (const auto& [rows, cols] :
         {std::pair<std::int64_t, std::int64_t>{1, 1}, {65, 65}, {40, 100}, {100, 40}, {1, 77}}) {
      const Inputs<T> in(2, rows, cols, 24, 40, 2);
      const truth::Attention expected = truth::attention(in.q, in.k, in.v, causal, 0);
      for (const TilePlan& plan : kPlans) {
        const FlashOptions options{.causal = causal, .tiles = plan};
        CAPTURE(rows);
        CAPTURE(cols);
        CAPTURE(plan.block_m);
        for (const FlashOutput<T>& out : {flash_attention_fa1(in.q, in.k, in.v, options),
                                          flash_attention_fa2(in.q, in.k, in.v, options)}) {
          CHECK(truth::distance(out.output, expected.output) <= bound);
          CHECK(truth::distance(out.logsumexp, expected.logsumexp) <= bound);
        }
      }
    }
  }
}

TEST_CASE("an additive mask with a masked row is honoured by both orders") {
  const double inf = std::numeric_limits<double>::infinity();
  const Inputs<double> in(2, 50, 60, 8, 8);
  Tensor<double> mask = truth::normal<double>({2, 50, 60}, 5);
  for (std::int64_t j = 0; j < 60; ++j) {
    mask(1, 20, j) = -inf;
    mask(0, 30, j) = j < 32 ? -inf : 0;  // the first tiles hide everything
  }
  const truth::Attention expected = truth::attention(in.q, in.k, in.v, true, 0, mask);
  const FlashOptions options{.causal = true, .tiles = {16, 16}};
  for (const auto& out : {flash_attention_fa1(in.q, in.k, in.v, options, mask),
                          flash_attention_fa2(in.q, in.k, in.v, options, mask)}) {
    CHECK(truth::distance(out.output, expected.output) <= kT64);
    CHECK(truth::distance(out.logsumexp, expected.logsumexp) <= kT64);
    CHECK(out.logsumexp(1, 20) == -inf);
  }
}

TEST_CASE("scores of ten thousand: both orders equal the dense form in f32") {
  const Inputs<float> in(1, 130, 130, 16, 16, 50);
  const auto dense = softmax_attention(in.q, in.k, in.v);
  for (const FlashOutput<float>& out : {flash_attention_fa1(in.q, in.k, in.v, {.tiles = {32, 32}}),
                                        flash_attention_fa2(in.q, in.k, in.v, {.tiles = {32, 32}})}) {
    CHECK(truth::distance(out.output, dense.output.cast<double>()) <= 1e-2);
    CHECK(truth::distance(out.logsumexp, dense.logsumexp.cast<double>()) <= 1e-6);
  }
}

TEST_CASE("without the rescale ascending and spiked scores fail, descending ones do not") {
  std::vector<float> ascending, descending, spike(256, 0.0F);
  for (int j = 0; j < 256; ++j) {
    ascending.push_back(8.0F * static_cast<float>(j) / 255.0F);
    descending.push_back(8.0F - ascending.back());
  }
  spike[250] = 8.0F;
  for (const auto* scores : {&ascending, &descending, &spike}) {
    CHECK(rescale_error(with_scores(*scores), Rescale::correct, 1) <= kT32);
  }
  CHECK(rescale_error(with_scores(ascending), Rescale::none, 1) > 0.3);
  CHECK(rescale_error(with_scores(spike), Rescale::none, 1) > 0.3);
  CHECK(rescale_error(with_scores(descending), Rescale::none, 1) <= kT32);
}

TEST_CASE(
    "the inverse rescale printed on arXiv is off by more than 1, and by more than 1e4 at eightfold scores") {
  const Inputs<float> in(1, 512, 512, 64, 64);
  CHECK(rescale_error(in, Rescale::correct, 0) <= kT32);
  CHECK(rescale_error(in, Rescale::inverse, 0) > 1);
  CHECK(rescale_error(in, Rescale::inverse, 1) > 1e4);  // 1 = 8 / sqrt(64)
}

TEST_CASE("accesses counted while running equal the formulas, for every plan of the walk-through") {
  const std::int64_t n = 1024, d = 32;
  const Inputs<float> in(1, n, d, d, d);
  const Inputs<float> tokens(1, n, n, d, d);
  std::vector<double> log_m, log_a;
  for (std::int64_t m = 4 * d; m <= n * d / 2; m *= 2) {
    const TilePlan plan = fa1_plan(m, d);
    CHECK(plan.block_n == m / (4 * d));
    CHECK(plan.block_m == std::min(m / (4 * d), d));
    FlashCounters fa1;
    flash_attention_fa1(tokens.q, tokens.k, tokens.v, {.tiles = plan, .counters = &fa1});
    CHECK(fa1.accesses == fa1_forward_accesses(n, d, plan));
    CHECK(fa1.accesses.total() == 2 * n * d + tile_count(n, plan.block_n) * (3 * n * d + 4 * n));
    const double ratio =
        static_cast<double>(fa1.accesses.total()) / theorem2_accesses(n, d, static_cast<double>(m));
    CHECK((12 <= ratio && ratio <= 14.1));
    log_m.push_back(std::log(static_cast<double>(m)));
    log_a.push_back(std::log(static_cast<double>(fa1.accesses.total())));
  }
  double sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (std::size_t i = 0; i < log_m.size(); ++i) {
    sx += log_m[i];
    sy += log_a[i];
    sxx += log_m[i] * log_m[i];
    sxy += log_m[i] * log_a[i];
  }
  const double count = static_cast<double>(log_m.size());
  CHECK((count * sxy - sx * sy) / (count * sxx - sx * sx) == doctest::Approx(-1).epsilon(0.05));
}

TEST_CASE("FA-2 and both backward passes count what their formulas say, causal or not, whole tiles or not") {
  for (const std::int64_t n : {128, 200}) {
    const std::int64_t d = 16;
    const Inputs<float> in(1, n, n, d, d);
    for (const TilePlan& plan : {TilePlan{32, 32}, TilePlan{32, 64}, TilePlan{48, 20}}) {
      for (const bool causal : {false, true}) {
        FlashCounters fa1, fa2, back1, back2;
        FlashOptions options{.causal = causal, .tiles = plan};
        options.counters = &fa1;
        flash_attention_fa1(in.q, in.k, in.v, options);
        options.counters = &fa2;
        const auto forward = flash_attention_fa2(in.q, in.k, in.v, options);
        options.counters = &back1;
        flash_attention_backward_fa1(in.q, in.k, in.v, in.d_output, forward, options);
        options.counters = &back2;
        flash_attention_backward_fa2(in.q, in.k, in.v, in.d_output, forward, options);
        for (const bool second : {false, true}) {
          FlashCounters walked;
          const FlashOptions walk{.causal = causal, .tiles = plan, .count_only = true, .counters = &walked};
          const auto out = second ? flash_attention_fa2(in.q, in.k, in.v, walk)
                                  : flash_attention_fa1(in.q, in.k, in.v, walk);
          CHECK(walked == (second ? fa2 : fa1));
          CHECK(out.output == Tensor<float>(out.output.shape()));
        }
        CHECK(fa1.accesses == fa1_forward_accesses(n, d, plan));
        CHECK(fa2.accesses == fa2_forward_accesses(n, d, plan, causal));
        CHECK(back1.accesses == fa1_backward_accesses(n, d, plan));
        CHECK(back2.accesses == fa2_backward_accesses(n, d, plan, causal));
        if (!causal) {
          CHECK(fa2.accesses.total() == tile_count(n, plan.block_m) * 2 * n * d + 2 * n * d + n);
        }
      }
    }
  }
}

TEST_CASE("the printed traffic of figure 2: standard 40.27 GB, flash 5.10, 4.56, 9.4 and 2.95 GB") {
  const std::int64_t n = 1024, d = 64;
  const double heads = 64 * 16, bytes = 2;
  const auto gb = [&](std::int64_t elements) { return static_cast<double>(elements) * heads * bytes / 1e9; };
  const std::int64_t bare =
      standard_forward_accesses(n, d).total() + standard_backward_accesses(n, d).total();
  CHECK(bare == 11 * n * n + 12 * n * d);
  CHECK(gb(bare) == doctest::Approx(25.2).epsilon(0.005));
  CHECK(gb(bare + 7 * n * n) == doctest::Approx(40.27).epsilon(0.0025));
  const auto flash = [&](std::int64_t block_n) {  // without the l and m vectors, as the paper's model
    const TilePlan plan{64, block_n};
    const std::int64_t tiles = n / block_n;
    return fa1_forward_accesses(n, d, plan).total() - 4 * n * tiles +
           fa1_backward_accesses(n, d, plan).total() - 2 * n * tiles;
  };
  CHECK(gb(flash(256)) == doctest::Approx(5.10).epsilon(0.002));
  CHECK(gb(flash(128)) == doctest::Approx(9.4).epsilon(0.005));
  CHECK(gb(flash(512)) == doctest::Approx(2.95).epsilon(0.002));
  CHECK(gb(flash(256) - n * d * (2 + 4 - 2)) == doctest::Approx(4.56).epsilon(0.002));
}

TEST_CASE("divisions per row are T_c d in FA-1 and d in FA-2") {
  const std::int64_t n = 96, d = 16;
  const Inputs<float> in(3, n, n, d, d);
  FlashCounters fa1, fa2;
  flash_attention_fa1(in.q, in.k, in.v, {.tiles = {16, 20}, .counters = &fa1});
  flash_attention_fa2(in.q, in.k, in.v, {.tiles = {16, 20}, .counters = &fa2});
  CHECK(fa1.divisions == 3 * n * d * 5);
  CHECK(fa2.divisions == 3 * n * d);
  CHECK(fa1.rescales == 2 * fa2.rescales);
  CHECK(fa1.exps == 3 * n * n);
  CHECK(fa2.exps == 3 * n * n);
}

TEST_CASE("causal tiles: (T + 1) / 2T are computed, only the diagonal is tested element by element") {
  for (const std::int64_t tiles : {1, 4, 8, 16}) {
    const Inputs<float> in(1, tiles * 8, tiles * 8, 4, 4);
    FlashCounters fa2, fa1, full;
    flash_attention_fa2(in.q, in.k, in.v, {.causal = true, .tiles = {8, 8}, .counters = &fa2});
    flash_attention_fa1(in.q, in.k, in.v, {.causal = true, .tiles = {8, 8}, .counters = &fa1});
    flash_attention_fa2(in.q, in.k, in.v, {.tiles = {8, 8}, .counters = &full});
    CHECK(static_cast<double>(fa2.tiles_computed) / static_cast<double>(tiles * tiles) ==
          causal_tile_fraction(tiles));
    CHECK(fa2.tiles_masked == tiles);
    CHECK(fa2.tiles_computed + fa2.tiles_skipped == tiles * tiles);
    CHECK(fa1.tiles_computed == tiles * tiles);
    CHECK(full.tiles_masked == 0);
  }
  CHECK(causal_tile_fraction(4) == 0.625);
  CHECK(causal_tile_fraction(64) == doctest::Approx(0.508).epsilon(0.001));
}

TEST_CASE(
    "the observer sees every tile in its loop order and a watched row whose state ends as the output's") {
  const Inputs<double> in(2, 30, 30, 4, 4);
  for (const bool fa2 : {false, true}) {
    std::vector<TileEvent> events;
    FlashCounters counters;
    FlashOptions options{.causal = true, .tiles = {10, 10}, .counters = &counters};
    options.observer = [&](const TileEvent& e) { events.push_back(e); };
    options.watch_head = 1;
    options.watch_row = 25;
    const auto out =
        fa2 ? flash_attention_fa2(in.q, in.k, in.v, options) : flash_attention_fa1(in.q, in.k, in.v, options);
    std::int64_t loads = 0, computes = 0, skips = 0, finishes = 0, order = -1;
    for (const TileEvent& e : events) {
      loads += e.kind == TileEvent::load;
      computes += e.kind == TileEvent::compute;
      skips += e.kind == TileEvent::skip;
      finishes += e.kind == TileEvent::finish;
      const std::int64_t at = fa2 ? e.query_tile * 3 + e.key_tile : e.key_tile * 3 + e.query_tile;
      CHECK(order <= at);
      order = at;
      CHECK(e.m.size() == static_cast<std::size_t>(e.queries));
      for (const double f : e.factor) {
        CHECK((0 <= f && f <= 1));
      }
      if (e.kind == TileEvent::rescale) {
        CHECK(e.norm_after <= e.norm_before);
      }
      if (e.kind == TileEvent::finish && e.query_tile == 2) {
        double norm = 0;
        for (std::int64_t c = 0; c < 4; ++c) {
          norm += out.output(1, 25, c) * out.output(1, 25, c);
        }
        CHECK(e.watched == 5);
        CHECK(e.norm_after == doctest::Approx(std::sqrt(norm)).epsilon(1e-12));
        CHECK(e.m[5] + std::log(e.l[5]) == doctest::Approx(out.logsumexp(1, 25)).epsilon(1e-12));
      }
    }
    CHECK(loads == computes);
    CHECK(computes == counters.tiles_computed / 2);
    CHECK(skips == counters.tiles_skipped / 2);
    CHECK(skips == (fa2 ? 3 : 0));
    CHECK(finishes == 3);
  }
}

TEST_CASE("a rescale event appears exactly where a maximum rises after the first tile") {
  std::vector<float> ascending, descending;
  for (int j = 0; j < 64; ++j) {
    ascending.push_back(static_cast<float>(j) / 8.0F);
    descending.push_back(-ascending.back());
  }
  const auto rescales = [](const Inputs<float>& in) {
    std::int64_t count = 0;
    FlashOptions options{.scale = 1, .tiles = {64, 16}};
    options.observer = [&](const TileEvent& e) {
      if (e.kind == TileEvent::rescale) {
        ++count;
        CHECK(e.factor[0] == doctest::Approx(std::exp(-2.0)).epsilon(1e-6));
        CHECK(e.norm_after == doctest::Approx(e.norm_before * std::exp(-2.0)).epsilon(1e-6));
      }
    };
    flash_attention_fa2(in.q, in.k, in.v, options);
    return count;
  };
  CHECK(rescales(with_scores(ascending)) == 3);
  CHECK(rescales(with_scores(descending)) == 0);
}

TEST_CASE_TEMPLATE("both tiled backward passes equal the dense gradients", T, float, double) {
  const double bound = sizeof(T) == 4 ? kT32 : 1e-11;
  for (const bool causal : {false, true}) {
    for (const auto& [rows, cols] :
         {std::pair<std::int64_t, std::int64_t>{1, 1}, {65, 65}, {40, 100}, {100, 40}}) {
      const Inputs<T> in(2, rows, cols, 24, 40);
      const auto dense = softmax_attention_backward(
          in.q.template cast<double>(), in.k.template cast<double>(), in.v.template cast<double>(),
          in.d_output.template cast<double>(), {.causal = causal});
      for (const TilePlan& plan : {TilePlan{32, 16}, TilePlan{7, 100}}) {
        const FlashOptions options{.causal = causal, .tiles = plan};
        const FlashOutput<T> fa1 = flash_attention_fa1(in.q, in.k, in.v, options);
        const FlashOutput<T> fa2 = flash_attention_fa2(in.q, in.k, in.v, options);
        for (const FlashGradients<T>& g :
             {flash_attention_backward_fa1(in.q, in.k, in.v, in.d_output, fa1, options),
              flash_attention_backward_fa2(in.q, in.k, in.v, in.d_output, fa2, options)}) {
          CHECK(truth::distance(g.dv, dense.dv) <= bound);
          const Difference dq = difference<T>(g.dq.span(), dense.dq.span());
          const Difference dk = difference<T>(g.dk.span(), dense.dk.span());
          // One visible key: dP - D cancels, the truth is 0, and only the absolute error says something.
          CHECK((rows == 1 ? dq.max_abs : dq.rel_l2) <= bound);
          CHECK((rows == 1 ? dk.max_abs : dk.rel_l2) <= bound);
        }
      }
    }
  }
}

TEST_CASE("nothing quadratic is held: peak of the tiled forms does not see the square of N") {
  const auto peak = [](std::int64_t n, bool backward) {
    const Inputs<float> in(1, n, n, 16, 16);
    AllocationMeter meter;
    FlashOptions options{.tiles = {32, 32}, .meter = &meter};
    const auto forward = flash_attention_fa2(in.q, in.k, in.v, options);
    if (backward) {
      meter = AllocationMeter{};
      flash_attention_backward_fa2(in.q, in.k, in.v, in.d_output, forward, options);
    }
    CHECK(meter.live() == 0);
    return meter.peak();
  };
  CHECK(peak(512, false) == peak(128, false));
  CHECK(peak(512, true) - peak(128, true) == 384);
}

TEST_CASE("block-sparse: equals a mask of -inf, and accesses are affine in the share of tiles kept") {
  const std::int64_t n = 256, d = 16;
  const Inputs<double> in(1, n, n, d, d);
  const TilePlan plan{16, 32};
  std::vector<double> slopes;
  double share = 0;
  std::int64_t last = 0;
  for (const double density : {0.125, 0.25, 0.5, 1.0}) {
    const BlockMask blocks = random_block_mask(16, 8, density, 7);
    CHECK(blocks.count() == static_cast<std::int64_t>(density * 128));
    Tensor<double> mask({1, n, n});
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        mask(0, i, j) = blocks.kept(i / 16, j / 32) ? 0 : -std::numeric_limits<double>::infinity();
      }
    }
    FlashCounters counters;
    const FlashOptions options{.tiles = plan, .blocks = blocks, .counters = &counters};
    const auto forward = flash_attention_fa1(in.q, in.k, in.v, options);
    CHECK(truth::distance(forward.output, truth::attention(in.q, in.k, in.v, false, 0, mask).output) <= kT64);
    const std::int64_t counted = counters.accesses.total();
    CHECK(counters.accesses == fa1_block_sparse_accesses(n, d, plan, blocks.count()));
    CHECK(truth::distance(flash_attention_fa2(in.q, in.k, in.v, options).output, forward.output) <= kT64);
    const auto dense = softmax_attention_backward(in.q, in.k, in.v, in.d_output, {}, mask);
    CHECK(truth::distance(flash_attention_backward_fa2(in.q, in.k, in.v, in.d_output, forward, options).dk,
                          dense.dk) <= 1e-11);
    if (share > 0) {  // affine: the same slope between all neighbours
      slopes.push_back(static_cast<double>(counted - last) / (density - share));
    }
    share = density;
    last = counted;
  }
  CHECK(slopes.front() == 8 * n * (3 * d + 4));
  CHECK(std::all_of(slopes.begin(), slopes.end(), [&](double slope) { return slope == slopes.front(); }));
  CHECK(fa1_block_sparse_accesses(n, d, plan, 128) == fa1_forward_accesses(n, d, plan));
}

TEST_CASE("split-KV decoding and its combine equal attention of the last token, for any number of splits") {
  const Inputs<double> in(3, 1, 37, 16, 24);
  const truth::Attention expected = truth::attention(in.q, in.k, in.v, true, 0);
  for (const std::int64_t splits : {1, 2, 5, 37, 50}) {
    const SplitParts<double> parts = split_kv_decode(in.q, in.k, in.v, splits);
    const auto out = combine_splits(parts);
    CHECK(truth::distance(out.output, expected.output) <= kT64);
    CHECK(truth::distance(out.logsumexp, expected.logsumexp) <= kT64);
    if (splits == 50) {
      CHECK(parts.logsumexp(0, 49) == -std::numeric_limits<double>::infinity());
      CHECK(parts.output(0, 49, 0) == 0);
    }
  }
  SplitParts<double> empty{Tensor<double>({1, 2, 3}), Tensor<double>({1, 2})};
  empty.logsumexp[0] = empty.logsumexp[1] = -std::numeric_limits<double>::infinity();
  CHECK(combine_splits(empty).output == Tensor<double>({1, 1, 3}));
  CHECK(combine_splits(empty).logsumexp[0] == -std::numeric_limits<double>::infinity());
  CHECK_THROWS_WITH_AS(split_kv_decode(in.q, in.k, in.v, 0), doctest::Contains("0 splits"), Error);
}

TEST_CASE("tiles, block masks and watched rows that do not exist are refused in words") {
  const Inputs<float> in(1, 8, 8, 4, 4);
  CHECK_THROWS_WITH_AS(flash_attention_fa2(in.q, in.k, in.v, {.tiles = {0, 4}}), doctest::Contains("0 x 4"),
                       Error);
  CHECK_THROWS_WITH_AS(
      flash_attention_fa1(in.q, in.k, in.v, {.tiles = {4, 4}, .blocks = {3, 2, {1, 1, 1, 1, 1, 1}}}),
      doctest::Contains("the scores have 2 x 2"), Error);
  CHECK_THROWS_WITH_AS(flash_attention_fa2(in.q, in.k, in.v, {.watch_row = 8}), doctest::Contains("row 8"),
                       Error);
  CHECK_THROWS_WITH_AS(fa1_plan(0, 64), doctest::Contains("at least 1"), Error);
}

TEST_CASE("a stop request ends the tiled forms between tiles") {
  const Inputs<float> in(1, 600, 600, 16, 16);
  std::stop_source source;
  int calls = 0;
  const Progress progress{source.get_token(), [&](double, std::string_view) {
                            if (++calls == 2) {
                              source.request_stop();
                            }
                          }};
  CHECK_THROWS_AS(flash_attention_fa1(in.q, in.k, in.v, {.tiles = {32, 32}}, {}, progress), Cancelled);
  CHECK(calls == 2);
}
