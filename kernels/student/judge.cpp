// SPDX-License-Identifier: MIT
#include "kernels/student/judge.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <mutex>
#include <numeric>

#include "kernels/student/bounds.hpp"
#include "kernels/student/error_map.hpp"
#include "kernels/student/naming.hpp"
#include "kernels/student/plan.hpp"

namespace alab::student {
namespace {

constexpr double kFastMathTolerance = 2e-5;
constexpr std::size_t kMostFindings = 20;
constexpr std::uint64_t kMostTracedBlocks = 512;
constexpr std::size_t kMostTracedRequests = std::size_t{1} << 16, kMostShownValues = std::size_t{1} << 18;

// What is wrong with one run in the eyes of one check.
struct Fault {
  std::size_t run = 0;
  std::string rule, sentence;
  std::optional<BadElement> bad = {};
};

struct Looked {
  std::optional<Fault> fault;
  std::vector<CounterBound> bounds;
};

std::string_view name_of(Rule rule) {
  return rule == Rule::exact     ? "exact"
         : rule == Rule::finite  ? "finite"
         : rule == Rule::largest ? "largest"
                                 : "values";
}

class Judging {
 public:
  Judging(const Exercise& exercise, const Manifest& manifest, const CaseRunner& runner,
          const JudgeOptions& options)
      : exercise_(exercise),
        manifest_(manifest),
        runner_(runner),
        options_(options),
        plan_(plan_of(exercise, manifest, options)),
        runs_(plan_.runs()),
        stop_after_(plan_.checks.size()),
        timed_out_(runs_.size()) {
    for (auto& stop : stop_after_) {
      stop = runs_.size();
    }
  }

  void run_all(const Progress& progress) {
    std::atomic<std::size_t> done = 0;
    std::mutex reporting;
    Progress inner = progress;
    inner.report = nullptr;
    in_parallel(runs_.size(), options_.jobs, [&](std::size_t r) {
      {
        const std::lock_guard lock(reporting);
        progress.step(static_cast<double>(done) / static_cast<double>(runs_.size()),
                      text("run ", done + 1, " of ", runs_.size(), ": ", to_string(plan_.name_of(r))));
      }
      if (wanted(r)) {
        run_one(r, inner);
      }
      ++done;
    });
  }

  std::vector<CheckVerdict> verdicts(const Progress& progress) {
    std::vector<CheckVerdict> out;
    for (std::size_t c = 0; c < plan_.checks.size(); ++c) {
      out.push_back(verdict_of(c, progress));
    }
    return out;
  }

 private:
  bool uses(const PlannedCheck& check, std::size_t run) const {
    return std::binary_search(check.inputs.begin(), check.inputs.end(), run / kOrders.size());
  }
  bool wanted(std::size_t run) const {
    if (run > timed_out_) {
      return false;
    }
    for (std::size_t c = 0; c < plan_.checks.size(); ++c) {
      if (run <= stop_after_[c] && uses(plan_.checks[c], run)) {
        return true;
      }
    }
    return false;
  }
  void run_one(std::size_t r, const Progress& progress) {
    Case asked = plan_.case_of(r);
    asked.by_line = false;
    CaseRun run = runner_.run(asked, plan_.input_of(r).inputs(exercise_), progress);
    for (counted::LaunchProfile& launch : run.launches) {
      launch.blocks.clear();
    }
    runs_[r] = std::move(run);
    if (ran_too_long(*runs_[r])) {
      stop_at(timed_out_, r);
    }
    for (std::size_t c = 0; c < plan_.checks.size(); ++c) {
      const PlannedCheck& check = plan_.checks[c];
      const bool failed = options_.first_failure && check.spec->kind != CheckKind::growth;
      if (uses(check, r) && failed && look(check, r).fault) {
        stop_at(stop_after_[c], r);
      }
    }
  }
  static bool ran_too_long(const CaseRun& run) {
    return run.verdict.end == child::ChildEnd::wall_time || run.verdict.end == child::ChildEnd::cpu_time ||
           std::any_of(run.findings.begin(), run.findings.end(),
                       [](const counted::Finding& f) { return f.mistake == counted::Mistake::too_long; });
  }
  static void stop_at(std::atomic<std::size_t>& stop, std::size_t run) {
    for (std::size_t now = stop; run < now && !stop.compare_exchange_weak(now, run);) {
    }
  }

