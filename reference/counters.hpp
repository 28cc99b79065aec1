// Exact counts made while a reference runs: accesses to slow memory and elements held. No clock, no allocator
// hooks. SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

namespace alab {

/// Accesses to slow memory (HBM) in elements: a load counts 1, a store counts 1, a read-modify-write both.
struct Accesses {
  std::int64_t loads = 0, stores = 0;
  std::int64_t results = 0;  ///< O(K) stores of a fused top-k, kept apart; not part of total()
  std::int64_t total() const { return loads + stores; }
  friend bool operator==(const Accesses&, const Accesses&) = default;
};

/// Elements of temporary storage that a form holds beyond its inputs and outputs: now and at the peak.
class AllocationMeter {
 public:
  void add(std::int64_t elements) {
    live_ += elements;
    peak_ = std::max(peak_, live_);
  }
  void release(std::int64_t elements) { live_ -= elements; }
  std::int64_t live() const { return live_; }
  std::int64_t peak() const { return peak_; }

 private:
  std::int64_t live_ = 0, peak_ = 0;
};

/// Reports one temporary to a meter for as long as it lives; a null meter is allowed.
class Metered {
 public:
  Metered(AllocationMeter* meter, std::int64_t elements) : meter_(meter), elements_(elements) {
    if (meter_) {
      meter_->add(elements_);
    }
  }
  ~Metered() {
    if (meter_) {
      meter_->release(elements_);
    }
  }
  Metered(const Metered&) = delete;
  Metered& operator=(const Metered&) = delete;

 private:
  AllocationMeter* meter_;
  std::int64_t elements_;
};

}  // namespace alab
