#include "aws/partition.h"

#include <gtest/gtest.h>

namespace aws {
namespace {

struct Row {
  std::string region, name, s3, sts, iam, iamRegion;
};

TEST(Partition, EveryRegionFindsItsEndpoints) {
  for (const Row& row : std::vector<Row>{
           {"us-west-2", "aws", "s3.us-west-2.amazonaws.com", "sts.us-west-2.amazonaws.com", "iam.amazonaws.com",
            "us-east-1"},
           {"us-east-1", "aws", "s3.us-east-1.amazonaws.com", "sts.us-east-1.amazonaws.com", "iam.amazonaws.com",
            "us-east-1"},
           {"ap-southeast-7", "aws", "s3.ap-southeast-7.amazonaws.com", "sts.ap-southeast-7.amazonaws.com",
            "iam.amazonaws.com", "us-east-1"},
           {"cn-northwest-1", "aws-cn", "s3.cn-northwest-1.amazonaws.com.cn", "sts.cn-northwest-1.amazonaws.com.cn",
            "iam.cn-north-1.amazonaws.com.cn", "cn-north-1"},
           {"us-gov-east-1", "aws-us-gov", "s3.us-gov-east-1.amazonaws.com", "sts.us-gov-east-1.amazonaws.com",
            "iam.us-gov.amazonaws.com", "us-gov-west-1"},
           {"eusc-de-east-1", "aws-eusc", "s3.eusc-de-east-1.amazonaws.eu", "sts.eusc-de-east-1.amazonaws.eu",
            "iam.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"},
           {"us-iso-west-1", "aws-iso", "s3.us-iso-west-1.c2s.ic.gov", "sts.us-iso-west-1.c2s.ic.gov",
            "iam.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"},
           {"us-isob-east-1", "aws-iso-b", "s3.us-isob-east-1.sc2s.sgov.gov", "sts.us-isob-east-1.sc2s.sgov.gov",
            "iam.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1"},
           {"eu-isoe-west-1", "aws-iso-e", "s3.eu-isoe-west-1.cloud.adc-e.uk", "sts.eu-isoe-west-1.cloud.adc-e.uk",
            "iam.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1"},
           {"us-isof-south-1", "aws-iso-f", "s3.us-isof-south-1.csp.hci.ic.gov", "sts.us-isof-south-1.csp.hci.ic.gov",
            "iam.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1"}}) {
    SCOPED_TRACE(row.region);
    auto partition = partitionOf(row.region);
    ASSERT_TRUE(partition);
    EXPECT_EQ(partition->name, row.name);
    EXPECT_EQ(s3Host(*partition, row.region), row.s3);
    EXPECT_EQ(stsHost(*partition, row.region), row.sts);
    EXPECT_EQ(partition->iamHost, row.iam);
    EXPECT_EQ(partition->iamRegion, row.iamRegion);
  }
}

TEST(Partition, WhatHasNotTheFormOfARegionIsRefused) {
  for (std::string_view region :
       {"", "us", "us-west", "us-west-", "us--2", "US-west-2", "mars-east-1", "us-west-2 ", "us-west-2a"})
    EXPECT_FALSE(partitionOf(region)) << region;
}

}  // namespace
}  // namespace aws
