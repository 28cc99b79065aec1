// A rung is one .cu file: one kernel idea, compiled from the same source for the GPU and for the CPU executor.
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

/// How a launch is carried out. One object per run; it owns scratch memory and knows the buffers.
/// Derived: executor::FastStream (fibers on this CPU), later a counted one, cuda::DeviceStream.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Zero-initialised? No: filled with NaN, so that an unwritten element shows. Freed with the stream.
  virtual void* scratch(std::string_view name, std::size_t bytes) = 0;
  /// Bytes of scratch held at the peak (not the op's own inputs and outputs).
  virtual std::size_t peak_scratch_bytes() const = 0;
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
  std::string_view op, id;     ///< folder, and file name without .cu: flash_attention_fwd, 30_fa2_order
  std::string_view title;      ///< "FA-2 loop order"
  std::string_view teaches;    ///< what changed from the rung before, one sentence
  std::string_view limit;      ///< which limit it hits, one sentence
  std::string_view source;     ///< paper and its section or algorithm
  ParamList tiles = {};        ///< tile sizes; "how", where the op's params are "what"
  int min_sm = 0;              ///< 0: any
  bool deterministic = true;   ///< same bits on every run
  /// "" or the reason in words, with the limit and the value.
  std::string (*unsupported)(const ParamSet& problem, const ParamSet& tiles) = nullptr;
  /// Global memory accesses in elements as the papers count them; nullptr when no formula is claimed.
  double (*modelled_accesses)(const ParamSet& problem, const ParamSet& tiles) = nullptr;
};

/// One compiled build of a rung's file: fast executor, (later counted executor,) or CUDA.
struct RungBuild {
  const Rung* rung = nullptr;
  void (*run)(Stream& stream, const ParamSet& problem, const ParamSet& tiles, const Buffers& buffers) = nullptr;
};

/// Ordered by op, then rung number. Generated from the folder listing.
std::span<const Op* const> all_ops();
std::span<const RungBuild* const> executor_rungs();
std::span<const RungBuild* const> cuda_rungs();  ///< empty when built without nvcc
const Op* find_op(std::string_view id);          ///< nullptr when unknown
std::vector<const RungBuild*> rungs_of(std::string_view op, std::span<const RungBuild* const> builds);

}  // namespace alab
