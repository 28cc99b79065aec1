// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/sites.hpp"

#include <algorithm>

// The linker's bounds of the section; null where no file was built with inline notes.
extern "C" {
[[gnu::weak]] extern const std::int32_t __start_alab_sites[];
[[gnu::weak]] extern const std::int32_t __stop_alab_sites[];
}

namespace alab::counted {
namespace {

// A table: where the run begins, how many accesses, and of each the code and the kind; places are relative.
std::uintptr_t place_at(const std::int32_t* entry) {
  return reinterpret_cast<std::uintptr_t>(entry) + static_cast<std::uintptr_t>(std::intptr_t{*entry});
}

template <class Use>
void for_each_run(Use use) {
  for (const std::int32_t* at = __start_alab_sites; at < __stop_alab_sites; at += 2 + 2 * at[1]) {
    use(at);
  }
}

std::vector<const std::int32_t*> runs_by_place() {
  std::vector<const std::int32_t*> runs;
  for_each_run([&](const std::int32_t* run) { runs.push_back(run); });
  std::sort(runs.begin(), runs.end(),
            [](const std::int32_t* a, const std::int32_t* b) { return place_at(a) < place_at(b); });
  return runs;
}

}  // namespace

std::vector<NotedAccess> noted_run(std::uintptr_t place) {
  static const std::vector<const std::int32_t*> runs = runs_by_place();
  const auto at =
      std::lower_bound(runs.begin(), runs.end(), place,
                       [](const std::int32_t* run, std::uintptr_t p) { return place_at(run) < p; });
  std::vector<NotedAccess> accesses;
  if (at != runs.end() && place_at(*at) == place) {
    for (std::int32_t i = 0; i < (*at)[1]; ++i) {
      const std::int32_t* const entry = *at + 2 + 2 * i;
      accesses.push_back({place_at(entry), static_cast<Kind>(entry[1])});
    }
  }
  return accesses;
}

NotedBefore noted_before(std::uintptr_t code) {
  NotedBefore found;
  for_each_run([&](const std::int32_t* run) {
    for (std::int32_t i = 0; i < run[1]; ++i) {
      const std::int32_t* const entry = run + 2 + 2 * i;
      const std::uintptr_t place = place_at(entry);
      if (place <= code && place > found.access.code) {
        found = {{place, static_cast<Kind>(entry[1])}, static_cast<unsigned>(i), i + 1 == run[1]};
      }
    }
  });
  return found;
}

}  // namespace alab::counted
