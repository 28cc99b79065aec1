// One case as a student's program is asked for it. SPDX-License-Identifier: MIT
#pragma once

#include "kernels/student/case_wire.hpp"
#include "kernels/student/run_case.hpp"

namespace alab::student {

CaseRequest request_of(const Exercise& exercise, const Case& c, const HostArrays& inputs,
                       const counted::TraceWish& wish = {});

/// What a run left, from its answer. An answer that says what ended a launch makes the verdict `failed`.
void take(CaseRun& run, CaseAnswer answer);

}  // namespace alab::student
