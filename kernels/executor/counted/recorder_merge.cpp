// Merging: from one log per lane to the instructions of a warp, and what each of them costs and touches.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <bit>

#include "kernels/executor/counted/recorder.hpp"

namespace alab::counted {
namespace {

constexpr std::uint32_t kAllLanes = 0xFFFFFFFFu;
constexpr std::uintptr_t kNowhere = ~std::uintptr_t{0};

bool is_control(std::uint64_t head) {
  return is_call_head(head) && kind_of_call(head) == Kind::control;
}

template <class Use>
void for_each_lane(std::uint32_t lanes, Use use) {
  for (std::uint32_t rest = lanes; rest != 0; rest &= rest - 1) {
    use(static_cast<unsigned>(std::countr_zero(rest)));
  }
}

// Rows of lanes that are all at the same one.
template <bool all>
class AlignedRows {
 public:
  AlignedRows(const std::uint64_t* row, const std::uint64_t* end, std::uint32_t lanes)
      : row_(row), end_(end), first_(static_cast<unsigned>(std::countr_zero(lanes))) {
    for (unsigned l = 0; !all && l < kLanes; ++l) {
      active_[l] = (lanes >> l & 1u) != 0 ? ~std::uint64_t{0} : 0;
    }
  }
  const std::uint64_t* row(unsigned number) {
    const std::uint64_t* const cells = row_ + std::size_t{number} * kLanes;
    if constexpr (all) {
      return cells;
    }
    const std::uint64_t first = cells[first_];
    for (unsigned l = 0; l < kLanes; ++l) {
      blended_[l] = first ^ ((cells[l] ^ first) & active_[l]);
    }
    return blended_.data();
  }
  void advance(unsigned rows) { row_ += std::size_t{rows} * kLanes; }
  bool at_end() const { return row_ >= end_; }
  const std::uint64_t* position(unsigned lane) const { return row_ + lane; }

 private:
  const std::uint64_t *row_, *end_;
  unsigned first_;
  std::array<std::uint64_t, all ? 1 : kLanes> active_, blended_;
};

// Rows of lanes that have come to one place after different numbers of rows.
class ScatteredRows {
 public:
  ScatteredRows(const std::array<const std::uint64_t*, kLanes>& at,
                const std::array<std::uint64_t*, kLanes>& end, std::uint32_t lanes) {
    const auto first = static_cast<unsigned>(std::countr_zero(lanes));
    std::ptrdiff_t least = end[first] - at[first];
    for (unsigned l = 0; l < kLanes; ++l) {
      const bool in = (lanes >> l & 1u) != 0;
      at_[l] = at[in ? l : first];
      least = in ? std::min(least, end[l] - at[l]) : least;
    }
    rows_left_ = least / kLanes;
  }
  const std::uint64_t* row(unsigned number) {
    for (unsigned l = 0; l < kLanes; ++l) {
      gathered_[l] = at_[l][(past_ + number) * kLanes];
    }
    return gathered_.data();
  }
  void advance(unsigned rows) {
    past_ += rows;
    rows_left_ -= rows;
  }
  bool at_end() const { return rows_left_ <= 0; }
  const std::uint64_t* position(unsigned lane) const { return at_[lane] + past_ * kLanes; }

