// A rung is one .cu file: one kernel idea, compiled from the same source for the GPU and for the executor.
// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/op.hpp"

namespace alab {

/// How a launch is carried out. One object per run; it owns the memory that kernels touch and knows every
/// buffer's name, base and size. Derived: executor::FastStream (fibers on this CPU), counted::CountedStream,
/// cuda::DeviceStream.
class Stream {
 public:
  virtual ~Stream() = default;
  /// One of the op's own arrays: guard bands around, contents undefined. Not counted as scratch.
  virtual void* array(std::string_view name, std::size_t bytes) = 0;
  /// Working memory, guard bands around. Filled with NaN (all ones) when it is new, so that an unwritten
  /// element shows; the same name and size again give the same memory with what is in it. Freed with the
  /// stream.
  virtual void* scratch(std::string_view name, std::size_t bytes) = 0;
  /// Bytes of scratch held at the peak (not the op's own inputs and outputs).
  virtual std::size_t peak_scratch_bytes() const = 0;
  /// Copies and fills wait for the launches before them.
  virtual void upload(void* to, const void* from, std::size_t bytes) = 0;
  /// upload of what stands in an output before a kernel has written it; a counting stream knows it from data.
  virtual void upload_unwritten(void* to, const void* from, std::size_t bytes) { upload(to, from, bytes); }
  virtual void download(void* to, const void* from, std::size_t bytes) = 0;
  virtual void set_zero(void* to, std::size_t bytes) = 0;
  /// Waits for what was launched and returns "" or which buffer was written outside its bounds, and where.
  virtual std::string damage() = 0;
  /// Seconds that the work takes: wall clock on the executor, events on a GPU.
  virtual double seconds(const std::function<void()>& work) = 0;
  /// Order in which the executor visits blocks and threads; a GPU ignores it.
  enum class Order { ascending, descending, shuffled };
  virtual void set_order(Order) {}
};

/// Pointers to the op's arrays in the memory where the kernel runs, by name.
class Buffers {
 public:
  void add(std::string name, void* pointer) { pointers_[std::move(name)] = pointer; }
  float* f32(std::string_view name) const { return static_cast<float*>(find(name)); }
  std::int32_t* i32(std::string_view name) const { return static_cast<std::int32_t*>(find(name)); }

 private:
  void* find(std::string_view name) const;  ///< Error: no such buffer
  std::map<std::string, void*, std::less<>> pointers_;
};

/// Static facts of a rung; the same for every build of its file.
struct Rung {
  std::string_view op, id;    ///< folder, and file name without .cu: flash_attention_fwd, 30_fa2_order
  std::string_view title;     ///< "FA-2 loop order"
  std::string_view teaches;   ///< what changed from the rung before, one sentence
  std::string_view limit;     ///< which limit it hits, one sentence
  std::string_view source;    ///< paper and its section or algorithm
  ParamList tiles = {};       ///< tile sizes; "how", where the op's params are "what"
  int min_sm = 0;             ///< 0: any
  bool deterministic = true;  ///< same bits on every run
  /// "" or the reason in words, with the limit and the value.
  std::string (*unsupported)(const ParamSet& problem, const ParamSet& tiles) = nullptr;
  /// Global memory accesses in elements as the papers count them; nullptr when no formula is claimed.
  double (*modelled_accesses)(const ParamSet& problem, const ParamSet& tiles) = nullptr;
};

/// One compiled build of a rung's file: fast executor, counted executor or CUDA.
struct RungBuild {
  const Rung* rung = nullptr;
  void (*run)(Stream& stream, const ParamSet& problem, const ParamSet& tiles,
              const Buffers& buffers) = nullptr;
};

/// Ordered by op, then rung number. Generated from the folder listing.
std::span<const Op* const> all_ops();
std::span<const RungBuild* const> executor_rungs();
std::span<const RungBuild* const> cuda_rungs();  ///< empty when built without nvcc
const Op* find_op(std::string_view id);          ///< nullptr when unknown
std::vector<const RungBuild*> rungs_of(std::string_view op, std::span<const RungBuild* const> builds);

}  // namespace alab
