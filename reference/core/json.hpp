// JSON by nlohmann/json (a Debian package), the one library besides Eigen on this floor.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "reference/core/param.hpp"
#include "reference/core/result.hpp"

namespace alab {

using Json = nlohmann::ordered_json;

/// Parses text; Error names the line and column. Depth over 64 and size over 64 MiB are refused.
Json parse_json(std::string_view text, std::string_view name);
Json read_json(const std::filesystem::path& file);

Json to_json(const ParamSet& params);
/// Throws Error on an unknown key or a bad value.
void from_json(const Json& json, ParamSet& params);

/// Numbers that JSON cannot hold are written as the strings "NaN", "inf", "-inf" and read back.
Json to_json(const Result& result);
Result result_from_json(const Json& json);

}  // namespace alab