 private:
  std::array<const std::uint64_t*, kLanes> at_;
  std::size_t past_ = 0;
  std::ptrdiff_t rows_left_ = 0;
  Row gathered_;
};

}  // namespace

std::uint32_t Recorder::drain(unsigned warp, std::uint32_t held) {
  park();
  warp_ = warp;
  for (unsigned l = 0; l < kLanes; ++l) {
    head_[l] = log_.get() + l;
  }
  merge(held);
  keep_rest();
  std::uint32_t free = 0;
  for (unsigned l = 0; l < kLanes; ++l) {
    free |= std::uint32_t{(reinterpret_cast<std::uintptr_t>(cursor_[l]) & kFullBit) == 0} << l;
  }
  return held & free;
}

// What could not be merged yet moves to the front.
void Recorder::keep_rest() {
  for (unsigned l = 0; l < kLanes; ++l) {
    std::uint64_t* to = log_.get() + l;
    if (head_[l] == to) {
      continue;
    }
    for (const std::uint64_t* from = head_[l]; from < cursor_[l]; from += kLanes, to += kLanes) {
      *to = *from;
    }
    cursor_[l] = to;
  }
}

void Recorder::merge(std::uint32_t held) {
  for (Group group = next_group(held); group.lanes != 0; group = next_group(held)) {
    run_group(group);
  }
}

// Lanes that meet others who have not come yet: what those do before it comes first.
std::uint32_t Recorder::waiting(std::uint32_t present) const {
  std::uint32_t meets = 0;
  for_each_lane(present, [&](unsigned l) { meets |= std::uint32_t{is_control(*head_[l])} << l; });
  const std::uint32_t busy = present & ~meets;
  std::uint32_t waits = 0;
  for_each_lane(busy == 0 ? 0 : meets, [&](unsigned l) {
    waits |= std::uint32_t{(static_cast<std::uint32_t>(head_[l][kLanes]) & busy) != 0} << l;
  });
  return waits;
}

// Smallest code first. None where a held lane's next entry is not known yet, or there are no more.
Recorder::Group Recorder::next_group(std::uint32_t held) const {
  std::uint32_t present = 0;
  for (unsigned l = 0; l < kLanes; ++l) {
    present |= std::uint32_t{head_[l] < cursor_[l]} << l;
  }
  if (present == 0 || (held & ~present) != 0) {
    return {};
  }
  const std::uint32_t able = present & ~waiting(present);
  Group group;
  group.others = kNowhere;
  std::uintptr_t least = kNowhere;
  for_each_lane(able, [&](unsigned l) {
    const std::uint64_t head = *head_[l];
    const std::uintptr_t code = code_of_head(head);
    if (code < least || (code == least && head < group.head)) {
      group.others = least;
      group.lanes = 0;
      group.first = l;
      group.head = head;
      group.aligned = true;
      least = code;
    }
    if (head == group.head) {
      group.lanes |= 1u << l;
      group.aligned = group.aligned && head_[l] - head_[group.first] == l - group.first;
    } else {
      group.others = std::min(group.others, code);
    }
  });
  return group;
}

void Recorder::run_group(const Group& group) {
  if (is_control(group.head)) {
    control(*instructions_.at(group.head).instruction[0], group.lanes, head_[group.first][kLanes]);
    for_each_lane(group.lanes, [&](unsigned l) { head_[l] += 2 * kLanes; });
  } else if (!group.aligned) {
    run_rows(group, ScatteredRows(head_, cursor_, group.lanes));
  } else {
    const std::uint64_t* end = cursor_[group.first] - group.first;
    for_each_lane(group.lanes,
                  [&](unsigned l) { end = std::min<const std::uint64_t*>(end, cursor_[l] - l); });
    const std::uint64_t* const row = head_[group.first] - group.first;
    if (group.lanes == kAllLanes) {
      run_rows(group, AlignedRows<true>(row, end, group.lanes));
    } else {
      run_rows(group, AlignedRows<false>(row, end, group.lanes));
    }
  }
}

// As long as the lanes stay together and no other lane is to be met.
template <class Rows>
void Recorder::run_rows(const Group& group, Rows rows) {
  for (std::uint64_t head = group.head;;) {
    const Run& run = instructions_.at(head);
    for (unsigned i = 0; i < run.count; ++i) {
      const std::uint64_t* const row = rows.row(i + 1);
      access(*run.instruction[i], row, group.lanes, row[group.first]);
    }
    rows.advance(run.count + 1);
    if (rows.at_end()) {
      break;
    }
    const std::uint64_t* const heads = rows.row(0);
    head = heads[group.first];
    std::uint64_t differ = 0;
    for (unsigned l = 0; l < kLanes; ++l) {
      differ |= heads[l] ^ head;
    }
    if (differ != 0 || is_control(head) || code_of_head(head) >= group.others) {
      break;
    }
  }
  for_each_lane(group.lanes, [&](unsigned l) { head_[l] = rows.position(l); });
}

inline void Recorder::access(Instruction& in, const std::uint64_t* row, std::uint32_t mask,
                             std::uint64_t first) {
  if (in.pattern->fits(row, mask, first)) [[likely]] {
    request(in, first);
  } else {
    new_shape(in, row, mask, first);
  }
}

// One whose lanes are as the instruction's pattern says.
void Recorder::request(Instruction& in, std::uint64_t first) {
  const Pattern& pattern = *in.pattern;
  const bool outside = first + static_cast<std::uint64_t>(pattern.low()) - in.base > in.room;
  if (outside && region_of(first) != in.region) [[unlikely]] {
    Row row;
    for (unsigned l = 0; l < kLanes; ++l) {
      row[l] = first + pattern.delta(l);
    }
    new_shape(in, row.data(), pattern.mask(), first);
    return;
  }
  ++profile_.requests;
  ++in.hits[first / 4 % 8];
  *in.tally += in.tally_by;
  if (pattern.misaligned(first)) [[unlikely]] {
    report_misaligned(in, first);
  }
  const bool located = !outside || locate(in, first);
  if (traced_) [[unlikely]] {
    tracer_.take(in, first, warp_, epoch_);
  }
  if (!located) [[unlikely]] {
    return;
  }
  if (in.region == Region::global) {
    global_request(in, first);
  } else {
    shared_request(in, first);
  }
}

inline void Recorder::global_request(Instruction& in, std::uint64_t first) {
  const auto buffer = static_cast<std::size_t>(in.buffer);
  if (!context_.buffers[buffer].given) {
    block_request(own_, own_base_[buffer], in, first);
  }
  global_.touch({in.pattern, in.buffer, (first - in.word_base) / 4, in.kind, in.code},
                [&](unsigned i, Mistake mistake, std::uint64_t cell) {
                  report_block_race(in, first, i, mistake, cell);
                });
}

inline void Recorder::shared_request(Instruction& in, std::uint64_t first) {
  block_request(shared_, 0, in, first);
}

// base: of the word at in.word_base. A block that has used an atomic on global memory may have ordered its
// threads' accesses there by it.
inline void Recorder::block_request(BlockShadow& shadow, std::size_t base, Instruction& in,
                                    std::uint64_t first) {
  const BlockShadow::Request request{in.pattern, base + (first - in.word_base) / 4, in.kind, warp_,
                                     static_cast<std::uint16_t>(std::min(in.number, 0xFFFFu))};
  const auto report = [&](unsigned i, Mistake mistake, std::uint64_t cell) {
    if (in.region != Region::global || !global_.synchronised()) {
      report_race_in_block(in, first, i, mistake, cell);
    }
  };
  if (is_read(in.kind)) {
    shadow.read(request, report);
  } else {
    shadow.write(request, report);
  }
}

}  // namespace alab::counted
