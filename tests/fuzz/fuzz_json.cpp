#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "reference/core/json.hpp"

// JSON from outside: a saved Result, parameters, the state file, a case's meta.json.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const alab::Json json = alab::parse_json({reinterpret_cast<const char*>(data), size}, "input");
    try {
      (void)alab::result_from_json(json);
    } catch (const alab::Error&) {
    }
    const std::array<const alab::Param*, 2> schema{&alab::params::seq_len, &alab::params::causal};
    alab::ParamSet params(schema);
    alab::from_json(json, params);
  } catch (const alab::Error&) {
  }
  return 0;
}
