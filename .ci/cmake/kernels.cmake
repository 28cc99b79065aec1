# Every rung file kernels/<op>/NN_name.cu is compiled by the host compiler for the executor and, with nvcc,
# for sm_80 and sm_90a as well. The folder listing is the registry.
find_library(BOOST_CONTEXT_LIBRARY NAMES boost_context PATHS "${CMAKE_SOURCE_DIR}/.deps/lib")
find_path(BOOST_CONTEXT_INCLUDE boost/context/detail/fcontext.hpp PATHS "${CMAKE_SOURCE_DIR}/.deps/include")
if(NOT BOOST_CONTEXT_LIBRARY OR NOT BOOST_CONTEXT_INCLUDE)
  message(FATAL_ERROR "Boost.Context is missing: apt install libboost-context-dev (app/run.sh does it)")
endif()

file(GLOB op_files CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}/kernels" kernels/*/op.cpp)
file(GLOB rung_files CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}/kernels" kernels/*/[0-9][0-9]_*.cu)
list(SORT op_files)
list(SORT rung_files)
set(op_symbols "")
foreach(file IN LISTS op_files)
  get_filename_component(op "${file}" DIRECTORY)
  list(APPEND op_symbols op_${op})
endforeach()

set(rung_symbols "")
set(fast_sources "")
set(cuda_sources "")
foreach(file IN LISTS rung_files)
  get_filename_component(op "${file}" DIRECTORY)
  get_filename_component(id "${file}" NAME_WE)
  set(symbol rung_${op}_${id})
  list(APPEND rung_symbols ${symbol})
  # A one-line wrapper per build, so that one source file can be compiled into more than one.
  set(fast "${CMAKE_BINARY_DIR}/rungs/${op}/${id}.fast.cpp")
  file(CONFIGURE OUTPUT "${fast}" @ONLY CONTENT
       "#define ALAB_RUNG_SYMBOL @symbol@\n#include \"kernels/@file@\"\n")
  list(APPEND fast_sources "${fast}")
  if(ALAB_HAVE_CUDA)
    set(device "${CMAKE_BINARY_DIR}/rungs/${op}/${id}.cuda.cu")
    file(CONFIGURE OUTPUT "${device}" @ONLY CONTENT
         "#define ALAB_BUILD_CUDA 1\n#define ALAB_RUNG_SYMBOL @symbol@\n#include \"kernels/@file@\"\n")
    list(APPEND cuda_sources "${device}")
  endif()
endforeach()

alab_collect("${CMAKE_BINARY_DIR}/ops.gen.cpp" "kernels/rung.hpp" "" Op all_ops ${op_symbols})
alab_collect("${CMAKE_BINARY_DIR}/fast_rungs.gen.cpp" "kernels/rung.hpp" fast_build RungBuild executor_rungs ${rung_symbols})
if(ALAB_HAVE_CUDA)
  alab_collect("${CMAKE_BINARY_DIR}/cuda_rungs.gen.cpp" "kernels/rung.hpp" cuda_build RungBuild cuda_rungs ${rung_symbols})
else()
  alab_collect("${CMAKE_BINARY_DIR}/cuda_rungs.gen.cpp" "kernels/rung.hpp" cuda_build RungBuild cuda_rungs)
endif()

# Rungs on the executor, fast mode: plain speed, right values.
add_library(alab_rungs_fast OBJECT ${fast_sources})
target_link_libraries(alab_rungs_fast PUBLIC alab_core)
target_include_directories(alab_rungs_fast PRIVATE "${CMAKE_SOURCE_DIR}/kernels/executor/include" "${BOOST_CONTEXT_INCLUDE}")
target_compile_options(alab_rungs_fast PRIVATE -O3 -ffp-contract=fast -Wno-unknown-pragmas -Wno-pedantic)

file(GLOB kernel_sources CONFIGURE_DEPENDS kernels/*.cpp kernels/executor/*.cpp kernels/*/op.cpp)
if(NOT ALAB_HAVE_CUDA)
  list(APPEND kernel_sources "${CMAKE_SOURCE_DIR}/kernels/cuda/no_cuda.cc")
endif()
add_library(alab_kernels STATIC ${kernel_sources} $<TARGET_OBJECTS:alab_rungs_fast>
            "${CMAKE_BINARY_DIR}/ops.gen.cpp" "${CMAKE_BINARY_DIR}/fast_rungs.gen.cpp" "${CMAKE_BINARY_DIR}/cuda_rungs.gen.cpp")
target_link_libraries(alab_kernels PUBLIC alab_reference PRIVATE "${BOOST_CONTEXT_LIBRARY}")
target_include_directories(alab_kernels PRIVATE "${BOOST_CONTEXT_INCLUDE}")

if(ALAB_HAVE_CUDA)
  file(GLOB cuda_host_sources CONFIGURE_DEPENDS kernels/cuda/*.cu)
  add_library(alab_rungs_cuda STATIC ${cuda_sources} ${cuda_host_sources})
  set_target_properties(alab_rungs_cuda PROPERTIES CUDA_ARCHITECTURES OFF CUDA_RUNTIME_LIBRARY Static)
  # CMake 3.25.1 does not know CUDA20 for nvcc 12 and 13, hence the plain flag.
  target_compile_options(alab_rungs_cuda PRIVATE -std=c++20 -gencode=arch=compute_80,code=sm_80
                         -gencode=arch=compute_90a,code=sm_90a -gencode=arch=compute_80,code=compute_80 -lineinfo
                         -Xptxas=--warn-on-spills --expt-relaxed-constexpr)
  target_include_directories(alab_rungs_cuda PRIVATE "${CMAKE_SOURCE_DIR}")
  target_link_libraries(alab_rungs_cuda PUBLIC CUDA::cudart_static)
  target_link_libraries(alab_rungs_cuda PRIVATE Eigen3::Eigen nlohmann_json::nlohmann_json)
  target_link_libraries(alab_kernels PUBLIC alab_rungs_cuda)
  target_link_libraries(alab_rungs_cuda PUBLIC alab_core)
endif()
