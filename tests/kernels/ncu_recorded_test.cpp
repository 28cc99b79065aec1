// What Nsight Compute measured on a GPU, counted again: launches that agreed when it was recorded still
// agree. SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "kernels/executor/counted/counted_stream.hpp"
#include "reference/core/json.hpp"
#include "tests/folders.hpp"
#include "tests/kernels/compared_cases.hpp"

using namespace alab;

#if defined(ALAB_HAVE_COUNTED)

namespace {

const Json& recorded() {
  static const Json json = read_json(alab::tests::source_folder() + "/assets/recorded/ncu_h200.json");
  return json;
}

std::map<std::string, const Json*> recorded_cases() {
  std::map<std::string, const Json*> cases;
  for (const Json& one : recorded().at("cases")) {
    cases[one.at("name")] = &one;
  }
  return cases;
}

struct Tally {
  int equal = 0, compared = 0, launches = 0;
};

// Every counter of a launch that equalled ncu's when it was recorded.
void compare(const counted::LaunchProfile& launch, const Json& then, Tally& tally) {
  std::map<std::string, double> now;
  for (const counted::Counter& c : counted::counters(launch)) {
    now[c.name] = c.value;
  }
  ++tally.launches;
  const Json& names = recorded().at("counted");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Json &counted = then.at("counted").at(i), &measured = then.at("ncu").at(i);
    const std::string name = names.at(i);
    if (counted.is_null() || measured.is_null() || name.starts_with("compulsory")) {
      continue;
    }
    ++tally.compared;
    if (counted.get<double>() == measured.get<double>()) {
      CAPTURE(name);
      CHECK(now.at(name) == measured.get<double>());
      ++tally.equal;
    }
  }
}

Tally compare_group(std::string_view group) {
  const std::map<std::string, const Json*> cases = recorded_cases();
  Tally tally;
  for (const samples::ComparedCase& one : samples::compared_cases(false)) {
    const auto then = cases.find(one.name);
    if (one.group != group || !one.small || then == cases.end()) {
      continue;
    }
    CAPTURE(one.name);
    counted::CountedStream stream;
    one.run(stream);
    const Json& launches = then->second->at("launches");
    REQUIRE(stream.profiles().size() == launches.size());
    for (std::size_t i = 0; i < launches.size(); ++i) {
      compare(stream.profiles()[i], launches.at(i), tally);
    }
  }
  MESSAGE(group, ": ", tally.launches, " launches, ", tally.equal, " of ", tally.compared,
          " counters equal ncu's on ", recorded().at("device").get<std::string>());
  return tally;
}

}  // namespace

TEST_CASE("rungs count what Nsight Compute measured, where it was recorded as equal") {
  const Tally tally = compare_group("rung");
  CHECK(tally.launches > 150);
  CHECK(tally.equal > 0.8 * tally.compared);
}

// What ncu reads beyond the distinct sectors is the kernel's own code and constants.
TEST_CASE("compulsory bytes are within 5 % and a constant of what came from device memory") {
  constexpr double kCode = 128 * 1024;
  const Json& names = recorded().at("counted");
  const auto at = static_cast<std::size_t>(std::find(names.begin(), names.end(), "compulsory_read_bytes") -
                                           names.begin());
  int launches = 0;
  for (const auto& [name, one] : recorded_cases()) {
    // FA-1's order reads back what it has written itself, which never left the cache.
    if (one->at("small").get<bool>() || name.find("20_fa1_order") != std::string::npos) {
      continue;
    }
    CAPTURE(name);
    for (const Json& launch : one->at("launches")) {
      const double counted = launch.at("counted").at(at), measured = launch.at("ncu").at(at);
      CHECK(measured >= counted);
      CHECK(measured <= 1.05 * counted + kCode);
      ++launches;
    }
  }
  CHECK(launches > 50);
}

TEST_CASE("access probes count what Nsight Compute measured") {
  const Tally tally = compare_group("probe");
  CHECK(tally.launches > 150);
  CHECK(tally.equal > 0.99 * tally.compared);
}

TEST_CASE("shared-memory patterns with equal addresses and idle lanes cost what Nsight Compute measured") {
  const Tally tally = compare_group("pattern");
  CHECK(tally.launches == 1008);
  CHECK(tally.equal == tally.compared);
}

#endif
