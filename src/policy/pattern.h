// The text patterns of the policy language: wildcards, policy variables and their escapes. For this room only.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace policy {

// Keys in lower case.
using Context = std::map<std::string, std::vector<std::string>>;

// A pattern with its variables filled in. What came out of a variable or an escape is literal text and never a
// wildcard.
class Pattern {
 public:
  // Fills in ${key}, ${key, 'default'}, ${*}, ${?} and ${$}. Absent when a variable has no single value and no default.
  // `variables` is null for documents older than 2012-10-17, where "${" is plain text.
  static std::optional<Pattern> expand(std::string_view text, const Context* variables);

  bool equals(std::string_view value) const;  // '*' and '?' are themselves
  bool equalsIgnoringCase(std::string_view value) const;
  bool like(std::string_view value) const;  // '*' is any run of characters, '?' exactly one

 private:
  bool isWild(std::size_t at, char wildcard) const {
    return bytes_[at] == wildcard && (isLiteral_.empty() || !isLiteral_[at]);
  }
  void addLiteral(std::string_view text);
  void addWild(std::string_view text);

  std::string bytes_;
  std::vector<bool> isLiteral_;  // empty: nothing is
};

// Whether `text` stands for itself: it has no variable and no escape, and need not be expanded.
bool isPlain(std::string_view text, const Context* variables);

// Pattern::like for a plain text.
bool like(std::string_view pattern, std::string_view value);

// Whether an ARN matches a pattern of an ARN, each of the six parts for itself.
bool arnLike(std::string_view pattern, std::string_view value, const Context* variables);

}  // namespace policy
