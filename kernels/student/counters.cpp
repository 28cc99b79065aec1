// SPDX-License-Identifier: MIT
#include "kernels/student/counters.hpp"

#include <algorithm>
#include <array>

namespace alab::student {
namespace {

using counted::Counters;
using counted::LaunchProfile;

constexpr double kElement = 4;  ///< bytes

struct Named {
  CounterDoc doc;
  double (*of)(const Counters& c);
};

constexpr std::array<Named, 10> kCounters{{
    {{"loads", "elements (4 bytes) of global memory that threads load"},
     [](const Counters& c) { return static_cast<double>(c.global_load.bytes) / kElement; }},
    {{"stores", "elements of global memory that threads store"},
     [](const Counters& c) { return static_cast<double>(c.global_store.bytes) / kElement; }},
    {{"atomics", "elements of global memory that atomics change"},
     [](const Counters& c) { return static_cast<double>(c.global_atomic.bytes) / kElement; }},
    {{"load_sectors", "32-byte sectors of global memory that loads move"},
     [](const Counters& c) { return static_cast<double>(c.global_load.passes); }},
    {{"store_sectors", "32-byte sectors of global memory that stores move"},
     [](const Counters& c) { return static_cast<double>(c.global_store.passes); }},
    {{"shared_loads", "requests of warps that load from shared memory"},
     [](const Counters& c) { return static_cast<double>(c.shared_load.requests); }},
    {{"shared_stores", "requests of warps that store to shared memory"},
     [](const Counters& c) { return static_cast<double>(c.shared_store.requests); }},
    {{"shared_load_conflicts", "wavefronts beyond the ideal ones, of loads from shared memory"},
     [](const Counters& c) { return static_cast<double>(c.shared_load.conflicts); }},
    {{"shared_store_conflicts", "wavefronts beyond the ideal ones, of stores to shared memory"},
     [](const Counters& c) { return static_cast<double>(c.shared_store.conflicts); }},
    {{"barriers", "__syncthreads, per warp"},
     [](const Counters& c) { return static_cast<double>(c.barriers); }},
}};

constexpr std::string_view kLoadsOf = "loads_of_", kStoresOf = "stores_of_";

double of_array(std::string_view array, bool loads, std::span<const LaunchProfile> launches,
                Atomics atomics) {
  double bytes = 0;
  for (const LaunchProfile& launch : launches) {
    for (const counted::BufferProfile& buffer : launch.buffers) {
      if (buffer.name == array) {
        bytes += static_cast<double>(loads ? buffer.load_bytes : buffer.store_bytes);
        bytes += atomics == Atomics::apart ? 0.0 : static_cast<double>(buffer.atomic_bytes);
      }
    }
  }
  return bytes / kElement;
}

}  // namespace

std::span<const CounterDoc> counter_docs() {
  static const auto kDocs = [] {
    std::array<CounterDoc, kCounters.size()> docs;
    std::transform(kCounters.begin(), kCounters.end(), docs.begin(), [](const Named& n) { return n.doc; });
    return docs;
  }();
  return kDocs;
}

std::vector<std::string> counter_names(std::span<const BufferSpec> arrays) {
  std::vector<std::string> names;
  for (const Named& one : kCounters) {
    names.emplace_back(one.doc.name);
  }
  for (const BufferSpec& array : arrays) {
    names.push_back(text(kLoadsOf, array.name));
    names.push_back(text(kStoresOf, array.name));
  }
  return names;
}

double counter_of(std::string_view name, std::span<const LaunchProfile> launches, Atomics atomics) {
  for (const std::string_view start : {kLoadsOf, kStoresOf}) {
    if (name.starts_with(start)) {
      return of_array(name.substr(start.size()), start == kLoadsOf, launches, atomics);
    }
  }
  const auto at = std::find_if(kCounters.begin(), kCounters.end(),
                               [&](const Named& one) { return one.doc.name == name; });
  require(at != kCounters.end(), "there is no counter '", name, "'");
  const bool with_atomics = atomics == Atomics::as_load_and_store && (name == "loads" || name == "stores");
  double total = 0;
  for (const LaunchProfile& launch : launches) {
    total += at->of(launch.total);
    total += with_atomics ? static_cast<double>(launch.total.global_atomic.bytes) / kElement : 0.0;
  }
  return total;
}

NameValue numbers_of(const ParamSet& shape, std::span<const LaunchProfile> launches, Atomics atomics) {
  return [&shape, launches, atomics](std::string_view name) {
    return shape.find(name) != nullptr ? shape.value(name) : counter_of(name, launches, atomics);
  };
}

}  // namespace alab::student
