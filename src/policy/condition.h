// The condition operators of the policy language. For this room only.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "policy/pattern.h"
#include "policy/policy_document.h"

namespace policy {

enum class Comparison {
  StringEquals,
  StringEqualsIgnoreCase,
  StringLike,
  NumericEquals,
  NumericLessThan,
  NumericLessThanEquals,
  NumericGreaterThan,
  NumericGreaterThanEquals,
  DateEquals,
  DateLessThan,
  DateLessThanEquals,
  DateGreaterThan,
  DateGreaterThanEquals,
  Bool,
  BinaryEquals,
  IpAddress,
  ArnLike,
  Null
};

enum class Quantifier { None, AnyValue, AllValues };

struct Operator {
  Comparison comparison = Comparison::StringEquals;
  Quantifier quantifier = Quantifier::None;
  bool isNegated = false;  // StringNotEquals and its like
  bool ifExists = false;
};

// "ForAnyValue:StringLikeIfExists"; case matters. Absent when there is no such operator.
std::optional<Operator> operatorNamed(std::string_view name);

// REQUIRES: `condition.op` is an operator. `variables` as for Pattern::expand.
bool holds(const Condition& condition, const Context& context, const Context* variables);

// Why `condition` does not hold: "the token's sub is X, the policy wants Y".
std::string whyNot(const Condition& condition, const Context& context);

}  // namespace policy
