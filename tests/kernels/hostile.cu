// Kernels that do what no kernel should: the program that runs them in a child process must live on. A line
// that a report must name ends in "// <- name". SPDX-License-Identifier: MIT
#include "kernels/launch.cuh"
#include "tests/kernels/hostile.hpp"

#if !defined(ALAB_BUILD_CUDA)

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "kernels/executor/block_runner.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

__device__ bool always() {
  static volatile bool yes = true;
  return yes;
}

__global__ void spin(float*) {
  for (;;) {
    asm volatile("");  // <- spin
  }
}
__global__ void spin_in_memory(float* out) {
  while (always()) {
    out[threadIdx.x] += 1.0f;  // <- spin in memory
  }
}
__global__ void sleep_long(float*) {
  while (always()) {
    sleep(1000);  // <- sleep
  }
}
__global__ void deaf(float*) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  for (;;) {
    asm volatile("");
  }
}
__device__ int deeper(int n) {
  volatile int here[64];
  here[n % 64] = n;
  return always() ? deeper(n + 1) + here[n % 64] : 0;
}
__global__ void recurse(float* out) {
  out[0] = static_cast<float>(deeper(0));
}
__global__ void leave(float*) {
  if (always()) {
    exit(3);  // <- exit
  }
}
__global__ void leave_at_once(float*) {
  if (always()) {
    _Exit(4);  // <- exit at once
  }
}
__global__ void give_up(float*) {
  if (always()) {
    abort();  // <- abort
  }
}
__global__ void throws(float*) {
  if (always()) {
    throw 7;
  }
}
__global__ void kill_itself(float*) {
  kill(getpid(), SIGKILL);
}
__global__ void divide(float* out) {
  volatile int zero = 0;
  out[threadIdx.x] = static_cast<float>(7 / zero);  // <- divide
}
// By functions of the C library, whose accesses the counted build does not see.
__global__ void allocate(float*) {
  [[maybe_unused]] static void* volatile kept = nullptr;
  while (always()) {
    const volatile std::size_t bytes = 1 << 20;
    kept = memset(malloc(bytes), 1, bytes);  // <- allocate
  }
}
__global__ void allocate_at_once(float*) {
  [[maybe_unused]] static void* volatile kept = nullptr;
  kept = ::operator new (std::size_t{1} << 44);
}
__global__ void overwrite_executor(float*) {
  auto* runner = reinterpret_cast<volatile char*>(&executor::BlockRunner::of_this_thread());
  for (std::size_t i = 0; i < sizeof(executor::BlockRunner); ++i) {
    runner[i] = 0x5A;
  }
}
__global__ void overwrite_stack(float* out) {
  volatile auto address = reinterpret_cast<std::uintptr_t>(&out);  // so that no compiler sees what it is
  auto* here = reinterpret_cast<volatile char*>(address);
  for (int i = 0; i < 1 << 20; ++i) {
    here[i] = 0x5A;
  }
}
__global__ void forge(float*) {
  for (int i = 0; i < 100; ++i) {
    if (write(3, "not an answer", 13) < 0) {
      return;
    }
  }
}
__global__ void chatter(float*) {
  while (always()) {
    puts("all work and no play");  // <- chatter
  }
}
__device__ void tell(const char* what, long result) {
  printf("%s %s\n", what, result < 0 ? "refused" : "allowed");
}
__global__ void multiply(float*) {
  for (int i = 0; i < 3; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      for (;;) {
        pause();
      }
    }
    tell("fork", child);
  }
}
__global__ void make_files(float*) {
  const char* name = "hostile_kernel_was_here.tmp";
  tell("open", open(name, O_CREAT | O_WRONLY, 0600));
  tell("open", open("README.md", O_WRONLY | O_APPEND));
  tell("mkdir", mkdir(name, 0700));
  tell("symlink", symlink("README.md", name));
  tell("link", link("README.md", name));
  tell("mkfifo", mkfifo(name, 0600));
  tell("unlink", unlink("/tmp/no_such_file_of_a_kernel"));
  tell("chmod", chmod("README.md", 0644));
  tell("memfd", syscall(SYS_memfd_create, name, 0));
}
__global__ void reach_out(float*) {
  tell("socket", socket(AF_INET, SOCK_STREAM, 0));
  tell("execute", execl("/bin/true", "true", nullptr));
  tell("signal", kill(getppid(), 0));
  tell("signal", kill(-1, 0));
  tell("trace", syscall(SYS_ptrace, 0, 0, 0, 0));
  const rlimit more{RLIM_INFINITY, RLIM_INFINITY};
  tell("limit", setrlimit(RLIMIT_CPU, &more));
  tell("read", open("README.md", O_RDONLY));
}
__global__ void stop_itself(float*) {
  raise(SIGSTOP);
}

template <void (*kernel)(float*), unsigned threads = 32>
void run(Stream& stream) {
  auto* out = static_cast<float*>(stream.array("out", threads * sizeof(float)));
  stream.set_zero(out, threads * sizeof(float));
  launch(stream, kernel, dim3(1), dim3(threads), 0, out);
}

constexpr samples::Hostile kHostile[] = {
    {"spin", run<spin>},
    {"spin in memory", run<spin_in_memory>},
    {"sleep", run<sleep_long>},
    {"deaf", run<deaf>},
    {"recurse", run<recurse>},
    {"exit", run<leave>},
    {"exit at once", run<leave_at_once>},
    {"abort", run<give_up>},
    {"throw", run<throws>},
    {"kill itself", run<kill_itself>},
    {"divide", run<divide>},
    {"allocate", run<allocate>},
    {"allocate at once", run<allocate_at_once>},
    {"overwrite the executor", run<overwrite_executor>},
    {"overwrite the stack", run<overwrite_stack>},
    {"forge", run<forge>},
    {"chatter", run<chatter>},
    {"multiply", run<multiply, 1>},
    {"make files", run<make_files, 1>},
    {"reach out", run<reach_out, 1>},
    {"stop itself", run<stop_itself, 1>},
};

}  // namespace

std::span<const samples::Hostile> hostile_kernels() {
  return kHostile;
}

}  // namespace alab::ALAB_BUILD_NAMESPACE

#endif
