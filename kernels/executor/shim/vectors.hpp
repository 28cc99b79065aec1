// CUDA's vector types: same names, members, sizes and alignments.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/executor/shim/qualifiers.hpp"

#define ALAB_VECTOR_TYPES(scalar, name, align2, align4)                                \
  namespace alab::executor {                                                           \
  inline namespace ALAB_BUILD_NAMESPACE {                                              \
  struct name##1 {                                                                     \
    scalar x;                                                                          \
  };                                                                                   \
  struct alignas(align2) name##2 {                                                     \
    scalar x, y;                                                                       \
  };                                                                                   \
  struct alignas(align4) name##4 {                                                     \
    scalar x, y, z, w;                                                                 \
  };                                                                                   \
  }                                                                                    \
  }                                                                                    \
  using alab::executor::name##1;                                                       \
  using alab::executor::name##2;                                                       \
  using alab::executor::name##4;                                                       \
  ALAB_SHIM constexpr name##1 make_##name##1(scalar x) {                               \
    return {x};                                                                        \
  }                                                                                    \
  ALAB_SHIM constexpr name##2 make_##name##2(scalar x, scalar y) {                     \
    return {x, y};                                                                     \
  }                                                                                    \
  ALAB_SHIM constexpr name##4 make_##name##4(scalar x, scalar y, scalar z, scalar w) { \
    return {x, y, z, w};                                                               \
  }

#define ALAB_VECTOR_TYPE_3(scalar, name)                                     \
  namespace alab::executor {                                                 \
  inline namespace ALAB_BUILD_NAMESPACE {                                    \
  struct name##3 {                                                           \
    scalar x, y, z;                                                          \
  };                                                                         \
  }                                                                          \
  }                                                                          \
  using alab::executor::name##3;                                             \
  ALAB_SHIM constexpr name##3 make_##name##3(scalar x, scalar y, scalar z) { \
    return {x, y, z};                                                        \
  }

ALAB_VECTOR_TYPES(signed char, char, 2, 4)
ALAB_VECTOR_TYPES(unsigned char, uchar, 2, 4)
ALAB_VECTOR_TYPES(short, short, 4, 8)
ALAB_VECTOR_TYPES(unsigned short, ushort, 4, 8)
ALAB_VECTOR_TYPES(int, int, 8, 16)
ALAB_VECTOR_TYPES(unsigned, uint, 8, 16)
ALAB_VECTOR_TYPES(long long, longlong, 16, 16)
ALAB_VECTOR_TYPES(unsigned long long, ulonglong, 16, 16)
ALAB_VECTOR_TYPES(float, float, 8, 16)
ALAB_VECTOR_TYPES(double, double, 16, 16)
ALAB_VECTOR_TYPE_3(signed char, char)
ALAB_VECTOR_TYPE_3(unsigned char, uchar)
ALAB_VECTOR_TYPE_3(short, short)
ALAB_VECTOR_TYPE_3(unsigned short, ushort)
ALAB_VECTOR_TYPE_3(int, int)
ALAB_VECTOR_TYPE_3(long long, longlong)
ALAB_VECTOR_TYPE_3(unsigned long long, ulonglong)
ALAB_VECTOR_TYPE_3(float, float)
ALAB_VECTOR_TYPE_3(double, double)
ALAB_SHIM constexpr uint3 make_uint3(unsigned x, unsigned y, unsigned z) {
  return {x, y, z};
}

#undef ALAB_VECTOR_TYPES
#undef ALAB_VECTOR_TYPE_3
