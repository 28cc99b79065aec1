// Wrong ways to build the state and to divide by the normaliser, and which test sees them.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "labs/ch05_02_kernel_trick/experiments.hpp"
#include "labs/ch05_02_kernel_trick/params.hpp"
#include "labs/common/one_head.hpp"
#include "labs/common/sweep.hpp"
#include "reference/linear_attention.hpp"

namespace alab::kernel_trick {
namespace {

enum class Mistake { none, eps_per_term, per_feature, sum_per_column };
constexpr std::array<double, 5> kEps{1e-6, 1e-4, 1e-2, 0.5, 10};

struct State {
  RowMatrix<double> s;  ///< [m, dv]
  Eigen::VectorXd z;    ///< [m]
};

/// S = phi(K)^T V and z = column sums; sum_per_column adds phi(k) to z once for each column of V.
State build(const RowMatrix<double>& phi_k, const RowMatrix<double>& v, Mistake mistake) {
  State out{phi_k.transpose() * v, phi_k.colwise().sum().transpose()};
  if (mistake == Mistake::sum_per_column) {
    out.z *= static_cast<double>(v.cols());
  }
  return out;
}

/// o = phi(q) S / (phi(q).z + eps), in double; mistakes as named.
RowMatrix<double> apply(const RowMatrix<double>& phi_q, const State& state, double eps, Mistake mistake) {
  RowMatrix<double> out(phi_q.rows(), state.s.cols());
  for (Eigen::Index i = 0; i < phi_q.rows(); ++i) {
    const Eigen::ArrayXd products = phi_q.row(i).transpose().array() * state.z.array();
    if (mistake == Mistake::per_feature) {
      const Eigen::ArrayXd weights = phi_q.row(i).transpose().array() / (products + eps);
      out.row(i) = weights.matrix().transpose() * state.s;
      continue;
    }
    const double terms = mistake == Mistake::eps_per_term ? static_cast<double>(products.size()) : 1;
    out.row(i) = phi_q.row(i) * state.s / (products.sum() + terms * eps);
  }
  return out;
}

}  // namespace

Result run_apply_bugs(const ParamSet& params, const Context& context) {
  context.progress.step(0, "reading the head");
  const auto mistake = static_cast<Mistake>(params.choice(kApplyBug) + 1);
  const OneHead head = one_head(context, params.integer(kBugLength), params.integer(kHeadDim),
                                static_cast<std::uint64_t>(params.integer(params::seed)));
  const auto wide = [](const RowMatrix<float>& x) { return as_head<double>(x.cast<double>()); };
  const auto problem = linear_attention_problem(FeatureMap{.kind = FeatureKind::elu1}, wide(head.query),
                                                wide(head.key), wide(head.value), context.progress);
  const RowMatrix<double> phi_q = alab::head(problem.query, 0), phi_k = alab::head(problem.key, 0),
                          v = alab::head(problem.value, 0);
  const Provenance here = measured_here("double against the reference");
  Table table{"who_sees_it",
              "Which eps notices the wrong kernel?",
              "A test with a tolerance of 5e-6 says 'wrong' only where the error exceeds it.",
              {"eps of the test", "wrong kernel", "right kernel", "noticed"},
              {}};
  std::vector<double> eps_values(kEps.begin(), kEps.end()), wrong_errors, right_errors;
  double noticed = 0, worst_right = 0;
  for (const double eps : kEps) {
    context.progress.step(0.5, "trying eps");
    const LinearAttentionOptions options{.causal = false, .eps = eps};
    const Tensor<double> reference = linear_attention_parallel(problem, options, context.progress).output;
    const RowMatrix<double> truth = alab::head(reference, 0);
    const double wrong = rel_l2(apply(phi_q, build(phi_k, v, mistake), eps, mistake), truth);
    const double right = rel_l2(apply(phi_q, build(phi_k, v, Mistake::none), eps, Mistake::none), truth);
    wrong_errors.push_back(wrong);
    right_errors.push_back(std::max(right, 1e-17));
    noticed += wrong <= kFloatTolerance ? 0 : 1;
    worst_right = right <= worst_right ? worst_right : right;
    table.rows.push_back({Cell::number(eps, "", here), Cell::number(wrong, "error", here),
                          Cell::number(right, "error", here),
                          Cell::words(wrong <= kFloatTolerance ? "no" : "yes")});
  }
  Plot plot{"error",
            text("With eps = 1e-6 the error is ", format_value(wrong_errors.front(), "error"), ", with 0.5 ",
                 format_value(wrong_errors[3], "error")),
            "Relative error of the wrong and of the right kernel against the eps that the test uses.",
            {"eps of the test", "", true},
            {"relative error", "", true},
            {}};
  plot.series = {
      plain("wrong", "wrong kernel", eps_values, wrong_errors, here, SeriesStyle::line_and_markers),
      plain("right", "right kernel", eps_values, right_errors, here, SeriesStyle::line_and_markers),
      level("t32", "tolerance T32", kEps.front(), kEps.back(), kFloatTolerance, modelled_by("5e-6"))};
  Result result;
  describe(result, head);
  result.tables.push_back(std::move(table));
  result.plots.push_back(std::move(plot));
  const Provenance counted = counted_by("values of eps with an error above 5e-6");
  result.scalars = {
      scalar("error_small", "wrong kernel, eps = 1e-6", wrong_errors.front(), "error", here),
      scalar("error_half", "wrong kernel, eps = 0.5", wrong_errors[3], "error", here),
      scalar("noticed_by", "values of eps that notice it", noticed, "count", counted),
      scalar("tried", "values of eps tried", static_cast<double>(kEps.size()), "count", counted)};
  result.checks = {check_at_most("right_exact", "the right kernel equals the reference to 1e-12", worst_right,
                                 kDoubleTolerance, here),
                   check_between("bug_noticed", "eps = 0.5 notices the wrong kernel: error above 5e-6",
                                 wrong_errors[3], kFloatTolerance, 1e300, here)};
  return result;
}

}  // namespace alab::kernel_trick
