// The conventions of the fla library, and its recurrences run in more than one form each (S-07 of the
// course). SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>

#include "labs/ch06_01_gla_chunking/experiments.hpp"
#include "labs/ch06_01_gla_chunking/five_forms.hpp"
#include "labs/ch06_01_gla_chunking/params.hpp"
#include "labs/common/sweep.hpp"
#include "reference/core/eigen_view.hpp"
#include "reference/linear_attention.hpp"
#include "reference/simple_gate.hpp"

namespace alab::gla_chunking {
namespace {

struct Case {
  GatedHead head;
  std::int64_t chunk_size;
  GatedOptions options;
};

/// One line of the table: two forms of one op, each against double.
struct Line {
  std::string op, forms;
  double error = 0;
};

SimpleGateProblem<float> with_scalar_gate(const GatedHead& head, const Tensor<float>& gates) {
  return {head.problem.query, head.problem.key, head.problem.value, gates};
}

template <class Problem>
Tensor<double> simple_truth(const Problem& p, const GatedOptions& options) {
  const SimpleGateProblem<double> exact{p.query.template cast<double>(), p.key.template cast<double>(),
                                        p.value.template cast<double>(), p.log_decay.template cast<double>()};
  return simple_gate_recurrent(exact, options).output;
}

void add_gla(std::vector<Line>& lines, const Case& c, const Progress& progress) {
  const Tensor<double> truth =
      gated_linear_attention_recurrent(in_double(c.head.problem), c.options, progress).output;
  const FormSizes sizes{c.chunk_size, std::min<std::int64_t>(16, c.chunk_size)};
  for (const std::size_t form : {0, 2, 3, 4}) {
    lines.push_back({"gla", std::string(kFormNames[form]),
                     error_of(run_form(form, c.head.problem, sizes, c.options, progress), truth)});
  }
}

void add_simple(std::vector<Line>& lines, const std::string& op, const SimpleGateProblem<float>& p,
                const Case& c, const Progress& progress) {
  const Tensor<double> truth = simple_truth(p, c.options);
  lines.push_back({op, "recurrent", error_of(simple_gate_recurrent(p, c.options, progress).output, truth)});
  lines.push_back({op, "parallel", error_of(simple_gate_parallel(p, c.options, progress).output, truth)});
  lines.push_back(
      {op, "chunkwise", error_of(simple_gate_chunkwise(p, c.chunk_size, c.options, progress).output, truth)});
}

void add_linear(std::vector<Line>& lines, const Case& c, const Progress& progress) {
  const GatedLinearAttentionProblem<float>& p = c.head.problem;
  FeatureMap map;  // elu + 1, the default of fla's linear_attn layer
  const LinearAttentionProblem<float> problem =
      linear_attention_problem(map, p.query, p.key, p.value, progress);
  const LinearAttentionProblem<double> exact{problem.query.cast<double>(), problem.key.cast<double>(),
                                             problem.value.cast<double>()};
  LinearAttentionOptions options;
  options.scale = c.options.scale;
  options.eps = kFlaNormalizerEps;
  const Tensor<double> truth = linear_attention_recurrent(exact, options, progress).output;
  lines.push_back({"linear_attn", "recurrent",
                   error_of(linear_attention_recurrent(problem, options, progress).output, truth)});
  lines.push_back({"linear_attn", "parallel",
                   error_of(linear_attention_parallel(problem, options, progress).output, truth)});
  lines.push_back(
      {"linear_attn", "chunkwise",
       error_of(linear_attention_chunkwise(problem, c.chunk_size, options, progress).output, truth)});
}

/// RWKV-6 reads before the write and adds the current pair with a bonus u:
/// o_t = r_t (S_{t-1} + diag(u) k_t^T v_t), S_t = diag(e^{g_t}) S_{t-1} + k_t^T v_t.
template <class T>
RowMatrix<T> rwkv6_recurrent(const GatedLinearAttentionProblem<T>& p, T bonus, T scale) {
  const auto q = head(p.query, 0), k = head(p.key, 0), v = head(p.value, 0), g = head(p.log_decay, 0);
  RowMatrix<T> s = RowMatrix<T>::Zero(k.cols(), v.cols()), o(v.rows(), v.cols());
  for (Eigen::Index t = 0; t < k.rows(); ++t) {
    const RowMatrix<T> write = k.row(t).transpose() * v.row(t);
    o.row(t) = scale * q.row(t) * (s + bonus * write);
    s = g.row(t).array().exp().matrix().asDiagonal() * s;
    s += write;
  }
  return o;
}

/// The same pair by pair: the decay from key j to query i leaves out the gate of i.
RowMatrix<float> rwkv6_pairs(const GatedLinearAttentionProblem<float>& p, float bonus, float scale) {
  const auto q = head(p.query, 0), k = head(p.key, 0), v = head(p.value, 0), g = head(p.log_decay, 0);
  RowMatrix<float> o = RowMatrix<float>::Zero(v.rows(), v.cols());
  for (Eigen::Index i = 0; i < k.rows(); ++i) {
    o.row(i) = scale * bonus * q.row(i).dot(k.row(i)) * v.row(i);
    Eigen::RowVectorXf sum = Eigen::RowVectorXf::Zero(k.cols());
    for (Eigen::Index j = i - 1; j >= 0; --j) {
      o.row(i) += scale * (q.row(i).array() * k.row(j).array() * sum.array().exp()).sum() * v.row(j);
      sum += g.row(j);
    }
  }
  return o;
}

double distance(const RowMatrix<float>& got, const RowMatrix<double>& truth) {
  return (got.cast<double>() - truth).norm() / truth.norm();
}

void add_rwkv6(std::vector<Line>& lines, const Case& c) {
  const auto scale = static_cast<float>(c.options.scale);
  const RowMatrix<double> truth =
      rwkv6_recurrent<double>(in_double(c.head.problem), 0.5, static_cast<double>(scale));
  lines.push_back({"rwkv6", "recurrent, bonus u = 0.5",
                   distance(rwkv6_recurrent<float>(c.head.problem, 0.5F, scale), truth)});
  lines.push_back({"rwkv6", "pair by pair", distance(rwkv6_pairs(c.head.problem, 0.5F, scale), truth)});
}

Table line_table(const std::vector<Line>& lines, std::int64_t tokens, std::int64_t chunk) {
  Table table;
  table.key = "conformance";
  table.title = text("fla's recurrences in several forms, N = ", tokens, ", C = ", chunk);
  table.note =
      "Each form in float against the recurrence in double; q times head_dim^-1/2, gates passed as logs.";
  table.columns = {"op folder of fla", "form", "error against double"};
  for (const Line& line : lines) {
    table.rows.push_back({Cell::words(line.op), Cell::words(line.forms),
                          Cell::number(line.error, "error", measured_here("float against double"))});
  }
  return table;
}

Table folder_table() {
  constexpr std::array<std::array<std::string_view, 3>, 10> kFolders{
      {{"linear_attn", "S + k v", "causal linear attention, chapter 5"},
       {"gla", "diag(alpha_t) S + k v", "this lab"},
       {"simple_gla", "alpha_t S + k v", "this lab, scalar gate; Mamba-2, gated RFA"},
       {"retention", "gamma S + k v", "retention, chapter 6"},
       {"delta_rule", "S + beta k (v - k S)", "delta rule, chapter 5"},
       {"gated_delta_rule", "alpha_t S, then the delta rule", "delta rule, chapter 5"},
       {"rwkv4", "a running softmax per channel", "RWKV, chapter 6"},
       {"rwkv6", "diag(w_t) S + k v, read first, bonus u", "RWKV, chapter 6; run here"},
       {"rwkv7", "a delta rule with vector gates", "RWKV, chapter 6"},
       {"based", "linear attention with Taylor features", "feature maps, chapter 5"}}};
  Table table;
  table.key = "folders";
  table.title = "Where each op folder of fla is taught";
  table.note = "The state update, written with row vectors and the state as key channels x value channels.";
  table.columns = {"op folder", "state update", "lab"};
  for (const auto& folder : kFolders) {
    table.rows.push_back({Cell::words(std::string(folder[0])), Cell::words(std::string(folder[1])),
                          Cell::words(std::string(folder[2]))});
  }
  return table;
}

/// How far apart the two orders of reading are: the same gates read after and before the write.
double reading_distance(const Case& c) {
  const Tensor<double> after = gated_linear_attention_recurrent(in_double(c.head.problem), c.options).output;
  const RowMatrix<double> before = rwkv6_recurrent<double>(in_double(c.head.problem), 0.0, c.options.scale);
  return (before - head(after, 0)).norm() / head(after, 0).norm();
}

}  // namespace

Result run_conventions(const ParamSet& params, const Context& context) {
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const std::int64_t tokens = params.integer(kConventionLength), chunk = params.integer(kConventionChunk);
  Case c{normal_head(tokens, 16, seed), chunk, {}};
  c.options.scale = params.flag(kFla) ? fla_query_scale(16) : 1;
  c.head.problem.log_decay = uniform_log_decay<float>({1, tokens, 16}, 0.9, 0.999, seed + 7);
  const Tensor<float> drawn = uniform_log_decay<float>({1, tokens, 1}, 0.5, 0.99, seed + 8);
  const Tensor<float> scalar_gates({1, tokens}, {drawn.span().begin(), drawn.span().end()});
  std::vector<Line> lines;
  context.progress.step(0.1, "gla");
  add_gla(lines, c, context.progress.part(0.1, 0.4));
  context.progress.step(0.4, "simple_gla");
  add_simple(lines, "simple_gla", with_scalar_gate(c.head, scalar_gates), c, context.progress.part(0.4, 0.6));
  add_simple(lines, "retention", with_scalar_gate(c.head, retention_log_decay<float>(1, tokens)), c,
             context.progress.part(0.6, 0.7));
  context.progress.step(0.7, "linear_attn");
  add_linear(lines, c, context.progress.part(0.7, 0.8));
  context.progress.step(0.8, "rwkv6");
  add_rwkv6(lines, c);
  std::vector<double> errors;
  for (const Line& line : lines) {
    errors.push_back(line.error);
  }
  const Provenance here = measured_here("float against double");
  Result result;
  result.input = text("normal q, k, v, seed ", seed, "; ", tokens, " tokens, 16 channels");
  result.tables = {line_table(lines, tokens, chunk), folder_table()};
  result.scalars = {scalar("scale", "factor on q", c.options.scale, "",
                           modelled_by("head_dim^-1/2 in fla, 1 in the paper")),
                    scalar("reading", "reading before the write instead of after", reading_distance(c),
                           "error", measured_here("double")),
                    scalar("forms_run", "forms run", static_cast<double>(lines.size()), "count",
                           counted_by("lines of the table")),
                    scalar("error_worst", "largest error", worst_of(errors), "error", here)};
  result.checks = {
      check_at_most("all_t32", "every form of every op within T32", worst_of(errors), kT32, here)};
  return result;
}

}  // namespace alab::gla_chunking
