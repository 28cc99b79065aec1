// Grades a class on a Slurm cluster: job arrays that run 'alab grade' on parts of it, watched and gathered.
// The results in the folder that all machines share are the truth; Slurm only says what may still come.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "app/grade/grade.hpp"
#include "app/grade/slurm_array.hpp"

namespace alab::grade {

/// Submits who has something to be judged as an array, waits for it, submits again, one student per task,
/// whose task ended without their result, up to slurm.tries times, and writes the files of the class as
/// grade_class does. Who then still has no verdict gets Outcome::not_judged with what became of the task.
/// Keeps in request.out/slurm what it submitted: called again with the same folder, it waits for the array
/// that is still at work, and submits only who is in none.
/// @param done  called after each student, as soon as the result is there
/// @param say   called with sentences about arrays and lost tasks
/// @throws Error: no sbatch here, sbatch refuses, another such run is at work on the folder; Cancelled, after
/// the class's files were written for those who are graded: the array goes on
GradeOutcome grade_by_slurm(const GradeRequest& request, const SlurmRequest& slurm, const Progress& progress,
                            const std::function<void(const StudentGrade&)>& done,
                            const std::function<void(const std::string&)>& say);

}  // namespace alab::grade
