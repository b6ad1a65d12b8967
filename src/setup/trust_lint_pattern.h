// What values of conditions let in, found by walking them as patterns. For trust_lint*.cpp only.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy_document.h"

namespace setup {

struct Piece {
  enum class Kind { Letter, One, Run };  // "a", "?", "*"
  Kind kind = Kind::Letter;
  char letter = 0;
};

// A value of a condition on text as its operator reads it.
struct ValuePattern {
  std::string text;  // as written
  std::vector<Piece> pieces;
  bool hasWildcard() const;
};

// REQUIRES: `op` is a positive operator on text, without qualifier and IfExists.
ValuePattern readValue(std::string_view op, const std::string& text);

// The values of one condition: one of them must fit.
using Alternatives = std::vector<ValuePattern>;

// Whether every condition lets `value` in.
bool letIn(const std::vector<Alternatives>& conditions, std::string_view value);

// Which part of system:serviceaccount:NAMESPACE:NAME stands open in what all conditions let in together: a part of
// which a wildcard of every condition takes a character. Beyond a bound of work it is taken for open.
struct OpenParts {
  bool nameSpace = false, name = false;
};
OpenParts openParts(const std::vector<Alternatives>& conditions);

}  // namespace setup
