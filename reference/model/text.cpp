// SPDX-License-Identifier: MIT
#include "reference/model/text.hpp"

#include <filesystem>
#include <vector>

#include "reference/core/error.hpp"
#include "reference/core/files.hpp"
#include "reference/core/param.hpp"
#include "reference/model/tokenizer.hpp"

namespace alab {
namespace {

constexpr std::size_t kLargestBook = std::size_t{64} << 20;

constexpr Book kBooks[] = {
    {"alice", "carroll-alice.txt", "Alice's Adventures in Wonderland, Lewis Carroll", "Alice was beginning"},
    {"ball", "chesterton-ball.txt", "The Ball and the Cross, G. K. Chesterton", "The flying ship"},
    {"bible", "bible-kjv.txt", "The King James Bible", "1:1 In the beginning"},
    {"brown", "chesterton-brown.txt", "The Wisdom of Father Brown, G. K. Chesterton", "THE consulting-rooms"},
    {"buster_bear", "burgess-busterbrown.txt", "The Adventures of Buster Bear, Thornton W. Burgess",
     "Buster Bear yawned"},
    {"caesar", "shakespeare-caesar.txt", "Julius Caesar, William Shakespeare", "Enter Flauius", true},
    {"emma", "austen-emma.txt", "Emma, Jane Austen", "Emma Woodhouse, handsome"},
    {"hamlet", "shakespeare-hamlet.txt", "Hamlet, William Shakespeare", "Enter Barnardo", true},
    {"leaves", "whitman-leaves.txt", "Leaves of Grass, Walt Whitman", "Come, said my soul", true},
    {"macbeth", "shakespeare-macbeth.txt", "Macbeth, William Shakespeare", "Thunder and Lightning", true},
    {"moby_dick", "melville-moby_dick.txt", "Moby Dick, Herman Melville", "Call me Ishmael"},
    {"paradise", "milton-paradise.txt", "Paradise Lost, John Milton", "Of Man's first disobedience", true},
    {"parents", "edgeworth-parents.txt", "The Parent's Assistant, Maria Edgeworth", "Near the ruins"},
    {"persuasion", "austen-persuasion.txt", "Persuasion, Jane Austen", "Sir Walter Elliot"},
    {"poems", "blake-poems.txt", "Songs of Innocence and of Experience, William Blake", "Piping down", true},
    {"sense", "austen-sense.txt", "Sense and Sensibility, Jane Austen", "The family of Dashwood"},
    {"stories", "bryant-stories.txt", "Stories to Tell to Children, Sara Cone Bryant",
     "Once there was a little"},
    {"thursday", "chesterton-thursday.txt", "The Man Who Was Thursday, G. K. Chesterton", "A cloud was on"},
};

std::filesystem::path path_of(const Book& book) {
  return cache_dir() / "texts" / std::filesystem::path(book.file);
}

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string to_utf8(std::string_view bytes) {
  if (is_utf8(bytes)) {
    return std::string(bytes);
  }
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 8);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out.push_back(c);
    } else {
      out.push_back(static_cast<char>(0xC0 | byte >> 6));
      out.push_back(static_cast<char>(0x80 | (byte & 0x3F)));
    }
  }
  return out;
}

/// A run of white space as it is written: an empty line, a line break of verse, or a space.
std::string_view gap(std::string_view blanks, bool verse) {
  std::size_t lines = 0;
  for (const char c : blanks) {
    lines += c == '\n' ? 1 : 0;
  }
  return lines > 1 ? "\n\n" : verse && lines == 1 ? "\n" : " ";
}

}  // namespace

std::span<const Book> books() {
  return kBooks;
}

const Book& find_book(std::string_view name) {
  std::vector<std::string> names;
  for (const Book& book : kBooks) {
    if (book.name == name) {
      return book;
    }
    names.emplace_back(book.name);
  }
  const std::string close = nearest(name, names);
  std::string all;
  for (const std::string& known : names) {
    all += (all.empty() ? "" : ", ") + known;
  }
  throw Error(text("there is no book '", name, "'", close.empty() ? "" : "; did you mean '" + close + "'?",
                   close.empty() ? "; the books are " + all : ""));
}

std::string book_unavailable(const Book& book) {
  const auto path = path_of(book);
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored)
             ? ""
             : text(book.title, " is not in ", path.string(),
                    "; run ./app/run.sh once (without --no-model) to fetch the books");
}

std::string read_passage(const Book& book, std::int64_t offset, std::int64_t words) {
  const std::string missing = book_unavailable(book);
  require(missing.empty(), missing);
  return passage_of(book, read_file(path_of(book), kLargestBook), offset, words);
}

std::string passage_of(const Book& book, std::string_view bytes, std::int64_t offset, std::int64_t words) {
  require(offset >= 0, "a passage starts ", offset, " words into ", book.title, "; give 0 or more");
  require(words >= 1, "a passage of ", words, " words is empty; give 1 or more");
  const std::string whole = to_utf8(bytes);
  const std::size_t opening = whole.find(book.opening);
  std::string_view left = std::string_view(whole).substr(opening == std::string::npos ? 0 : opening);
  std::string out;
  std::int64_t seen = 0;
  while (seen < offset + words) {
    std::size_t blanks = 0;
    while (blanks < left.size() && is_blank(left[blanks])) {
      ++blanks;
    }
    std::size_t end = blanks;
    while (end < left.size() && !is_blank(left[end])) {
      ++end;
    }
    if (end == blanks) {
      break;
    }
    if (seen >= offset) {
      out += out.empty() ? std::string_view{} : gap(left.substr(0, blanks), book.verse);
      out += left.substr(blanks, end - blanks);
    }
    left.remove_prefix(end);
    ++seen;
  }
  require(!out.empty(), "a passage ", offset, " words into ", book.title, " is beyond its end; it has ", seen,
          " words");
  return out;
}

}  // namespace alab
