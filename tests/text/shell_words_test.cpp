#include "text/shell_words.h"

#include <gmock/gmock.h>

namespace text {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ShellWords, AreWhatPythonsShlexMakesOfThem) {
  EXPECT_THAT(*shellWords(" a\tb\n c "), ElementsAre("a", "b", "c"));
  EXPECT_THAT(*shellWords(R"(/opt/get "a b" c)"), ElementsAre("/opt/get", "a b", "c"));
  EXPECT_THAT(*shellWords(R"(sh -c 'echo "{\"Version\":1}"')"), ElementsAre("sh", "-c", R"(echo "{\"Version\":1}")"));
  EXPECT_THAT(*shellWords(R"(a\ b "q\"r\\s\n$x" '\' x'y'"z")"), ElementsAre("a b", R"(q"r\s\n$x)", "\\", "xyz"));
  EXPECT_THAT(*shellWords(R"('' a "")"), ElementsAre("", "a", ""));
  EXPECT_THAT(*shellWords("a # b"), ElementsAre("a", "#", "b"));
  EXPECT_THAT(*shellWords(" \t"), IsEmpty());
}

TEST(ShellWords, WithAnOpenEndAreNone) {
  EXPECT_THAT(shellWords("sh -c 'a").error().message, HasSubstr("a ' is not closed"));
  EXPECT_THAT(shellWords("a \"b\\\"").error().message, HasSubstr("a \" is not closed"));
  EXPECT_THAT(shellWords("a \\").error().message, HasSubstr("ends with a \\"));
}

}  // namespace
}  // namespace text
