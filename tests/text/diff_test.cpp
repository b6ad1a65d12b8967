#include "text/diff.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

#include "support/seeded.h"

namespace {

std::string diff(std::string_view before, std::string_view after) { return text::unifiedDiff(before, after, "a", "b"); }

TEST(Diff, IsEmptyForEqualTexts) {
  EXPECT_EQ(diff("", ""), "");
  EXPECT_EQ(diff("x\n", "x\n"), "");
}

TEST(Diff, ShowsThreeLinesOfContext) {
  EXPECT_EQ(diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
            "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(Diff, SaysWhenTheLastLineHasNoLineBreak) {
  EXPECT_EQ(diff("a\nb", "a\nb\n"), "--- a\n+++ b\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n");
  EXPECT_EQ(diff("x", "y"),
            "--- a\n+++ b\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+y\n\\ No newline at end of file\n");
  EXPECT_EQ(diff("a\nz", "b\nz"), "--- a\n+++ b\n@@ -1,2 +1,2 @@\n-a\n+b\n z\n\\ No newline at end of file\n");
}

TEST(Diff, CountsNothingBeforeTheFirstLine) {
  EXPECT_EQ(diff("", "a\nb\n"), "--- a\n+++ b\n@@ -0,0 +1,2 @@\n+a\n+b\n");
  EXPECT_EQ(diff("a\n", ""), "--- a\n+++ b\n@@ -1 +0,0 @@\n-a\n");
}

TEST(Diff, JoinsChangesThatAreSixLinesApartAndSplitsFartherOnes) {
  auto lines = [](int count, std::vector<int> changed) {
    std::string out;
    for (int i = 1; i <= count; ++i) {
      bool marked = std::find(changed.begin(), changed.end(), i) != changed.end();
      out += std::to_string(i) + (marked ? "x\n" : "\n");
    }
    return out;
  };
  EXPECT_EQ(
      diff(lines(20, {}), lines(20, {4, 11})),
      "--- a\n+++ b\n@@ -1,14 +1,14 @@\n 1\n 2\n 3\n-4\n+4x\n 5\n 6\n 7\n 8\n 9\n 10\n-11\n+11x\n 12\n 13\n 14\n");
  EXPECT_EQ(diff(lines(20, {}), lines(20, {4, 12})),
            "--- a\n+++ b\n@@ -1,7 +1,7 @@\n 1\n 2\n 3\n-4\n+4x\n 5\n 6\n 7\n"
            "@@ -9,7 +9,7 @@\n 9\n 10\n 11\n-12\n+12x\n 13\n 14\n 15\n");
}

// `patch` in a few lines, for texts whose last line is whole.
std::string patched(const std::string& before, std::string_view diff) {
  std::vector<std::string> from, out;
  auto split = [](std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
      std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
      lines.emplace_back(text.substr(0, size));
      text.remove_prefix(size);
    }
    return lines;
  };
  from = split(before);
  std::size_t next = 0;
  for (const std::string& line : split(diff)) {
    if (line.starts_with("--- ") || line.starts_with("+++ ")) continue;
    if (line.starts_with("@@ -")) {
      bool none = line.find(",0 +") != std::string::npos;
      std::size_t first = std::stoul(line.substr(4)) - (none ? 0 : 1);
      while (next < first) out.push_back(from.at(next++));
    } else if (line[0] == ' ') {
      out.push_back(from.at(next++));
    } else if (line[0] == '-') {
      ++next;
    } else {
      out.push_back(line.substr(1));
    }
  }
  while (next < from.size()) out.push_back(from[next++]);
  std::string text;
  for (const std::string& line : out) text += line;
  return text;
}

TEST(Diff, TurnsTheOneTextIntoTheOther) {
  support::Seeded random(3);
  auto lines = [&] {
    std::string out;
    for (std::size_t count = random.below(30); count > 0; --count)
      out += std::string(1, char('a' + random.below(4))) + "\n";
    return out;
  };
  for (int i = 0; i < 2000; ++i) {
    std::string before = lines(), after = lines();
    ASSERT_EQ(patched(before, diff(before, after)), after);
  }
}

TEST(Diff, EndsSoonEvenWhenNothingIsAlike) {
  std::string before, after;
  for (int i = 0; i < 20000; ++i) {
    before += "a" + std::to_string(i) + "\n";
    after += "b" + std::to_string(i) + "\n";
  }
  EXPECT_GT(diff(before, after).size(), before.size() + after.size());
}

}  // namespace
