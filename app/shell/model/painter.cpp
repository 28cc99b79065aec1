// SPDX-License-Identifier: MIT
#include "app/shell/model/painter.hpp"

namespace alab::shell {
namespace {

constexpr std::array<std::string_view, 2> kMemories{"global", "shared"}, kAccesses{"load", "store"};
constexpr std::array<std::string_view, 3> kWidths{"4 B", "8 B", "16 B"},
    kPatterns{"stride", "tile column", "by hand"};
constexpr Param kMemory = choice_param(
    "memory", "memory", "Global memory moves sectors of 32 bytes; shared memory has 32 banks.", kMemories);
constexpr Param kAccess = choice_param(
    "access", "access", "Wide loads of shared memory may share a pass where neighbours agree; stores do not.",
    kAccesses);
constexpr Param kWidth = choice_param("width", "bytes a lane", "float, float2 or float4.", kWidths);
constexpr Param kPattern = choice_param(
    "pattern", "pattern", "Elements at a stride, a column of a tile, or lanes placed one by one.", kPatterns);
constexpr Param kStride =
    int_param("stride", "stride", "elements",
              "From one lane's element to the next lane's; 1 is side by side, 0 the same for all.", 1, 0, 64);
constexpr Param kOffset =
    int_param("offset", "offset", "elements", "Where lane 0 starts, from a multiple of 128 bytes.", 0, 0, 32);
constexpr Param kRow =
    int_param("row", "row length", "floats", "Columns of the tile; lane l reads row l.", 32, 4, 64);
constexpr Param kPadding =
    int_param("padding", "row padding", "floats",
              "Unused floats behind each row; 1 keeps a column of 32 out of one bank.", 0, 0, 8);
constexpr Param kActive =
    int_param("lanes", "active lanes", "lanes", "The first so many lanes take part.", 32, 1, 32);
constexpr const Param* kKnobs[] = {&kMemory, &kAccess,  &kWidth,  &kPattern, &kStride,
                                   &kRow,    &kPadding, &kOffset, &kActive};

constexpr int kTileColumn = 1, kByHand = 2;

// Bytes from one lane's element to the next lane's. Rows of wide elements start at a multiple of their width.
std::int64_t step_of(const ParamSet& knobs) {
  const std::int64_t width = painter_width(knobs);
  if (knobs.choice(kPattern) != kTileColumn) {
    return knobs.integer(kStride) * width;
  }
  const std::int64_t row = 4 * (knobs.integer(kRow) + knobs.integer(kPadding));
  return (row + width - 1) / width * width;
}

}  // namespace

ParamList painter_params() {
  return kKnobs;
}

std::vector<std::string_view> hidden_painter_params(const ParamSet& knobs) {
  switch (knobs.choice(kPattern)) {
    case kTileColumn:
      return {kStride.key};
    case kByHand:
      return {kStride.key, kRow.key, kPadding.key, kOffset.key};
    default:
      return {kRow.key, kPadding.key};
  }
}

bool by_hand(const ParamSet& knobs) {
  return knobs.choice(kPattern) == kByHand;
}
void set_by_hand(ParamSet& knobs) {
  knobs.set(kPattern, kByHand);
}
unsigned painter_width(const ParamSet& knobs) {
  return 4u << static_cast<unsigned>(knobs.choice(kWidth));
}

counted::RequestShape painted(const ParamSet& knobs, const std::array<std::int64_t, 32>& placed) {
  counted::RequestShape shape;
  shape.kind = knobs.choice(kAccess) == 0 ? counted::RequestKind::load : counted::RequestKind::store;
  shape.space =
      knobs.choice(kMemory) == 0 ? counted::RequestSpace::global : counted::RequestSpace::dynamic_shared;
  shape.bytes = painter_width(knobs);
  const auto active = static_cast<unsigned>(knobs.integer(kActive));
  shape.mask = active >= 32 ? 0xFFFFFFFFu : (1u << active) - 1;
  const std::int64_t width = shape.bytes;
  for (std::size_t lane = 0; lane < 32; ++lane) {
    shape.offsets[lane] =
        by_hand(knobs) ? placed[lane] / width * width
                       : knobs.integer(kOffset) * width + static_cast<std::int64_t>(lane) * step_of(knobs);
  }
  return shape;
}

std::string painted_code(const ParamSet& knobs) {
  static constexpr std::string_view kTypes[] = {"float", "float2", "float4"};
  const std::string_view type = kTypes[knobs.choice(kWidth)];
  if (by_hand(knobs)) {
    return text(type, " x[]; x[index[lane]]");
  }
  const std::int64_t step = step_of(knobs) / painter_width(knobs), offset = knobs.integer(kOffset);
  const std::string product = step == 0   ? std::string()
                              : step == 1 ? std::string("lane")
                                          : text(step, " * lane");
  const std::string sum = product.empty() ? text(offset)
                          : offset == 0   ? product
                                          : text(product, " + ", offset);
  return text(type, " x[]; x[", sum, "]");
}

}  // namespace alab::shell
