// Which runs the checks of an exercise need, each once. SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <mutex>
#include <vector>

#include "kernels/student/judge.hpp"

namespace alab::student {

inline constexpr std::array<Stream::Order, 3> kOrders{Stream::Order::ascending, Stream::Order::descending,
                                                      Stream::Order::shuffled};
inline constexpr std::array<std::string_view, 3> kOrderNames{"ascending", "descending", "shuffled"};

/// A shape with an input. Arrays and truth are made when first asked for, by whichever thread asks.
struct PlannedInput {
  ParamSet shape;
  std::string input;
  std::uint64_t seed = 1;

  const HostArrays& inputs(const Exercise& exercise);
  const TruthArrays& truth(const Exercise& exercise);
  const TruthArrays& magnitude(const Exercise& exercise);  ///< by name; empty when the truth serves

 private:
  void make(const Exercise& exercise);
  std::once_flag made_;
  HostArrays inputs_;
  TruthArrays truth_, magnitude_;
};

/// One check with the runs that it looks at. Run 3 i + k is input i in order k.
struct PlannedCheck {
  const CheckSpec* spec = nullptr;
  std::vector<std::size_t> inputs;  ///< indices, ascending
  std::vector<std::pair<std::size_t, std::size_t>>
      growth;  ///< of a growth check: at the shape, at its double
};

struct Plan {
  std::vector<std::unique_ptr<PlannedInput>> inputs;
  std::vector<PlannedCheck> checks;

  std::size_t runs() const { return kOrders.size() * inputs.size(); }
  PlannedInput& input_of(std::size_t run) const { return *inputs[run / kOrders.size()]; }
  Case case_of(std::size_t run) const;
  CaseName name_of(std::size_t run) const;
};

Plan plan_of(const Exercise& exercise, const Manifest& manifest, const JudgeOptions& options);

/// Calls work(i) for each i below count, at most jobs at a time, begun in order. The first exception stops
/// what has not begun and is thrown when the rest has ended.
void in_parallel(std::size_t count, unsigned jobs, const std::function<void(std::size_t)>& work);

}  // namespace alab::student
