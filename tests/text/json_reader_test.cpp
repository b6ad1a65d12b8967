#include "text/json_reader.h"

#include <gmock/gmock.h>

#include <ctime>
#include <functional>
#include <vector>

namespace {

using testing::ElementsAre;
using Kind = text::JsonReader::Kind;

text::JsonReader opened(std::string_view document) {
  text::JsonReader json;
  json.open(document);
  return json;
}

std::string refusal(std::string_view document) {
  text::JsonReader json = opened(document);
  json.skip();
  return json.finish() ? "accepted" : json.error().message;
}

TEST(JsonReader, PullsWhatIsAskedAndSkipsTheRest) {
  text::JsonReader json = opened(
      R"( {"kind":"AdmissionReview","request":{"uid":"u-1","dryRun":false,"object":null,"n":-7,"names":["a","b"],"x":[{"y":[1e5]}]}} )");
  std::string_view uid;
  std::int64_t n = 0;
  bool dryRun = true, nothing = false;
  std::vector<std::string> names;
  json.object([&](std::string_view key) {
    if (key != "request") return json.skip();
    json.object([&](std::string_view inner) {
      if (inner == "uid")
        uid = json.string();
      else if (inner == "n")
        n = json.integer();
      else if (inner == "dryRun")
        dryRun = json.boolean();
      else if (inner == "object")
        nothing = json.null();
      else if (inner == "names")
        json.array([&] { names.emplace_back(json.string()); });
      else
        json.skip();
    });
  });
  EXPECT_TRUE(json.finish());
  EXPECT_EQ(uid, "u-1");
  EXPECT_EQ(n, -7);
  EXPECT_FALSE(dryRun);
  EXPECT_TRUE(nothing);
  EXPECT_THAT(names, ElementsAre("a", "b"));
}

TEST(JsonReader, UnescapesAndKeepsEveryViewUntilTheNextOpen) {
  std::string document = R"(["\"\\\/\b\f\n\r\t","\u0041\u00e4\u20ac\ud83d\ude00","plain","x\u0000y","ä\n"])";
  text::JsonReader json = opened(document);
  std::vector<std::string_view> views;
  json.array([&] { views.push_back(json.string()); });
  ASSERT_TRUE(json.finish());
  EXPECT_THAT(views, ElementsAre("\"\\/\b\f\n\r\t", "A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "plain",
                                 std::string_view("x\0y", 3), "\xc3\xa4\n"));
  EXPECT_GE(views[2].data(), document.data());  // no copy
  EXPECT_LT(views[2].data(), document.data() + document.size());
}

TEST(JsonReader, UsesTheSameMemoryForTheNextText) {
  std::string document = R"(["one\n","two\n"])";
  text::JsonReader json;
  auto read = [&] {
    std::vector<const char*> places;
    json.open(document);
    json.array([&] { places.push_back(json.string().data()); });
    EXPECT_TRUE(json.finish());
    return places;
  };
  auto first = read();
  EXPECT_EQ(read(), first);
}

TEST(JsonReader, UnescapesKeys) {
  text::JsonReader json = opened(R"({"\u006bey":1})");
  std::string found;
  json.object([&](std::string_view key) {
    found = key;
    json.skip();
  });
  EXPECT_TRUE(json.finish());
  EXPECT_EQ(found, "key");
}

TEST(JsonReader, ReadsWholeNumbersExactlyOrNotAtAll) {
  EXPECT_EQ(opened("9223372036854775807").integer(), INT64_MAX);
  EXPECT_EQ(opened("-9223372036854775808").integer(), INT64_MIN);
  EXPECT_EQ(opened("-0").integer(), 0);
  for (std::string_view text : {"9223372036854775808", "1.0", "1e2", "\"1\"", "true", "", "-", "+1", "01x"}) {
    text::JsonReader json = opened(text);
    json.integer();
    EXPECT_FALSE(json.finish()) << text;
  }
  text::JsonReader json = opened("[86400.5]");
  json.array([&] { json.integer(); });
  EXPECT_EQ(json.error().message, "byte 1: no whole number between -2^63 and 2^63-1");
}

TEST(JsonReader, GivesNumbersAsTheyAreWritten) { EXPECT_EQ(opened(" -1.50E+2 ").number(), "-1.50E+2"); }

