// Host memory and the spreading of blocks over OS threads.
// SPDX-License-Identifier: MIT
#include "kernels/executor/stream.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "kernels/executor/block_queue.hpp"
#include "kernels/executor/workers.hpp"
#include "reference/core/error.hpp"

namespace alab::executor {
namespace {

constexpr std::uint32_t kGuardWord = 0xFFC0DE5A;      // a quiet NaN
constexpr std::size_t kAlignment = 256;               // as cudaMalloc gives
constexpr std::size_t kGap = std::size_t{128} << 20;  // between buffers of a reserved range
constexpr std::size_t kPage = 4096;

void fill_guard(std::byte* from, const std::byte* to) {
  for (; from < to; from += sizeof kGuardWord) {
    std::memcpy(from, &kGuardWord, sizeof kGuardWord);
  }
}

// First changed byte of [from, to), or to.
const std::byte* first_change(const std::byte* from, const std::byte* to) {
  for (; from < to; from += sizeof kGuardWord) {
    if (std::memcmp(from, &kGuardWord, sizeof kGuardWord) != 0) {
      std::size_t byte = 0;
      while (std::memcmp(from + byte, reinterpret_cast<const std::byte*>(&kGuardWord) + byte, 1) == 0) {
        ++byte;
      }
      return from + byte;
    }
  }
  return to;
}

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

void Unmap::operator()(std::byte* p) const {
  if (own) {
    munmap(p, bytes);
  }
}

HostMemory::HostMemory(std::size_t reserve) {
  // A limit on address space may allow less.
  for (; reserve >= kGap && !reserved_; reserve /= 2) {
    void* mapped =
        mmap(nullptr, reserve, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped != MAP_FAILED) {
      reserved_ = {static_cast<std::byte*>(mapped), Unmap{reserve}};
    }
  }
}

std::span<std::byte> HostMemory::reserved() const {
  return {reserved_.get(), reserved_ ? reserved_.get_deleter().bytes : 0};
}

std::byte* HostMemory::room_for(std::size_t bytes, std::string_view name) {
  if (!reserved_) {
    void* mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(mapped != MAP_FAILED, "no memory for buffer '", name, "' of ", bytes, " bytes (",
            std::strerror(errno), "): choose a smaller problem");
    mappings_.emplace_back(static_cast<std::byte*>(mapped), Unmap{bytes});
    return static_cast<std::byte*>(mapped);
  }
  const std::size_t at = taken_ + kGap / 2;
  require(at + bytes + kGap / 2 <= reserved().size(), "no room for buffer '", name, "' of ", bytes,
          " bytes in the address range of ", reserved().size(), " bytes: choose a smaller problem");
  taken_ = round_up(at + bytes, kPage);
  std::byte* const start = reserved_.get() + at;
  mappings_.emplace_back(start, Unmap{bytes, false});
  return start;
}

std::byte* HostMemory::add(std::string_view name, std::size_t bytes, bool scratch) {
  require(bytes > 0 && bytes <= std::size_t{1} << 40, "buffer '", name, "' of ", bytes,
          " bytes is outside 1 byte to 1 TiB: check the problem's extents");
  // The end of the buffer touches the upper band, so that one element too far is found.
  const std::size_t padded = round_up(bytes, 4), total = round_up(padded, kAlignment) + 2 * kGuardBytes;
  std::byte* const start = room_for(total, name);
  std::byte* const base = start + kGuardBytes;
  fill_guard(start, base);
  fill_guard(base + padded, start + total);
  regions_.push_back({std::string(name), base, bytes, scratch});
  scratch_bytes_ += scratch ? bytes : 0;
  return base;
}

std::byte* HostMemory::find(std::string_view name, std::size_t bytes) const {
  const auto at = std::find_if(regions_.begin(), regions_.end(), [&](const Region& r) {
    return r.scratch && r.name == name && r.bytes == bytes;
  });
  return at == regions_.end() ? nullptr : at->base;
}

std::string HostMemory::damage() const {
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    const Region& r = regions_[i];
    const std::byte* const start = mappings_[i].get();
    const std::byte* const end = start + mappings_[i].get_deleter().bytes;
    const std::byte* const after = r.base + round_up(r.bytes, 4);
    if (const std::byte* hit = first_change(start, r.base); hit != r.base) {
      return text("buffer '", r.name, "' was written ", r.base - hit, " bytes before its start");
    }
    if (const std::byte* hit = first_change(after, end); hit != end) {
      return text("buffer '", r.name, "' of ", r.bytes, " bytes was written at byte ", hit - r.base,
                  ", past its end");
    }
  }
  return "";
}

void* ExecutorStream::array(std::string_view name, std::size_t bytes) {
  return memory_.add(name, bytes, false);
}

void* ExecutorStream::scratch(std::string_view name, std::size_t bytes) {
  if (std::byte* old = memory_.find(name, bytes)) {
    return old;
  }
  std::byte* fresh = memory_.add(name, bytes, true);
  std::memset(fresh, 0xFF, bytes);
  return fresh;
}

void ExecutorStream::upload(void* to, const void* from, std::size_t bytes) {
  std::memcpy(to, from, bytes);
}
void ExecutorStream::download(void* to, const void* from, std::size_t bytes) {
  std::memcpy(to, from, bytes);
}
void ExecutorStream::set_zero(void* to, std::size_t bytes) {
  std::memset(to, 0, bytes);
}

double ExecutorStream::seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

FastStream::FastStream(const Progress& progress, unsigned workers)
    : ExecutorStream(progress), workers_(workers == 0 ? Workers::instance().count() : workers) {}

void FastStream::submit(Launch launch) {
  require(!launch.counted, "launch in ", describe(launch.where),
          ": this build of the kernel counts, and a stream for speed does not: launch it on a CountedStream");
  launch.order = order_;
  launch.seed = seed_++;
  launch.progress = &progress_;
  check_limits(launch);
  run_blocks(launch, workers_);
}

}  // namespace alab::executor
