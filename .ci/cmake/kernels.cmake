# Every rung file kernels/<op>/NN_name.cu is compiled by the host compiler for the executor and, with nvcc,
# for sm_80 and sm_90a as well. The folder listing is the registry.
find_library(BOOST_CONTEXT_LIBRARY NAMES boost_context PATHS "${CMAKE_SOURCE_DIR}/.deps/lib")
find_path(BOOST_CONTEXT_INCLUDE boost/context/detail/fcontext.hpp PATHS "${CMAKE_SOURCE_DIR}/.deps/include")
if(NOT BOOST_CONTEXT_LIBRARY OR NOT BOOST_CONTEXT_INCLUDE)
  message(FATAL_ERROR "Boost.Context is missing: apt install libboost-context-dev (app/run.sh does it)")
endif()

# ---- the executor's build of a CUDA file -----------------------------------------------------------------------
# A few constructs are rewritten line by line (kernels/executor/rewrite.hpp); headers beside the rungs too.
add_executable(alab_rewrite kernels/executor/rewrite_tool.cc kernels/executor/rewrite.cpp)
target_link_libraries(alab_rewrite PRIVATE alab_flags)
set_target_properties(alab_rewrite PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tools")
set(ALAB_REWRITTEN "${CMAKE_BINARY_DIR}/rewritten")

# alab_rewrite(FILE OUT): FILE, relative to the root, rewritten into the build folder; OUT gets its path.
function(alab_rewrite file out)
  set(result "${ALAB_REWRITTEN}/${file}")
  add_custom_command(OUTPUT "${result}" COMMAND alab_rewrite "${CMAKE_SOURCE_DIR}/${file}" "${result}"
                     DEPENDS alab_rewrite "${CMAKE_SOURCE_DIR}/${file}" COMMENT "Rewriting ${file}" VERBATIM)
  set(${out} "${result}" PARENT_SCOPE)
endfunction()

file(GLOB device_headers CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}" kernels/*/*.cuh)
set(rewritten_headers "")
foreach(file IN LISTS device_headers)
  alab_rewrite("${file}" result)
  list(APPEND rewritten_headers "${result}")
endforeach()
add_custom_target(alab_device_headers DEPENDS ${rewritten_headers})

# alab_executor_build(TARGET BUILD FILE SYMBOL): adds FILE to the object library TARGET as part of build
# namespace BUILD, through a wrapper, so that one source can be compiled into more than one build.
function(alab_executor_build target build file symbol)
  if(NOT TARGET alab_rewritten_${symbol})
    alab_rewrite("${file}" rewritten)
    add_custom_target(alab_rewritten_${symbol} DEPENDS "${rewritten}")
  endif()
  get_filename_component(id "${file}" NAME_WE)
  get_filename_component(folder "${file}" DIRECTORY)
  set(wrapper "${CMAKE_BINARY_DIR}/rungs/${folder}/${id}.${build}.cpp")
  set(counted "")
  if(build STREQUAL "counted_build")
    set(counted "#define ALAB_BUILD_COUNTED 1\n")
  endif()
  file(CONFIGURE OUTPUT "${wrapper}" @ONLY CONTENT
       "@counted@#define ALAB_BUILD_NAMESPACE @build@\n#define ALAB_RUNG_SYMBOL @symbol@\n#include \"@ALAB_REWRITTEN@/@file@\"\n")
  target_sources(${target} PRIVATE "${wrapper}")
  add_dependencies(${target} alab_rewritten_${symbol} alab_device_headers)
endfunction()

# As nvcc: fused multiply-add where the source allows it. Kernels view arrays through float4 and the like.
# An interface library, because a target's own options come before those of what it links.
add_library(alab_executor_flags INTERFACE)
target_compile_options(alab_executor_flags INTERFACE -O3 -ffp-contract=fast -fno-strict-aliasing -ftls-model=initial-exec
                       -Wno-unknown-pragmas -Wno-pedantic -Wno-unused-function)

# alab_executor_library(TARGET [FLAGS]): an object library with the executor's headers in front of CUDA's.
function(alab_executor_library target)
  set(flags alab_executor_flags)
  if(ARGC GREATER 1)
    set(flags "${ARGV1}")
  endif()
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/empty.gen.cpp" CONTENT "// Generated: an object library needs one source.\n")
  add_library(${target} OBJECT "${CMAKE_BINARY_DIR}/empty.gen.cpp")
  target_link_libraries(${target} PUBLIC alab_core PRIVATE ${flags})
  target_include_directories(${target} BEFORE PRIVATE "${CMAKE_SOURCE_DIR}/kernels/executor/include" "${ALAB_REWRITTEN}")
endfunction()

# The counted build: g++'s thread-sanitizer instrumentation, whose callbacks kernels/executor/counted defines.
# What would move, split or join memory accesses is off.
add_library(alab_counted_flags INTERFACE)
target_compile_options(alab_counted_flags INTERFACE -O2 -g1 -fno-plt -ffp-contract=fast -fno-strict-aliasing
  -ftls-model=initial-exec -fno-tree-vectorize -fno-tree-slp-vectorize -fno-store-merging -fno-tree-loop-distribute-patterns
  -fno-reorder-blocks -fno-reorder-blocks-and-partition -fno-thread-jumps -fno-split-paths -fno-math-errno
  --param=inline-unit-growth=1000 --param=large-function-growth=10000 --param=max-inline-insns-auto=2000
  --param=max-inline-insns-single=4000 -fstack-clash-protection -fsanitize=thread -fsanitize=bounds --param=tsan-instrument-func-entry-exit=0
  -Wno-unknown-pragmas -Wno-pedantic -Wno-unused-function -Wno-tsan)
# On x86-64 the calls for memory accesses become stores in place, by a step between compiler and assembler (-B; see
# kernels/executor/counted/inline_notes.hpp). The hash makes a compiler cache notice a changed step.
set(ALAB_INLINE_NOTES OFF)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND NOT ALAB_SANITIZE)
  set(ALAB_INLINE_NOTES ON)
  set(notes_sources "")
  foreach(name IN ITEMS assembly.cpp inline_notes.cpp keep_registers.cpp inline_notes_tool.cc)
    list(APPEND notes_sources kernels/executor/counted/${name})
  endforeach()
  set(notes_hash "")
  foreach(file IN LISTS notes_sources ITEMS kernels/executor/counted/log_layout.hpp)
    file(SHA256 "${CMAKE_SOURCE_DIR}/${file}" hash)
    string(APPEND notes_hash "${hash}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  endforeach()
  string(SHA256 notes_hash "${notes_hash}")
  execute_process(COMMAND "${CMAKE_CXX_COMPILER}" -print-prog-name=as OUTPUT_VARIABLE assembler OUTPUT_STRIP_TRAILING_WHITESPACE)
  add_executable(alab_inline_notes ${notes_sources})
  target_link_libraries(alab_inline_notes PRIVATE alab_flags)
  target_compile_definitions(alab_inline_notes PRIVATE "ALAB_ASSEMBLER=\"${assembler}\"")
  set_target_properties(alab_inline_notes PROPERTIES OUTPUT_NAME as RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tools/inline_notes")
  set(kept_registers "")
  foreach(number RANGE 8 15)
    list(APPEND kept_registers -fcall-saved-xmm${number})
  endforeach()
  target_compile_options(alab_counted_flags INTERFACE "-B${CMAKE_BINARY_DIR}/tools/inline_notes/" -DALAB_INLINE_NOTES=0x${notes_hash}
    -ffixed-r15 ${kept_registers} -mprefer-vector-width=128 -mmove-max=128 -mstore-max=128 -fno-optimize-sibling-calls -fno-ipa-icf
    -Wno-attributes)
endif()
find_library(ALAB_BACKTRACE_LIBRARY NAMES backtrace PATHS ${CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES})
set(ALAB_COUNTED OFF)
if(ALAB_SANITIZE)
  set(ALAB_NO_COUNTED "this is a sanitized build, and the counted executor brings callbacks of its own: use preset dev or release")
elseif(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
  set(ALAB_NO_COUNTED "it was compiled by ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}, the counted executor needs g++ 12 or newer: configure with -DCMAKE_CXX_COMPILER=g++")
elseif(NOT ALAB_BACKTRACE_LIBRARY)
  set(ALAB_NO_COUNTED "libbacktrace, which comes with g++, was not found when it was configured: install g++ 12 or newer")
else()
  set(ALAB_COUNTED ON)
endif()
if(NOT ALAB_COUNTED)
  message(STATUS "Without the counted executor: ${ALAB_NO_COUNTED}")
endif()

# alab_counted_library(TARGET): an object library for alab_executor_build(TARGET counted_build ...).
function(alab_counted_library target)
  alab_executor_library(${target} alab_counted_flags)
  if(ALAB_INLINE_NOTES)
    add_dependencies(${target} alab_inline_notes)
  endif()
endfunction()

# alab_isolated(TARGET OUT): the objects of TARGET as one object that exports counted_build alone, so that the linker never
# takes an instrumented copy of an inline function (of the standard library, say) for the rest of the program.
function(alab_isolated target out)
  set(object "${CMAKE_BINARY_DIR}/${target}.isolated.o")
  add_custom_command(OUTPUT "${object}"
    COMMAND "${CMAKE_LINKER}" -r --force-group-allocation -o "${object}" $<TARGET_OBJECTS:${target}>
    COMMAND "${CMAKE_OBJCOPY}" --wildcard "--keep-global-symbol=*13counted_build*" "${object}"
    DEPENDS ${target} $<TARGET_OBJECTS:${target}> COMMAND_EXPAND_LISTS COMMENT "Isolating ${target}" VERBATIM)
  set_source_files_properties("${object}" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  set(${out} "${object}" PARENT_SCOPE)
endfunction()

file(GLOB op_files CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}/kernels" kernels/*/op.cpp)
file(GLOB rung_files CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}/kernels" kernels/*/[0-9][0-9]_*.cu)
list(SORT op_files)
list(SORT rung_files)
set(op_symbols "")
foreach(file IN LISTS op_files)
  get_filename_component(op "${file}" DIRECTORY)
  list(APPEND op_symbols op_${op})
endforeach()

alab_executor_library(alab_rungs_fast)
if(ALAB_COUNTED)
  alab_counted_library(alab_rungs_counted)
endif()
set(rung_symbols "")
set(cuda_sources "")
foreach(file IN LISTS rung_files)
  get_filename_component(op "${file}" DIRECTORY)
  get_filename_component(id "${file}" NAME_WE)
  set(symbol rung_${op}_${id})
  list(APPEND rung_symbols ${symbol})
  alab_executor_build(alab_rungs_fast fast_build "kernels/${file}" ${symbol})
  if(ALAB_COUNTED)
    alab_executor_build(alab_rungs_counted counted_build "kernels/${file}" ${symbol})
  endif()
  if(ALAB_HAVE_CUDA)
    set(device "${CMAKE_BINARY_DIR}/rungs/kernels/${op}/${id}.cuda.cu")
    file(CONFIGURE OUTPUT "${device}" @ONLY CONTENT
         "#define ALAB_BUILD_CUDA 1\n#define ALAB_RUNG_SYMBOL @symbol@\n#include \"kernels/@file@\"\n")
    list(APPEND cuda_sources "${device}")
  endif()
endforeach()

alab_collect("${CMAKE_BINARY_DIR}/ops.gen.cpp" "kernels/rung.hpp" "" Op all_ops ${op_symbols})
alab_collect("${CMAKE_BINARY_DIR}/fast_rungs.gen.cpp" "kernels/rung.hpp" fast_build RungBuild executor_rungs ${rung_symbols})
if(ALAB_COUNTED)
  alab_collect("${CMAKE_BINARY_DIR}/counted_rungs.gen.cpp" "kernels/rung.hpp" counted_build RungBuild counted_rungs ${rung_symbols})
else()
  alab_collect("${CMAKE_BINARY_DIR}/counted_rungs.gen.cpp" "kernels/rung.hpp" counted_build RungBuild counted_rungs)
endif()
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/counted_why_not.gen.cpp" @ONLY CONTENT
     "// Generated from the configuration.\n#include <string>\nnamespace alab {\nstd::string counted_unavailable() {\n  return R\"(@ALAB_NO_COUNTED@)\";\n}\n}\n")
if(ALAB_HAVE_CUDA)
  alab_collect("${CMAKE_BINARY_DIR}/cuda_rungs.gen.cpp" "kernels/rung.hpp" cuda_build RungBuild cuda_rungs ${rung_symbols})
else()
  alab_collect("${CMAKE_BINARY_DIR}/cuda_rungs.gen.cpp" "kernels/rung.hpp" cuda_build RungBuild cuda_rungs)
endif()

# ---- the CUDA build --------------------------------------------------------------------------------------------
# alab_cuda_library(TARGET SOURCE...): objects that go into a host library; no relocatable device code, so no
# device link step and no cycle between libraries.
function(alab_cuda_library target)
  add_library(${target} OBJECT ${ARGN})
  set_target_properties(${target} PROPERTIES CUDA_ARCHITECTURES OFF CUDA_RUNTIME_LIBRARY Static)
  target_compile_options(${target} PRIVATE -gencode=arch=compute_80,code=sm_80
                         -gencode=arch=compute_90a,code=sm_90a -gencode=arch=compute_80,code=compute_80 -lineinfo
                         -Xptxas=--warn-on-spills --expt-relaxed-constexpr -Xcompiler=-Wall)
  target_include_directories(${target} PRIVATE "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${target} PUBLIC CUDA::cudart_static)
endfunction()

file(GLOB kernel_sources CONFIGURE_DEPENDS kernels/*.cpp kernels/executor/*.cpp kernels/cuda/*.cpp kernels/*/op.cpp)
set(counted_objects "")
if(ALAB_COUNTED)
  file(GLOB counted_sources CONFIGURE_DEPENDS kernels/executor/counted/*.cpp)
  list(APPEND kernel_sources ${counted_sources})
  alab_isolated(alab_rungs_counted counted_objects)
else()
  list(APPEND kernel_sources "${CMAKE_SOURCE_DIR}/kernels/executor/counted/profile.cpp"
       "${CMAKE_SOURCE_DIR}/kernels/executor/no_counted.cc")
endif()
set(cuda_objects "")
if(ALAB_HAVE_CUDA)
  file(GLOB cuda_host_sources CONFIGURE_DEPENDS kernels/cuda/*.cu)
  alab_cuda_library(alab_rungs_cuda ${cuda_sources} ${cuda_host_sources})
  set(cuda_objects $<TARGET_OBJECTS:alab_rungs_cuda>)
else()
  list(APPEND kernel_sources "${CMAKE_SOURCE_DIR}/kernels/cuda/no_cuda.cc")
endif()
add_library(alab_kernels STATIC ${kernel_sources} $<TARGET_OBJECTS:alab_rungs_fast> ${counted_objects} ${cuda_objects}
            "${CMAKE_BINARY_DIR}/counted_rungs.gen.cpp" "${CMAKE_BINARY_DIR}/counted_why_not.gen.cpp"
            "${CMAKE_BINARY_DIR}/ops.gen.cpp" "${CMAKE_BINARY_DIR}/fast_rungs.gen.cpp" "${CMAKE_BINARY_DIR}/cuda_rungs.gen.cpp")
target_link_libraries(alab_kernels PUBLIC alab_reference PRIVATE "${BOOST_CONTEXT_LIBRARY}")
target_include_directories(alab_kernels PRIVATE "${BOOST_CONTEXT_INCLUDE}")
if(ALAB_COUNTED)
  target_link_libraries(alab_kernels PRIVATE "${ALAB_BACKTRACE_LIBRARY}")
  set(fast_counted "")
  foreach(name IN ITEMS recorder recorder_merge recorder_place callbacks pattern)
    list(APPEND fast_counted kernels/executor/counted/${name}.cpp)
  endforeach()
  set_source_files_properties(${fast_counted} PROPERTIES COMPILE_OPTIONS "-O3;-ftls-model=initial-exec;-fomit-frame-pointer")
  if(ALAB_INLINE_NOTES)
    set_property(SOURCE kernels/executor/counted/callbacks.cpp kernels/executor/counted/enter_kernel.cpp kernels/executor/counted/stack_guard.cpp
                 APPEND PROPERTY COMPILE_DEFINITIONS ALAB_INLINE_NOTES)
  endif()
endif()
# The scheduler is entered at every barrier and shuffle of every simulated thread.
set_source_files_properties(kernels/executor/block_runner.cpp kernels/executor/warp_calls.cpp PROPERTIES
                            COMPILE_OPTIONS "-O3;-ftls-model=initial-exec")
if(ALAB_HAVE_CUDA)
  # Linked only: with CUDA's include folder on their command line, files compile anew on a machine that has it.
  target_link_libraries(alab_kernels PUBLIC $<LINK_ONLY:CUDA::cudart_static>)
endif()

# ---- kernels that exist for tests ------------------------------------------------------------------------------
if(ALAB_TESTS)
  file(GLOB sample_files CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}" tests/kernels/*.cu)
  alab_executor_library(alab_samples)
  if(ALAB_COUNTED)
    alab_counted_library(alab_samples_counted)
  endif()
  set(sample_cuda "")
  foreach(file IN LISTS sample_files)
    get_filename_component(id "${file}" NAME_WE)
    alab_executor_build(alab_samples fast_build "${file}" sample_${id})
    if(ALAB_COUNTED)
      alab_executor_build(alab_samples_counted counted_build "${file}" sample_${id})
    endif()
    if(ALAB_HAVE_CUDA)
      set(device "${CMAKE_BINARY_DIR}/rungs/tests/kernels/${id}.cuda.cu")
      file(CONFIGURE OUTPUT "${device}" @ONLY CONTENT "#define ALAB_BUILD_CUDA 1\n#include \"@file@\"\n")
      list(APPEND sample_cuda "${device}")
    endif()
  endforeach()
  add_library(alab_kernel_samples INTERFACE)
  target_sources(alab_kernel_samples INTERFACE $<TARGET_OBJECTS:alab_samples>)
  target_link_libraries(alab_kernel_samples INTERFACE alab_kernels)
  if(ALAB_COUNTED)
    alab_isolated(alab_samples_counted samples_counted)
    add_custom_target(alab_samples_isolated DEPENDS "${samples_counted}")
    add_dependencies(alab_kernel_samples alab_samples_isolated)
    target_link_libraries(alab_kernel_samples INTERFACE "${samples_counted}")
    target_compile_definitions(alab_kernel_samples INTERFACE ALAB_HAVE_COUNTED)
  endif()
  if(ALAB_HAVE_CUDA)
    alab_cuda_library(alab_samples_cuda ${sample_cuda})
    target_sources(alab_kernel_samples INTERFACE $<TARGET_OBJECTS:alab_samples_cuda>)
    target_compile_definitions(alab_kernel_samples INTERFACE ALAB_HAVE_CUDA)
  endif()
endif()
if(ALAB_TESTS)
  add_executable(gpu_table tests/gpu/table.cpp)
  target_link_libraries(gpu_table PRIVATE alab_kernels)
endif()
if(ALAB_TESTS AND ALAB_COUNTED)
  # Both sides of the comparison with Nsight Compute and compute-sanitizer; the tests read what it recorded.
  target_sources(alab_kernel_samples INTERFACE "${CMAKE_SOURCE_DIR}/tests/kernels/access_probes.cpp"
                 "${CMAKE_SOURCE_DIR}/tests/kernels/compared_cases.cpp")
  add_executable(ncu_compare EXCLUDE_FROM_ALL tests/gpu/ncu_compare.cpp)
  target_link_libraries(ncu_compare PRIVATE alab_kernel_samples)
  add_executable(counted_speed EXCLUDE_FROM_ALL tests/kernels/counted_speed.cpp)
  target_link_libraries(counted_speed PRIVATE alab_kernel_samples)
endif()
