// How profiles and arrays are sent between processes (kernels/executor/wire.hpp). SPDX-License-Identifier:
// MIT
#pragma once

#include "kernels/executor/counted/profile.hpp"
#include "kernels/executor/counted/trace.hpp"
#include "kernels/executor/wire.hpp"
#include "kernels/op.hpp"

namespace alab {

// Bindings and not member names, so that a member that is added and not sent does not compile.
namespace counted {

template <class Archive>
void exchange(Archive& archive, Line& x) {
  auto& [file, line] = x;
  archive(file, line);
}
template <class Archive>
void exchange(Archive& archive, LineProfile& x) {
  auto& [line, counters, flops] = x;
  archive(line, counters, flops);
}
template <class Archive>
void exchange(Archive& archive, BufferProfile& x) {
  auto& [name, bytes, scratch, read, written, read_sectors, written_sectors, load, store, atomic] = x;
  archive(name, bytes, scratch, read, written, read_sectors, written_sectors, load, store, atomic);
}
template <class Archive>
void exchange(Archive& archive, Finding& x) {
  auto& [mistake, sentence, line, other_line, block, thread, buffer, count] = x;
  archive(mistake, sentence, line, other_line, block, thread, buffer, count);
}
template <class Archive>
void exchange(Archive& archive, LaunchProfile& x) {
  auto& [kernel, where, grid, block, dynamic_shared, total, lines, buffers, blocks, flops, findings] = x;
  archive(kernel, where, grid, block, dynamic_shared, total, lines, buffers, blocks, flops, findings);
}
template <class Archive>
void exchange(Archive& archive, TraceWish& x) {
  auto& [blocks, requests, per_instruction, launches, only_global, values] = x;
  archive(blocks, requests, per_instruction, launches, only_global, values);
}
// Watched values point to names in the process that ran the kernel; no wish for
// them is sent.
template <class Archive>
void exchange(Archive& archive, RequestTrace& x) {
  auto& [requests, lines, buffers, values, cut, values_cut] = x;
  archive(requests, lines, buffers, cut, values_cut);
}

}  // namespace counted

template <class Archive>
void exchange(Archive& archive, HostArrays& x) {
  auto& [f32, i32] = x;
  archive(f32, i32);
}

}  // namespace alab
