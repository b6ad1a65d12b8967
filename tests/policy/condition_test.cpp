#include "policy/condition.h"

#include <gmock/gmock.h>

namespace policy {
namespace {

using Values = std::vector<std::string>;

struct Case {
  const char* op;
  Values wanted;
  Values given;  // empty: the key is absent
  bool expected;
};

void check(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    Context context;
    if (!one.given.empty()) context["key"] = one.given;
    EXPECT_EQ(holds({one.op, "Key", one.wanted}, context, &context), one.expected)
        << one.op << " " << testing::PrintToString(one.wanted) << " given " << testing::PrintToString(one.given);
  }
}

TEST(Operator, IsOneOfTheReference) {
  for (const char* name : {"StringEquals",
                           "StringNotEquals",
                           "StringEqualsIgnoreCase",
                           "StringNotEqualsIgnoreCase",
                           "StringLike",
                           "StringNotLike",
                           "NumericEquals",
                           "NumericNotEquals",
                           "NumericLessThan",
                           "NumericLessThanEquals",
                           "NumericGreaterThan",
                           "NumericGreaterThanEquals",
                           "DateEquals",
                           "DateNotEquals",
                           "DateLessThan",
                           "DateLessThanEquals",
                           "DateGreaterThan",
                           "DateGreaterThanEquals",
                           "Bool",
                           "BinaryEquals",
                           "IpAddress",
                           "NotIpAddress",
                           "ArnEquals",
                           "ArnLike",
                           "ArnNotEquals",
                           "ArnNotLike"}) {
    EXPECT_TRUE(operatorNamed(name)) << name;
    EXPECT_TRUE(operatorNamed(std::string(name) + "IfExists")) << name;
    EXPECT_TRUE(operatorNamed("ForAnyValue:" + std::string(name))) << name;
    EXPECT_TRUE(operatorNamed("ForAllValues:" + std::string(name) + "IfExists")) << name;
  }
  EXPECT_TRUE(operatorNamed("Null"));
  for (const char* name : {"", "stringequals", "StringEqual", "NullIfExists", "ForAnyValue:Null", "ForAny:StringEquals",
                           "IfExists", "ForAnyValue:", "ForAnyValue:ForAllValues:StringLike"})
    EXPECT_FALSE(operatorNamed(name)) << name;
}

TEST(Condition, ComparesText) {
  check({{"StringEquals", {"a"}, {"a"}, true},
         {"StringEquals", {"a"}, {"A"}, false},
         {"StringEquals", {"a", "b"}, {"b"}, true},
         {"StringEquals", {"a*"}, {"ab"}, false},
         {"StringEquals", {"a*"}, {"a*"}, true},
         {"StringEquals", {}, {"a"}, false},
         {"StringNotEquals", {"a"}, {"b"}, true},
         {"StringNotEquals", {"a", "b"}, {"b"}, false},
         {"StringEqualsIgnoreCase", {"AbC"}, {"aBc"}, true},
         {"StringNotEqualsIgnoreCase", {"AbC"}, {"aBc"}, false},
         {"StringLike", {"a*"}, {"abc"}, true},
         {"StringLike", {"a?"}, {"abc"}, false},
         {"StringLike", {"a${*}"}, {"abc"}, false},
         {"StringNotLike", {"a*"}, {"abc"}, false},
         {"StringNotLike", {"a*"}, {"b"}, true}});
}

TEST(Condition, ComparesNumbers) {
  check({{"NumericEquals", {"10"}, {"10.0"}, true},
         {"NumericEquals", {"10"}, {"ten"}, false},
         {"NumericNotEquals", {"10"}, {"11"}, true},
         {"NumericLessThan", {"10"}, {"9"}, true},
         {"NumericLessThan", {"10"}, {"10"}, false},
         {"NumericLessThanEquals", {"10"}, {"10"}, true},
         {"NumericGreaterThan", {"10"}, {"9"}, false},
         {"NumericGreaterThan", {"-1"}, {"0"}, true},
         {"NumericLessThan", {"inf"}, {"1"}, false},
         {"NumericGreaterThanEquals", {"10"}, {"10"}, true}});
}

TEST(Condition, ComparesDatesInEveryForm) {
  check({{"DateEquals", {"2026-11-24T12:00:00Z"}, {"1795521600"}, true},
         {"DateEquals", {"2026-11-24T13:00:00+01:00"}, {"2026-11-24T12:00:00Z"}, true},
         {"DateNotEquals", {"2026-11-24"}, {"2026-11-24T12:00:00Z"}, true},
         {"DateLessThan", {"2026-11-25"}, {"2026-11-24T12:00:00Z"}, true},
         {"DateLessThan", {"tomorrow"}, {"2026-11-24T12:00:00Z"}, false},
         {"DateLessThanEquals", {"2026-11-24"}, {"2026-11-24T00:00:00Z"}, true},
         {"DateGreaterThan", {"2026-11-24"}, {"2026-11-23T23:59:59Z"}, false},
         {"DateGreaterThanEquals", {"2026-11-24"}, {"2026-11-24T00:00:00Z"}, true}});
}

TEST(Condition, ComparesTruthBytesAddressesAndArns) {
  check({{"Bool", {"true"}, {"true"}, true},
         {"Bool", {"True"}, {"true"}, true},
         {"Bool", {"false"}, {"true"}, false},
         {"Bool", {"yes"}, {"yes"}, false},
         {"BinaryEquals", {"QmluYXJ5"}, {"QmluYXJ5"}, true},
         {"BinaryEquals", {"QmluYXJ5"}, {"QmluYXJ4"}, false},
         {"BinaryEquals", {"!"}, {"!"}, false},
         {"IpAddress", {"203.0.113.0/24"}, {"203.0.113.9"}, true},
         {"IpAddress", {"203.0.113.0/24", "2001:db8::/32"}, {"2001:db8::1"}, true},
         {"IpAddress", {"somewhere"}, {"203.0.113.9"}, false},
         {"NotIpAddress", {"203.0.113.0/24"}, {"203.0.113.9"}, false},
         {"NotIpAddress", {"203.0.113.0/24"}, {"192.0.2.1"}, true},
         {"ArnEquals", {"arn:aws:s3:::b*"}, {"arn:aws:s3:::bucket"}, true},
         {"ArnLike", {"arn:*:s3:::b*"}, {"arn:aws:s3:::bucket"}, true},
         {"ArnLike", {"arn:aws:s3*"}, {"arn:aws:s3:::bucket"}, false},
         {"ArnNotLike", {"arn:aws:s3:::b*"}, {"arn:aws:s3:::bucket"}, false},
         {"ArnNotEquals", {"arn:aws:s3:::b*"}, {"arn:aws:s3:::c"}, true}});
}

TEST(Condition, OfAnAbsentKeyHoldsOnlyWhenItIsNegatedOrOptional) {
  for (const char* op : {"StringEquals", "StringLike", "NumericEquals", "DateLessThan", "Bool", "BinaryEquals",
                         "IpAddress", "ArnLike", "ForAnyValue:StringEquals", "ForAnyValue:StringNotEquals"})
    check({{op, {"x"}, {}, false}});
  for (const char* op :
       {"StringNotEquals", "StringNotLike", "StringNotEqualsIgnoreCase", "NumericNotEquals", "DateNotEquals",
        "NotIpAddress", "ArnNotEquals", "ArnNotLike", "StringEqualsIfExists", "BoolIfExists", "IpAddressIfExists",
        "ForAllValues:StringEquals", "ForAnyValue:StringEqualsIfExists"})
    check({{op, {"x"}, {}, true}});
  check({{"StringEqualsIfExists", {"x"}, {"y"}, false}, {"StringEqualsIfExists", {"x"}, {"x"}, true}});
}

TEST(Condition, AsksWhetherAKeyIsThere) {
  check({{"Null", {"true"}, {}, true},
         {"Null", {"true"}, {"x"}, false},
         {"Null", {"false"}, {"x"}, true},
         {"Null", {"false"}, {}, false},
         {"Null", {"maybe"}, {}, false}});
}

TEST(Condition, SpeaksAboutSeveralValuesOnlyWithAQuantifier) {
  check({{"StringEquals", {"a", "b"}, {"a", "b"}, false},
         {"StringNotEquals", {"c"}, {"a", "b"}, false},
         {"ForAnyValue:StringEquals", {"b", "c"}, {"a", "b"}, true},
         {"ForAnyValue:StringEquals", {"c"}, {"a", "b"}, false},
         {"ForAnyValue:StringNotEquals", {"a"}, {"a", "b"}, true},
         {"ForAnyValue:StringNotEquals", {"a", "b"}, {"a", "b"}, false},
         {"ForAllValues:StringEquals", {"a", "b", "c"}, {"a", "b"}, true},
         {"ForAllValues:StringEquals", {"a"}, {"a", "b"}, false},
         {"ForAllValues:StringLike", {"a*"}, {"ab", "ac"}, true},
         {"ForAllValues:StringNotEquals", {"c"}, {"a", "b"}, true},
         {"ForAllValues:StringNotEquals", {"b"}, {"a", "b"}, false}});
}

TEST(Condition, FillsInVariablesOnlyInNewDocuments) {
  Context context{{"key", {"echo"}}, {"aws:username", {"echo"}}};
  Condition condition{"StringEquals", "key", {"${aws:username}"}};
  EXPECT_TRUE(holds(condition, context, &context));
  EXPECT_FALSE(holds(condition, context, nullptr));
  EXPECT_FALSE(holds({"StringLike", "key", {"${unknown}"}}, context, &context));
  EXPECT_TRUE(holds({"StringLike", "key", {"${unknown, 'ec'}*", "echo"}}, context, &context));
}

TEST(WhyNot, SaysWhatTheRequestHasAndWhatThePolicyWants) {
  const std::string sub = "oidc.example.com/cluster:sub";
  Context context{
      {sub, {"system:serviceaccount:default:intruder"}}, {"aws:sourceip", {"192.0.2.1"}}, {"keys", {"a", "b"}}};
  const std::pair<Condition, const char*> cases[] = {
      {{"StringEquals", sub, {"system:serviceaccount:default:s3-echoer"}},
       "the token's sub is system:serviceaccount:default:intruder, the policy wants "
       "system:serviceaccount:default:s3-echoer"},
      {{"StringLike", sub, {"a*", "b*"}},
       "the token's sub is system:serviceaccount:default:intruder, the policy wants one of a*, b* (StringLike)"},
      {{"StringEquals", sub, {"system:*"}},
       "the token's sub is system:serviceaccount:default:intruder, the policy wants system:*; StringEquals takes * and "
       "? literally, "
       "StringLike does not"},
      {{"NotIpAddress", "aws:SourceIp", {"192.0.2.0/24"}},
       "aws:SourceIp is 192.0.2.1, the policy wants anything but 192.0.2.0/24 (NotIpAddress)"},
      {{"StringEquals", "other.example.com:sub", {"x"}},
       "the request has no other.example.com:sub, the policy wants x; the request has oidc.example.com/cluster:sub = "
       "system:serviceaccount:default:intruder"},
      {{"Null", "aws:SourceIp", {"true"}}, "the request has aws:SourceIp, the policy wants it absent (Null)"},
      {{"Null", "aws:x", {"false"}}, "the request has no aws:x, the policy wants it present (Null)"},
      {{"StringEquals", "keys", {"a"}},
       "keys has several values (a, b), which StringEquals never matches; the policy wants a"},
  };
  for (const auto& [condition, sentence] : cases) EXPECT_EQ(whyNot(condition, context), sentence);
}

}  // namespace
}  // namespace policy
