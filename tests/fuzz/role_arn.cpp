// Role ARNs, against their grammar part by part.
// Covers: src/admission/settings.cpp:isRoleArn src/admission/settings.cpp:isRoleCharacter
#include <string>
#include <vector>

#include "admission/settings.h"
#include "fuzz/target.h"

namespace {

using fuzz::require;

constexpr std::string_view kDigits = "0123456789", kLower = "abcdefghijklmnopqrstuvwxyz",
                           kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

bool isMadeOf(std::string_view text, const std::string& alphabet) {
  return text.find_first_not_of(alphabet) == std::string_view::npos;
}

std::vector<std::string_view> partsOf(std::string_view arn) {
  std::vector<std::string_view> parts;
  for (std::size_t colon = arn.find(':'); colon != std::string_view::npos; colon = arn.find(':')) {
    parts.push_back(arn.substr(0, colon));
    arn.remove_prefix(colon + 1);
  }
  parts.push_back(arn);
  return parts;
}

// arn:aws*:iam::<12 digits>:role/<path and name>
bool isExpected(std::string_view text) {
  const std::vector<std::string_view> parts = partsOf(text);
  if (parts.size() != 6 || parts[0] != "arn" || parts[2] != "iam" || !parts[3].empty()) return false;
  const std::string digits(kDigits), lower(kLower), upper(kUpper);
  const std::string_view partition = parts[1], account = parts[4], role = parts[5];
  return partition.starts_with("aws") && isMadeOf(partition, lower + digits + "-") && account.size() == 12 &&
         isMadeOf(account, digits) && role.starts_with("role/") && role.size() > 5 &&
         isMadeOf(role.substr(5), lower + upper + digits + "_-/.@+=,");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::textOf(data, size);
  require(admission::isRoleArn(text) == isExpected(text), "a role ARN is what the grammar says", text);
  const std::string within = "arn:aws:iam::111122223333:role/" + std::string(text);
  require(admission::isRoleArn(within) == isExpected(within), "a role's name is what the grammar says", within);
  return 0;
}
