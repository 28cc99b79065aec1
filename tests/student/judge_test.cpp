#include <doctest/doctest.h>

#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <mutex>
#include <set>

#include "tests/student/toy.hpp"

using namespace alab;
using namespace alab::student;
using alab::student::toy::says;

namespace {

using Kernel = std::function<void(const Case& c, const Tensor<float>& x, CaseRun& run)>;

float scale_of(const Case& c) {
  return static_cast<float>(c.shape.real(toy::kScale));
}

Tensor<float>& y_of(CaseRun& run) {
  return run.outputs.f32.at("Y");
}

void right(const Case& c, const Tensor<float>& x, CaseRun& run) {
  for (std::int64_t i = 0; i < x.size(); ++i) {
    y_of(run)[i] = scale_of(c) * x[i];
  }
}

// An answered run with one launch that loads and stores each element once.
CaseRun run_of(const Kernel& kernel, const Case& c, const HostArrays& inputs) {
  CaseRun run;
  const Tensor<float>& x = inputs.f32.at("X");
  run.verdict.end = child::ChildEnd::answered;
  Tensor<float> y(x.shape());
  std::fill(y.span().begin(), y.span().end(), std::bit_cast<float>(kUnwrittenBits));
  run.outputs.f32.emplace("Y", std::move(y));
  counted::LaunchProfile launch;
  launch.total.global_load.bytes = launch.total.global_store.bytes = 4 * static_cast<std::uint64_t>(x.size());
  run.launches.push_back(launch);
  kernel(c, x, run);
  return run;
}

CaseRunner runner_of(const Kernel& kernel) {
  CaseRunner runner;
  runner.run = [kernel](const Case& c, const HostArrays& in, const Progress&) {
    return run_of(kernel, c, in);
  };
  return runner;
}

std::vector<CheckVerdict> judged(const CaseRunner& runner, const JudgeOptions& options = {}) {
  static const Manifest m = toy::manifest();
  return judge_cases(toy::kExercise, m, runner, options, {});
}
std::vector<CheckVerdict> judged(const Kernel& kernel) {
  return judged(runner_of(kernel));
}

std::string failed_ids(const std::vector<CheckVerdict>& checks) {
  std::string out;
  for (const CheckVerdict& c : checks) {
    CHECK((c.status == Status::passed) == (c.earned == c.points));
    CHECK((c.status == Status::passed) == c.sentence.empty());
    out += c.status == Status::passed ? "" : c.id + " ";
  }
  return out;
}

// The diagnosis of the values check when every element is changed by f(case, x, i).
std::string look(const std::function<float(const Case&, const Tensor<float>&, std::int64_t)>& f) {
  const auto checks = judged([&](const Case& c, const Tensor<float>& x, CaseRun& run) {
    for (std::int64_t i = 0; i < x.size(); ++i) {
      y_of(run)[i] = f(c, x, i);
    }
  });
  CHECK(checks[0].status == Status::failed);
  return checks[0].diagnosis ? checks[0].diagnosis->sentence : "";
}

}  // namespace

TEST_CASE("a right kernel passes every check, each case run once in three orders") {
  std::mutex mutex;
  std::multiset<std::string> seen;
  const auto checks = judged([&](const Case& c, const Tensor<float>& x, CaseRun& run) {
    {
      const std::lock_guard lock(mutex);
      seen.insert(text(c.shape.describe(), " ", c.input, " ", c.seed, " ", static_cast<int>(c.order)));
    }
    right(c, x, run);
  });
  CHECK(failed_ids(checks) == "");
  CHECK(seen.size() == 3 * 7);  // N=9, 33 by two inputs; N=17; N=16, 32; N=9 of traffic is shared
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == seen.size());
  CHECK(checks[4].runs == 21);
}

