// SPDX-License-Identifier: MIT
#include "kernels/student/case_wire.hpp"

#include <algorithm>

#include "kernels/profile_archive.hpp"
#include "kernels/sound_profile.hpp"
#include "kernels/student/mistake.hpp"

namespace alab {

template <class Archive>
void exchange(Archive& archive, BufferSpec& x) {
  auto& [name, shape, role, type] = x;
  archive(name, shape, role, type);
}

namespace counted {

template <class Archive>
void exchange(Archive& archive, LineFlops& x) {
  auto& [line, flops] = x;
  archive(line, flops);
}
template <class Archive>
void exchange(Archive& archive, LaunchFlops& x) {
  auto& [grid, block, flops, lines] = x;
  archive(grid, block, flops, lines);
}

}  // namespace counted

namespace student {

template <class Archive>
void exchange(Archive& archive, CaseRequest& x) {
  auto& [numbers, buffers, zeroed, inputs, order, seed, wish, budget, workers, by_line, operations] = x;
  archive(numbers, buffers, zeroed, inputs, order, seed, wish, budget, workers, by_line, operations);
}
template <class Archive>
void exchange(Archive& archive, MistakeRequest& x) {
  auto& [exercise, name, request] = x;
  archive(exercise, name, request);
}
template <class Archive>
void exchange(Archive& archive, ShownValue& x) {
  auto& [name, block, launch, thread, value] = x;
  archive(name, block, launch, thread, value);
}
template <class Archive>
void exchange(Archive& archive, CaseAnswer& x) {
  auto& [failure, outputs, damage, changed, launches, findings, trace, shown, operations] = x;
  archive(failure, outputs, damage, changed, launches, findings, trace, shown, operations);
}

namespace {

template <class T>
bool has_output(const std::map<std::string, Tensor<T>, std::less<>>& arrays, const BufferSpec& spec) {
  const auto at = arrays.find(spec.name);
  return at != arrays.end() && at->second.shape() == spec.shape;
}

void require_outputs(const CaseAnswer& answer, const CaseRequest& request) {
  std::size_t asked = 0;
  for (const BufferSpec& spec : request.buffers) {
    if (spec.role != BufferRole::output) {
      continue;
    }
    ++asked;
    require(spec.type == ElementType::f32 ? has_output(answer.outputs.f32, spec)
                                          : has_output(answer.outputs.i32, spec),
            "the answer has no output '", spec.name, "' of shape ", to_string(spec.shape));
  }
  require(answer.outputs.f32.size() + answer.outputs.i32.size() == asked,
          "the answer has more outputs than were asked for");
}

bool is_input(const CaseRequest& request, const std::string& name) {
  return std::any_of(request.buffers.begin(), request.buffers.end(), [&](const BufferSpec& spec) {
    return spec.name == name && spec.role == BufferRole::input;
  });
}

}  // namespace

std::vector<std::byte> bytes_of(const CaseRequest& request) {
  return wire::packed(request);
}
std::vector<std::byte> bytes_of(const CaseAnswer& answer) {
  return wire::packed(answer);
}
std::vector<std::byte> bytes_of(const MistakeRequest& request) {
  return wire::packed(request);
}
MistakeRequest mistake_request_from(std::span<const std::byte> bytes) {
  return wire::unpacked<MistakeRequest>(bytes);
}
CaseRequest case_request_from(std::span<const std::byte> bytes) {
  return wire::unpacked<CaseRequest>(bytes);
}
CaseAnswer case_answer_from(std::span<const std::byte> bytes, const CaseRequest& request) {
  auto answer = wire::unpacked<CaseAnswer>(bytes);
  if (answer.failure.empty()) {
    require_outputs(answer, request);
  } else {
    answer.outputs = {};
  }
  for (const std::string& name : answer.changed) {
    require(is_input(request, name), "the answer names an input '", name.substr(0, 40), "' that is none");
  }
  require_sound(answer.findings);
  for (const counted::LaunchProfile& launch : answer.launches) {
    require_sound(launch);
  }
  require_sound(answer.trace, answer.launches.size());
  return answer;
}

}  // namespace student
}  // namespace alab