  static Fault found(std::size_t r, const counted::Finding& f) {
    return {r, "finding", text(in_words(f.mistake), ": ", f.sentence)};
  }
  static std::optional<Fault> ended(std::size_t r, const CaseRun& run) {
    if (run.verdict.end == child::ChildEnd::answered) {
      return {};
    }
    const auto fatal = std::find_if(run.findings.begin(), run.findings.end(), [&](const counted::Finding& f) {
      return run.verdict.sentence.find(f.sentence) != std::string::npos;
    });
    if (fatal != run.findings.end()) {
      return found(r, *fatal);
    }
    return Fault{r, "ended", run.verdict.sentence};
  }

  std::vector<JudgedOutput> outputs_of(std::size_t r) {
    PlannedInput& p = plan_.input_of(r);
    return judged_outputs(exercise_.buffers(p.shape), runs_[r]->outputs, p.truth(exercise_),
                          p.magnitude(exercise_));
  }
  double tolerance_at(const PlannedCheck& check, std::size_t r) const {
    return tolerance_of(*check.spec, plan_.input_of(r).input, options_.fast_math);
  }

  // r has run; of a growth check, r is at the double and the run at the shape has run as well.
  Looked look(const PlannedCheck& check, std::size_t r) {
    if (auto fault = ended(r, *runs_[r])) {
      return {fault, {}};
    }
    switch (check.spec->kind) {
      case CheckKind::values:
        return {values_fault(check, r), {}};
      case CheckKind::count:
        return count(check, r);
      case CheckKind::growth:
        return {};
      default:
        return {clean_fault(r), {}};
    }
  }

  std::optional<Fault> values_fault(const PlannedCheck& check, std::size_t r) {
    const double tolerance = tolerance_at(check, r);
    std::optional<Fault> fault;
    std::string others;
    for (const JudgedOutput& o : outputs_of(r)) {
      const OutputError error = error_of(o, tolerance);
      if (error.rule == Rule::none) {
        continue;
      }
      if (fault) {
        others += text(others.empty() ? "; also wrong: " : ", ", o.spec.name);
        continue;
      }
      const BadElement bad{element_name(o.spec.name, o.spec.shape, error.first), (*o.truth)[error.first],
                           o.got[error.first]};
      fault = Fault{r, std::string(name_of(error.rule)), sentence_of(o, error, tolerance), bad};
    }
    if (fault) {
      fault->sentence += others;
    }
    return fault;
  }

  Looked count(const PlannedCheck& check, std::size_t r) const {
    return looked_at(r, "count", counts_of(*check.spec, plan_.input_of(r).shape, runs_[r]->launches));
  }

  Looked growth(const PlannedCheck& check, std::size_t small, std::size_t large) const {
    for (const std::size_t r : {small, large}) {
      if (auto fault = ended(r, *runs_[r])) {
        return {fault, {}};
      }
    }
    return looked_at(large, "growth",
                     growth_of(*check.spec, {plan_.input_of(small).shape, runs_[small]->launches},
                               {plan_.input_of(large).shape, runs_[large]->launches}));
  }
  static Looked looked_at(std::size_t r, std::string rule, Bounds bounds) {
    Looked out;
    if (!bounds.sentence.empty()) {
      out.fault = Fault{r, std::move(rule), std::move(bounds.sentence)};
    }
    out.bounds = std::move(bounds.all);
    return out;
  }

  // A kernel that does nothing does nothing wrong: its memory is not called clean.
  std::string untouched(std::size_t r) {
    const CaseRun& run = *runs_[r];
    for (const BufferSpec& spec : exercise_.buffers(plan_.input_of(r).shape)) {
      const auto at = run.outputs.f32.find(spec.name);
      const bool zeroed =
          std::find(exercise_.zeroed.begin(), exercise_.zeroed.end(), spec.name) != exercise_.zeroed.end();
      if (spec.role != BufferRole::output || zeroed || at == run.outputs.f32.end() ||
          at->second.size() == 0) {
        continue;
      }
      const std::span<const float> values = at->second.span();
      if (std::all_of(values.begin(), values.end(),
                      [](float x) { return std::bit_cast<std::uint32_t>(x) == kUnwrittenBits; })) {
        return spec.name;
      }
    }
    return {};
  }