TEST_CASE("NaN, a wrong element, and a nonzero where all is zero fail") {
  const auto with = [](double bad, std::string_view input) {
    return judged([&](const Case& c, const Tensor<float>& x, CaseRun& run) {
      right(c, x, run);
      if (c.input == input) {
        y_of(run)[7] = static_cast<float>(bad);
      }
    });
  };
  CHECK(with(std::nan(""), "random")[0].rule == "finite");
  CHECK(with(std::numeric_limits<double>::infinity(), "random")[0].rule == "finite");
  CHECK(with(0.9, "random")[0].rule == "values");
  CHECK(with(1e-30, "zeros")[0].rule == "exact");
  CHECK(with(-0.0, "zeros")[0].status == Status::passed);
  const CheckVerdict v = with(0.9, "random")[0];
  CHECK(v.first_bad->name == "Y[0, 1, 2]");
  CHECK(says(v.sentence, "Y[0, 1, 2] is 0.9"));
  CHECK(says(v.sentence, "1 of 90 elements are wrong"));
  CHECK(v.first_failure->shape == "N=9 d=5 heads=2 scale=0.5");
  CHECK(v.failed_runs == 6);
  CHECK(v.runs == 12);
  REQUIRE(v.error_map);
  CHECK(v.error_map->rows == 33);
  CHECK(v.error_map->worst.name == "Y[0, 1, 3]");
}

TEST_CASE("one element far off fails although the norm hides it") {
  JudgedOutput o;
  Tensor<double> truth({1, 1, 1'000'000});
  std::fill(truth.span().begin(), truth.span().end(), 1.0);
  o.spec = {"Y", truth.shape(), BufferRole::output};
  o.truth = o.scale = &truth;
  o.got = truth;
  o.got[5] += 9e-4;  // relative 9e-7
  CHECK(error_of(o, 5e-6).rule == Rule::largest);
  o.got[5] = 1 + 4e-4;
  CHECK(error_of(o, 5e-6).rule == Rule::none);
}

TEST_CASE("errors are measured against the magnitude where the truth cancels") {
  JudgedOutput o;
  const Tensor<double> truth({1, 4}), magnitude({1, 4}, {1.0, 1.0, 1.0, 1.0});
  o.spec = {"dQ", truth.shape(), BufferRole::output};
  o.truth = &truth;
  o.scale = &magnitude;
  o.got = Tensor<double>({1, 4}, {1e-7, -1e-7, 0.0, 1e-7});
  CHECK(error_of(o, 5e-6).rule == Rule::none);
  o.scale = &truth;
  CHECK(error_of(o, 5e-6).rule == Rule::exact);
}

TEST_CASE("infinities must match in place and sign, integers exactly") {
  const double inf = std::numeric_limits<double>::infinity();
  JudgedOutput o;
  Tensor<double> truth({3}, {1.0, -inf, 2.0});
  o.spec = {"lse", truth.shape(), BufferRole::output};
  o.truth = o.scale = &truth;
  o.got = truth;
  CHECK(error_of(o, 5e-6).rule == Rule::none);
  o.got[1] = inf;
  CHECK(error_of(o, 5e-6).rule == Rule::finite);
  o.got[1] = -1e30;
  CHECK(error_of(o, 5e-6).rule == Rule::finite);
  Tensor<double> indices({3}, {1.0, 5.0, -1.0});
  o.spec.type = ElementType::i32;
  o.truth = o.scale = &indices;
  o.got = indices;
  CHECK(error_of(o, 5e-6).rule == Rule::none);
  o.got[2] = 0;
  CHECK(error_of(o, 5e-6).rule == Rule::exact);
}

