// SPDX-License-Identifier: MIT
#include "app/shell/model/state_file.hpp"

#include <ctime>

#include "reference/core/files.hpp"

namespace alab::shell {
namespace {

constexpr std::size_t kMaxStateBytes = std::size_t{64} << 20;

std::string utc_stamp() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &parts);
  return stamp;
}

std::filesystem::path free_name(const std::filesystem::path& file) {
  const std::string base = file.string() + ".damaged-" + utc_stamp();
  std::filesystem::path name = base;
  for (int i = 2; std::filesystem::exists(name); ++i) {
    name = base + "-" + std::to_string(i);
  }
  return name;
}

std::string listed(const std::vector<std::string>& left_out) {
  std::string all = left_out.front();
  return left_out.size() == 1 ? all : text(all, " (and ", left_out.size() - 1, " more)");
}

}  // namespace

LoadReport load_state(const std::filesystem::path& file, Workbook& workbook) {
  LoadReport report;
  std::error_code ignored;
  report.found = std::filesystem::exists(file, ignored);
  if (!report.found) {
    return report;
  }
  try {
    const auto left_out =
        workbook.from_json(parse_json(read_file(file, kMaxStateBytes), file.filename().string()));
    if (!left_out.empty()) {
      report.message = text("Some saved values no longer fit and were left out: ", listed(left_out));
    }
  } catch (const std::exception& e) {
    report.set_aside = free_name(file);
    std::error_code error;
    std::filesystem::rename(file, report.set_aside, error);
    report.message = error ? text("Your saved progress cannot be read (", e.what(), ") nor set aside (",
                                  error.message(), "); move ", file.string(), " away by hand")
                           : text("Your saved progress could not be read (", e.what(), "); it was kept as ",
                                  report.set_aside.filename().string(), " and you start fresh");
    if (error) {
      report.set_aside.clear();
    }
  }
  return report;
}

StateSaver::StateSaver(std::filesystem::path file) : file_(std::move(file)) {}

void StateSaver::update(const Workbook& workbook, Clock::time_point now) {
  poll(now);
  if (!enabled_) {
    return;
  }
  const std::uint64_t revision = workbook.revision();
  if (revision != seen_revision_ || !started_) {
    if (!waiting_) {
      first_change_ = now;
    }
    waiting_ = started_ || revision != submitted_revision_;
    started_ = true;
    seen_revision_ = revision;
    last_change_ = now;
  }
  const bool due = now - last_change_ >= kRest || now - first_change_ >= kLongest;
  if (waiting_ && due && now >= retry_at_) {
    submit(workbook, now);
  }
}

void StateSaver::submit(const Workbook& workbook, Clock::time_point now) {
  waiting_ = false;
  in_flight_ = true;
  submitted_revision_ = workbook.revision();
  first_change_ = now;
  job_.submit([file = file_, state = workbook.to_json(), revision = submitted_revision_](const Progress&) {
    write_file_atomic(file, state.dump(1) + "\n");
    return revision;
  });
}

void StateSaver::poll(Clock::time_point now) {
  if (!in_flight_) {
    return;
  }
  const JobStatus status = job_.status();
  if (status.state == JobState::done) {
    in_flight_ = false;
    saved_revision_ = submitted_revision_;
    saved_at_ = now;
    problem_.clear();
  } else if (status.state == JobState::failed) {
    in_flight_ = false;
    waiting_ = true;
    retry_at_ = now + kRetry;
    problem_ = status.error;
  }
}

void StateSaver::flush(const Workbook& workbook) {
  job_.wait();
  poll(Clock::now());
  if (enabled_ && (waiting_ || workbook.revision() != saved_revision_)) {
    submit(workbook, Clock::now());
    job_.wait();
    poll(Clock::now());
  }
}

double StateSaver::seconds_since_save(Clock::time_point now) const {
  return std::chrono::duration<double>(now - saved_at_).count();
}

}  // namespace alab::shell
