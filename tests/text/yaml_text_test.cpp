#include "text/yaml_text.h"

#include <gmock/gmock.h>

namespace text {
namespace {

using testing::HasSubstr;

YamlText parsed(std::string text) {
  base::Result<YamlText> made = YamlText::parse(std::move(text));
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return made ? std::move(made).value() : std::move(YamlText::parse("")).value();
}

// What an edit that must succeed makes of `text`.
template <typename Edit>
std::string after(std::string text, Edit edit) {
  YamlText yaml = parsed(std::move(text));
  const base::Result<void> done = edit(yaml);
  EXPECT_TRUE(done) << (done ? "" : done.error().message);
  return yaml.text();
}

// Why an edit is refused, which must leave the text alone.
template <typename Edit>
std::string refusal(const std::string& text, Edit edit) {
  YamlText yaml = parsed(text);
  const base::Result<void> done = edit(yaml);
  EXPECT_FALSE(done) << yaml.text();
  EXPECT_EQ(yaml.text(), text);
  return done ? "" : done.error().message;
}

auto set(YamlPath path, std::string value) {
  return [=](YamlText& yaml) { return yaml.setScalar(0, path, value); };
}
auto insert(YamlPath path, std::size_t index, Json value) {
  return [=](YamlText& yaml) { return yaml.insertItem(0, path, index, value); };
}
auto put(YamlPath path, std::string key, Json value) {
  return [=](YamlText& yaml) { return yaml.putMember(0, path, key, value); };
}
auto removeItem(YamlPath path, std::size_t index) {
  return [=](YamlText& yaml) { return yaml.removeItem(0, path, index); };
}
auto removeMember(YamlPath path, std::string key) {
  return [=](YamlText& yaml) { return yaml.removeMember(0, path, key); };
}
auto move(YamlPath path, std::size_t first, std::size_t last, std::size_t to) {
  return [=](YamlText& yaml) { return yaml.moveItems(0, path, first, last, to); };
}

constexpr std::size_t kEnd = 1000;

TEST(YamlTextScalar, KeepsItsQuotesAndWhatStandsAroundIt) {
  EXPECT_EQ(after("a:   x   # why\nb: w\n", set({"a"}, "z")), "a:   z   # why\nb: w\n");
  EXPECT_EQ(after("a: 'x'\n", set({"a"}, "it's")), "a: 'it''s'\n");
  EXPECT_EQ(after("a: \"x\"\n", set({"a"}, "a\"b")), "a: \"a\\\"b\"\n");
  EXPECT_EQ(after("a: {b: [x, 'w']}\n", set({"a", "b", 1U}, "z,")), "a: {b: [x, 'z,']}\n");
  EXPECT_EQ(after("a: [x]\n", set({"a", 0U}, "w,z")), "a: [\"w,z\"]\n");
  EXPECT_EQ(after("a: x\n", set({"a"}, "true")), "a: \"true\"\n");
  EXPECT_EQ(after("a: x", set({"a"}, "w")), "a: w");
}

TEST(YamlTextScalar, KeepsALiteralBlocksHeaderAndIndentation) {
  EXPECT_EQ(after("a:\n- |  # kept\n    x: 1\n\n    w: 2\nb: c\n", set({"a", 0U}, "x: 1\n\nw: 3\nz:\n  q: 4\n")),
            "a:\n- |  # kept\n    x: 1\n\n    w: 3\n    z:\n      q: 4\nb: c\n");
  EXPECT_EQ(after("a: |-\r\n  x\r\n", set({"a"}, "w\nz")), "a: |-\r\n  w\r\n  z\r\n");
  EXPECT_THAT(refusal("a: >\n  x\n", set({"a"}, "w\n")), HasSubstr("line 1, column 4"));
}

TEST(YamlTextItem, GoesWhereItIsWantedInTheNeighboursStyle) {
  EXPECT_EQ(after("a:\n  # first\n  -   x # one\n  -   \"w\"\nb: c\n", insert({"a"}, 0, "m")),
            "a:\n  # first\n  -   m\n  -   x # one\n  -   \"w\"\nb: c\n");
  EXPECT_EQ(after("a:\n  -   x # one\n  -   \"w\"\n# b\nb: c\n", insert({"a"}, kEnd, "m")),
            "a:\n  -   x # one\n  -   \"w\"\n  -   \"m\"\n# b\nb: c\n");
  EXPECT_EQ(after("- x", insert({}, kEnd, "m")), "- x\n- m");
  EXPECT_EQ(after("a: [x, 'w']\n", insert({"a"}, 1, "m")), "a: [x, 'm', 'w']\n");
  EXPECT_EQ(after("a: [x, 'w']\n", insert({"a"}, kEnd, "m")), "a: [x, 'w', 'm']\n");
  EXPECT_EQ(after("a: []\n", insert({"a"}, 0, "m,")), "a: [\"m,\"]\n");
  EXPECT_EQ(after("a:\n- x: 1\n", insert({"a"}, kEnd, Json{{"k", "v"}, {"l", {1, 2}}})),
            "a:\n- x: 1\n- k: v\n  l:\n  - 1\n  - 2\n");
  EXPECT_EQ(after("a: [{x: 1}]\n", insert({"a"}, kEnd, Json{{"k", "v"}})), "a: [{x: 1}, {k: v}]\n");
  EXPECT_EQ(after("a:\r\n- x\r\n", insert({"a"}, 0, "m")), "a:\r\n- m\r\n- x\r\n");
}

TEST(YamlTextItem, GoesIntoAListWhoseBracketClosesAtItsKeysColumn) {
  EXPECT_EQ(after("s:\n  l: [\n    a,\n    b\n  ]\nt: u\n", insert({"s", "l"}, 0, "w")),
            "s:\n  l: [\n    w, a,\n    b\n  ]\nt: u\n");
  EXPECT_EQ(after("l: [\n  a,\n]\nm: {\n  n: o\n}\n", insert({"l"}, kEnd, "w")), "l: [\n  a, w,\n]\nm: {\n  n: o\n}\n");
}

TEST(YamlTextItem, MovesAndGoesWithItsWholeLine) {
  EXPECT_EQ(after("a:\n- x # one\n- w\n- z\n", move({"a"}, 2, 2, 0)), "a:\n- z\n- x # one\n- w\n");
  EXPECT_EQ(after("a:\n- x # one\n- w\n- z\n", move({"a"}, 0, 0, 3)), "a:\n- w\n- z\n- x # one\n");
  EXPECT_EQ(after("a:\n- x\n- w\n- z", move({"a"}, 1, 2, 0)), "a:\n- w\n- z\n- x\n");
  EXPECT_EQ(after("[x, w, z]\n", move({}, 2, 2, 0)), "[z, x, w]\n");
  EXPECT_EQ(after("[x, w, z]\n", move({}, 0, 0, 3)), "[w, z, x]\n");
  EXPECT_EQ(after("[x, w, z]\n", move({}, 1, 1, 1)), "[x, w, z]\n");
  EXPECT_EQ(after("a:\n- x # one\n- w\n", removeItem({"a"}, 0)), "a:\n- w\n");
  EXPECT_EQ(after("[x, w]\n", removeItem({}, 0)), "[w]\n");
  EXPECT_EQ(after("[x, w]\n", removeItem({}, 1)), "[x]\n");
  EXPECT_EQ(after("[x]\n", removeItem({}, 0)), "[]\n");
  EXPECT_THAT(refusal("a:\n- x\n", removeItem({"a"}, 0)), HasSubstr("line 2, column 1"));
}

TEST(YamlTextMember, IsSetOrAddedWithWhatIsMissingOnTheWay) {
  EXPECT_EQ(after("a: x # why\n", put({}, "a", "w")), "a: w # why\n");
  EXPECT_EQ(after("s:\n    a: x\n# end\n", put({"s"}, "b", "w")), "s:\n    a: x\n    b: w\n# end\n");
  EXPECT_EQ(after("s:\n  a: x\n", put({"s", "t", "u"}, "b", "w")), "s:\n  a: x\n  t:\n    u:\n      b: w\n");
  EXPECT_EQ(after("s: {a: x}\n", put({"s", "t"}, "b", "w: z")), "s: {a: x, t: {b: \"w: z\"}}\n");
  EXPECT_EQ(after("s: {}\n", put({"s"}, "b", "w")), "s: {b: w}\n");
  EXPECT_EQ(after("s:\nq: r\n", put({"s", "t"}, "b", "w")), "s:\n  t:\n    b: w\nq: r\n");
  EXPECT_EQ(after("s:\n  l: # none yet\nq: r\n", put({"s"}, "l", Json{"x"})), "s:\n  l: # none yet\n  - x\nq: r\n");
  EXPECT_EQ(after("s:\n  v:\nq: r\n", put({"s"}, "v", "x")), "s:\n  v: x\nq: r\n");
  EXPECT_EQ(after("- name: x\n  a: w\n- z\n", put({0U}, "b", "c")), "- name: x\n  a: w\n  b: c\n- z\n");
  EXPECT_EQ(after("", put({}, "l", Json{"x"})), "l:\n- x\n");
  EXPECT_EQ(after("# only this", put({}, "a", "b")), "# only this\na: b\n");
  EXPECT_EQ(after("a: x", put({}, "b", "w")), "a: x\nb: w");
  EXPECT_EQ(after("a: x\r\n", put({"b"}, "c", "w")), "a: x\r\nb:\r\n  c: w\r\n");
}

TEST(YamlTextMember, GoesBehindATextWithoutALineEndWhateverEndsIt) {
  EXPECT_EQ(after("a: x", put({}, "b", "w\n")), "a: x\nb: |\n  w\n");
  EXPECT_EQ(after("a: |\n  x", put({}, "b", "w")), "a: |\n  x\nb: w");
  EXPECT_EQ(after("l:\n- a: |\n    x", insert({"l"}, kEnd, Json("w"))), "l:\n- a: |\n    x\n- w");
  EXPECT_EQ(after("l:\n- |-\n  x", put({}, "b", Json{"w\n"})), "l:\n- |-\n  x\nb:\n- |\n  w\n");
  YamlText yaml = parsed("a: |\n  x");
  ASSERT_TRUE(yaml.addDocument({{"b", "w"}}));
  EXPECT_EQ(yaml.text(), "a: |\n  x\n---\nb: w\n");
}

TEST(YamlTextMember, StaysJsonInJson) {
  EXPECT_EQ(after("{\"a\": {\"b\": \"c\"}}\n", put({"a", "d"}, "e", "f")),
            "{\"a\": {\"b\": \"c\", \"d\":{\"e\":\"f\"}}}\n");
}

TEST(YamlTextMember, GoesWithItsWholeLine) {
  EXPECT_EQ(after("a: x\nb: # two\n- w\nc: z\n", removeMember({}, "b")), "a: x\nc: z\n");
  EXPECT_EQ(after("{a: x, b: w}\n", removeMember({}, "a")), "{b: w}\n");
  EXPECT_EQ(after("{a: x, b: w}\n", removeMember({}, "b")), "{a: x}\n");
  EXPECT_EQ(after("a: x\n", removeMember({}, "nothing")), "a: x\n");
  EXPECT_THAT(refusal("s:\n  a: x\n", removeMember({"s"}, "a")), HasSubstr("line 2, column 3"));
}

TEST(YamlText, EditsOneOfSeveralDocuments) {
  YamlText yaml = parsed("a: 1\n---\nb: x\n...\n---\nc: w\n");
  ASSERT_TRUE(yaml.putMember(1, {}, "d", "z"));
  EXPECT_EQ(yaml.text(), "a: 1\n---\nb: x\nd: z\n...\n---\nc: w\n");
}

TEST(YamlText, AddsADocumentBehindTheOthers) {
  YamlText yaml = parsed("a: 1");
  base::Result<std::size_t> added = yaml.addDocument(Json{{"b", {{"c", "d"}}}});
  ASSERT_TRUE(added);
  EXPECT_EQ(*added, 1U);
  EXPECT_EQ(yaml.text(), "a: 1\n---\nb:\n  c: d\n");
}

TEST(YamlText, RefusesWhatASpliceWouldChangeElsewhereToo) {
  EXPECT_THAT(refusal("a: &x\n- 1\nb: *x\n", insert({"a"}, 0, "m")), HasSubstr("line 2, column 1"));
  EXPECT_THAT(refusal("a: &x w\nb: *x\n", set({"a"}, "m")), HasSubstr("line 1"));
  EXPECT_THAT(refusal("a: &x {c: w}\nb: *x\n", set({"b", "c"}, "m")), HasSubstr("by hand"));
  EXPECT_THAT(refusal("- - x\n", insert({0U}, 0, "m")), HasSubstr("line 1, column 5"));
  EXPECT_THAT(refusal("b: &b {x: 1}\na:\n  <<: *b\n", put({"a"}, "w", "z")),
              HasSubstr("line 3, column 3: a merge key"));
  EXPECT_THAT(refusal("a: [x]\n", put({"a"}, "w", "z")), HasSubstr("a mapping is wanted"));
  EXPECT_THAT(refusal("a: ~\n", put({"a"}, "w", "z")), HasSubstr("line 1, column 4"));
}

TEST(YamlText, SaysWhereATextThatItRefusesGoesWrong) {
  const auto why = [](const std::string& text) {
    base::Result<YamlText> made = YamlText::parse(text);
    return made ? "" : made.error().message;
  };
  EXPECT_THAT(why("a:\n\tb: c\n"), HasSubstr("line 2"));
  EXPECT_THAT(why("a: 1\nb: 2\na: 3\n"), HasSubstr("line 3, column 1"));
  EXPECT_THAT(why("a: *none\n"), HasSubstr("line 1, column 4"));
  std::string huge;
  while (huge.size() < 10U << 20U) huge += "- a: b\n";
  EXPECT_THAT(why(huge), HasSubstr("more than 100,000 nodes"));
}

TEST(YamlText, TakesAByteOrderMarkAndALargeText) {
  EXPECT_EQ(after("\xef\xbb\xbfl:\n- x\n", insert({"l"}, 0, "m")), "\xef\xbb\xbfl:\n- m\n- x\n");
  EXPECT_EQ(after("\xef\xbb\xbf- x\n", insert({}, 0, "m")), "\xef\xbb\xbf- m\n- x\n");
  std::string comments(10U << 20U, '#');
  for (std::size_t i = 99; i < comments.size(); i += 100) comments[i] = '\n';
  comments += "\na: b\n";
  std::string wanted = comments;
  EXPECT_EQ(after(comments, set({"a"}, "c")), wanted.replace(wanted.size() - 2, 1, "c"));
}

}  // namespace
}  // namespace text