  std::optional<Fault> clean_fault(std::size_t r) {
    const CaseRun& run = *runs_[r];
    if (!run.findings.empty()) {
      return found(r, run.findings.front());
    }
    if (!run.damage.empty()) {
      return Fault{r, "damage", text("access outside an array: ", run.damage)};
    }
    if (!run.changed.empty()) {
      return Fault{r, "changed",
                   text("the kernel changed its input ", run.changed.front(), ": inputs are only read")};
    }
    if (const std::string name = untouched(r); !name.empty()) {
      return Fault{r, "untouched",
                   text("nothing was written to ", name, ", so that there is nothing to judge")};
    }
    return {};
  }

  // The runs that count for the check, in order; the rest came after one that ran out of time, in whatever
  // check.
  std::vector<std::size_t> runs_of(std::size_t c) const {
    std::vector<std::size_t> out;
    for (const std::size_t input : plan_.checks[c].inputs) {
      for (std::size_t k = 0; k < kOrders.size(); ++k) {
        const std::size_t r = input * kOrders.size() + k;
        if (r <= std::min<std::size_t>(stop_after_[c], timed_out_) && runs_[r]) {
          out.push_back(r);
        }
      }
    }
    return out;
  }

  std::vector<Looked> looked(std::size_t c, const std::vector<std::size_t>& runs) {
    const PlannedCheck& check = plan_.checks[c];
    std::vector<Looked> out;
    if (check.spec->kind != CheckKind::growth) {
      for (const std::size_t r : runs) {
        out.push_back(look(check, r));
      }
      return out;
    }
    const auto has = [&](std::size_t r) { return std::binary_search(runs.begin(), runs.end(), r); };
    for (const auto& [small, large] : check.growth) {
      for (std::size_t k = 0; k < kOrders.size(); ++k) {
        const std::size_t a = small * kOrders.size() + k, b = large * kOrders.size() + k;
        if (has(a) && has(b)) {
          out.push_back(growth(check, a, b));
        } else if (const std::size_t one = has(a) ? a : b; has(one)) {
          out.push_back({ended(one, *runs_[one]), {}});
        }
      }
    }
    return out;
  }

  CheckVerdict verdict_of(std::size_t c, const Progress& progress) {
    const PlannedCheck& check = plan_.checks[c];
    const CheckSpec& spec = *check.spec;
    CheckVerdict v;
    v.id = spec.id;
    v.title = spec.title;
    v.kind = to_string(spec.kind);
    v.visibility = to_string(spec.visibility);
    v.criterion = criterion_of(spec);
    v.points = spec.points;
    const std::vector<std::size_t> runs = runs_of(c);
    v.runs = static_cast<int>(runs.size());
    v.skipped_runs = static_cast<int>(kOrders.size() * check.inputs.size()) - v.runs;
    std::vector<Fault> faults;
    for (Looked& one : looked(c, runs)) {
      if (faults.empty() && !one.bounds.empty()) {
        v.counters = std::move(one.bounds);
      }
      if (one.fault) {
        faults.push_back(std::move(*one.fault));
      }
    }
    v.failed_runs = static_cast<int>(faults.size());
    if (!faults.empty()) {
      v.status = Status::failed;
      explain(v, check, faults, progress);
    } else if (timed_out_ < runs_.size() && v.skipped_runs > 0) {
      v.sentence = text("not run to its end: with ", to_string(plan_.name_of(timed_out_)),
                        " the kernel had not ended in time, and nothing was run after that");
    } else {
      v.status = Status::passed;
      v.earned = spec.points;
    }
    return v;
  }

