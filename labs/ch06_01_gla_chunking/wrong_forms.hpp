// Wrong forms of gated linear attention that look right, one change each, beside the right one.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "labs/ch06_01_gla_chunking/gated_head.hpp"

namespace alab::gla_chunking {

/// One head in float; chunks of C tokens in sequence, sub-chunks of c, as exercise-sized loops. mistake: one
/// of kBugs, "missing_gamma", or "" for the right form. Three mistakes are of the recurrence and use no
/// chunks.
Tensor<float> form_with(std::string_view mistake, const GatedLinearAttentionProblem<float>& problem,
                        std::int64_t chunk_size, std::int64_t sub_chunk_size);

}  // namespace alab::gla_chunking
