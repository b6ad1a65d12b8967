#include "text/yaml.h"

#include <gmock/gmock.h>

#include "support/seeded.h"

namespace {

using testing::HasSubstr;
using testing::SizeIs;
using Kind = text::YamlNode::Kind;

constexpr std::string_view kDocument = R"(# an edge site
name: edge   # c
"quoted key": 'it''s'
double: "a\
  b\u00e4"
literal: |
  one
  two

folded: >-   # header
  x
  y
plain: of two
  lines   # c
ä: ö
list:
- a
- &anchor {x: 1, y: [2, 3]}
- *anchor
nothing:
quotes: ""
tagged: !!str 12
? complex
: value
)";

std::string document() { return std::string(kDocument); }

std::string refusal(std::string_view yaml) {
  auto parsed = text::parseYaml(yaml);
  return parsed ? "accepted" : parsed.error().message;
}

std::string sliceOf(std::string_view yaml, const text::YamlNode& node) {
  return std::string(yaml.substr(node.start.offset, node.end.offset - node.start.offset));
}

std::string withCrLf(std::string_view yaml) {
  std::string out;
  for (char c : yaml) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}

// What stands in the text for each value of the document above, when its lines end with `line`.
void expectExactPlaces(const std::string& yaml, const std::string& line) {
  auto root = text::parseYaml(yaml);
  ASSERT_TRUE(root) << root.error().message;
  auto slice = [&](std::string_view key) { return sliceOf(yaml, *root->find(key)); };
  EXPECT_EQ(slice("name"), "edge");
  EXPECT_EQ(slice("quoted key"), "'it''s'");
  EXPECT_EQ(slice("double"), "\"a\\" + line + "  b\\u00e4\"");
  EXPECT_EQ(slice("literal"), "|" + line + "  one" + line + "  two");
  EXPECT_EQ(slice("folded"), ">-   # header" + line + "  x" + line + "  y");
  EXPECT_EQ(slice("plain"), "of two" + line + "  lines");
  EXPECT_EQ(slice("\xc3\xa4"), "\xc3\xb6");
  EXPECT_EQ(slice("list"), "- a" + line + "- &anchor {x: 1, y: [2, 3]}" + line + "- *anchor");
  EXPECT_EQ(sliceOf(yaml, root->find("list")->items[1]), "{x: 1, y: [2, 3]}");
  EXPECT_EQ(sliceOf(yaml, root->find("list")->items[2]), "*anchor");
  EXPECT_EQ(slice("nothing"), "");
  EXPECT_EQ(yaml.substr(root->find("nothing")->start.offset - 8, 8), "nothing:");
  EXPECT_EQ(slice("quotes"), "\"\"");
  EXPECT_EQ(slice("tagged"), "12");
  EXPECT_EQ(slice("complex"), "value");
  EXPECT_EQ(sliceOf(yaml, root->members[1].key), "\"quoted key\"");
  EXPECT_EQ(sliceOf(yaml, *root).substr(0, 5), "name:");
  EXPECT_EQ(root->end.offset, yaml.size() - line.size());
}

TEST(Yaml, KnowsTheExactBytesOfEveryNode) { expectExactPlaces(document(), "\n"); }
TEST(Yaml, KnowsTheExactBytesWithWindowsLineBreaks) { expectExactPlaces(withCrLf(document()), "\r\n"); }
TEST(Yaml, KnowsTheExactBytesBehindAByteOrderMark) {
  expectExactPlaces("\xef\xbb\xbf" + document(), "\n");
  expectExactPlaces("\xef\xbb\xbf" + withCrLf(document()), "\r\n");
}

TEST(Yaml, ReadsTheValues) {
  auto root = text::parseYaml(document());
  ASSERT_TRUE(root);
  EXPECT_EQ(text::compact(text::toJson(*root)),
            "{\"name\":\"edge\",\"quoted "
            "key\":\"it's\",\"double\":\"ab\xc3\xa4\",\"literal\":\"one\\ntwo\\n\",\"folded\":\"x y\","
            "\"plain\":\"of two "
            "lines\",\"\xc3\xa4\":\"\xc3\xb6\",\"list\":[\"a\",{\"x\":1,\"y\":[2,3]},{\"x\":1,\"y\":[2,3]}],"
            "\"nothing\":null,\"quotes\":\"\",\"tagged\":\"12\",\"complex\":\"value\"}");
}

TEST(Yaml, CountsLinesAndColumnsForPeople) {
  auto root = text::parseYaml(withCrLf("a: 1\n\xc3\xa4: {k: v}\n"));
  ASSERT_TRUE(root);
  const text::Position& start = root->members[1].value.find("k")->start;
  EXPECT_EQ(place(start), "line 2, column 8");
  EXPECT_EQ(start.offset, 14u);
}

TEST(Yaml, PutsAnUnwrittenValueBehindItsIndicator) {
  std::string yaml = "a: # none\nb:\n  -\n  - x\nc: {d, e: , f: &p }\n";
  auto root = text::parseYaml(yaml);
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_EQ(root->find("a")->start.offset, 2u);
  EXPECT_EQ(root->find("b")->items[0].start.offset, yaml.find('-') + 1);
  const text::YamlNode* flow = root->find("c");
  EXPECT_EQ(flow->find("d")->start.offset, yaml.find("d,") + 1);
  EXPECT_EQ(flow->find("e")->start.offset, yaml.find("e:") + 2);
  EXPECT_EQ(flow->find("f")->start.offset, yaml.find("&p") + 2);
  for (const auto& [key, value] : flow->members) EXPECT_EQ(value.kind, Kind::Null) << key.scalar;
  EXPECT_TRUE(flow->flow);
  EXPECT_FALSE(root->flow);
}

