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

// A value of a condition on text as its operator reads it. What a variable may be filled in with is not settled by the
// policy: where a caller has a hand in it, it stands for anything.
struct ValuePattern {
  std::string text;  // as written
  std::vector<Piece> pieces;
  std::string filledIn;           // the first variable that the request of a web identity fills in: "${aws:UserAgent}"
  std::string unknown;            // the first one that it never has
  bool isNever = false;           // such a one without a default: the value fits nothing
  bool hasPlainWildcard = false;  // * or ? of the document itself, not ${*}, whatever the operator makes of it
  bool hasWildcard() const;
};

// How one document writes values for the tokens of one provider.
struct ValueReader {
  std::string provider;      // "oidc.example.com/cluster"
  bool hasVariables = true;  // its Version is 2012-10-17

  // `op` is "StringLike", "StringEquals" and so on, without qualifier and IfExists.
  ValuePattern read(std::string_view op, const std::string& text) const;

 private:
  void addVariable(std::string_view inside, ValuePattern& value) const;
};

// The values of one condition: one of them must fit.
using Alternatives = std::vector<ValuePattern>;

// Whether every condition lets `value` in.
bool letIn(const std::vector<Alternatives>& conditions, std::string_view value);

// Whether it fits the subject of some service account, system:serviceaccount:NAMESPACE:NAME. Beyond a bound of work it
// is taken to.
bool fitsAnAccount(const ValuePattern& value);

// Which part of system:serviceaccount:NAMESPACE:NAME stands open in what all conditions let in together: a part of
// which a wildcard of every condition takes a character. Beyond a bound of work it is taken for open.
struct OpenParts {
  bool nameSpace = false, name = false;
};
OpenParts openParts(const std::vector<Alternatives>& conditions);

}  // namespace setup
