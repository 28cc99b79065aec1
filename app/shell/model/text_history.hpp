// Snapshots of a text, so that undo reaches over a restart. Nothing is taken out by going back: what is typed
// then comes last, and the way back leads through all that was. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reference/core/json.hpp"

namespace alab::shell {

struct Snapshot {
  std::int64_t time = 0;  ///< seconds since 1970, UTC
  std::string text;
};

inline constexpr std::size_t kMaxSnapshots = 200, kMaxSnapshotBytes = std::size_t{1} << 20;

class TextHistory {
 public:
  /// Makes text the newest; nothing happens when it is that already.
  void add(std::string text, std::int64_t time);
  /// add(), and stands there.
  void add_and_stand(std::string text, std::int64_t time);
  bool can_go_back() const { return at_ > 0; }
  bool can_go_forward() const { return at_ + 1 < snapshots_.size(); }
  void go_back() { at_ -= can_go_back() ? 1 : 0; }
  void go_forward() { at_ += can_go_forward() ? 1 : 0; }
  /// Where one stands. @throws Error: nothing was added
  const Snapshot& current() const;
  const std::vector<Snapshot>& all() const { return snapshots_; }
  bool empty() const { return snapshots_.empty(); }

  Json to_json() const;
  /// Stands at the newest. @throws Error or Json's own: this is no history
  static TextHistory from_json(const Json& json);

 private:
  std::vector<Snapshot> snapshots_;  ///< oldest first, at most kMaxSnapshots and kMaxSnapshotBytes
  std::size_t at_ = 0, bytes_ = 0;
};

}  // namespace alab::shell
