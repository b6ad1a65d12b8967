#include <gmock/gmock.h>

#include "support/seeded.h"
#include "text/yaml.h"

namespace {

std::string written(std::string_view json) { return text::writeYaml(*text::parseJson(json)); }

TEST(WriteYaml, WritesAsKubectlDoes) {
  EXPECT_EQ(written(R"({"apiVersion":"v1","kind":"List","metadata":{"labels":{},"name":"x"},
                        "items":[{"a":1,"b":[["x","y"],[]]},null,true,1.5],"empty":[]})"),
            R"(apiVersion: v1
kind: List
metadata:
  labels: {}
  name: x
items:
- a: 1
  b:
  - - x
    - "y"
  - []
- null
- true
- 1.5
empty: []
)");
}

TEST(WriteYaml, QuotesWhateverAnotherReaderCouldTakeForSomethingElse) {
  for (std::string_view text : {"",
                                "true",
                                "False",
                                "yes",
                                "NO",
                                "on",
                                "Off",
                                "y",
                                "N",
                                "null",
                                "~",
                                "1",
                                "-1",
                                "+1",
                                "0x1F",
                                "012",
                                "0o17",
                                "0b11",
                                "1_000",
                                "1.5",
                                ".5",
                                "1.",
                                "1e3",
                                "1.27.3",
                                "12:30:45",
                                "2026-11-23",
                                "2026-11-23T20:00:00Z",
                                ".inf",
                                "-.INF",
                                ".NaN",
                                "<<",
                                "=",
                                "- a",
                                "-",
                                "?",
                                "? a",
                                ": a",
                                "a: b",
                                "a:",
                                "a #b",
                                "#a",
                                "&a",
                                "*a",
                                "!a",
                                "|",
                                ">",
                                "'a",
                                "\"a",
                                "%a",
                                "@a",
                                "`a",
                                "[a",
                                "]",
                                "{a",
                                "}",
                                ",a",
                                " a",
                                "a ",
                                "---",
                                "--- a",
                                "...",
                                "a\tb",
                                "a\\\n",
                                "\x7f",
                                "\xc2\x85",
                                "\xe2\x80\xa8",
                                "\xef\xbb\xbf",
                                "10.0.0.1"}) {
    std::string yaml = text::writeYaml(text::Json(std::string(text)));
    EXPECT_THAT(yaml, testing::AnyOf(testing::StartsWith("\""), testing::StartsWith("|"))) << text;
    EXPECT_EQ(text::toJson(*text::parseYaml(yaml)), text::Json(std::string(text))) << yaml;
  }
}

TEST(WriteYaml, LeavesOrdinaryTextsPlain) {
  for (std::string_view text :
       {"a", "s3-echoer", "arn:aws:iam::111122223333:role/x", "https://example.com/a?b=c#d",
        "--service-account-issuer=https://x", "100Mi", "5m", "irsa-anywhere/v1", "/var/run",
        "registry.k8s.io/pause:3.9", "a b", "it's", "a,b", "x86_64", "\xc3\xa4", "./x", "us-west-2"}) {
    std::string yaml = text::writeYaml(text::Json(std::string(text)));
    EXPECT_EQ(yaml, std::string(text) + "\n");
    EXPECT_EQ(text::toJson(*text::parseYaml(yaml)), text::Json(std::string(text)));
  }
}

TEST(WriteYaml, ShowsSeveralLinesAsTheyAre) {
  EXPECT_EQ(written(R"({"a":"one\n\ntwo\n","b":"x\ny","c":["p\n\n","q"]})"),
            "a: |\n  one\n\n  two\nb: |-\n  x\n  y\nc:\n- |+\n  p\n\n- q\n");
  EXPECT_EQ(written(R"({"a":" starts with a blank\nx"})"), "a: \" starts with a blank\\nx\"\n");
}

TEST(WriteYaml, WritesEmptyAndScalarRoots) {
  EXPECT_EQ(written("{}"), "{}\n");
  EXPECT_EQ(written("[]"), "[]\n");
  EXPECT_EQ(written("\"a\""), "a\n");
  EXPECT_EQ(written("null"), "null\n");
}

text::Json randomJson(support::Seeded& random, int depth) {
  constexpr std::string_view kPieces[] = {"a",
                                          "1",
                                          ":",
                                          "-",
                                          " ",
                                          "#",
                                          "\n",
                                          "'",
                                          "\"",
                                          "\\",
                                          "{",
                                          "[",
                                          "true",
                                          "\xc3\xa4",
                                          "\t",
                                          "~",
                                          "\r",
                                          "\x01",
                                          "\xf0\x9f\x98\x80",
                                          "\xc2\x85",
                                          ",",
                                          "&",
                                          "|",
                                          "."};
  auto word = [&] {
    std::string out;
    for (std::size_t count = random.below(6); count > 0; --count) out += kPieces[random.below(std::size(kPieces))];
    return out;
  };
  text::Json out;
  switch (depth > 3 ? random.below(3) : random.below(5)) {
    case 0: return word();
    case 1: return std::int64_t(random.below(1000)) - 500;
    case 2: return random.below(2) == 0 ? text::Json(nullptr) : text::Json(random.below(2) == 0);
    case 3:
      out = text::Json::array();
      for (std::size_t count = random.below(4); count > 0; --count) out.push_back(randomJson(random, depth + 1));
      return out;
    default:
      out = text::Json::object();
      for (std::size_t count = random.below(4); count > 0; --count) out[word()] = randomJson(random, depth + 1);
      return out;
  }
}

TEST(WriteYaml, WritesWhatReadsBackTheSame) {
  support::Seeded random(5);
  for (int i = 0; i < 3000; ++i) {
    text::Json json = randomJson(random, 0);
    std::string yaml = text::writeYaml(json);
    auto parsed = text::parseYaml(yaml);
    ASSERT_TRUE(parsed) << parsed.error().message << "\n" << yaml;
    ASSERT_EQ(text::toJson(*parsed), json) << yaml;
  }
}

}  // namespace
