#include "aws/partition.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

namespace aws {
namespace {

struct Row {
  std::string region, name, s3, sts, iam, iamRegion, cloudFront, cloudFrontRegion;
};

// What botocore says of every Region: tests/support/aws_endpoints.py writes the file, the local lane holds it to
// botocore.
std::vector<Row> knownRegions() {
  std::ifstream file("data/endpoints.txt");
  std::vector<Row> rows;
  Row row;
  while (file >> row.region >> row.name >> row.s3 >> row.sts >> row.iam >> row.iamRegion >> row.cloudFront >>
         row.cloudFrontRegion)
    rows.push_back(row);
  return rows;
}

TEST(Partition, EveryRegionFindsItsEndpoints) {
  const std::vector<Row> rows = knownRegions();
  std::set<std::string> partitions;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.region);
    partitions.insert(row.name);
    auto partition = partitionOf(row.region);
    ASSERT_TRUE(partition);
    EXPECT_EQ(partition->name, row.name);
    EXPECT_EQ(s3Host(*partition, row.region), row.s3);
    EXPECT_EQ(stsHost(*partition, row.region), row.sts);
    EXPECT_EQ(partition->iamHost, row.iam);
    EXPECT_EQ(partition->iamRegion, row.iamRegion);
    EXPECT_EQ(partition->cloudFrontHost, row.cloudFront == "-" ? "" : row.cloudFront);
    EXPECT_EQ(partition->cloudFrontRegion, row.cloudFrontRegion == "-" ? "" : row.cloudFrontRegion);
  }
  EXPECT_EQ(partitions.size(), 8u);
}

TEST(Partition, ARegionThatIsNotThereYetIsFoundByItsShape) {
  EXPECT_EQ(s3Host(*partitionOf("eu-west-9"), "eu-west-9"), "s3.eu-west-9.amazonaws.com");
  EXPECT_EQ(partitionOf("eusc-de-west-3")->name, "aws-eusc");
  EXPECT_EQ(s3ControlHost(*partitionOf("cn-north-1"), "cn-north-1"), "s3-control.cn-north-1.amazonaws.com.cn");
}

TEST(Partition, WhatHasNotTheFormOfARegionIsRefused) {
  for (std::string_view region :
       {"", "us", "us-west", "us-west-", "us--2", "US-west-2", "mars-east-1", "us-west-2 ", "us-west-2a"})
    EXPECT_FALSE(partitionOf(region)) << region;
}

}  // namespace
}  // namespace aws
