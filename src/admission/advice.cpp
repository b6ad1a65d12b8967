#include "admission/advice.h"

#include <algorithm>
#include <array>
#include <span>

#include "text/nearest.h"

namespace admission {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kOfAccounts = {"role-arn"sv, "audience"sv, "sts-regional-endpoints"sv, "token-expiration"sv};
constexpr std::array kOfPods = {"skip-containers"sv, "token-expiration"sv};
// What people write for role-arn, without its punctuation.
constexpr std::array kRoleWords = {"rolearn"sv, "role"sv, "iamrole"sv, "iamrolearn"sv, "awsrolearn"sv};

struct Key {
  std::string_view prefix, name;  // without the slash
};

Key split(std::string_view key) {
  const std::size_t slash = key.find('/');
  if (slash == std::string_view::npos) return {"", key};
  return {key.substr(0, slash), key.substr(slash + 1)};
}

bool isOneOf(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string letters(std::string_view name) {
  std::string out;
  for (char c : name)
    if (c != '-' && c != '_' && c != '.') out += c >= 'A' && c <= 'Z' ? char(c + 32) : c;
  return out;
}

// The annotation that was probably meant; empty when none was.
std::string_view meant(std::string_view name, std::span<const std::string_view> known) {
  const std::string plain = letters(name);
  for (std::string_view one : known)
    if (letters(one) == plain) return one;
  if (isOneOf(plain, kRoleWords)) return isOneOf(kOfAccounts[0], known) ? kOfAccounts[0] : std::string_view();
  return text::nearest(name, known);
}

bool looksLike(std::string_view prefix, const Settings& settings) {
  const std::string_view ours = settings.annotationPrefix;
  return !text::nearest(prefix, std::span(&ours, 1)).empty() || prefix.find("eks.amazon") != std::string_view::npos;
}

std::string sentence(std::string_view key, std::string_view problem, std::string_view wanted,
                     const Settings& settings) {
  std::string out = "the annotation " + std::string(key) + " " + std::string(problem);
  if (!wanted.empty())
    out.append(": did you mean ").append(settings.annotationPrefix).append("/").append(wanted) += '?';
  return out;
}

}  // namespace

bool mayConcernUs(std::string_view key, const Settings& settings) {
  const Key parts = split(key);
  if (parts.prefix == settings.annotationPrefix) return true;
  return looksLike(parts.prefix, settings) && !meant(parts.name, kOfAccounts).empty();
}

std::string adviceOnAccount(std::string_view key, const Settings& settings) {
  const auto [prefix, name] = split(key);
  const bool isKnown = isOneOf(name, kOfAccounts);
  if (prefix != settings.annotationPrefix) {
    if (!looksLike(prefix, settings)) return "";
    const std::string_view wanted = isKnown ? name : meant(name, kOfAccounts);
    return wanted.empty() ? "" : sentence(key, "of the service account is not read", wanted, settings);
  }
  if (isKnown) return "";
  if (name == kOfPods[0])
    return sentence(key, "of the service account has no effect: it belongs on the pod", "", settings);
  const std::string_view wanted = meant(name, kOfAccounts);
  return wanted.empty() ? "" : sentence(key, "of the service account is not read", wanted, settings);
}

std::string adviceOnPod(std::string_view name, const Settings& settings) {
  if (isOneOf(name, kOfPods)) return "";
  const std::string key = settings.annotationPrefix + "/" + std::string(name);
  if (isOneOf(name, kOfAccounts))
    return sentence(key, "of the pod has no effect: it belongs on the service account", "", settings);
  const std::string_view wanted = meant(name, kOfPods);
  if (!wanted.empty()) return sentence(key, "of the pod is not read", wanted, settings);
  return meant(name, kOfAccounts).empty()
             ? ""
             : sentence(key, "of the pod has no effect, and is misspelt: role-arn belongs on the service account", "",
                        settings);
}

}  // namespace admission
