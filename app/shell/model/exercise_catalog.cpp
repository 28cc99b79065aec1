// SPDX-License-Identifier: MIT
#include "app/shell/model/exercise_catalog.hpp"

#include <cctype>

#include "kernels/student/manifest.hpp"

namespace alab::shell {

std::string exercise_number(std::string_view id) {
  std::string number(id.substr(0, id.find('_')));
  for (char& c : number) {
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return number;
}

std::vector<ExerciseCard> exercise_cards() {
  std::vector<ExerciseCard> cards;
  for (const student::Exercise* exercise : student::all_exercises()) {
    ExerciseCard card{std::string(exercise->id), std::string(student::lab_of(*exercise)),
                      exercise_number(exercise->id), std::string(exercise->id), 0};
    try {
      const student::Manifest manifest = student::manifest_of(*exercise);
      card.title = manifest.title;
      card.points = manifest.points();
    } catch (const Error&) {
    }  // its page says what is wrong with it
    cards.push_back(std::move(card));
  }
  return cards;
}

}  // namespace alab::shell
