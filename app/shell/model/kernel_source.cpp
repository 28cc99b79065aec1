// SPDX-License-Identifier: MIT
#include "app/shell/model/kernel_source.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <iterator>

#include "kernels/sources.hpp"
#include "kernels/student/profile_case.hpp"
#include "reference/core/result.hpp"

namespace alab::shell {
namespace {

SourceText lines_of(std::string_view file, std::string_view rest) {
  SourceText out;
  out.file = std::string(file);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    out.lines.push_back({.text = rest.substr(0, end)});
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return out;
}

SourceText plain_text_of(std::string_view file) {
  const auto all = kernel_sources();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const KernelSource& s) { return s.file == file; });
  return lines_of(file, found == all.end() ? std::string_view() : found->text);
}

class Annotator {
 public:
  explicit Annotator(SourceText first) { texts_.push_back(std::move(first)); }

  SourceLine* at(const counted::Line& line) {
    const auto found =
        std::find_if(texts_.begin(), texts_.end(), [&](const SourceText& t) { return t.file == line.file; });
    SourceText& text = found == texts_.end() ? texts_.emplace_back(plain_text_of(line.file)) : *found;
    const bool known = line.line >= 1 && static_cast<std::size_t>(line.line) <= text.lines.size();
    return known ? &text.lines[static_cast<std::size_t>(line.line) - 1] : nullptr;
  }
  void count(const counted::LaunchProfile& launch) {
    for (const counted::LineProfile& line : launch.lines) {
      if (SourceLine* const own = at(line.line)) {
        own->counters += line.counters;
        own->flops += line.flops;
        own->executed = true;
      }
      total_ += line.counters;
      flops_ += line.flops.flops();
    }
  }
  void add_requests(const counted::RequestTrace& trace, int launch) {
    for (std::size_t i = 0; i < trace.requests.size(); ++i) {
      const counted::TracedRequest& request = trace.requests[i];
      SourceLine* const own = launch >= 0 && request.launch != static_cast<std::uint32_t>(launch)
                                  ? nullptr
                                  : at(trace.lines[static_cast<std::size_t>(request.line)]);
      if (own != nullptr) {
        own->requests.push_back(i);
      }
    }
  }
  void add_findings(const std::vector<counted::Finding>& findings) {
    for (std::size_t i = 0; i < findings.size(); ++i) {
      SourceLine* const first = findings[i].line.line > 0 ? at(findings[i].line) : nullptr;
      SourceLine* const second = findings[i].other_line.line > 0 ? at(findings[i].other_line) : nullptr;
      if (first != nullptr) {
        first->findings.push_back(i);
      }
      if (second != nullptr && second != first) {
        second->findings.push_back(i);
      }
    }
  }
  std::vector<SourceText> finish() {
    const auto sectors = static_cast<double>(std::max<std::uint64_t>(1, sectors_of(total_)));
    const auto wavefronts = static_cast<double>(std::max<std::uint64_t>(1, wavefronts_of(total_)));
    const auto flops = static_cast<double>(std::max<std::uint64_t>(1, flops_));
    for (SourceText& text : texts_) {
      for (SourceLine& line : text.lines) {
        line.global_share = static_cast<double>(sectors_of(line.counters)) / sectors;
        line.shared_share = static_cast<double>(wavefronts_of(line.counters)) / wavefronts;
        line.flop_share = static_cast<double>(line.flops.flops()) / flops;
      }
    }
    std::erase_if(texts_, [](const SourceText& text) { return text.lines.empty(); });
    const auto weight = [](const SourceText& text) {
      double sum = 0;
      for (const SourceLine& line : text.lines) {
        sum += line.global_share + line.shared_share;
      }
      return sum;
    };
    if (texts_.size() > 2) {
      std::stable_sort(texts_.begin() + 1, texts_.end(),
                       [&](const SourceText& a, const SourceText& b) { return weight(a) > weight(b); });
    }
    return {std::make_move_iterator(texts_.begin()), std::make_move_iterator(texts_.end())};
  }

 private:
  std::deque<SourceText> texts_;  // lines are pointed to while texts are added
  counted::Counters total_;
  std::uint64_t flops_ = 0;
};

}  // namespace

std::string file_of(const Rung& rung) {
  return text("kernels/", rung.op, "/", rung.id, ".cu");
}

std::vector<SourceText> annotated_source(const Rung& rung, const RungProfile* profile, int launch,
                                         std::string_view own) {
  Annotator annotator(own.empty() ? plain_text_of(file_of(rung)) : lines_of(student::kProfiledFile, own));
  if (profile != nullptr) {
    for (std::size_t i = 0; i < profile->launches.size(); ++i) {
      if (launch < 0 || i == static_cast<std::size_t>(launch)) {
        annotator.count(profile->launches[i]);
      }
    }
    annotator.add_requests(profile->trace, launch);
    annotator.add_findings(profile->findings);
  }
  return annotator.finish();
}

counted::Line busiest_line(const std::vector<SourceText>& texts) {
  counted::Line best;
  for (double SourceLine::*share : {&SourceLine::global_share, &SourceLine::shared_share}) {
    double most = 0;
    for (const SourceText& text : texts) {
      for (std::size_t i = 0; i < text.lines.size(); ++i) {
        if (text.lines[i].*share > most) {
          most = text.lines[i].*share;
          best = {text.file, static_cast<int>(i) + 1};
        }
      }
    }
    if (most > 0) {
      return best;
    }
  }
  return best;
}

std::uint64_t sectors_of(const counted::Counters& c) {
  return c.global_load.passes + c.global_store.passes + c.global_atomic.passes;
}
std::uint64_t wavefronts_of(const counted::Counters& c) {
  return c.shared_load.passes + c.shared_store.passes;
}
std::uint64_t conflicts_of(const counted::Counters& c) {
  return c.shared_load.conflicts + c.shared_store.conflicts;
}
std::uint64_t used_bytes_of(const counted::Counters& c) {
  return c.global_load.used_bytes + c.global_store.used_bytes + c.global_atomic.used_bytes;
}

std::string operations_in_words(const counted::FlopCounts& flops) {
  constexpr std::array<std::string_view, counted::kFlopKinds> kNames{"additions",
                                                                     "multiplications",
                                                                     "multiply-adds",
                                                                     "16-bit additions",
                                                                     "16-bit multiplications",
                                                                     "16-bit multiply-adds",
                                                                     "divisions",
                                                                     "exponentials",
                                                                     "logarithms",
                                                                     "square roots",
                                                                     "reciprocal roots",
                                                                     "sines and cosines",
                                                                     "other functions",
                                                                     "comparisons",
                                                                     "minima and maxima",
                                                                     "atomic additions"};
  std::string words;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (flops.of[i] > 0) {
      words += text(words.empty() ? "All threads, counted: " : ", ",
                    format_value(static_cast<double>(flops.of[i]), "count"), " ", kNames[i]);
    }
  }
  return words;
}

}  // namespace alab::shell
