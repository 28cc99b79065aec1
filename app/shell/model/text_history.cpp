// SPDX-License-Identifier: MIT
#include "app/shell/model/text_history.hpp"

#include "reference/core/error.hpp"

namespace alab::shell {

void TextHistory::add(std::string text, std::int64_t time) {
  if (!snapshots_.empty() && snapshots_.back().text == text) {
    return;
  }
  bytes_ += text.size();
  snapshots_.push_back({time, std::move(text)});
  while (snapshots_.size() > kMaxSnapshots || (bytes_ > kMaxSnapshotBytes && snapshots_.size() > 1)) {
    bytes_ -= snapshots_.front().text.size();
    snapshots_.erase(snapshots_.begin());
    at_ -= at_ > 0 ? 1 : 0;
  }
}

void TextHistory::add_and_stand(std::string text, std::int64_t time) {
  add(std::move(text), time);
  at_ = snapshots_.size() - 1;
}

const Snapshot& TextHistory::current() const {
  require(!snapshots_.empty(), "this history is empty");
  return snapshots_[at_];
}

Json TextHistory::to_json() const {
  Json list = Json::array();
  for (const Snapshot& snapshot : snapshots_) {
    list.push_back({{"time", snapshot.time}, {"text", snapshot.text}});
  }
  return {{"version", 1}, {"snapshots", std::move(list)}};
}

TextHistory TextHistory::from_json(const Json& json) {
  require(json.value("version", 0) == 1, "it has no version that this program reads");
  TextHistory history;
  for (const Json& snapshot : json.at("snapshots")) {
    history.add_and_stand(snapshot.at("text").get<std::string>(), snapshot.at("time").get<std::int64_t>());
  }
  return history;
}

}  // namespace alab::shell
