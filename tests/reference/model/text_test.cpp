#include "reference/model/text.hpp"

#include <set>

#include "reference/model/tokenizer.hpp"
#include "tests/reference/model/model_fixtures.hpp"

using namespace alab;
using namespace alab::testing;

namespace {
constexpr Book kProse{"prose", "prose.txt", "Some Prose", "It began"};
constexpr Book kVerse{"verse", "verse.txt", "Some Verse", "A line", true};
constexpr std::string_view kBytes =
    "[Some Prose]\n\nI\n\nIt began here\nand went  on.\n\n\nThen\tit \nended.\n";
}  // namespace

TEST_CASE("a passage starts at the opening, joins lines and keeps paragraphs") {
  CHECK(passage_of(kProse, kBytes, 0, 100) == "It began here and went on.\n\nThen it ended.");
  CHECK(passage_of(kProse, kBytes, 0, 3) == "It began here");
  CHECK(passage_of(kProse, kBytes, 3, 2) == "and went");
  CHECK(passage_of(kProse, kBytes, 5, 2) == "on.\n\nThen");
  CHECK(passage_of(kProse, "no such opening", 0, 2) == "no such");
  CHECK(passage_of(kVerse, "title\nA line\n  and another\n \nnext", 0, 9) == "A line\nand another\n\nnext");
}

TEST_CASE("a passage outside its book is an error that says how long the book is") {
  CHECK(contains(error_of([] { passage_of(kProse, kBytes, 9, 1); }),
                 "9 words into Some Prose is beyond its end; it has 9 words"));
  CHECK(contains(error_of([] { passage_of(kProse, kBytes, -1, 1); }), "starts -1 words"));
  CHECK(contains(error_of([] { passage_of(kProse, kBytes, 0, 0); }), "0 words is empty"));
  CHECK(contains(error_of([] { passage_of(kProse, "", 0, 1); }), "it has 0 words"));
}

TEST_CASE("Latin-1 becomes UTF-8 and UTF-8 stays") {
  CHECK(passage_of(kProse, "It began caf\xe9 \xe6on", 0, 9) == "It began caf\u00e9 \u00e6on");
  CHECK(passage_of(kProse, "It began caf\u00e9", 0, 9) == "It began caf\u00e9");
}

TEST_CASE("books have unique names in order, and a wrong name brings the nearest") {
  std::set<std::string_view> names, files;
  for (const Book& book : books()) {
    CHECK(&find_book(book.name) == &book);
    names.insert(book.name);
    files.insert(book.file);
  }
  CHECK(books().size() == 18);
  CHECK(names.size() == 18);
  CHECK(files.size() == 18);
  CHECK(contains(error_of([] { find_book("alic"); }), "there is no book 'alic'; did you mean 'alice'?"));
  CHECK(contains(error_of([] { find_book("zzzzzzzzzz"); }), "the books are alice, ball, bible"));
}

TEST_CASE("a missing book names its file and the command") {
  const TemporaryFolder empty;
  const CacheAt cache(empty.path);
  const std::string reason = book_unavailable(find_book("emma"));
  CHECK(contains(reason, (empty.path / "texts" / "austen-emma.txt").string()));
  CHECK(contains(reason, "./app/run.sh"));
  CHECK(error_of([] { read_passage(find_book("emma"), 0, 10); }) == reason);
}

TEST_CASE("every book of the package starts at its opening, in UTF-8") {
  if (!have_books()) {
    return;
  }
  for (const Book& book : books()) {
    CAPTURE(book.name);
    const std::string words = read_passage(book, 0, 500);
    CHECK(words.starts_with(book.opening));
    CHECK(is_utf8(words));
    CHECK(words.find('[') > 60);  // no title page
    CHECK(read_passage(book, 1000, 50).size() > 100);
  }
}
