#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "reference/model/gguf.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const alab::Gguf file({reinterpret_cast<const char*>(data), size});
    for (const alab::GgufTensor& tensor : file.tensors()) {
      if (tensor.rows > 0 && tensor.cols <= 4096) {
        std::vector<float> row(static_cast<std::size_t>(tensor.cols));
        alab::dequantise_row(tensor, tensor.rows - 1, row);
      }
    }
  } catch (const alab::Error&) {
  }
  return 0;
}
