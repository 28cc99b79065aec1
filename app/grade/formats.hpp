// A student's grade in the formats of other systems. None of them holds a time of the run or anything else
// that differs between two runs over the same submission. Students read these: what a hidden check says is
// never in a field that they see. SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "app/grade/record.hpp"

namespace alab::grade {

struct Formats {
  bool gradescope = true, classroom50 = true, prairielearn = true, junit = true, csv = true;
  /// "gradescope,junit"; Error names an unknown one.
  static Formats parse(std::string_view list);
};

/// results.json as Gradescope's autograder specification has it.
Json gradescope_json(const StudentGrade& grade);
/// What Classroom 50 gives its autograder in environment variables; the defaults serve outside of it.
struct Classroom50Context {
  std::string classroom = "attention-lab", assignment = "exercises", submission, commit, release, review,
              datetime;
};
/// Of CLASSROOM, ASSIGNMENT, SUBMISSION_TAG, COMMIT_URL, RELEASE_URL, REVIEW_URL and ALAB_SUBMITTED_AT.
Classroom50Context classroom50_context();
/// result.json, schema classroom50/result/v1: whole points only, so that each check's are rounded, a failed
/// one's down.
Json classroom50_json(const StudentGrade& grade, const Classroom50Context& context);
/// results.json of PrairieLearn's external grader, under its 1 MB: score from 0 to 1.
Json prairielearn_json(const StudentGrade& grade);
/// One testsuite per exercise, one testcase per check.
std::string junit_xml(const StudentGrade& grade);

}  // namespace alab::grade
