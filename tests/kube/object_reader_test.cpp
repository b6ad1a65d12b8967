#include "kube/object_reader.h"

#include <gmock/gmock.h>

namespace {

using kube::LineSplitter;
using kube::ObjectReader;
using kube::WatchEvent;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr std::string_view kAccount =
    R"({"kind":"PartialObjectMetadata","metadata":{"name":"a","namespace":"n","resourceVersion":"42",)"
    R"("creationTimestamp":"2026-11-24T12:00:00Z","managedFields":[{"x":{}}],)"
    R"("annotations":{"other":"{\"long\":1}","eks.amazonaws.com/role-arn":"r"}}})";

TEST(ObjectReader, KeepsWhatADecisionNeeds) {
  ObjectReader reader({.keepsAnnotation = [](auto key) { return key.starts_with("eks.amazonaws.com/"); }});
  auto account = reader.readObject(kAccount);
  ASSERT_TRUE(account);
  EXPECT_EQ(account->nameSpace, "n");
  EXPECT_EQ(account->name, "a");
  EXPECT_EQ(account->resourceVersion, 42u);
  EXPECT_EQ(account->created, 1795521600);
  EXPECT_THAT(account->annotations, ElementsAre(Pair("eks.amazonaws.com/role-arn", "r")));
}

TEST(ObjectReader, ReadsAPageOfAList) {
  ObjectReader reader({});
  std::vector<std::string> names;
  const std::string list = R"({"metadata":{"resourceVersion":"7","continue":"tok","remainingItemCount":3},"items":[)" +
                           std::string(kAccount) +
                           R"(,{"metadata":{"name":"b","annotations":null,"creationTimestamp":null}}]})";
  auto page = reader.readList(list, [&](const kube::Object& account) { names.push_back(account.name); });
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->resourceVersion, "7");
  EXPECT_EQ(page->continueToken, "tok");
  EXPECT_THAT(names, ElementsAre("a", "b"));
}

TEST(ObjectReader, RefusesHalfAList) {
  ObjectReader reader({});
  EXPECT_FALSE(reader.readList(R"({"metadata":{"resourceVersion":"7"},"items":[)", [](const auto&) {}));
  EXPECT_FALSE(reader.readList(R"({"items":[]})", [](const auto&) {}));
  EXPECT_TRUE(reader.readList(R"({"metadata":{"resourceVersion":"7"},"items":null})", [](const auto&) {}));
}

TEST(ObjectReader, ReadsEvents) {
  ObjectReader reader({});
  auto event = reader.readEvent(R"({"type":"MODIFIED","object":)" + std::string(kAccount) + "}");
  ASSERT_TRUE(event);
  EXPECT_EQ((*event)->type, WatchEvent::Type::Modified);
  EXPECT_EQ((*event)->object.name, "a");
  EXPECT_EQ((*event)->resourceVersion, "42");

  event =
      reader.readEvent(R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"99","unknown":[]},"new":1}})");
  ASSERT_TRUE(event);
  EXPECT_EQ((*event)->type, WatchEvent::Type::Bookmark);
  EXPECT_EQ((*event)->resourceVersion, "99");
  EXPECT_EQ((*event)->object.name, "");

  event = reader.readEvent(
      R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}})");
  ASSERT_TRUE(event);
  EXPECT_EQ((*event)->type, WatchEvent::Type::Error);
  EXPECT_EQ((*event)->statusCode, 410);
  EXPECT_EQ((*event)->message, "too old");

  event = reader.readEvent(R"({"type":"NEWS"})");
  ASSERT_TRUE(event);
  EXPECT_EQ((*event)->type, WatchEvent::Type::Unknown);
  EXPECT_FALSE(reader.readEvent(R"({"type":"ADDED","object":{"metadata":{"name":5}}})"));
}

TEST(ObjectReader, TakesNoNumberForAStatusThatIsNone) {
  ObjectReader reader({});
  for (const char* code : {"4294967706", "-410", "1000", "\"410\""}) {
    auto event = reader.readEvent(R"({"type":"ERROR","object":{"code":)" + std::string(code) + "}}");
    ASSERT_TRUE(event) << code;
    EXPECT_EQ((*event)->statusCode, 0) << code;
  }
}

TEST(LineSplitter, W07_PutsPiecesTogetherWhereverTheyWereCut) {
  const std::string stream = "{\"a\":1}\n\r\n{\"b\":2}\r\n{\"c\":3}\n";
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    LineSplitter splitter;
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < stream.size(); at += size)
      ASSERT_TRUE(splitter.feed(std::string_view(stream).substr(at, size), [&](std::string_view line) {
        lines.emplace_back(line);
        return true;
      }));
    EXPECT_THAT(lines, ElementsAre(HasSubstr("a"), HasSubstr("b"), HasSubstr("c"))) << size;
  }
}

TEST(LineSplitter, W07_StopsAtALineThatIsTooLong) {
  LineSplitter splitter(8);
  auto take = [](std::string_view) { return true; };
  EXPECT_TRUE(splitter.feed("12345", take));
  EXPECT_FALSE(splitter.feed("6789", take));
  LineSplitter other(8);
  EXPECT_FALSE(other.feed("123456789\n", take));
}

}  // namespace
