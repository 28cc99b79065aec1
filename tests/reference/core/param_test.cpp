#include "reference/core/param.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>

using namespace alab;

namespace {
constexpr std::array<std::string_view, 2> kOrders{"fa1", "fa2"};
const Param kOrder = choice_param("order", "loop order", "which loop is outside", kOrders, 1);
const Param kGate = real_param("gate", "gate", "", "decay", 0.9, 0.1, 1.0);
const std::array<const Param*, 4> kSchema{&params::seq_len, &params::causal, &kOrder, &kGate};

std::string message(ParamSet& set, std::string_view assignment) {
  try {
    set.assign(assignment);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}
}  // namespace

TEST_CASE("a parameter set starts at the defaults and reads back what was assigned") {
  ParamSet set(kSchema);
  CHECK(set.integer(params::seq_len) == 512);
  CHECK(set.option(kOrder) == "fa2");
  set.assign("seq_len=1024 causal=true order=fa1 gate=0.5");
  CHECK(set.integer(params::seq_len) == 1024);
  CHECK(set.flag(params::causal));
  CHECK(set.option(kOrder) == "fa1");
  CHECK(set.real(kGate) == 0.5);
  ParamSet again(kSchema);
  again.assign(set.describe());
  CHECK(again == set);
  CHECK(ParamSet(kSchema).describe(true).empty());
}

TEST_CASE("a bad assignment is refused with the value, the range and the nearest name") {
  ParamSet set(kSchema);
  CHECK(message(set, "seq_len=5000") == "seq_len = 5000 is out of range; give a value between 1 and 4096");
  CHECK(message(set, "seq_len=1.5").find("whole number") != std::string::npos);
  CHECK(message(set, "seq_len=abc").find("'abc' is not a number") != std::string::npos);
  CHECK(message(set, "seq_len=nan").find("out of range") != std::string::npos);
  CHECK(message(set, "seq_lne=4").find("did you mean 'seq_len'?") != std::string::npos);
  CHECK(message(set, "order=fa3").find("fa1, fa2") != std::string::npos);
  CHECK(message(set, "causal=perhaps").find("causal=true") != std::string::npos);
  CHECK(message(set, "seq_len").find("name=value") != std::string::npos);
  CHECK(set == ParamSet(kSchema));
  CHECK_THROWS_AS(set.set("gate", std::numeric_limits<double>::quiet_NaN()), Error);
}

TEST_CASE("nearest finds a near word and nothing for a far one") {
  const std::array<std::string, 3> words{"online_softmax", "flash_tiling", "duality"};
  CHECK(nearest("flash_tilling", words) == "flash_tiling");
  CHECK(nearest("zzzzzzzzzz", words).empty());
}
