#include "text/json.h"

#include <gmock/gmock.h>

namespace {

using testing::HasSubstr;

std::string refusal(std::string_view document) {
  auto parsed = text::parseJson(document);
  return parsed ? "accepted" : parsed.error().message;
}

TEST(Json, KeepsTheOrderOfMembers) {
  EXPECT_EQ(text::compact(*text::parseJson(R"( {"z": 1, "a": [true, null, "x"], "m": {}} )")),
            R"({"z":1,"a":[true,null,"x"],"m":{}})");
}

TEST(Json, ReadsOneStringOrAListAsStrings) {
  const text::Json json = *text::parseJson(R"({"one": "x", "list": ["a", 1, null, "b"], "number": 7})");
  EXPECT_THAT(text::stringsIn(text::at(json, "one")), testing::ElementsAre("x"));
  EXPECT_THAT(text::stringsIn(text::at(json, "list")), testing::ElementsAre("a", "b"));
  EXPECT_THAT(text::stringsIn(text::at(json, "number")), testing::IsEmpty());
  EXPECT_THAT(text::stringsIn(text::at(json, "absent")), testing::IsEmpty());
}

TEST(Json, KeepsWholeNumbersExactAndOthersAsReals) {
  text::Json json =
      *text::parseJson("[9223372036854775807, -9223372036854775808, 18446744073709551615, 1.5, 1e2, 0, -0]");
  EXPECT_EQ(json[0].get<std::int64_t>(), INT64_MAX);
  EXPECT_EQ(json[1].get<std::int64_t>(), INT64_MIN);
  EXPECT_EQ(json[2].get<std::uint64_t>(), UINT64_MAX);
  EXPECT_TRUE(json[3].is_number_float());
  EXPECT_DOUBLE_EQ(json[4].get<double>(), 100);
  EXPECT_TRUE(json[5].is_number_integer());
}

TEST(Json, J03_RefusesAMemberNameTwiceAndSaysWhere) {
  EXPECT_EQ(refusal("{\n  \"a\": 1,\n  \"b\": 2,\n  \"a\": 3\n}"),
            "line 4, column 3: the member \"a\" occurs twice in one object");
  EXPECT_EQ(refusal(R"({"a": {"x": 1}, "b": {"x": 1}})"), "accepted");
  EXPECT_THAT(refusal(R"({"a": 1, "\u0061": 2})"), HasSubstr("occurs twice"));
  for (int many : {15, 16, 17, 40})
    for (int which : {0, many / 2, many - 1}) {
      std::string text = "{";
      for (int i = 0; i < many; ++i) text += "\"m" + std::to_string(i) + "\": 0, ";
      EXPECT_EQ(refusal(text + "\"m\": 0}"), "accepted");
      EXPECT_THAT(refusal(text + "\"m" + std::to_string(which) + "\": 0}"),
                  HasSubstr("the member \"m" + std::to_string(which) + "\" occurs twice"));
    }
}

TEST(Json, SaysWhereATextIsWrong) {
  EXPECT_EQ(refusal("{\"a\": 1,\n \"b\": x}"), "line 2, column 7: unexpected character");
  EXPECT_EQ(refusal("{\"\xc3\xa4\": 01}"), "line 1, column 8: a comma or the end of the list is missing");
  EXPECT_EQ(refusal(""), "line 1, column 1: the text ends too early");
  EXPECT_THAT(refusal("[1e999]"), HasSubstr("out of range"));
  EXPECT_THAT(refusal("\xef\xbb\xbf{}"), HasSubstr("byte order mark"));
}

TEST(Json, RefusesCommentsTrailingCommasAndSecondValues) {
  for (std::string_view document :
       {"{} {}", "[1,]", "{\"a\":1,}", "// x\n{}", "/* x */ 1", "{} //", "'a'", "NaN", "{a:1}"})
    EXPECT_FALSE(text::parseJson(document)) << document;
}

TEST(Json, J02_TakesSixtyFourLevelsAndNoMore) {
  std::string levels(64, '[');
  EXPECT_TRUE(text::parseJson(levels + std::string(64, ']')));
  EXPECT_THAT(refusal("[" + levels + std::string(65, ']')), HasSubstr("deeper than 64"));
  EXPECT_FALSE(text::parseJson(std::string(1000000, '[')));
}

TEST(Json, PrintsForPeopleAndForQuotas) {
  text::Json json = *text::parseJson(R"({"a":[1],"b":"\u00e4"})");
  EXPECT_EQ(text::pretty(json), "{\n  \"a\": [\n    1\n  ],\n  \"b\": \"\xc3\xa4\"\n}\n");
  EXPECT_EQ(text::compact(json), "{\"a\":[1],\"b\":\"\xc3\xa4\"}");
}

TEST(Json, PrintsEvenBytesThatAreNoUtf8) { EXPECT_EQ(text::compact(text::Json("\xff")), "\"\xef\xbf\xbd\""); }

TEST(Json, LooksUpWithoutThrowing) {
  text::Json json = *text::parseJson(R"({"s":"x","n":1,"o":{"k":"v"}})");
  EXPECT_EQ(text::stringAt(json, "s"), "x");
  EXPECT_EQ(text::stringAt(json, "n", "fallback"), "fallback");
  EXPECT_EQ(text::stringAt(json, "none"), "");
  EXPECT_EQ(text::stringAt(text::at(json, "o"), "k"), "v");
  EXPECT_EQ(text::intAt(json, "n"), 1);
  EXPECT_EQ(text::intAt(json, "s", 7), 7);
  EXPECT_TRUE(text::at(json, "none").is_null());
  EXPECT_TRUE(text::at(text::at(json, "s"), "deeper").is_null());
}

}  // namespace
