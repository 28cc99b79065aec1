#include <cstddef>
#include <cstdint>
#include <string_view>

#include "reference/core/npy.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    (void)alab::parse_npy<float>({reinterpret_cast<const char*>(data), size});
  } catch (const alab::Error&) {
  }
  return 0;
}
