// One request of a warp as a picture and in words: which lane touches which word, in which sector or bank.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/executor/counted/request_cost.hpp"
#include "kernels/profile_rung.hpp"

namespace alab::shell {

inline constexpr unsigned kLanes = 32, kWordsPerRow = 32, kWordsPerSector = 8;

/// 128 bytes: four sectors of global memory, or one word of each bank.
struct PictureRow {
  std::int64_t first = 0;                           ///< byte offset, a multiple of 128
  std::array<std::uint32_t, kWordsPerRow> lanes{};  ///< that touch the word, one bit each
};

/// Distinct words of one group of lanes in one bank: each costs a wavefront of its own.
struct BankMeeting {
  unsigned bank = 0;
  std::uint32_t lanes = 0;  ///< one lane for each word
  unsigned words = 0;       ///< 2 or more
};

struct RequestPicture {
  counted::RequestShape shape;
  counted::Access cost;
  std::vector<PictureRow> rows;       ///< ascending, untouched ones left out
  std::vector<BankMeeting> meetings;  ///< shared memory: most words first
  bool shared() const { return shape.space != counted::RequestSpace::global; }
  /// Shared loads and stores; the hardware's passes of atomics are not known.
  bool has_wavefronts() const { return shared() && shape.kind != counted::RequestKind::atomic; }
};

/// By the rules that the counted executor counts with. @throws Error as counted::cost_of
RequestPicture picture_of(const counted::RequestShape& shape);

/// "4 sectors: moved 128 B, used 128 B (100 %)", "1 wavefront, no bank conflict".
std::string cost_in_words(const RequestPicture& picture);
/// "lanes 0 and 16 meet in bank 4: 2 wavefronts"; "" without a conflict.
std::string conflict_in_words(const RequestPicture& picture);
/// "lanes 0, 1, 2 ... 31"
std::string lanes_in_words(std::uint32_t lanes);
/// "load of 4 B a lane from 'q'"
std::string access_in_words(const counted::RequestTrace& trace, const counted::TracedRequest& request);
/// "block (1, 0, 0), warp 2, after 3 barriers"
std::string place_in_words(const RungProfile& profile, const counted::TracedRequest& request);

}  // namespace alab::shell
