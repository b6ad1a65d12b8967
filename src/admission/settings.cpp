#include "admission/settings.h"

#include <algorithm>
#include <vector>

#include "admission/advice.h"
#include "admission/go_values.h"

namespace admission {
namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }

bool isRoleCharacter(char c) {
  return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("_-/.@+=,").find(c) != std::string_view::npos;
}

std::string roleOf(std::string_view value, const Settings& settings) {
  // AWS's webhook completes even an empty name, to a role that can't exist; isRoleArn() makes that a warning.
  if (!settings.composeRoleArn || value.find("arn:") != std::string_view::npos) return std::string(value);
  return "arn:" + settings.composeRoleArn->partition + ":iam::" + settings.composeRoleArn->account + ":role/" +
         std::string(value);
}

bool regionalSts(std::string_view value, const Settings& settings, Identity& identity) {
  const std::optional<bool> asked = parseGoBool(value);
  if (!asked)
    identity.advice.push_back("the service account's annotation sts-regional-endpoints \"" + std::string(value) +
                              "\" is neither true nor false and was ignored");
  return asked.value_or(settings.regionalSts);
}

std::int64_t expiration(std::string_view value, const Settings& settings, Identity& identity) {
  const std::optional<std::int64_t> asked = parseGoInt(value);
  if (!asked)
    identity.advice.push_back("the service account's annotation token-expiration \"" + std::string(value) +
                              "\" is no number and was ignored");
  if (asked && *asked < kMinExpiration)
    identity.advice.push_back("the service account's annotation token-expiration was raised to 600 seconds");
  return asked.value_or(settings.tokenExpiration);
}

}  // namespace

Identity identityOf(const kube::Object& account, const Settings& settings) {
  Identity identity{"", settings.tokenAudience, settings.tokenExpiration, settings.regionalSts};
  for (const auto& [key, value] : account.annotations) {
    if (std::string advice = adviceOnAccount(key, settings); !advice.empty() && identity.advice.size() < kMostWarnings)
      identity.advice.push_back(std::move(advice));
    std::string_view name = key;
    if (!name.starts_with(settings.annotationPrefix)) continue;
    name.remove_prefix(settings.annotationPrefix.size());
    if (name == "/role-arn") identity.roleArn = roleOf(value, settings);
    if (name == "/audience") identity.audience = value;
    if (name == "/sts-regional-endpoints") identity.regionalSts = regionalSts(value, settings, identity);
    if (name == "/token-expiration") identity.expiration = expiration(value, settings, identity);
  }
  identity.expiration = std::max(identity.expiration, kMinExpiration);
  return identity;
}

kube::Selection accountSelection(const Settings& settings) {
  kube::Selection selection;
  selection.keepsAnnotation = [&settings](std::string_view key) { return mayConcernUs(key, settings); };
  return selection;
}

bool isRoleArn(std::string_view text) {
  if (!text.starts_with("arn:aws")) return false;
  text.remove_prefix(7);
  while (!text.empty() && ((text[0] >= 'a' && text[0] <= 'z') || isDigit(text[0]) || text[0] == '-'))
    text.remove_prefix(1);
  if (!text.starts_with(":iam::")) return false;
  text.remove_prefix(6);
  if (text.size() < 12 || !std::all_of(text.begin(), text.begin() + 12, isDigit)) return false;
  text.remove_prefix(12);
  if (!text.starts_with(":role/")) return false;
  text.remove_prefix(6);
  return !text.empty() && std::all_of(text.begin(), text.end(), isRoleCharacter);
}

std::string joinPath(std::string_view folder, std::string_view name) {
  const std::string whole = folder.empty() ? std::string(name) : std::string(folder) + "/" + std::string(name);
  const bool rooted = whole.starts_with('/');
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at < whole.size();) {
    std::size_t end = std::min(whole.find('/', at), whole.size());
    std::string_view part = std::string_view(whole).substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (!rooted) {
      parts.push_back(part);
    }
  }
  std::string out = rooted ? "/" : "";
  for (std::size_t i = 0; i < parts.size(); ++i) out.append(i == 0 ? "" : "/").append(parts[i]);
  return out.empty() ? "." : out;
}

std::string windowsPath(std::string_view path) {
  std::string out = "C:";
  for (char c : path) out += c == '/' ? '\\' : c;
  return out;
}

}  // namespace admission
