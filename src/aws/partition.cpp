#include "aws/partition.h"

#include <algorithm>
#include <array>

namespace aws {
namespace {

struct Row {
  std::string_view prefixes[10];  // of the region, up to and with the dash
  Partition partition;
};

// The longer prefixes first: us-gov- and us-iso- would pass for us-.
constexpr std::array kRows{
    Row{{"cn-"},
        {"aws-cn", "amazonaws.com.cn", "iam.cn-north-1.amazonaws.com.cn", "cn-north-1",
         "cloudfront.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"}},
    Row{{"us-gov-"}, {"aws-us-gov", "amazonaws.com", "iam.us-gov.amazonaws.com", "us-gov-west-1"}},
    Row{{"eusc-"}, {"aws-eusc", "amazonaws.eu", "iam.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"}},
    Row{{"us-iso-"}, {"aws-iso", "c2s.ic.gov", "iam.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"}},
    Row{{"us-isob-"}, {"aws-iso-b", "sc2s.sgov.gov", "iam.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1"}},
    Row{{"eu-isoe-"}, {"aws-iso-e", "cloud.adc-e.uk", "iam.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1"}},
    Row{{"us-isof-"}, {"aws-iso-f", "csp.hci.ic.gov", "iam.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1"}},
    Row{{"us-", "eu-", "ap-", "sa-", "ca-", "me-", "af-", "il-", "mx-"},
        {"aws", "amazonaws.com", "iam.amazonaws.com", "us-east-1", "cloudfront.amazonaws.com", "us-east-1"}},
};

bool isLower(char c) { return c >= 'a' && c <= 'z'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }

// What follows the prefix: a word, a dash, a number ("west-2").
bool isPlace(std::string_view rest) {
  std::size_t dash = rest.find('-');
  if (dash == 0 || dash == std::string_view::npos || dash + 1 == rest.size()) return false;
  std::string_view word = rest.substr(0, dash), number = rest.substr(dash + 1);
  return std::all_of(word.begin(), word.end(), isLower) && std::all_of(number.begin(), number.end(), isDigit);
}

// eusc- carries its country as well: "eusc-de-east-1".
std::string_view withoutCountry(std::string_view rest) {
  return rest.size() > 3 && isLower(rest[0]) && isLower(rest[1]) && rest[2] == '-' ? rest.substr(3) : rest;
}

}  // namespace

base::Result<Partition> partitionOf(std::string_view region) {
  for (const Row& row : kRows)
    for (std::string_view prefix : row.prefixes) {
      if (prefix.empty() || !region.starts_with(prefix)) continue;
      std::string_view rest = region.substr(prefix.size());
      if (isPlace(prefix == "eusc-" ? withoutCountry(rest) : rest)) return row.partition;
    }
  return base::invalid("\"" + std::string(region) + "\" has the form of no AWS region (such as us-west-2)");
}

std::string s3Host(const Partition& partition, std::string_view region) {
  return "s3." + std::string(region) + "." + std::string(partition.dnsSuffix);
}

std::string s3ControlHost(const Partition& partition, std::string_view region) {
  return "s3-control." + std::string(region) + "." + std::string(partition.dnsSuffix);
}

std::string stsHost(const Partition& partition, std::string_view region) {
  return "sts." + std::string(region) + "." + std::string(partition.dnsSuffix);
}

}  // namespace aws
