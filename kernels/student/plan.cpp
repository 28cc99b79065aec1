// SPDX-License-Identifier: MIT
#include "kernels/student/plan.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>

namespace alab::student {
namespace {

// FNV-1a, the same on every machine.
std::uint64_t hash_of(std::string_view words) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : words) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  return hash ^ (hash >> 29);
}

std::size_t index_of(Plan& plan, const ParamSet& shape, const std::string& input, std::uint64_t seed) {
  for (std::size_t i = 0; i < plan.inputs.size(); ++i) {
    const PlannedInput& p = *plan.inputs[i];
    if (p.seed == seed && p.input == input && p.shape == shape) {
      return i;
    }
  }
  plan.inputs.push_back(std::make_unique<PlannedInput>());
  PlannedInput& fresh = *plan.inputs.back();
  fresh.shape = shape;
  fresh.input = input;
  fresh.seed = seed;
  return plan.inputs.size() - 1;
}

void add_cases(Plan& plan, PlannedCheck& check, std::uint64_t seed) {
  const CheckSpec& spec = *check.spec;
  for (const ParamSet& shape : spec.shapes) {
    for (const std::string& input : spec.inputs) {
      const std::size_t at = index_of(plan, shape, input, seed);
      check.inputs.push_back(at);
      if (spec.kind == CheckKind::growth) {
        ParamSet twice = shape;
        twice.set(spec.param, 2 * shape.value(spec.param));
        check.growth.emplace_back(at, index_of(plan, twice, input, seed));
        check.inputs.push_back(check.growth.back().second);
      }
    }
  }
}

void sort_once(std::vector<std::size_t>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

}  // namespace

std::uint64_t seed_of(const CheckSpec& check, std::string_view exercise, std::string_view student) {
  if (check.visibility == Visibility::visible) {
    return check.seed.value_or(1);
  }
  const std::uint64_t hash =
      hash_of(text(student, "\n", exercise, "\n", check.id, "\n", check.seed.value_or(1)));
  return (hash ^ (hash >> 32)) & 0x7FFFFFFFu;
}

const HostArrays& PlannedInput::inputs(const Exercise& exercise) {
  std::call_once(made_, [&] { make(exercise); });
  return inputs_;
}
const TruthArrays& PlannedInput::truth(const Exercise& exercise) {
  std::call_once(made_, [&] { make(exercise); });
  return truth_;
}
const TruthArrays& PlannedInput::magnitude(const Exercise& exercise) {
  std::call_once(made_, [&] { make(exercise); });
  return magnitude_;
}

void PlannedInput::make(const Exercise& exercise) {
  inputs_ = exercise.inputs(shape, input, seed);
  truth_ = exercise.reference(shape, inputs_);
  if (exercise.magnitude != nullptr) {
    magnitude_ = exercise.magnitude(shape, inputs_);
  }
}

Case Plan::case_of(std::size_t run) const {
  const PlannedInput& p = input_of(run);
  return {p.shape, p.input, p.seed, kOrders[run % kOrders.size()]};
}

CaseName Plan::name_of(std::size_t run) const {
  const PlannedInput& p = input_of(run);
  return {p.shape.describe(), p.input, std::string(kOrderNames[run % kOrders.size()]), p.seed};
}

Plan plan_of(const Exercise& exercise, const Manifest& manifest, const JudgeOptions& options) {
  Plan plan;
  std::vector<std::size_t> above;
  for (const CheckSpec& spec : manifest.checks) {
    const bool wanted = options.only_check.empty() || options.only_check == spec.id;
    const CheckSpec* only = manifest.check(options.only_check);
    const bool feeds_clean = only != nullptr && only->kind == CheckKind::clean && &spec < only;
    if (!wanted && !feeds_clean) {
      continue;
    }
    PlannedCheck check;
    check.spec = &spec;
    if (spec.kind == CheckKind::clean) {
      check.inputs = above;
    } else {
      add_cases(plan, check, seed_of(spec, exercise.id, options.student));
    }
    sort_once(check.inputs);
    above.insert(above.end(), check.inputs.begin(), check.inputs.end());
    sort_once(above);
    if (wanted) {
      plan.checks.push_back(std::move(check));
    }
  }
  return plan;
}

void in_parallel(std::size_t count, unsigned jobs, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto loop = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        failure = failure ? failure : std::current_exception();
        next = count;
      }
    }
  };
  const std::size_t cores = jobs > 0 ? jobs : std::max(1u, std::thread::hardware_concurrency());
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 1; t < std::min(cores, count); ++t) {
      threads.emplace_back(loop);
    }
    loop();
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
}

}  // namespace alab::student
