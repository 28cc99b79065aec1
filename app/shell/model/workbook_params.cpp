// The parameter half of the workbook: edits, presets, undo and redo.
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "app/shell/model/workbook.hpp"

namespace alab::shell {

const ParamSet& Workbook::params() const {
  static const ParamSet kNone;
  const Step* here = step();
  const StepProgress* progress = here == nullptr ? nullptr : find_step(*lab_, *here);
  return progress == nullptr ? kNone : progress->params;
}

void Workbook::edit_params(const ParamSet& params) {
  StepProgress* here = step_progress();
  if (here == nullptr || params == here->params) {
    return;
  }
  if (!editing_) {
    editing_ = true;
    open_edit_ = {lab_, step(), here->params, {}};
  }
  here->params = params;
  changed();
}

void Workbook::end_edit() {
  if (!editing_) {
    return;
  }
  editing_ = false;
  open_edit_.after = ensure_step(*open_edit_.lab, *open_edit_.step).params;
  if (!(open_edit_.after == open_edit_.before)) {
    push(open_edit_);
  }
}

void Workbook::push(Edit edit) {
  undo_.push_back(std::move(edit));
  if (undo_.size() > kMaxUndo) {
    undo_.erase(undo_.begin());
  }
  redo_.clear();
}

void Workbook::set_params(std::string_view assignments) {
  end_edit();
  ParamSet next = params();
  next.assign(assignments);
  edit_params(next);
  end_edit();
}

void Workbook::reset_params() {
  end_edit();
  if (const Step* here = step()) {
    edit_params(initial_params(*lab_, *here));
    end_edit();
  }
}

bool Workbook::apply_preset(const Lab& lab, const Preset& preset) {
  const auto runs_it = [&](const Step& s) { return s.experiment == preset.experiment; };
  const bool here = lab_ == &lab && step() != nullptr && runs_it(*step());
  if (!here) {
    const auto found = std::ranges::find_if(lab.steps, runs_it);
    if (found == lab.steps.end() || !open_step(lab.id, found->key)) {
      return false;
    }
  }
  ParamSet next(experiment()->params);
  next.assign(preset.settings);
  end_edit();
  edit_params(next);
  end_edit();
  return true;
}

void Workbook::apply(const Edit& edit, const ParamSet& params) {
  open_step(edit.lab->id, edit.step->key);
  ensure_step(*edit.lab, *edit.step).params = params;
  changed();
}

bool Workbook::undo() {
  end_edit();
  if (undo_.empty()) {
    return false;
  }
  Edit edit = std::move(undo_.back());
  undo_.pop_back();
  apply(edit, edit.before);
  redo_.push_back(std::move(edit));
  return true;
}

bool Workbook::redo() {
  end_edit();
  if (redo_.empty()) {
    return false;
  }
  Edit edit = std::move(redo_.back());
  redo_.pop_back();
  apply(edit, edit.after);
  undo_.push_back(std::move(edit));
  return true;
}

}  // namespace alab::shell
