// The counters that checks.toml names, of all launches of a case together. SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/executor/counted/profile.hpp"
#include "kernels/op.hpp"
#include "kernels/student/expression.hpp"

namespace alab::student {

struct CounterDoc {
  std::string_view name, meaning;
};
/// loads, stores, ... ; loads_of_X and stores_of_X stand for every array X.
std::span<const CounterDoc> counter_docs();

/// All that may be named: those of counter_docs, and loads_of_X, stores_of_X of each array.
std::vector<std::string> counter_names(std::span<const BufferSpec> arrays);

/// How atomics enter loads and stores: not at all, or as one load and one store each, as the papers count.
enum class Atomics { apart, as_load_and_store };

/// @throws Error: there is no such counter
double counter_of(std::string_view name, std::span<const counted::LaunchProfile> launches, Atomics atomics);

/// The numbers of a shape first, then counters. Holds what it is given by reference.
NameValue numbers_of(const ParamSet& shape, std::span<const counted::LaunchProfile> launches,
                     Atomics atomics);

}  // namespace alab::student