TEST_CASE("what a wrong output looks like is named") {
  const auto y = [](const Case& c, const Tensor<float>& x, std::int64_t i) { return scale_of(c) * x[i]; };
  CHECK(look([](auto&, auto&, auto) { return 0.0f; }) == "every element of Y is 0");
  CHECK(says(look([&](auto& c, auto& x, auto i) { return scale_of(c) * y(c, x, i); }),
             "2 times the right one (the factor is scale)"));
  CHECK(says(look([](auto&, auto& x, auto i) { return x[i]; }),
             "0.5 times the right one (the factor is 1 / scale)"));
  CHECK(says(look([&](auto& c, auto& x, auto i) { return y(c, x, i) + 1; }), "1 too large"));
  CHECK(says(look([&](auto& c, auto& x, auto i) {
               const std::int64_t d = c.shape.integer(toy::kD);
               return i % (x.extent(1) * d) < d ? 0.0f : y(c, x, i - d);
             }),
             "rows of Y are shifted by one: place i holds what belongs to i - 1"));
  CHECK(says(look([&](auto& c, auto& x, auto i) { return y(c, x, i % (x.size() / 2)); }),
             "holds the result of head 0"));
  CHECK(says(
      look([&](auto& c, auto& x, auto i) { return y(c, x, i) * (i < x.size() / 2 ? 1.f : 1.5f + x[i]); }),
      "head 0 is right and all others are wrong"));
  CHECK(says(look([&](auto& c, auto& x, auto i) {
               const std::int64_t row = i / c.shape.integer(toy::kD) % x.extent(1);
               return row >= 32 || (x.extent(1) == 9 && row == 8) ? 7.0f + static_cast<float>(i) : y(c, x, i);
             }),
             "only row 32 is wrong: the last tile"));
  CHECK(says(look([&](auto& c, auto& x, auto i) {
               return i % c.shape.integer(toy::kD) >= 3 ? 3.f + x[i] : y(c, x, i);
             }),
             "only column 3 is wrong"));
  CHECK(says(look([&](auto& c, auto& x, auto i) {
               return y(c, x, i) * static_cast<float>(1 + i / c.shape.integer(toy::kD));
             }),
             "a factor of its own"));
}

TEST_CASE("what was never written and what became NaN are told apart") {
  const auto checks = judged([](const Case&, const Tensor<float>&, CaseRun&) {});
  CHECK(says(checks[0].diagnosis->sentence, "nothing was written to Y"));
  const auto tail = judged([](const Case& c, const Tensor<float>& x, CaseRun& run) {
    for (std::int64_t i = 0; i < x.size(); ++i) {
      if (i / c.shape.integer(toy::kD) % x.extent(1) < 8 * (x.extent(1) / 8)) {
        y_of(run)[i] = scale_of(c) * x[i];
      }
    }
  });
  CHECK(says(tail[0].diagnosis->sentence, "row 32 of Y were never written"));
  CHECK(says(look([](auto&, auto&, auto) { return std::numeric_limits<float>::quiet_NaN(); }), "became NaN"));
}

TEST_CASE("transposed matrices are recognised") {
  JudgedOutput o;
  Tensor<double> truth({2, 3}, {1.0, 2.0, 3.0, 4.0, 5.0, 6.0});
  o.spec = {"S", truth.shape(), BufferRole::output};
  o.truth = o.scale = &truth;
  o.unwritten.assign(6, 0);
  o.got = Tensor<double>({2, 3}, {1.0, 4.0, 2.0, 5.0, 3.0, 6.0});
  CHECK(look_of(o, 5e-6, ParamSet(toy::kExercise.params))->kind == "transposed");
}

TEST_CASE("an output that equals a known mistake's is named after it") {
  const Kernel twice = [](const Case& c, const Tensor<float>& x, CaseRun& run) {
    for (std::int64_t i = 0; i < x.size(); ++i) {
      y_of(run)[i] = scale_of(c) * (scale_of(c) * x[i]);
    }
  };
  CaseRunner runner = runner_of(twice);
  runner.mistake = [&](std::string_view file, const Case& c, const HostArrays& in, const Progress&) {
    CHECK(file == "twice.cu");  // the other one is not compared
    return std::optional(run_of(twice, c, in).outputs);
  };
  const auto checks = judged(runner);
  CHECK(checks[0].diagnosis->sentence == "your output equals that of a kernel that applies the scale twice");
  CHECK(checks[0].diagnosis->mistake == "twice.cu");
  runner.run = runner_of([](const Case& c, const Tensor<float>& x, CaseRun& run) {
                 for (std::int64_t i = 0; i < x.size(); ++i) {
                   y_of(run)[i] = scale_of(c) * x[i] + 1;
                 }
               }).run;
  CHECK(judged(runner)[0].diagnosis->kind == "offset");
}

