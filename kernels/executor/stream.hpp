// The executor's side of a Stream: host memory with guard bands, and launches on this CPU's cores.
// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/executor/launch_record.hpp"
#include "kernels/rung.hpp"
#include "reference/core/job.hpp"

namespace alab::executor {

/// One buffer that kernels may touch.
struct Region {
  std::string name;
  std::byte* base = nullptr;
  std::size_t bytes = 0;
  bool scratch = false;
};

/// Gives mapped memory back.
struct Unmap {
  std::size_t bytes = 0;
  bool own = true;  ///< false: part of a larger mapping
  void operator()(std::byte* p) const;
};

/// Buffers between guard bands. The bands hold a NaN pattern: a value read from them shows, a write is found.
class HostMemory {
 public:
  static constexpr std::size_t kGuardBytes = 64 * 1024;

  /// reserve: address space to keep all buffers in, far apart, 0 for none. Memory between the buffers may be
  /// touched: it reads as zero and harms nothing.
  explicit HostMemory(std::size_t reserve = 0);

  std::byte* add(std::string_view name, std::size_t bytes, bool scratch);
  /// nullptr when there is none of that name and size.
  std::byte* find(std::string_view name, std::size_t bytes) const;
  std::span<const Region> regions() const { return regions_; }
  std::size_t scratch_bytes() const { return scratch_bytes_; }
  /// "" or the first buffer whose guard band changed, and how far outside.
  std::string damage() const;
  /// What was reserved; empty without.
  std::span<std::byte> reserved() const;

 private:
  std::byte* room_for(std::size_t bytes, std::string_view name);
  std::unique_ptr<std::byte, Unmap> reserved_;
  std::size_t taken_ = 0;  ///< of the reserved range
  std::vector<std::unique_ptr<std::byte, Unmap>> mappings_;
  std::vector<Region> regions_;
  std::size_t scratch_bytes_ = 0;
};

/// What every build of the executor shares. submit() carries out one launch, all of it, before it returns.
class ExecutorStream : public Stream {
 public:
  explicit ExecutorStream(const Progress& progress, std::size_t reserve = 0)
      : memory_(reserve), progress_(progress) {}
  virtual void submit(Launch launch) = 0;

  void* array(std::string_view name, std::size_t bytes) override;
  void* scratch(std::string_view name, std::size_t bytes) override;
  std::size_t peak_scratch_bytes() const override { return memory_.scratch_bytes(); }
  void upload(void* to, const void* from, std::size_t bytes) override;
  void download(void* to, const void* from, std::size_t bytes) override;
  void set_zero(void* to, std::size_t bytes) override;
  std::string damage() override { return memory_.damage(); }
  double seconds(const std::function<void()>& work) override;
  void set_order(Order order) override { order_ = order; }
  /// Seed of the shuffled order.
  void set_seed(std::uint64_t seed) { seed_ = seed; }
  std::span<const Region> regions() const { return memory_.regions(); }

 protected:
  HostMemory memory_;
  Progress progress_;
  Order order_ = Order::ascending;
  std::uint64_t seed_ = 1;
};

/// Plain speed, right values.
class FastStream : public ExecutorStream {
 public:
  /// workers: OS threads to use at most; 0 takes one per core.
  explicit FastStream(const Progress& progress = {}, unsigned workers = 0);
  void submit(Launch launch) override;

 private:
  unsigned workers_;
};

}  // namespace alab::executor
