// Code and memory: count a rung, read its lines, step through requests, paint patterns.
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "app/shell/model/painter.hpp"
#include "imgui_internal.h"
#include "tests/gui/steps.hpp"

namespace alab::gui_test {
namespace {

using shell::MemoryDesk;

MemoryDesk& desk() {
  return app().desk;
}

void open_desk(ImGuiTestContext* ctx, const char* lab, const char* op, const char* rung) {
  app().book.open(lab);
  ctx->Yield(2);
  if (!desk().open) {
    ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_M);
    ctx->Yield(2);
  }
  IM_CHECK(desk().open);
  shell::open_desk(app(), op, rung);
  ctx->Yield(2);
  IM_CHECK_STR_EQ(desk().op.c_str(), op);
  IM_CHECK_STR_EQ(desk().rung.c_str(), rung);
}

/// Through the button; the problem is made small first.
void count(ImGuiTestContext* ctx, const char* problem) {
  desk().problems.at(desk().op).assign(problem);
  const std::uint64_t before = desk().counts.version();
  click(ctx, "//desk", "###count");
  const bool counted =
      wait_for(ctx, 60, [&] { return desk().counts.version() > before || !desk().counts.error().empty(); });
  if (!counted) {
    ctx->LogError("%s/%s: %s %s", desk().op.c_str(), desk().rung.c_str(), app().notice.words.c_str(),
                  desk().counts.status().what.c_str());
  }
  IM_CHECK(counted);
  ctx->Yield(3);
  if (!desk().counts.error().empty()) {
    ctx->LogError("%s", desk().counts.error().c_str());
  }
  IM_CHECK(desk().source.count != nullptr);
}

void count_and_read(ImGuiTestContext* ctx) {
  open_desk(ctx, "ch10_02_flash_tiling", "flash_attention_fwd", "20_fa1_order");
  IM_CHECK(desk().setup_open);
  picture(ctx, "memory_setup");
  count(ctx, "seq_len=64 head_dim=32");
  IM_CHECK(!desk().setup_open);
  IM_CHECK(desk().source.count->profile.run.passed);
  IM_CHECK(!desk().source.texts.empty());
  IM_CHECK(desk().line.line > 0);  // the busiest line is shown at once
  picture(ctx, "memory_code");
  click(ctx, "//desk", "metric/###1");
  IM_CHECK(desk().metric == shell::Metric::shared);
  picture(ctx, "memory_shared");
  click(ctx, "//desk", "metric/###2");
  IM_CHECK(desk().metric == shell::Metric::flops);
  picture(ctx, "memory_flops");
  click(ctx, "//desk", "metric/###0");
}

/// A line with requests, other than the chosen one, by a click on its row.
void click_a_line(ImGuiTestContext* ctx) {
  const auto& lines = desk().source.texts.front().lines;
  for (std::size_t i = lines.size(); i-- > 0;) {
    const int number = static_cast<int>(i) + 1;
    if (lines[i].requests.size() > 3 && number != desk().line.line) {
      desk().file = 0;
      desk().line = {desk().source.texts.front().file, number};
      desk().scroll_frames = 3;  // a row out of view cannot be clicked
      ctx->Yield(5);
      desk().line = {};
      ctx->Yield();
      click(ctx, "//desk", text("###line", number));
      IM_CHECK_EQ(desk().line.line, number);
      IM_CHECK(desk().request.at < lines[i].requests.size());
      return;
    }
  }
  IM_CHECK(!"no line to click");
}

void step_requests(ImGuiTestContext* ctx) {
  IM_CHECK(desk().source.count != nullptr);
  click_a_line(ctx);
  const auto at = [] { return desk().request.at; };
  desk().request.at = 0;
  click(ctx, "//desk", "##next/###button");
  IM_CHECK_EQ(at(), 1U);
  click(ctx, "//desk", "##previous/###button");
  IM_CHECK_EQ(at(), 0U);
  click(ctx, "//desk", "##last/###button");
  IM_CHECK(at() > 2);
  click(ctx, "//desk", "##first/###button");
  IM_CHECK_EQ(at(), 0U);
  ctx->KeyPress(ImGuiKey_RightArrow, 2);
  IM_CHECK_EQ(at(), 2U);
  ctx->KeyPress(ImGuiKey_Home);
  IM_CHECK_EQ(at(), 0U);
  ctx->ItemInputValue(item(ctx, "//desk", "##request").ID, 3);
  IM_CHECK_EQ(at(), 3U);
  IM_CHECK(desk().request.picture.cost.requests == 1);
  ctx->MouseMove(item(ctx, "//desk", "lanes").ID);
  picture(ctx, "memory_request");
}

void findings_are_listed(ImGuiTestContext* ctx) {
  IM_CHECK(desk().source.count != nullptr);
  auto wrong = std::make_shared<shell::KernelCount>(*desk().source.count);
  counted::Finding finding;
  finding.mistake = counted::Mistake::shared_race;
  finding.line = {desk().source.texts.front().file, 60};
  finding.other_line = {finding.line.file, 70};
  finding.sentence =
      "kernels/flash_attention_fwd/20_fa1_order.cu:60: thread (0, 0, 0) of block (0, 0, 0) reads 'x' that "
      "another thread writes: put __syncthreads() between these lines";
  finding.count = 12;
  wrong->profile.findings = {finding, finding};
  desk().counts.keep(wrong);
  ctx->Yield(3);
  IM_CHECK_EQ(desk().source.texts.front().line(60)->findings.size(), 2U);
  IM_CHECK_EQ(desk().source.texts.front().line(70)->findings.size(), 2U);
  click(ctx, "//desk", "finding/link");
  IM_CHECK_EQ(desk().line.line, 60);
  picture(ctx, "memory_findings");
}

void several_kernels(ImGuiTestContext* ctx) {
  open_desk(ctx, "ch10_02_flash_tiling", "flash_attention_fwd", "00_naive");
  count(ctx, "seq_len=64 head_dim=32");
  IM_CHECK(desk().source.count->profile.launches.size() > 1);
  picture(ctx, "memory_kernels");
}

void painter(ImGuiTestContext* ctx) {
  click(ctx, "//desk", "###painter");
  ctx->Yield(2);
  const auto cost = [] {
    return shell::picture_of(shell::painted(desk().painter.knobs, desk().painter.placed)).cost;
  };
  IM_CHECK_EQ(cost().passes, 4U);
  desk().painter.knobs.set("stride", 8);
  IM_CHECK_EQ(cost().passes, 32U);
  picture(ctx, "painter_stride");
  desk().painter.knobs.set("memory", 1);
  desk().painter.knobs.set("pattern", 1);
  ctx->Yield(2);
  IM_CHECK_EQ(cost().passes, 32U);
  picture(ctx, "painter_column");
  desk().painter.knobs.set("padding", 1);
  IM_CHECK_EQ(cost().passes, 1U);
  shell::set_by_hand(desk().painter.knobs);
  ctx->Yield(2);
  const auto placed = desk().painter.placed;
  ctx->MouseMove(item(ctx, "//desk", "words").ID);
  ctx->MouseClick(0);
  ctx->Yield(2);
  IM_CHECK(shell::by_hand(desk().painter.knobs));
  IM_CHECK(placed != desk().painter.placed);
  IM_CHECK_EQ(desk().painter.lane, 1U);
  click(ctx, "//desk", "lanes");
  IM_CHECK(desk().painter.lane != 1);
  picture(ctx, "painter_by_hand");
}

void ladder_under_the_roof(ImGuiTestContext* ctx) {
  open_desk(ctx, "ch10_01_online_softmax", "softmax_rows", "00_naive");
  desk().problems.at(desk().op).assign("rows=4 cols=256");
  click(ctx, "//desk", "###roofline");
  ctx->Yield(2);
  IM_CHECK(desk().roofline.sheet->table("bytes")->rows.empty());
  picture(ctx, "roofline_empty");
  const std::size_t rungs = shell::desk_rungs("softmax_rows").size();
  const std::uint64_t before = desk().counts.version();
  click(ctx, "//desk", "###count_ladder");
  IM_CHECK(wait_for(ctx, 60, [&] { return desk().counts.version() >= before + rungs; }));
  ctx->Yield(2);
  IM_CHECK(!desk().counts.running());
  IM_CHECK_EQ(desk().roofline.sheet->table("bytes")->rows.size(), rungs);
  ctx->SetRef(ctx->WindowInfo("//desk/memory_side").ID);  // combos tell the test engine no label
  ctx->ItemClick("##memory/###roofline/##device");
  ctx->ItemClick("//$FOCUSED/A100-40GB");
  ctx->Yield(2);
  IM_CHECK(desk().roofline.sheet->plot("roofline")->title.find("A100-40GB") != std::string::npos);
  picture(ctx, "roofline");
}

void roofline_is_exported(ImGuiTestContext* ctx) {
  IM_CHECK(desk().roofline.sheet != nullptr);
  const std::filesystem::path folder = data_folder() / "exported roofline";
  click(ctx, "//desk", "plot:roofline/##export/###button");
  ctx->Yield(3);
  IM_CHECK(export_to(ctx, folder));
  IM_CHECK(std::filesystem::exists(folder / "softmax_rows_roofline.svg"));
  IM_CHECK(std::filesystem::exists(folder / "softmax_rows_roofline.csv"));
  app().exports.open = false;
  ctx->Yield(2);
}

void cancel(ImGuiTestContext* ctx) {
  open_desk(ctx, "ch10_02_flash_tiling", "flash_attention_fwd", "20_fa1_order");
  desk().problems.at(desk().op).assign("seq_len=2048 head_dim=64 heads=8");
  const std::uint64_t before = desk().counts.version();
  click(ctx, "//desk", "###count");
  ctx->Yield(3);
  picture(ctx, "memory_running");
  ctx->KeyPress(ImGuiKey_Escape);
  IM_CHECK(wait_for(ctx, 60, [] { return !desk().counts.running(); }));
  ctx->Yield(2);
  IM_CHECK_EQ(desk().counts.version(), before);
  IM_CHECK(desk().counts.status().state == JobState::cancelled);
  IM_CHECK(desk().open);
  IM_CHECK(desk().source.count != nullptr);  // the last one stays, marked as older
}

void in_and_out(ImGuiTestContext* ctx) {
  click(ctx, "//desk", "###back");
  ctx->Yield(2);
  IM_CHECK(!desk().open);
  IM_CHECK(exists(ctx, "//instruments", "memory/###button"));
  click(ctx, "//instruments", "memory/###button");
  ctx->Yield(2);
  IM_CHECK(desk().open);
  ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_PageDown);
  ctx->Yield(2);
  IM_CHECK(!desk().open);  // a page that was asked for is shown
  ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_K);
  ctx->Yield(2);
  ctx->KeyChars("painter access");
  ctx->Yield(2);
  ctx->KeyPress(ImGuiKey_Enter);
  ctx->Yield(2);
  IM_CHECK(desk().open);
  shell::open_link(app(), "kernel:flash_attention_bwd/20_two_pass");
  ctx->Yield(2);
  IM_CHECK_STR_EQ(desk().rung.c_str(), "20_two_pass");
}

