// CUDA's vector types: same names, members, sizes and alignments.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/executor/shim/qualifiers.hpp"
#if defined(ALAB_BUILD_FLOPS)
#include "kernels/executor/shim/counting_float.hpp"
#endif

// nvcc moves a vector by one access; g++ would move its members one by one. In the counted build copies go
// through a vector register, so that an access stays one: loads by the copy constructor, stores by
// assignment.
#if defined(ALAB_BUILD_COUNTED)
#define ALAB_MOVED_WHOLE_2(Type, scalar, align)                                                     \
  typedef scalar Whole __attribute__((vector_size(2 * sizeof(scalar)), may_alias, aligned(align))); \
  ALAB_SHIM constexpr Type() : x(), y() {}                                                          \
  ALAB_SHIM constexpr Type(scalar a, scalar b) : x(a), y(b) {}                                      \
  ALAB_SHIM Type(const Type& other) {                                                               \
    const Whole whole = *reinterpret_cast<const Whole*>(&other);                                    \
    x = whole[0], y = whole[1];                                                                     \
  }                                                                                                 \
  ALAB_SHIM Type& operator=(Type other) {                                                           \
    *reinterpret_cast<Whole*>(this) = Whole{other.x, other.y};                                      \
    return *this;                                                                                   \
  }
#define ALAB_MOVED_WHOLE_4(Type, scalar, align)                                                     \
  typedef scalar Whole __attribute__((vector_size(4 * sizeof(scalar)), may_alias, aligned(align))); \
  ALAB_SHIM constexpr Type() : x(), y(), z(), w() {}                                                \
  ALAB_SHIM constexpr Type(scalar a, scalar b, scalar c, scalar d) : x(a), y(b), z(c), w(d) {}      \
  ALAB_SHIM Type(const Type& other) {                                                               \
    const Whole whole = *reinterpret_cast<const Whole*>(&other);                                    \
    x = whole[0], y = whole[1], z = whole[2], w = whole[3];                                         \
  }                                                                                                 \
  ALAB_SHIM Type& operator=(Type other) {                                                           \
    *reinterpret_cast<Whole*>(this) = Whole{other.x, other.y, other.z, other.w};                    \
    return *this;                                                                                   \
  }
#else
#define ALAB_MOVED_WHOLE_2(Type, scalar, align)
#define ALAB_MOVED_WHOLE_4(Type, scalar, align)
#endif

#define ALAB_VECTOR_TYPES(scalar, name, align2, align4)                                \
  namespace alab::executor {                                                           \
  inline namespace ALAB_BUILD_NAMESPACE {                                              \
  struct name##1 {                                                                     \
    scalar x;                                                                          \
  };                                                                                   \
  struct alignas(align2) name##2 {                                                     \
    scalar x, y;                                                                       \
    ALAB_MOVED_WHOLE_2(name##2, scalar, align2)                                        \
  };                                                                                   \
  struct alignas(align4) name##4 {                                                     \
    scalar x, y, z, w;                                                                 \
    ALAB_MOVED_WHOLE_4(name##4, scalar, align4)                                        \
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
ALAB_VECTOR_TYPES(alab_float, float, 8, 16)
ALAB_VECTOR_TYPES(double, double, 16, 16)
ALAB_VECTOR_TYPE_3(signed char, char)
ALAB_VECTOR_TYPE_3(unsigned char, uchar)
ALAB_VECTOR_TYPE_3(short, short)
ALAB_VECTOR_TYPE_3(unsigned short, ushort)
ALAB_VECTOR_TYPE_3(int, int)
ALAB_VECTOR_TYPE_3(long long, longlong)
ALAB_VECTOR_TYPE_3(unsigned long long, ulonglong)
ALAB_VECTOR_TYPE_3(alab_float, float)
ALAB_VECTOR_TYPE_3(double, double)
ALAB_SHIM constexpr uint3 make_uint3(unsigned x, unsigned y, unsigned z) {
  return {x, y, z};
}

#undef ALAB_VECTOR_TYPES
#undef ALAB_MOVED_WHOLE_2
#undef ALAB_MOVED_WHOLE_4
#undef ALAB_VECTOR_TYPE_3
