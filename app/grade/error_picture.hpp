// An error map as a picture in a data URL, for systems that show images beside a test.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "reference/core/json.hpp"

namespace alab::grade {

/// A PNG of four colours: right, wrong by more than 1, by more than 100 and by more than 10000 tolerances; at
/// most about 256 pixels high and wide.
/// @param map  a verdict's error_map; "" when it is null or damaged
std::string error_picture_url(const Json& map);
/// What the picture shows, a sentence with its colours.
std::string error_picture_label(const Json& map);

std::string base64(std::string_view bytes);

}  // namespace alab::grade
