// SPDX-License-Identifier: MIT
#include "kernels/student/naming.hpp"

#include <algorithm>

namespace alab::student {
namespace {

std::int64_t elements_of(const FailedRun& f) {
  std::int64_t count = 0;
  for (const JudgedOutput& o : f.outputs) {
    count += o.got.size();
  }
  return count;
}

bool nothing_written(const FailedRun& f) {
  return std::all_of(f.outputs.begin(), f.outputs.end(), [](const JudgedOutput& o) {
    return std::all_of(o.unwritten.begin(), o.unwritten.end(), [](std::uint8_t u) { return u != 0; });
  });
}

// Largest first, so that most mistakes are ruled out by one run.
std::vector<const FailedRun*> witnesses(const std::vector<FailedRun>& failed) {
  std::vector<const FailedRun*> out{&largest_of(failed)};
  for (const FailedRun* one : {&failed.front(), &failed.back()}) {
    if (std::find(out.begin(), out.end(), one) == out.end()) {
      out.push_back(one);
    }
  }
  return out;
}

struct Naming {
  const Exercise& exercise;
  const CaseRunner& runner;
  Plan& plan;
  const Progress& progress;

  bool fits(const std::string& file, const FailedRun& f) const {
    const auto outputs =
        runner.mistake(file, plan.case_of(f.run), plan.input_of(f.run).inputs(exercise), progress);
    return outputs && same_outputs(f.outputs, *outputs, f.tolerance) &&
           mistake_shows(f.outputs, *outputs, f.tolerance);
  }
};

std::optional<Diagnosis> known_mistake(const Naming& naming, const Manifest& manifest,
                                       const std::vector<FailedRun>& failed) {
  const std::vector<const FailedRun*> runs = witnesses(failed);
  for (const WrongSpec& wrong : manifest.wrong) {
    const auto fits = [&](const FailedRun* f) { return naming.fits(wrong.file, *f); };
    if (wrong.compare && std::all_of(runs.begin(), runs.end(), fits)) {
      return Diagnosis{"known_mistake", text("your output equals that of a kernel that ", wrong.mistake),
                       wrong.file};
    }
  }
  return {};
}

// Some order of the first failed input gave the right outputs.
std::optional<Diagnosis> order_matters(const std::vector<FailedRun>& failed,
                                       const std::function<bool(std::size_t)>& was_run) {
  const std::size_t orders = kOrders.size(), input = failed.front().run / orders;
  std::string wrong, right;
  for (std::size_t k = 0; k < orders; ++k) {
    if (!was_run(input * orders + k)) {
      return {};
    }
    const bool is_wrong = std::any_of(failed.begin(), failed.end(),
                                      [&](const FailedRun& f) { return f.run == input * orders + k; });
    std::string& list = is_wrong ? wrong : right;
    list += text(list.empty() ? "" : " and ", kOrderNames[k]);
  }
  return right.empty()
             ? std::nullopt
             : std::optional(Diagnosis{
                   "order",
                   text("the result depends on the order in which blocks and threads run: right in ", right,
                        " order, wrong in ", wrong,
                        "; threads or blocks use what others write, without waiting for it"),
                   {}});
}

}  // namespace

const FailedRun& largest_of(const std::vector<FailedRun>& failed) {
  return *std::max_element(failed.begin(), failed.end(), [](const FailedRun& a, const FailedRun& b) {
    return elements_of(a) < elements_of(b);
  });
}

std::optional<Diagnosis> diagnose(const Exercise& exercise, const Manifest& manifest,
                                  const CaseRunner& runner, Plan& plan, const std::vector<FailedRun>& failed,
                                  const std::function<bool(std::size_t)>& was_run, const Progress& progress) {
  const FailedRun& largest = largest_of(failed);
  if (runner.mistake && !nothing_written(largest)) {
    if (auto named = known_mistake({exercise, runner, plan, progress}, manifest, failed)) {
      return named;
    }
  }
  if (auto order = order_matters(failed, was_run)) {
    return order;
  }
  for (const JudgedOutput& o : largest.outputs) {
    if (error_of(o, largest.tolerance).rule != Rule::none) {
      if (auto look = look_of(o, largest.tolerance, plan.input_of(largest.run).shape)) {
        return look;
      }
    }
  }
  return {};
}

}  // namespace alab::student
