#include "kube/label_selector.h"

#include <gtest/gtest.h>

namespace kube {
namespace {

bool selects(const char* selector, const Labels& labels) { return kube::selects(text::Json::parse(selector), labels); }

TEST(LabelSelector, AnEmptyOrAbsentOneSelectsEverything) {
  EXPECT_TRUE(selects("{}", {}));
  EXPECT_TRUE(selects("null", {{"a", "b"}}));
}

TEST(LabelSelector, AllLabelsMustMatch) {
  EXPECT_TRUE(selects(R"({"matchLabels":{"a":"1"}})", {{"a", "1"}, {"b", "2"}}));
  EXPECT_FALSE(selects(R"({"matchLabels":{"a":"1","b":"3"}})", {{"a", "1"}, {"b", "2"}}));
  EXPECT_FALSE(selects(R"({"matchLabels":{"a":"1"}})", {}));
}

TEST(LabelSelector, OperatorsMeanWhatKubernetesSays) {
  auto expression = [](const char* relation, const Labels& labels) {
    const std::string text =
        std::string(R"({"matchExpressions":[{"key":"a","operator":")") + relation + R"(","values":["1","2"]}]})";
    return selects(text.c_str(), labels);
  };
  EXPECT_TRUE(expression("In", {{"a", "2"}}));
  EXPECT_FALSE(expression("In", {{"a", "3"}}));
  EXPECT_FALSE(expression("In", {}));
  EXPECT_TRUE(expression("NotIn", {}));
  EXPECT_TRUE(expression("NotIn", {{"a", "3"}}));
  EXPECT_FALSE(expression("NotIn", {{"a", "1"}}));
  EXPECT_TRUE(expression("Exists", {{"a", ""}}));
  EXPECT_FALSE(expression("Exists", {}));
  EXPECT_TRUE(expression("DoesNotExist", {}));
  EXPECT_FALSE(expression("DoesNotExist", {{"a", "3"}}));
  EXPECT_FALSE(expression("Above", {{"a", "1"}}));
}

TEST(LabelSelector, LabelsAndExpressionsMustHoldTogether) {
  const char* both = R"({"matchLabels":{"a":"1"},"matchExpressions":[{"key":"b","operator":"DoesNotExist"}]})";
  EXPECT_TRUE(selects(both, {{"a", "1"}}));
  EXPECT_FALSE(selects(both, {{"a", "1"}, {"b", ""}}));
}

TEST(LabelSelector, LabelsThatAreNoTextAreLeftOut) {
  const text::Json object = text::Json::parse(R"({"metadata":{"labels":{"a":"1","b":2}}})");
  EXPECT_EQ(labelsOf(object), (Labels{{"a", "1"}}));
  EXPECT_EQ(labelsOf(text::Json()), Labels());
}

}  // namespace
}  // namespace kube
