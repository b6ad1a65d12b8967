// Every text of data/json_texts.txt, and thousands made from them by small wounds, are put to JsonReader and to
// simdjson.
#include <gmock/gmock.h>
#include <simdjson.h>

#include <fstream>
#include <vector>

#include "support/json_walk.h"
#include "support/seeded.h"
#include "text/json.h"
#include "text/json_reader.h"

namespace {

struct Case {
  bool accept;
  std::string text;
};

std::vector<Case> cases() {
  std::vector<Case> found;
  std::ifstream file("data/json_texts.txt");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    std::string text;
    for (std::size_t i = line.find(':') + 1; i < line.size(); ++i) {
      if (line[i] != '%')
        text += line[i];
      else
        text += char(std::stoi(line.substr(i + 1, 2), nullptr, 16)), i += 2;
    }
    found.push_back({line.starts_with("accept"), text});
  }
  return found;
}

bool skips(const std::string& text) {
  text::JsonReader json;
  json.open(text);
  json.skip();
  return json.finish();
}

// Read with object(), array(), string() and so on.
bool pulls(const std::string& text) {
  return support::walkJson(text, [](const support::JsonSpan&) {});
}

bool simdjsonTakes(const std::string& text) {
  static simdjson::dom::parser parser;
  return parser.parse(text).error() == simdjson::SUCCESS;
}

TEST(JsonConformance, J01_JudgesEveryTextOfTheTable) {
  std::vector<Case> all = cases();
  ASSERT_GE(all.size(), 150u);
  for (const Case& one : all) {
    EXPECT_EQ(skips(one.text), one.accept) << one.text;
    EXPECT_EQ(pulls(one.text), one.accept) << one.text;
  }
}

TEST(JsonConformance, J01_AgreesWithSimdjsonOnTheTable) {
  for (const Case& one : cases()) EXPECT_EQ(simdjsonTakes(one.text), one.accept) << one.text;
}

TEST(JsonConformance, AgreesWithSimdjsonOnWoundedTexts) {
  std::vector<Case> all = cases();
  std::string large = "{\"list\":[";
  for (const Case& one : all)
    if (one.accept && large.size() < 600) large += one.text + ",";
  large += "0]}";
  support::Seeded random(7);
  int accepted = 0, refused = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string& seed = random.below(3) == 0 ? large : all[random.below(all.size())].text;
    std::string text = random.mutated(seed, "\"\\{}[],:-+.0123456789eEtfnu \n\x80\xc3\xed\xf0");
    bool skipped = skips(text);
    ASSERT_EQ(pulls(text), skipped) << text;
    if (skipped && support::hasHugeNumber(text)) continue;
    ASSERT_EQ(skipped, simdjsonTakes(text)) << text;
    (skipped ? accepted : refused) += 1;
  }
  EXPECT_GT(accepted, 2000);
  EXPECT_GT(refused, 2000);
}

// parseJson() refuses besides: a name twice, and numbers beyond a double. What it takes, both understand alike.
TEST(JsonConformance, UnderstandsTextsAsSimdjsonDoes) {
  simdjson::dom::parser parser;
  int compared = 0;
  for (const Case& one : cases()) {
    auto json = text::parseJson(one.text);
    simdjson::dom::element other;
    if (!json || parser.parse(one.text).get(other) != simdjson::SUCCESS) continue;
    EXPECT_EQ(text::compact(*json), text::compact(*text::parseJson(simdjson::minify(other)))) << one.text;
    ++compared;
  }
  EXPECT_GT(compared, 100);
}

TEST(JsonConformance, ReadsStringsAsSimdjsonDoes) {
  simdjson::dom::parser parser;
  for (const Case& one : cases()) {
    std::string_view expected;
    if (!one.accept || parser.parse(one.text).get_string().get(expected) != simdjson::SUCCESS) continue;
    text::JsonReader json;
    json.open(one.text);
    EXPECT_EQ(json.string(), expected) << one.text;
  }
}

}  // namespace
