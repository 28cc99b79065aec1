// A test holds this to the ops there are: each belongs to a lab.
// SPDX-License-Identifier: MIT
#include "app/shell/model/lab_kernels.hpp"

#include <array>
#include <utility>

namespace alab::shell {
namespace {

using Ops = std::array<std::string_view, 5>;

constexpr std::pair<std::string_view, Ops> kOps[] = {
    {"ch05_01_complexity_analysis", {"attention_scores", "decode_step_softmax", "decode_step_linear"}},
    {"ch05_02_kernel_trick", {"kv_state", "apply_state", "feature_poly2", "feature_elu1", "feature_rff"}},
    {"ch05_03_feature_maps", {"feature_elu1", "feature_poly2", "feature_rff", "feature_favor"}},
    {"ch05_04_causal_linear", {"causal_linear", "causal_linear_bwd", "decode_step_linear"}},
    {"ch06_01_gla_chunking", {"gla"}},
    {"ch10_01_online_softmax", {"softmax_rows", "softmax_topk"}},
    {"ch10_02_flash_tiling", {"flash_attention_fwd", "flash_attention_bwd"}},
};

}  // namespace

std::span<const std::string_view> ops_of_lab(std::string_view lab_id) {
  for (const auto& [lab, ops] : kOps) {
    if (lab == lab_id) {
      std::size_t count = 0;
      while (count < ops.size() && !ops[count].empty()) {
        ++count;
      }
      return std::span(ops).first(count);
    }
  }
  return {};
}

}  // namespace alab::shell