TEST(JsonReader, GivesTheBytesOfAValueAsTheyAre) {
  text::JsonReader json = opened(R"({"a": { "x" : [1, 2] } , "b":"q\n"})");
  std::vector<std::string> raw;
  json.object([&](std::string_view) { raw.emplace_back(json.raw()); });
  EXPECT_TRUE(json.finish());
  EXPECT_THAT(raw, ElementsAre(R"({ "x" : [1, 2] })", R"("q\n")"));
}

TEST(JsonReader, TellsTheKindOfWhatComesNext) {
  EXPECT_EQ(opened(" {").peek(), Kind::Object);
  EXPECT_EQ(opened("[").peek(), Kind::Array);
  EXPECT_EQ(opened("\"").peek(), Kind::String);
  EXPECT_EQ(opened("-").peek(), Kind::Number);
  EXPECT_EQ(opened("7").peek(), Kind::Number);
  EXPECT_EQ(opened("t").peek(), Kind::Boolean);
  EXPECT_EQ(opened("n").peek(), Kind::Null);
  EXPECT_EQ(opened("x").peek(), Kind::Failed);
  EXPECT_EQ(opened("").peek(), Kind::Failed);
}

TEST(JsonReader, LeavesOtherValuesAloneWhenThereIsNoNull) {
  text::JsonReader json = opened("5");
  EXPECT_FALSE(json.null());
  EXPECT_EQ(json.integer(), 5);
  EXPECT_TRUE(json.finish());
}

TEST(JsonReader, J03_PassesARepeatedNameOnTwice) {
  text::JsonReader json = opened(R"({"a":1,"a":2})");
  std::vector<std::int64_t> values;
  json.object([&](std::string_view) { values.push_back(json.integer()); });
  EXPECT_TRUE(json.finish());
  EXPECT_THAT(values, ElementsAre(1, 2));
}

TEST(JsonReader, StopsCallingBackAfterTheFirstFailure) {
  text::JsonReader json = opened(R"([{"a":1},{"a":x},{"a":3}])");
  int calls = 0;
  json.array([&] {
    json.object([&](std::string_view) {
      ++calls;
      json.integer();
    });
  });
  EXPECT_EQ(calls, 2);
  EXPECT_TRUE(json.failed());
  EXPECT_EQ(json.failedAt(), 14u);
  EXPECT_EQ(json.string(), "");
  EXPECT_EQ(json.integer(), 0);
  EXPECT_FALSE(json.boolean());
  EXPECT_EQ(json.raw(), "");
  EXPECT_FALSE(json.finish());
  EXPECT_EQ(json.error().message, "byte 14: a number is missing");
}

TEST(JsonReader, FailsWhenACallbackLeavesItsValue) {
  text::JsonReader json = opened(R"({"a":1})");
  json.object([](std::string_view) {});
  EXPECT_FALSE(json.finish());
}

TEST(JsonReader, FailsOnAnotherKindThanAsked) {
  text::JsonReader json = opened("[1]");
  json.object([](std::string_view) {});
  EXPECT_EQ(json.error().message, "byte 0: unexpected character");
  json.open("{}");
  EXPECT_EQ(json.string(), "");
  EXPECT_TRUE(json.failed());
}

TEST(JsonReader, KeepsTheCallersOwnObjection) {
  text::JsonReader json = opened(R"({"uid":""})");
  json.object([&](std::string_view) {
    if (json.string().empty()) json.refuse("the UID is empty");
  });
  EXPECT_EQ(json.error().message, "byte 9: the UID is empty");
}

TEST(JsonReader, SaysWhereAndWhyItFailed) {
  EXPECT_EQ(refusal(""), "byte 0: the text ends too early");
  EXPECT_EQ(refusal("[1 2]"), "byte 3: a comma or the end of the list is missing");
  EXPECT_EQ(refusal("{} x"), "byte 3: text after the value");
  EXPECT_EQ(refusal("\"a\nb\""), "byte 2: a control character in a string");
  EXPECT_EQ(refusal("\"abc"), "byte 4: a string without its closing quote");
  EXPECT_EQ(refusal("[\"\\x\"]"), "byte 2: an unknown escape");
  EXPECT_EQ(refusal("[\"a\\\"b\\\\\\x\"]"), "byte 8: an unknown escape");
  EXPECT_EQ(refusal("[\"\\n\\t"), "byte 6: a string without its closing quote");
  EXPECT_EQ(refusal("[\"\\n\\"), "byte 4: a string without its closing quote");
  EXPECT_EQ(refusal("[\"\\n\xff\"]"), "byte 4: bytes that are no UTF-8");
  EXPECT_EQ(refusal("{\"\\n\\ud83d\\ude00\\\"\": {}, \"\\/\": []}"), "accepted");
  EXPECT_EQ(refusal("\"\\ud800\""), "byte 1: half of a surrogate pair");
  EXPECT_EQ(refusal("\"\\u12g4\""), "byte 1: \\u without four hexadecimal digits");
  EXPECT_EQ(refusal("\"ab\xff\""), "byte 3: bytes that are no UTF-8");
  EXPECT_EQ(refusal("1."), "byte 2: a digit is missing");
  EXPECT_EQ(refusal("\xef\xbb\xbf{}"), "byte 0: a byte order mark, which JSON has not");
}