void every_lab_with_kernels(ImGuiTestContext* ctx) {
  desk().problems.clear();  // back to small ones
  for (const Lab* lab : app().book.labs()) {
    IM_CHECK(!shell::ops_of_lab(lab->id).empty());
    app().book.open(lab->id);
    ctx->Yield(2);
    shell::open_desk(app(), "", "");
    ctx->Yield(2);
    IM_CHECK(desk().open);
    count(ctx, "");
    IM_CHECK(desk().line.line > 0);
    IM_CHECK(desk().source.count->profile.run.passed);
  }
}

}  // namespace

std::vector<Session> memory_sessions() {
  if (counted_rungs().empty()) {
    return {};
  }
  return {{"memory",
           {{"a rung is counted in the background and its busiest line is shown", count_and_read},
            {"requests of a clicked line are stepped through", step_requests},
            {"mistakes are listed and their lines marked", findings_are_listed},
            {"a rung of several kernels shows one of them", several_kernels},
            {"the painter counts as it is drawn", painter},
            {"a ladder is counted and stands under the roof of the chosen GPU", ladder_under_the_roof},
            {"the roofline is exported", roofline_is_exported},
            {"a count is cancelled and the last one stays", cancel},
            {"keys, palette, links and pages lead in and out", in_and_out},
            {"every lab with kernels counts its first rung", every_lab_with_kernels}}}};
}

}  // namespace alab::gui_test
