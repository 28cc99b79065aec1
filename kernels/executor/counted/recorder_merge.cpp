// Merging: from one log per lane to the instructions of a warp.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <bit>

#include "kernels/executor/counted/recorder.hpp"

namespace alab::counted {
namespace {

constexpr std::uint32_t kAllLanes = 0xFFFFFFFFu;

}  // namespace

std::uint32_t Recorder::drain(unsigned warp, std::uint32_t held) {
  park();
  warp_ = warp;
  for (unsigned l = 0; l < kLanes; ++l) {
    head_[l] = 0;
    count_[l] = static_cast<std::uint32_t>(cursor_[l] - log_->data()) / kLanes;
  }
  merge(held);
  keep_rest();
  std::uint32_t free = 0;
  for (unsigned l = 0; l < kLanes; ++l) {
    free |= std::uint32_t{count_[l] < kRows} << l;
  }
  return held & free;
}

// What could not be merged yet moves to the front.
void Recorder::keep_rest() {
  for (unsigned l = 0; l < kLanes; ++l) {
    std::uint64_t* const own = log_->data() + l;
    const std::uint32_t rest = count_[l] - head_[l];
    for (std::uint32_t i = 0; head_[l] > 0 && i < rest; ++i) {
      own[i * kLanes] = own[(head_[l] + i) * kLanes];
    }
    count_[l] = rest;
    cursor_[l] = own + rest * kLanes;
  }
}

std::uint32_t Recorder::present() const {
  std::uint32_t lanes = 0;
  for (unsigned l = 0; l < kLanes; ++l) {
    lanes |= std::uint32_t{count_[l] > head_[l]} << l;
  }
  return lanes;
}

// Whether every lane with entries is at the same row and has equally many.
bool Recorder::lockstep() const {
  const std::uint32_t lanes = present();
  if (lanes == 0) {
    return false;
  }
  const auto first = static_cast<std::size_t>(std::countr_zero(lanes));
  std::uint32_t differ = 0;
  for (unsigned l = 0; l < kLanes; ++l) {
    const bool in = (lanes >> l & 1u) != 0;
    differ |= in ? (head_[l] ^ head_[first]) | (count_[l] ^ count_[first]) : 0;
  }
  return differ == 0;
}

void Recorder::merge(std::uint32_t held) {
  if (lockstep()) {
    merge_lockstep();
  }
  merge_diverged(held);
}

// As long as all lanes execute the same instruction.
void Recorder::merge_lockstep() {
  const std::uint32_t lanes = present();
  const auto first = static_cast<std::size_t>(std::countr_zero(lanes));
  std::uint32_t row = head_[first];
  Row blended;
  for (; row < count_[first]; ++row) {
    const std::uint64_t* entries = log_->data() + std::size_t{row} * kLanes;
    if (lanes != kAllLanes) {
      for (unsigned l = 0; l < kLanes; ++l) {
        blended[l] = (lanes >> l & 1u) != 0 ? entries[l] : entries[first];
      }
      entries = blended.data();
    }
    Instruction& in = instructions_.at(entries[first]);
    if (in.pattern.fits(entries, lanes, entries[first])) [[likely]] {
      request(in, entries[first]);
      continue;
    }
    std::uint64_t differ = 0;
    for (unsigned l = 0; l < kLanes; ++l) {
      differ |= entries[l] ^ entries[first];
    }
    if (differ >> kPlaceBits != 0) {
      break;
    }
    step(in, entries, lanes, entries[first]);
  }
  for (unsigned l = 0; l < kLanes; ++l) {
    head_[l] = (lanes >> l & 1u) != 0 ? row : head_[l];
  }
}

// Lanes that meet others who have not come yet: what those do before it comes first.
std::uint32_t Recorder::waiting(const Row& row) const {
  std::uint32_t meets = 0;
  for (unsigned l = 0; l < kLanes; ++l) {
    meets |= std::uint32_t{head_[l] < count_[l] && kind_of(row[l]) == Kind::control} << l;
  }
  const std::uint32_t busy = present() & ~meets;
  std::uint32_t waits = 0;
  for (std::uint32_t rest = busy == 0 ? 0 : meets; rest != 0; rest &= rest - 1) {
    const auto lane = static_cast<unsigned>(std::countr_zero(rest));
    waits |= std::uint32_t{(static_cast<std::uint32_t>(row[lane]) & busy) != 0} << lane;
  }
  return waits;
}

// Smallest code first. Stops where a held lane's next entry is not known yet.
void Recorder::merge_diverged(std::uint32_t held) {
  constexpr std::uint64_t kNone = ~std::uint64_t{0};
  Row row;
  for (;;) {
    if ((held & ~present()) != 0) {
      return;
    }
    std::uint64_t lead = kNone;
    for (unsigned l = 0; l < kLanes; ++l) {
      row[l] = head_[l] < count_[l] ? (*log_)[std::size_t{head_[l]} * kLanes + l] : kNone;
    }
    const std::uint32_t waits = waiting(row);
    for (unsigned l = 0; l < kLanes; ++l) {
      row[l] = (waits >> l & 1u) != 0 ? kNone : row[l];
      lead = std::min(lead, row[l]);
    }
    if (lead == kNone) {
      return;
    }
    std::uint32_t mask = 0;
    for (unsigned l = 0; l < kLanes; ++l) {
      mask |= std::uint32_t{row[l] >> kPlaceBits == lead >> kPlaceBits} << l;
    }
    const std::uint64_t first = row[static_cast<std::size_t>(std::countr_zero(mask))];
    for (unsigned l = 0; l < kLanes; ++l) {
      const std::uint32_t in = mask >> l & 1u;
      row[l] = in != 0 ? row[l] : first;
      head_[l] += in;
    }
    step(instructions_.at(first), row.data(), mask, first);
  }
}

}  // namespace alab::counted
