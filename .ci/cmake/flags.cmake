# One set of flags for every target. The instruction set is the best x86-64 level this machine has, by name,
# so that a compiler cache shared between machines never hands over code that one of them cannot run.
include(CheckCXXSourceRuns)
add_library(alab_flags INTERFACE)
target_include_directories(alab_flags INTERFACE "${CMAKE_SOURCE_DIR}")
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ccache)
  set(CMAKE_CXX_COMPILER_LAUNCHER ccache)
  set(CMAKE_CUDA_COMPILER_LAUNCHER ccache)
endif()
if(ALAB_SANITIZE)
  set(levels 2)  # Eigen under sanitizers compiles twice as long for AVX-512
else()
  set(levels 4 3 2)
endif()
foreach(level IN LISTS levels)
  if(NOT DEFINED ALAB_ARCH AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    check_cxx_source_runs("int main() { return __builtin_cpu_supports(\"x86-64-v${level}\") ? 0 : 1; }" ALAB_HAS_V${level})
    if(ALAB_HAS_V${level})
      set(ALAB_ARCH "x86-64-v${level}" CACHE STRING "value of -march")
    endif()
  endif()
endforeach()
# -ffp-contract=off: the same bits with and without FMA hardware; hot loops ask for fma themselves.
set(alab_cxx_flags -Wall -Wextra -Wpedantic -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms inside the compiler's own AVX-512 header (GCC bug 105593) and std::string (bug 105651).
  list(APPEND alab_cxx_flags -Wno-uninitialized -Wno-maybe-uninitialized -Wno-restrict)
  # With AVX-512, g++ 12.2 was seen to store {1, 1, 1, 0} of an initializer list as something else.
  list(APPEND alab_cxx_flags -fno-tree-slp-vectorize)
endif()
if(ALAB_ARCH)
  list(APPEND alab_cxx_flags -march=${ALAB_ARCH})
endif()
if(ALAB_WERROR)
  list(APPEND alab_cxx_flags -Werror)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  # Sanitized builds: -O2 over Eigen's templates compiles for minutes and finds nothing more.
  if(ALAB_SANITIZE)
    set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")
  else()
    set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
  endif()
endif()
if(ALAB_SANITIZE)
  list(APPEND alab_cxx_flags -fsanitize=${ALAB_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(alab_flags INTERFACE -fsanitize=${ALAB_SANITIZE})
endif()
target_compile_options(alab_flags INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${alab_cxx_flags}>")

# alab_quick_build(TARGET): code that is not timed is optimised less in preset dev, which compiles it a third faster.
function(alab_quick_build target)
  target_compile_options(${target} PRIVATE "$<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CONFIG:RelWithDebInfo>>:-O1>")
endfunction()

# alab_precompiled(TARGET HEADER...): HEADERs and the standard library's are parsed once for all files of TARGET, which
# spares Eigen's users a third of their compilation. Sanitized builds go without, so that each file's own includes stay
# complete.
function(alab_precompiled target)
  if(NOT ALAB_SANITIZE)
    # What is known to come from a system header is no longer known after g++ 12 has read it back, and so its false alarms show.
    target_compile_options(${target} PRIVATE -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
    target_precompile_headers(${target} PRIVATE ${ARGN} <algorithm> <array> <cmath> <functional> <map> <memory> <optional> <span>
                              <string> <string_view> <vector>)
  endif()
endfunction()