TEST_CASE("who wrote the worst element is found by a traced run of the same case") {
  CaseRunner runner = runner_of([](const Case& c, const Tensor<float>& x, CaseRun& run) {
    right(c, x, run);
    run.launches[0].grid = {2, 1, 1};
    run.launches[0].block = {64, 1, 1};
    y_of(run)[40] = 9;
  });
  runner.traced = [run = runner.run](const Case& c, const HostArrays& in, const counted::TraceWish& wish,
                                     const Progress& progress) {
    CHECK(wish.blocks.size() == 2);
    CaseRun traced = run(c, in, progress);
    counted::TracedRequest q;
    q.kind = counted::RequestKind::store;
    q.block = q.warp = q.mask = 1;
    q.buffer = 0;
    q.offsets.fill(160);
    traced.trace.buffers = {"Y"};
    traced.trace.lines = {{"kernel.cu", 7}};
    traced.trace.requests.push_back(q);
    return traced;
  };
  CHECK(judged(runner)[0].error_map->writer == "block (1, 0, 0), thread (32, 0, 0), line 7");
}

TEST_CASE("a result that depends on the order is said to do so") {
  const auto checks = judged([](const Case& c, const Tensor<float>& x, CaseRun& run) {
    right(c, x, run);
    if (c.order == Stream::Order::descending) {
      y_of(run)[3] += 1;
    }
  });
  CHECK(checks[0].diagnosis->kind == "order");
  CHECK(says(checks[0].diagnosis->sentence, "right in ascending and shuffled order, wrong in descending"));
}

TEST_CASE("counts and growth are held to their bounds") {
  const auto checks = judged([](const Case& c, const Tensor<float>& x, CaseRun& run) {
    right(c, x, run);
    run.launches[0].total.global_load.bytes *= static_cast<std::uint64_t>(c.shape.integer(toy::kN));
  });
  CHECK(failed_ids(checks) == "traffic growth ");
  CHECK(checks[2].sentence == "loads is 810, allowed == 90 (loads == heads*N*d)");
  CHECK(checks[2].why == "An element is read once.");
  CHECK(checks[2].counters.size() == 2);
  CHECK(says(checks[3].sentence, "loads + stores grows 3.882 times when N doubles"));
}

TEST_CASE("atomics are traffic in the growth check") {
  const auto checks = judged([](const Case& c, const Tensor<float>& x, CaseRun& run) {
    right(c, x, run);
    const auto n = static_cast<std::uint64_t>(c.shape.integer(toy::kN));
    run.launches[0].total.global_atomic.bytes = 4 * n * n * 10;
  });
  CHECK(failed_ids(checks) == "growth ");
}

TEST_CASE("findings, damage and changed inputs fail the clean check alone") {
  const auto with = [](const std::function<void(CaseRun&)>& change) {
    return judged([&](const Case& c, const Tensor<float>& x, CaseRun& run) {
      right(c, x, run);
      change(run);
    });
  };
  const auto found = with([](CaseRun& run) {
    counted::Finding f;
    f.sentence = "kernel.cu:3: thread (0, 0, 0) writes element 90 of 'Y'";
    f.mistake = counted::Mistake::global_bounds;
    run.findings.push_back(f);
  });
  CHECK(failed_ids(found) == "memory ");
  CHECK(says(found[4].sentence, "access outside an array: kernel.cu:3"));
  CHECK(found[4].rule == "finding");
  CHECK(says(with([](CaseRun& run) { run.damage = "Y was written behind its end"; })[4].sentence,
             "outside an array"));
  CHECK(says(with([](CaseRun& run) { run.changed = {"X"}; })[4].sentence, "changed its input X"));
}

