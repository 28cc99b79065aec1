// One GL texture per heatmap.
// SPDX-License-Identifier: MIT
#include "app/panels/heatmap_texture.hpp"

#include "hello_imgui/hello_imgui_include_opengl.h"

namespace alab::panels {

HeatmapTexture::~HeatmapTexture() {
  if (id_ != 0 && glDeleteTextures != nullptr) {
    glDeleteTextures(1, &id_);
  }
}

void HeatmapTexture::upload(const std::vector<ImU32>& pixels, int width, int height) {
  if (glGenTextures == nullptr) {
    return;
  }
  GLint bound = 0;
  glGetIntegerv(GL_TEXTURE_BINDING_2D, &bound);
  if (id_ == 0) {
    glGenTextures(1, &id_);
  }
  glBindTexture(GL_TEXTURE_2D, id_);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
  glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
  glBindTexture(GL_TEXTURE_2D, static_cast<GLuint>(bound));
}

void HeatmapTexture::draw(ImDrawList* list, ImVec2 low, ImVec2 high, ImVec2 uv0, ImVec2 uv1,
                          ImU32 tint) const {
  const ImGuiPlatformIO& io = ImGui::GetPlatformIO();
  // The backend binds a linear sampler of its own, so the filter of the texture alone is not enough.
  if (io.DrawCallback_SetSamplerNearest != nullptr) {
    list->AddCallback(io.DrawCallback_SetSamplerNearest, nullptr);
  }
  list->AddImage(static_cast<ImTextureID>(id_), low, high, uv0, uv1, tint);
  if (io.DrawCallback_SetSamplerLinear != nullptr) {
    list->AddCallback(io.DrawCallback_SetSamplerLinear, nullptr);
  }
}

}  // namespace alab::panels
