// Registers and static shared memory of every kernel, read from the recorded table that the build embeds.
// SPDX-License-Identifier: MIT
#include "kernels/occupancy.hpp"
#include "reference/core/error.hpp"
#include "reference/core/json.hpp"

namespace alab {

/// assets/recorded/registers.json, which .ci/registers.py writes.
std::string_view recorded_registers();

namespace {

const Json& table() {
  static const Json json = parse_json(recorded_registers(), "assets/recorded/registers.json");
  return json;
}

// The build whose machine code a device runs; empty when none does.
std::string build_for(int sm) {
  return sm == 90 ? "sm_90a" : (sm >= 80 && sm < 90 ? "sm_80" : "");
}

const Json* member(const Json* object, std::string_view key) {
  if (object == nullptr) {
    return nullptr;
  }
  const auto at = object->find(key);
  return at == object->end() ? nullptr : &*at;
}

}  // namespace

std::optional<KernelResources> recorded_resources(std::string_view op, std::string_view rung,
                                                  std::string_view kernel, int sm) {
  const std::string build = build_for(sm);
  const Json* const found =
      member(member(member(member(&table(), "builds"), build), text(op, "/", rung)), kernel);
  if (found == nullptr) {
    return std::nullopt;
  }
  KernelResources r;
  r.registers = found->at("registers").get<int>();
  r.static_shared_bytes = found->at("static_shared_bytes").get<int>();
  r.provenance = {Provenance::recorded, text("assets/recorded/registers.json, ", build, ": ",
                                             table().at("from").at(build).get<std::string>())};
  return r;
}

LaunchOccupancy launch_occupancy(const Rung& rung, const counted::LaunchProfile& launch, const SmLimits& sm,
                                 int registers) {
  LaunchOccupancy at;
  if (const auto known = recorded_resources(rung.op, rung.id, launch.kernel, sm.sm)) {
    at.resources = *known;
    at.recorded = true;
  }
  if (registers > 0) {
    at.resources.registers = registers;
  }
  const auto threads = static_cast<int>(launch.block[0] * launch.block[1] * launch.block[2]);
  const std::int64_t shared =
      at.resources.static_shared_bytes + static_cast<std::int64_t>(launch.dynamic_shared_bytes);
  at.occupancy = occupancy(sm, {threads, at.resources.registers, shared});
  return at;
}

}  // namespace alab