TEST_CASE("a run that ends early fails its checks and the next case runs") {
  const auto checks = judged([](const Case& c, const Tensor<float>& x, CaseRun& run) {
    right(c, x, run);
    if (c.shape.integer(toy::kN) == 17) {
      run.verdict.end = child::ChildEnd::signal;
      run.verdict.sentence = "the kernel ended its process: it touched memory that is not there";
    }
  });
  CHECK(failed_ids(checks) == "secret memory ");
  CHECK(checks[1].rule == "ended");
  CHECK(says(checks[1].sentence, "touched memory"));
  CHECK(checks[1].skipped_runs == 0);
}

TEST_CASE("after a run that took too long nothing more is run, whatever the jobs") {
  for (const unsigned jobs : {1u, 4u}) {
    std::atomic<int> ran = 0;
    JudgeOptions options;
    options.jobs = jobs;
    const auto checks = judged(runner_of([&](const Case& c, const Tensor<float>& x, CaseRun& run) {
                                 ++ran;
                                 right(c, x, run);
                                 if (c.shape.integer(toy::kN) == 9 && c.order == Stream::Order::descending) {
                                   run.verdict.end = child::ChildEnd::wall_time;
                                   run.verdict.sentence =
                                       "the kernel had not ended after 10 s and was stopped";
                                 }
                               }),
                               options);
    CHECK(failed_ids(checks) == "values secret traffic growth memory ");
    CHECK(says(checks[0].sentence, "the 10 later runs of this check were left out"));
    CHECK(checks[0].runs == 2);
    CHECK(checks[0].skipped_runs == 10);
    CHECK(checks[1].runs == 0);
    CHECK(checks[1].status == Status::not_run);
    CHECK(says(checks[1].sentence, "nothing was run after that"));
    CHECK(checks[3].status == Status::not_run);
    if (jobs == 1) {
      CHECK(ran == 2);
    }
  }
}

TEST_CASE("only one check, and no more runs than its first failure needs") {
  int ran = 0;
  JudgeOptions options;
  options.jobs = 1;
  options.only_check = "values";
  options.first_failure = true;
  const auto checks = judged(runner_of([&](const Case&, const Tensor<float>&, CaseRun&) { ++ran; }), options);
  REQUIRE(checks.size() == 1);
  CHECK(checks[0].status == Status::failed);
  CHECK(ran == 1);
  const auto odd = judged(runner_of([](const Case& c, const Tensor<float>& x, CaseRun& run) {
                            right(c, x, run);
                            y_of(run)[3] += 1;
                          }),
                          options);
  CHECK((!odd[0].diagnosis || odd[0].diagnosis->kind != "order"));  // the other orders were not run
  options.only_check = "memory";
  options.first_failure = false;
  CHECK(judged(runner_of(right), options)[0].runs == 21);
}

TEST_CASE("an error in a runner ends the judging, and so does a wish to stop") {
  CaseRunner runner = runner_of(right);
  runner.run = [](const Case&, const HostArrays&, const Progress&) -> CaseRun { throw Error("no compiler"); };
  CHECK_THROWS_WITH_AS(judged(runner), "no compiler", Error);
  std::stop_source stop;
  stop.request_stop();
  Progress progress;
  progress.stop = stop.get_token();
  CHECK_THROWS_AS(judge_cases(toy::kExercise, toy::manifest(), runner_of(right), {}, progress), Cancelled);
}

TEST_CASE("fast-math intrinsics widen the tolerance, but not for scores of size 1e4") {
  CHECK(uses_fast_math("y = __expf(x);"));
  CHECK_FALSE(uses_fast_math("// __expf\ny = my__expf(x) + expf(x);"));
  const Manifest m = toy::manifest();
  CHECK(tolerance_of(m.checks[0], "random", true) == 2e-5);
  CHECK(tolerance_of(m.checks[0], "large", true) == 5e-6);
  CHECK(tolerance_of(m.checks[0], "random", false) == 5e-6);
}
