#include "admission/pod_identities.h"

#include <gtest/gtest.h>

namespace {

using admission::PodIdentities;

TEST(PodIdentities, NamesAccountsExactly) {
  auto read = PodIdentities::read(
      R"({"identities":[{"namespace":"n","serviceAccount":"a"},{"NameSpace":"n","SERVICEACCOUNT":"b","x":[{}]}],"y":1})");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->size(), 2u);
  EXPECT_TRUE(read->contains("n/a"));
  EXPECT_TRUE(read->contains("n/b"));
  EXPECT_FALSE(read->contains("n/A"));
  EXPECT_FALSE(read->contains("*/a"));
}

TEST(PodIdentities, AreNobodyInAnEmptyFileAndWhereThereIsNull) {
  for (std::string_view nobody : {"", "{}", "null", R"({"identities":null})", R"({"identities":[]})",
                                  R"({"identities":[{"namespace":"n","serviceAccount":"a"}],"identities":null})"}) {
    auto read = PodIdentities::read(nobody);
    ASSERT_TRUE(read) << nobody;
    EXPECT_EQ(read->size(), 0u) << nobody;
  }
  EXPECT_TRUE(PodIdentities::read(R"({"identities":[null,{"namespace":null}]})"));
}

TEST(PodIdentities, RefuseAnotherForm) {
  for (std::string_view bad : {" ", "[]", R"({"identities":{}})", R"({"identities":[5]})", R"({"identities":[)",
                               R"({"identities":[{"namespace":5}]})", "{} {}"})
    EXPECT_FALSE(PodIdentities::read(bad)) << bad;
}

}  // namespace