TEST(Yaml, ReadsScalarsByTheJsonSchema) {
  auto root = text::parseYaml(
      "[1, -2, 1.5, 1e3, true, false, null, ~, , 012, 0x1f, yes, True, 1_0, 12:30, '1', \"true\", +1, .5]");
  ASSERT_FALSE(root);  // an entry of nothing between commas is no YAML
  root = text::parseYaml(
      "[1, -2, 1.5, 1e3, true, false, null, ~, 012, 0x1f, yes, True, 1_0, 12:30, '1', \"true\", +1, .5]");
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_EQ(text::compact(text::toJson(*root)),
            R"([1,-2,1.5,1000.0,true,false,null,null,"012","0x1f","yes","True","1_0","12:30","1","true","+1",".5"])");
}

TEST(Yaml, SaysWhereTheTextIsWrong) {
  EXPECT_EQ(refusal("a: 1\nb: @x\n"), "line 2, column 4: plain scalar cannot start with '@'");
  EXPECT_THAT(refusal("a:\n\t- b\n"), HasSubstr("line 2, column 1: tab"));
  EXPECT_EQ(refusal("{a: 1"), "line 1, column 6: missing comma in flow mapping");
  EXPECT_EQ(refusal("a: *none\n"), "line 1, column 4: the alias *none has no anchor before it");
  EXPECT_EQ(refusal("a: \xff\n"), "line 1, column 4: a control character or bytes that are no UTF-8");
  EXPECT_EQ(refusal("a: \x01\n"), "line 1, column 4: a control character or bytes that are no UTF-8");
  EXPECT_THAT(refusal("? {a: b}\n: c\n"), HasSubstr("a key must be a text"));
}

TEST(Yaml, WantsTheLinesOfABlockScalarIndented) {
  EXPECT_THAT(refusal("a:\n  b: |\n  under\n"), HasSubstr("line 3, column 3: the lines of a block scalar"));
  EXPECT_EQ(refusal("a:\n  b: |\n   enough\n"), "accepted");
  EXPECT_EQ(refusal("a:\n- |\n x\n"), "accepted");
  EXPECT_EQ(text::parseYaml("--- |\nx\n")->scalar, "x\n");
}

TEST(Yaml, J03_RefusesAKeyTwiceAndSaysWhere) {
  EXPECT_EQ(refusal("a: 1\nb: 2\n'a': 3\n"), "line 3, column 1: the key \"a\" occurs twice in one mapping");
  EXPECT_EQ(refusal("a: {x: 1}\nb: {x: 1}\n"), "accepted");
}

TEST(Yaml, WantsOneDocumentOrTakesAll) {
  EXPECT_EQ(refusal("---\na: 1\n"), "accepted");
  EXPECT_EQ(refusal("a: 1\n---\nb: 2\n"), "line 3, column 1: a second YAML document begins where one is wanted");
  EXPECT_EQ(refusal(""), "line 1, column 1: the text holds no YAML document");
  EXPECT_EQ(refusal("# only a comment\n"), "line 1, column 1: the text holds no YAML document");
  auto documents = text::parseYamlDocuments("---\na: 1\n---\n- b\n...\n---\n# nothing\n");
  ASSERT_TRUE(documents);
  ASSERT_THAT(*documents, SizeIs(3));
  EXPECT_EQ((*documents)[1].start.offset, 13u);
  EXPECT_EQ((*documents)[2].kind, Kind::Null);
  EXPECT_THAT(*text::parseYamlDocuments(""), SizeIs(0));
}

TEST(Yaml, DoesNotCarryAnchorsIntoTheNextDocument) { EXPECT_FALSE(text::parseYamlDocuments("a: &x 1\n---\nb: *x\n")); }

TEST(Yaml, J08_RefusesAliasesThatExplode) {
  std::string yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    std::string before = "*a" + std::to_string(i - 1), list = before;
    for (int j = 1; j < 10; ++j) list += ", " + before;
    yaml += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + list + "]\n";
  }
  EXPECT_THAT(refusal(yaml), HasSubstr("100,000 nodes"));
  EXPECT_THAT(refusal("a: &a [*a]\n"), HasSubstr("no anchor"));
}

TEST(Yaml, TakesSixtyFourLevelsAndNoMore) {
  auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(refusal(nested(64)), "accepted");
  EXPECT_NE(refusal(nested(65)), "accepted");
  EXPECT_NE(refusal(nested(100000)), "accepted");
}

TEST(Yaml, SurvivesWhateverItIsGiven) {
  support::Seeded random(4);
  std::string seeds[] = {document(), withCrLf(document()), "- - a\n  - &x\n    k: |2-\n        v\n- *x\n--- >+\n y\n"};
  int accepted = 0;
  for (int i = 0; i < 6000; ++i) {
    std::string yaml = random.mutated(seeds[random.below(3)], ":-?#&*!|>'\"%@`{}[], \n\t~<");
    auto documents = text::parseYamlDocuments(yaml);
    if (!documents) {
      ASSERT_THAT(documents.error().message, HasSubstr("line "));
      continue;
    }
    ++accepted;
    auto check = [&](auto&& self, const text::YamlNode& node) -> void {
      ASSERT_LE(node.start.offset, node.end.offset) << yaml;
      ASSERT_LE(node.end.offset, yaml.size()) << yaml;
      for (const auto& item : node.items) self(self, item);
      for (const auto& [key, value] : node.members) {
        self(self, key);
        self(self, value);
      }
    };
    for (const auto& document : *documents) check(check, document);
  }
  EXPECT_GT(accepted, 500);
}

}  // namespace
