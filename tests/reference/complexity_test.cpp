// Closed formulas of cost against loops that count, and against the numbers of the curriculum.
// SPDX-License-Identifier: MIT
#include "reference/complexity.hpp"

#include <doctest/doctest.h>

#include "reference/core/error.hpp"

using namespace alab;

TEST_CASE("curriculum, lab 1: 268.4 MFLOP at N = 1024, d = 64; backward 2.5 times; causal half") {
  CHECK(softmax_flops(1024, 64, 64) == 268435456);
  CHECK(softmax_backward_flops(1024, 64, 64) == 2.5 * 268435456);
  CHECK(softmax_backward_flops(1024, 64, 64, true) == 1.25 * 268435456);
}

TEST_CASE("curriculum, lab 1: 2080 packed quadratic features at d = 64, and the crossover lies there") {
  for (const int d : {1, 2, 8, 64}) {
    int pairs = 0;
    for (int i = 0; i < d; ++i) {
      for (int j = i; j < d; ++j) {
        ++pairs;
      }
    }
    CHECK(packed_quadratic_dim(d) == pairs);
  }
  CHECK(packed_quadratic_dim(64) == 2080);
  CHECK(crossover_length(packed_quadratic_dim(64), 64, 64) == 2080);
  CHECK(crossover_length(packed_quadratic_dim(64), 64, 64, true) == 2112.5);
}

TEST_CASE("curriculum, lab 1: 4.19 MB of cache; 32 KiB each at t = d = 64, the normaliser apart") {
  CHECK(cache_bytes(8192, 128, 128, 2) == 4194304);
  CHECK(4 * cache_elements_read(64, 64, 64) == 32 * 1024);
  CHECK(4 * (state_elements_moved(64, 64) - 2 * 64) == 32 * 1024);
}

TEST_CASE("kept for the backward pass: N^2, N, and a state at each chunk boundary") {
  CHECK(saved_softmax(300) == 90000);
  CHECK(saved_tiled(300) == 300);
  CHECK(saved_chunkwise(512, 64, 64, 32) == 8.0 * 64 * 32);
  CHECK(saved_chunkwise(500, 64, 64, 32) == 8.0 * 64 * 32);
  CHECK_THROWS_AS(saved_chunkwise(64, 0, 64, 64), Error);
}

TEST_CASE("Kaplan: the context term equals the parameter term at 12 d_model; every pair counted, at 6") {
  for (const double d : {768.0, 2048.0}) {
    const double parameters = training_flops_per_token(transformer_parameters(24, d));
    CHECK(context_training_flops_kaplan(24, d, 12 * d) == parameters);
    CHECK(context_training_flops(24, d, 6 * d) == parameters);
  }
  CHECK(12 * 768 == 9216);
}
