#include "admission/csv.h"

#include <gmock/gmock.h>

namespace {

using admission::CsvRecord;
using testing::ElementsAre;

std::vector<std::string> fields(std::string_view text) {
  CsvRecord record;
  if (!record.read(text)) return {"<error>"};
  std::vector<std::string> out;
  for (std::size_t i = 0; i < record.size(); ++i) out.emplace_back(record.at(i));
  return out;
}

TEST(CsvRecord, B12_SplitsAtCommasAndTrimsNothing) {
  EXPECT_THAT(fields("a,b"), ElementsAre("a", "b"));
  EXPECT_THAT(fields("a, b"), ElementsAre("a", " b"));
  EXPECT_THAT(fields("a,,b"), ElementsAre("a", "", "b"));
  EXPECT_THAT(fields("a,"), ElementsAre("a", ""));
  EXPECT_THAT(fields("'a',#b"), ElementsAre("'a'", "#b"));
}

TEST(CsvRecord, UnquotesDoubleQuotes) {
  EXPECT_THAT(fields("\"a\",b"), ElementsAre("a", "b"));
  EXPECT_THAT(fields("\"a,b\",\"c\"\"d\""), ElementsAre("a,b", "c\"d"));
  EXPECT_THAT(fields("\"a\nb\",c"), ElementsAre("a\nb", "c"));
  EXPECT_THAT(fields("\"a\r\nb\""), ElementsAre("a\nb"));
}

TEST(CsvRecord, TakesTheFirstRecordThatIsNotBlank) {
  EXPECT_THAT(fields("a\nb"), ElementsAre("a"));
  EXPECT_THAT(fields("a\r\nb"), ElementsAre("a"));
  EXPECT_THAT(fields("\n\r\n\na,b\n"), ElementsAre("a", "b"));
  EXPECT_THAT(fields("a,b\n\"x"), ElementsAre("a", "b"));
  EXPECT_THAT(fields("a\r"), ElementsAre("a"));
}

TEST(CsvRecord, B12_RefusesWhatGoRefuses) {
  for (std::string_view text : {"", "\n", "\"a", "a\"b", "\"a\"b", "a,\"b", "\"a\" ,b", "\""})
    EXPECT_THAT(fields(text), ElementsAre("<error>")) << text;
}

TEST(CsvRecord, B12_TakesALineOfManyFields) {
  std::string line = "first";
  for (int i = 0; line.size() < 100'000; ++i) line += ",\"field " + std::to_string(i) + "\"";
  admission::CsvRecord record;
  ASSERT_TRUE(record.read(line));
  EXPECT_GT(record.size(), 5'000u);
  EXPECT_TRUE(record.contains("first"));
  EXPECT_TRUE(record.contains("field 5000"));
  EXPECT_FALSE(record.contains("field"));
}

TEST(CsvRecord, B12_TakesAsManyFieldsAsAnnotationsCanHold) {
  CsvRecord record;
  EXPECT_TRUE(record.read(std::string(CsvRecord::kMostFields - 1, ',')));
  EXPECT_EQ(record.size(), CsvRecord::kMostFields);
  EXPECT_EQ(record.find(""), 0u);
  EXPECT_FALSE(record.read(std::string(CsvRecord::kMostFields, ',')));
  EXPECT_EQ(record.size(), 0u);
  EXPECT_FALSE(record.contains(""));
}

TEST(CsvRecord, B12_FindsTheFirstOfEqualFields) {
  CsvRecord record;
  ASSERT_TRUE(record.read("b,a,c,a,b"));
  EXPECT_EQ(record.find("a"), 1u);
  EXPECT_EQ(record.find("b"), 0u);
  EXPECT_EQ(record.find("d"), record.size());
}

TEST(CsvRecord, B12_FindsWholeFieldsOnly) {
  CsvRecord record;
  ASSERT_TRUE(record.read("ab,c"));
  EXPECT_TRUE(record.contains("ab"));
  EXPECT_FALSE(record.contains("a"));
  EXPECT_FALSE(record.contains("abc"));
}

}  // namespace
