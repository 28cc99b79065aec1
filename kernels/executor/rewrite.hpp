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

/// What rewrite_cuda returned, with alab_float for float, so that a build can count what is done with it:
///   float                  -> alab_float
///   1.5f, INFINITY, NAN    -> alab_float(1.5f), alab_float(INFINITY) ...
///   buffers.f32(name)      -> alab_arrays(buffers)(name)
///   #pragma GCC unroll N   -> #pragma GCC unroll 1    (compiles in half the time, counts the same)
///   #pragma once           -> nothing                 (the build includes a header once for each rung)
/// Lines keep their numbers; #include lines, comments and strings are left alone.
std::string rewrite_floats(std::string_view source);

/// The same text with comments, strings and character constants as spaces; newlines stay.
std::string code_only(std::string_view source);
/// Of a word of C++, or white space.
bool is_word(char c);
bool is_space(char c);

}  // namespace alab::executor
