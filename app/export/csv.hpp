// Comma-separated values (RFC 4180) of each part of a Result; every file ends with where its numbers come
// from. SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "reference/core/result.hpp"

namespace alab {

/// Long form: series, x, y, provenance, source; one row per point.
std::string csv_of(const Plot& plot);
/// row, column, labels, value, detail; masked cells are left out.
std::string csv_of(const Heatmap& map);
/// The table as shown, and a provenance column after each column that holds numbers.
std::string csv_of(const Table& table);
/// frame, kind, row, column, caption, then one column per quantity.
std::string csv_of(const Stepper& stepper);
/// The matrices of a stepper with a map: frame, row, column, labels, value; NaN is left out.
std::string csv_of_map(const Stepper& stepper);
/// Scalars and checks: key, label, value, unit, band, passed, provenance, source.
std::string csv_of_numbers(const Result& result);

}  // namespace alab
