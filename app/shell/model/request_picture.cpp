// SPDX-License-Identifier: MIT
#include "app/shell/model/request_picture.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

namespace alab::shell {
namespace {

using counted::RequestKind;
using counted::RequestShape;
using counted::RequestSpace;

constexpr unsigned kNamedLanes = 5;

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

bool active(std::uint32_t mask, unsigned lane) {
  return (mask >> lane & 1u) != 0;
}

std::vector<PictureRow> rows_of(const RequestShape& shape) {
  std::map<std::int64_t, PictureRow> rows;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    for (unsigned byte = 0; active(shape.mask, lane) && byte < shape.bytes; byte += 4) {
      const std::int64_t word = floor_div(shape.offsets[lane] + byte, 4);
      const std::int64_t row = floor_div(word, kWordsPerRow);
      PictureRow& own = rows[row];
      own.first = 128 * row;
      own.lanes[static_cast<std::size_t>(word - row * kWordsPerRow)] |= 1u << lane;
    }
  }
  std::vector<PictureRow> out;
  for (const auto& [at, row] : rows) {
    out.push_back(row);
  }
  return out;
}

// The groups are served one after the other; a bank gives one word at a time.
std::vector<BankMeeting> meetings_of(const RequestShape& shape) {
  const counted::LaneOffsets offsets = counted::bank_offsets(shape);
  const bool load = shape.kind == RequestKind::load;
  const unsigned count = counted::lanes_per_group(load, shape.bytes, shape.mask, offsets);
  std::vector<BankMeeting> out;
  for (unsigned first = 0; first < kLanes; first += count) {
    std::array<std::map<std::uint64_t, unsigned>, kWordsPerRow> words;  // word -> a lane, for each bank
    for (unsigned lane = first; lane < first + count; ++lane) {
      for (unsigned i = 0; active(shape.mask, lane) && i < std::max(1u, shape.bytes / 4); ++i) {
        const std::uint64_t word = offsets[lane] / 4 + i;
        words[word % kWordsPerRow].try_emplace(word, lane);
      }
    }
    for (unsigned bank = 0; bank < kWordsPerRow; ++bank) {
      BankMeeting meeting{bank, 0, static_cast<unsigned>(words[bank].size())};
      for (const auto& [word, lane] : words[bank]) {
        meeting.lanes |= 1u << lane;
      }
      if (meeting.words > 1) {
        out.push_back(meeting);
      }
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const BankMeeting& a, const BankMeeting& b) { return a.words > b.words; });
  return out;
}

std::string plural(std::uint64_t n, std::string_view word) {
  return text(n, " ", word, n == 1 ? "" : "s");
}

std::string shown(const std::array<unsigned, 3>& v) {
  return v[1] == 0 && v[2] == 0 ? text(v[0]) : text("(", v[0], ", ", v[1], ", ", v[2], ")");
}

}  // namespace

RequestPicture picture_of(const RequestShape& shape) {
  RequestPicture picture{shape, counted::cost_of(shape), rows_of(shape), {}};
  if (picture.has_wavefronts()) {
    picture.meetings = meetings_of(shape);
  }
  return picture;
}

std::string cost_in_words(const RequestPicture& picture) {
  const counted::Access& c = picture.cost;
  if (!picture.shared()) {
    const std::uint64_t moved = 32 * c.passes;
    const auto percent = std::lround(100 * counted::coalescing_efficiency(c));
    return text(plural(c.passes, "sector"), ": moved ", moved, " B, used ", c.used_bytes, " B (", percent,
                " %)");
  }
  if (!picture.has_wavefronts()) {
    return text("an atomic on shared memory by ", plural(c.lanes, "lane"), ": its passes are not counted");
  }
  return c.conflicts == 0 ? text(plural(c.passes, "wavefront"), ", no bank conflict")
                          : text(plural(c.passes, "wavefront"), " where ", c.passes - c.conflicts,
                                 " would do: ", plural(c.conflicts, "bank conflict"));
}

std::string lanes_in_words(std::uint32_t lanes) {
  const auto count = static_cast<unsigned>(std::popcount(lanes));
  std::string out = count == 1 ? "lane " : "lanes ";
  unsigned named = 0;
  for (std::uint32_t rest = lanes; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const bool last = (rest & (rest - 1)) == 0;
    if (count > kNamedLanes && named >= 3 && !last) {
      out += named++ == 3 ? " ..." : "";
      continue;
    }
    const bool after_gap = count > kNamedLanes && named > 3;
    out += named == 0 ? "" : after_gap ? " " : last ? " and " : ", ";
    out += std::to_string(lane);
    ++named;
  }
  return out;
}

std::string conflict_in_words(const RequestPicture& picture) {
  if (picture.meetings.empty()) {
    return "";
  }
  const BankMeeting& worst = picture.meetings.front();
  const auto alike =
      static_cast<std::size_t>(std::count_if(picture.meetings.begin(), picture.meetings.end(),
                                             [&](const BankMeeting& m) { return m.words == worst.words; }));
  const bool one_lane = std::popcount(worst.lanes) == 1;
  return text(lanes_in_words(worst.lanes), one_lane ? " needs " : " meet in bank ",
              one_lane ? text(worst.words, " words of bank ", worst.bank) : text(worst.bank), ": ",
              worst.words, " wavefronts",
              alike > 1 ? text("; so in ", alike - 1, alike == 2 ? " more place" : " more places") : "");
}

std::string access_in_words(const counted::RequestTrace& trace, const counted::TracedRequest& request) {
  static constexpr std::string_view kVerbs[] = {"load", "store", "atomic update"};
  static constexpr std::string_view kWays[] = {"from", "to", "of"};
  const auto kind = static_cast<std::size_t>(request.kind);
  const std::string where = request.space == RequestSpace::dynamic_shared  ? "dynamic shared memory"
                            : request.space == RequestSpace::static_shared ? "static shared memory"
                            : request.buffer < 0
                                ? "no buffer"
                                : text("'", trace.buffers[static_cast<std::size_t>(request.buffer)], "'");
  return text(kVerbs[kind], " of ", static_cast<unsigned>(request.bytes), " B a lane ", kWays[kind], " ",
              where);
}

std::string place_in_words(const RungProfile& profile, const counted::TracedRequest& request) {
  std::array<unsigned, 3> block{static_cast<unsigned>(request.block), 0, 0};
  if (request.launch < profile.launches.size()) {
    const auto& grid = profile.launches[request.launch].grid;
    block = {static_cast<unsigned>(request.block % grid[0]),
             static_cast<unsigned>(request.block / grid[0] % grid[1]),
             static_cast<unsigned>(request.block / grid[0] / grid[1])};
  }
  return text("block ", shown(block), ", warp ", request.warp,
              request.epoch == 0 ? std::string(", before any barrier")
                                 : text(", after ", plural(request.epoch, "barrier")));
}

}  // namespace alab::shell