  void explain(CheckVerdict& v, const PlannedCheck& check, const std::vector<Fault>& faults,
               const Progress& progress) {
    const Fault& first = faults.front();
    const CaseRun& run = *runs_[first.run];
    v.sentence = first.sentence;
    v.rule = first.rule;
    v.first_bad = first.bad;
    v.first_failure = plan_.name_of(first.run);
    v.why = check.spec->why;
    if (v.skipped_runs > 0 && timed_out_ < runs_.size()) {
      v.sentence +=
          text("; a run took too long: the ", v.skipped_runs, " later runs of this check were left out");
    }
    v.findings.assign(run.findings.begin(), run.findings.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                       run.findings.size(), kMostFindings)));
    if (check.spec->kind == CheckKind::values) {
      explain_values(v, check, faults, progress);
    }
  }

  void explain_values(CheckVerdict& v, const PlannedCheck& check, const std::vector<Fault>& faults,
                      const Progress& progress) {
    std::vector<FailedRun> failed;
    for (const Fault& f : faults) {
      if (f.bad) {
        failed.push_back({f.run, outputs_of(f.run), tolerance_at(check, f.run)});
      }
    }
    if (failed.empty()) {
      return;
    }
    if (faults.front().bad) {
      const auto was_run = [&](std::size_t r) {
        return runs_[r].has_value() && std::none_of(faults.begin(), faults.end(),
                                                    [&](const Fault& f) { return f.run == r && !f.bad; });
      };
      v.diagnosis = diagnose(exercise_, manifest_, runner_, plan_, failed, was_run, progress);
    }
    const FailedRun& largest = largest_of(failed);
    const auto bad = std::find_if(largest.outputs.begin(), largest.outputs.end(), [&](const JudgedOutput& o) {
      return error_of(o, largest.tolerance).rule != Rule::none;
    });
    const OutputError error = error_of(*bad, largest.tolerance);
    v.error_map = error_map_of(*bad, largest.tolerance);
    v.error_map->at = plan_.name_of(largest.run);
    add_writer(*v.error_map, largest.run, bad->spec.name, error.worst, progress);
  }

  // Who wrote the worst element, found by one more run in which every block is traced; and what that thread
  // showed, by another if any showed something.
  void add_writer(ErrorMap& map, std::size_t r, std::string_view array, std::int64_t flat,
                  const Progress& progress) {
    std::uint64_t blocks = 0;
    for (const counted::LaunchProfile& launch : runs_[r]->launches) {
      blocks = std::max(blocks, std::uint64_t{launch.grid[0]} * launch.grid[1] * launch.grid[2]);
    }
    if (!runner_.traced || blocks == 0 || blocks > kMostTracedBlocks) {
      return;
    }
    const auto traced = [&](const counted::TraceWish& wish) {
      return runner_.traced(plan_.case_of(r), plan_.input_of(r).inputs(exercise_), wish, progress);
    };
    counted::TraceWish wish;
    wish.blocks.resize(blocks);
    std::iota(wish.blocks.begin(), wish.blocks.end(), std::uint64_t{0});
    wish.only_global = true;
    wish.most_requests = kMostTracedRequests;
    wish.most_values = blocks;
    const CaseRun run = traced(wish);
    if (const std::optional<Writer> writer = find_writer(run.trace, run.launches, array, flat)) {
      map.writer = writer->in_words;
      if (!run.shown.empty()) {
        wish.blocks = {writer->block};
        wish.most_requests = 0;
        wish.most_values = kMostShownValues;
        map.shown = shown_by(*writer, traced(wish).shown);
      }
    }
  }

  const Exercise& exercise_;
  const Manifest& manifest_;
  const CaseRunner& runner_;
  const JudgeOptions& options_;
  Plan plan_;
  std::vector<std::optional<CaseRun>> runs_;
  std::vector<std::atomic<std::size_t>> stop_after_;  ///< per check: its first failure, when that is enough
  std::atomic<std::size_t> timed_out_;  ///< the first run that did not end in time; none comes after it
};

}  // namespace

double tolerance_of(const CheckSpec& check, std::string_view input, bool fast_math) {
  return fast_math && input != "large" ? std::max(check.tolerance, kFastMathTolerance) : check.tolerance;
}

std::vector<CheckVerdict> judge_cases(const Exercise& exercise, const Manifest& manifest,
                                      const CaseRunner& runner, const JudgeOptions& options,
                                      const Progress& progress) {
  Judging judging(exercise, manifest, runner, options);
  judging.run_all(progress);
  return judging.verdicts(progress);
}

}  // namespace alab::student