TEST(JsonReader, J02_TakesSixtyFourLevelsAndNoMore) {
  auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(refusal(nested(64)), "accepted");
  EXPECT_EQ(refusal(nested(65)), "byte 65: nested deeper than 64 levels");
  EXPECT_EQ(refusal(std::string(1000000, '[')), "byte 65: nested deeper than 64 levels");
  std::string objects;
  for (int i = 0; i < 65; ++i) objects += "{\"a\":";
  EXPECT_NE(refusal(objects + "1" + std::string(65, '}')), "accepted");
  EXPECT_EQ(refusal("[" + nested(63) + "," + nested(63) + "]"), "accepted");  // siblings don't add up
}

TEST(JsonReader, CanBeOpenedAgainAfterAFailure) {
  text::JsonReader json = opened("[");
  json.skip();
  EXPECT_FALSE(json.finish());
  json.open(R"(["\n"])");
  json.array([&] { EXPECT_EQ(json.string(), "\n"); });
  EXPECT_TRUE(json.finish());
}

// Processor time of reading `text` to its end, in the best of several runs.
double secondsToSkip(const std::string& text) {
  double best = 1e9;
  for (int run = 0; run < 5; ++run) {
    timespec before{}, after{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    text::JsonReader json;
    json.open(text);
    json.skip();
    EXPECT_TRUE(json.finish()) << json.reason();
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    best = std::min(best, double(after.tv_sec - before.tv_sec) + double(after.tv_nsec - before.tv_nsec) / 1e9);
  }
  return best;
}

TEST(JsonReader, J02_TakesTimeInProportionToTheText) {
  auto repeated = [](const std::string& piece, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += piece;
    return out;
  };
  const std::vector<std::function<std::string(std::size_t)>> shapes = {
      [&](std::size_t n) { return "[" + repeated("1,", n) + "1]"; },
      [&](std::size_t n) { return "\"" + repeated("x", n) + "\""; },
      [&](std::size_t n) { return "\"" + repeated("\\n", n) + "\""; },
      [&](std::size_t n) { return "{" + repeated("\"the same name\":null,", n) + "\"\":0}"; },
      [&](std::size_t n) { return "[" + repeated("[[[{\"a\":[]}]]],", n) + "0]"; }};
  for (std::size_t shape = 0; shape < shapes.size(); ++shape) {
    const double once = secondsToSkip(shapes[shape](20'000)), eight = secondsToSkip(shapes[shape](160'000));
    EXPECT_LT(eight, once * 27) << "three times a doubling, shape " << shape;  // 8 would be exact
  }
  EXPECT_EQ(refusal(std::string(100'000, '[')), "byte 65: nested deeper than 64 levels");
}

TEST(JsonReader, J04_RefusesWhatIsNoUtf8AndKeepsTheRestToTheByte) {
  for (std::string_view bad : {"\xff", "\xc0\x80", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\x80",
                               "\\ud800", "\\udc00", "\\ud800\\u0041", "\\ud800x", "a\nb", "\x1f"}) {
    const std::string text = "\"" + std::string(bad) + "\"";
    text::JsonReader json;
    json.open(text);
    json.string();
    EXPECT_FALSE(json.finish()) << text;
  }
  for (const auto& [written, meant] : {std::pair<std::string, std::string>{"\\u0000", std::string(1, '\0')},
                                       {"\xef\xbb\xbf", "\xef\xbb\xbf"},
                                       {"\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
                                       {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
                                       {"\x7f", "\x7f"},
                                       {"\\u0041", "A"}}) {
    const std::string text = "\"" + written + "\"";
    text::JsonReader json;
    json.open(text);
    EXPECT_EQ(json.string(), meant);
    EXPECT_TRUE(json.finish());
  }
}

}  // namespace
