// The few lines of a CUDA file that no host compiler takes as they are, rewritten in place.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace alab::executor {

/// CUDA source as the host compiler takes it, line by line the same, with #line naming the original:
///   #pragma unroll [N]            -> #pragma GCC unroll N      (no literal N: 64; nounroll: 1)
///   extern __shared__ T name[];   -> T* const name, the block's dynamic shared memory
///   __noinline__                  -> the attribute (a macro of that name breaks the standard library)
/// Comments and strings are left alone.
/// @throws Error naming the line when an extern __shared__ declaration is not of the form above
std::string rewrite_cuda(std::string_view source, std::string_view path);

}  // namespace alab::executor
