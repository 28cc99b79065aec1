// alab_worker: runs one rung for another program and answers; see kernels/executor/child.hpp.
// SPDX-License-Identifier: MIT
#include <array>

#include "kernels/profile_wire.hpp"
#if defined(ALAB_HAVE_COUNTED)
#include "kernels/executor/counted/source_lines.hpp"
#endif

int main() {
  constexpr std::array<alab::child::Task, 1> kTasks{{{"rung", alab::answer_rung}}};
#if defined(ALAB_HAVE_COUNTED)
  alab::child::serve(kTasks, alab::counted::line_of_stack);
#else
  alab::child::serve(kTasks, nullptr);
#endif
}
