#include <doctest/doctest.h>

#include "kernels/student/expression.hpp"
#include "reference/core/error.hpp"

using alab::student::Expression;

namespace {

double numbers(std::string_view name) {
  alab::require(name == "N" || name == "d", "there is no ", name);
  return name == "N" ? 33 : 20;
}

double value(std::string_view source) {
  return Expression(source).value(numbers);
}

std::string refusal(std::string_view source) {
  try {
    Expression(source).value(numbers);
    return "";
  } catch (const alab::Error& error) {
    return error.what();
  }
}

bool says(const std::string& sentence, std::string_view words) {
  return sentence.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("an expression follows the usual precedence") {
  CHECK(value("1 + 2 * 3") == 7);
  CHECK(value("(1 + 2) * 3") == 9);
  CHECK(value("10 - 4 - 3") == 3);
  CHECK(value("24 / 4 / 2") == 3);
  CHECK(value("2 * 3 ^ 2") == 18);
  CHECK(value("2 ^ 3 ^ 2") == 512);
  CHECK(value("-2 ^ 2") == -4);
  CHECK(value("2 ^ -1") == 0.5);
  CHECK(value("3 - -2") == 5);
  CHECK(value("1.5e2") == 150);
  CHECK(value("2*N^2*d") == 2 * 33 * 33 * 20);
}

TEST_CASE("functions of an expression") {
  CHECK(value("cd(N, 16)") == 3);
  CHECK(value("cd(32, 16)") == 2);
  CHECK(value("min(N, d) + max(N, d)") == 53);
  CHECK(value("sum(i, 1, 4, i^2)") == 30);
  CHECK(value("sum(i, 1, 0, i)") == 0);
  CHECK(value("sum(i, 1, cd(N, 16), min(N, 16 * i))") == 16 + 32 + 33);
  CHECK(value("sum(i, 1, 3, sum(j, 1, i, j))") == 1 + 3 + 6);
  CHECK(Expression("sum(i, 1, N, i * d) + i").names() == std::vector<std::string>{"N", "d", "i"});
}

TEST_CASE("a comparison gives both sides") {
  const auto c = Expression("2 * N <= 60 + 5").compare(numbers);
  CHECK(c.left == 66);
  CHECK(c.right == 65);
  CHECK(c.relation == "<=");
  CHECK_FALSE(c.holds);
  CHECK(Expression("N == 33").compare(numbers).holds);
  CHECK(Expression("N >= 33").compare(numbers).holds);
  CHECK_FALSE(Expression("N < 33").compare(numbers).holds);
  CHECK_FALSE(Expression("N > 33").compare(numbers).holds);
  CHECK(Expression("N * d / 7 == d / 7 * N").compare(numbers).holds);
  CHECK(Expression("2*N^2 <= 3").left_text() == "2*N^2");
  const auto nan = [](std::string_view) { return __builtin_nan(""); };
  for (const char* source : {"N == N", "N <= 1", "N >= 1"}) {
    CHECK_FALSE(Expression(source).compare(nan).holds);
  }
}

TEST_CASE("malformed expressions are refused with the character where they go wrong") {
  CHECK(says(refusal("1 +"), "character 4: a number, a name or '(' is missing"));
  CHECK(says(refusal(""), "character 1"));
  CHECK(says(refusal("(1 + 2"), "character 7: ')' is missing"));
  CHECK(says(refusal("2N"), "character 2: a name directly after a number"));
  CHECK(says(refusal("1 2"), "character 3: expected an operator"));
  CHECK(says(refusal("foo(1, 2)"), "character 1: there is no function 'foo'"));
  CHECK(says(refusal("cd(1)"), "',' is missing"));
  CHECK(says(refusal("sum(1, 2, 3, 4)"), "character 5: a name is missing"));
  CHECK(says(refusal("1 < 2 < 3"), "one comparison"));
  CHECK(says(refusal("1 = 2"), "character 3"));
  CHECK(says(refusal("N $ 2"), "character 3"));
  CHECK(says(refusal("x + 1"), "there is no x"));
  CHECK(says(refusal("1 / (N - 33)"), "character 3: a division by zero"));
  CHECK(says(refusal("cd(1, 0)"), "division by zero"));
  CHECK(says(refusal("1 == 1"), "comparison where a number is asked for"));
  CHECK(says(refusal("sum(i, 1, 1e300, i)"), "steps"));
  CHECK(says(refusal("sum(i, 1, 1e4, sum(j, 1, 1e4, 1))"), "steps"));
  CHECK(says(refusal(std::string(200, '(') + "1" + std::string(200, ')')), "deep"));
  CHECK(says(refusal(std::string(5000, '1')), "characters"));
  CHECK_THROWS_AS(Expression("1").compare(numbers), alab::Error);
}
