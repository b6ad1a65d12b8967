// The partitions of AWS: one row each, everything that depends on it in one place.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace aws {

struct Partition {
  std::string_view name;       // "aws-cn", as in ARNs
  std::string_view dnsSuffix;  // "amazonaws.com.cn"
  std::string_view iamHost;    // IAM is global: one host and one signing region a partition
  std::string_view iamRegion;
  std::string_view cloudFrontHost = {};    // so is CloudFront; empty where there is none
  std::string_view cloudFrontRegion = {};  // of its signatures
};

// By the region's shape, not by a list of regions: new ones work. Invalid when it has the shape of none.
base::Result<Partition> partitionOf(std::string_view region);

std::string s3Host(const Partition& partition, std::string_view region);         // s3.us-west-2.amazonaws.com
std::string s3ControlHost(const Partition& partition, std::string_view region);  // below ACCOUNT.
std::string stsHost(const Partition& partition, std::string_view region);        // always regional

}  // namespace aws
