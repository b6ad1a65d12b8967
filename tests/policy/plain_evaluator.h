// A second evaluator of policies, written from the documentation alone and as plainly as can be: it reads the JSON
// itself, tries everything, and knows nothing of the room it checks. Slow. Knows what the generator beside it writes.
#pragma once
#include <arpa/inet.h>

#include <ctime>
#include <map>
#include <string>
#include <vector>

#include "text/json.h"

namespace plain {

using Json = text::Json;
using Values = std::vector<std::string>;

struct Question {
  std::string action, kind, principal;  // kind: "Federated" or "AWS"
  std::map<std::string, Values> context;
};

inline Values listOf(const Json& json) {
  Values out;
  for (const Json& item : json.is_array() ? json : Json::array({json}))
    out.push_back(item.is_string() ? item.get<std::string>() : item.dump());
  return out;
}

inline std::string lower(std::string text) {
  for (char& c : text) c = char(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

inline Values split(const std::string& text, char at, std::size_t parts) {
  Values out(1);
  for (char c : text) {
    if (c == at && out.size() < parts) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

// Values of a request are marked so that their stars stay stars: '\1' before a character makes it literal.
inline bool wild(const std::string& pattern, const std::string& text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') return wild(pattern.substr(1), text) || (!text.empty() && wild(pattern, text.substr(1)));
  if (text.empty()) return false;
  if (pattern[0] == '?') return wild(pattern.substr(1), text.substr(1));
  std::string rest = pattern[0] == '\1' ? pattern.substr(1) : pattern;
  return rest[0] == text[0] && wild(rest.substr(1), text.substr(1));
}

inline std::string literal(const std::string& text) {
  std::string out;
  for (char c : text) out += std::string("\1") + c;
  return out;
}

inline std::string unmarked(const std::string& text) {
  std::string out;
  for (char c : text)
    if (c != '\1') out += c;
  return out;
}

// False when a variable has no value. `text` then means nothing.
inline bool fillIn(std::string& text, const Question& question) {
  for (auto start = text.find("${"); start != std::string::npos; start = text.find("${")) {
    auto end = text.find('}', start);
    std::string name = text.substr(start + 2, end - start - 2), fallback;
    auto quote = name.find(", '");
    bool hasFallback = quote != std::string::npos;
    if (hasFallback) {
      fallback = name.substr(quote + 3, name.size() - quote - 4);
      name = name.substr(0, quote);
    }
    std::string value;
    if (name == "*" || name == "?" || name == "$") {
      value = name;
    } else if (auto found = question.context.find(lower(name)); found != question.context.end()) {
      if (found->second.size() != 1) return false;
      value = found->second[0];
    } else if (hasFallback) {
      value = fallback;
    } else {
      return false;
    }
    text = text.substr(0, start) + literal(value) + text.substr(end + 1);
  }
  return true;
}

inline double number(const std::string& text) { return std::stod(text); }

inline std::time_t moment(const std::string& text) {
  if (text.find('-') == std::string::npos) return std::stol(text);
  std::tm parts{};
  bool isDay = text.size() == 10;
  strptime(text.c_str(), isDay ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%SZ", &parts);
  return timegm(&parts);
}

inline std::string bits(const std::string& address) {
  unsigned char bytes[16];
  bool isV6 = address.find(':') != std::string::npos;
  inet_pton(isV6 ? AF_INET6 : AF_INET, address.c_str(), bytes);
  std::string out;
  for (int bit = 0; bit < (isV6 ? 128 : 32); ++bit) out += (bytes[bit / 8] >> (7 - bit % 8) & 1) != 0 ? '1' : '0';
  return out;
}

inline bool inRange(const std::string& range, const std::string& address) {
  Values parts = split(range, '/', 2);
  std::string wanted = bits(parts[0]), given = bits(address);
  std::size_t prefix = parts.size() == 2 ? std::size_t(std::stoi(parts[1])) : wanted.size();
  return wanted.size() == given.size() && wanted.substr(0, prefix) == given.substr(0, prefix);
}

inline bool sameArn(const std::string& wanted, const std::string& given) {
  Values left = split(wanted, ':', 6), right = split(given, ':', 6);
  if (left.size() != 6 || right.size() != 6) return false;
  for (std::size_t i = 0; i < 6; ++i)
    if (!wild(left[i], right[i])) return false;
  return true;
}

template <class Value>
bool ordered(const std::string& op, Value given, Value wanted) {
  if (op.ends_with("LessThanEquals")) return given <= wanted;
  if (op.ends_with("GreaterThanEquals")) return given >= wanted;
  if (op.ends_with("LessThan")) return given < wanted;
  if (op.ends_with("GreaterThan")) return given > wanted;
  return given == wanted;
}

// Whether one value of the request is like one value of the policy; `op` without its Not.
inline bool matches(const std::string& op, const std::string& given, std::string wanted, const Question& question,
                    bool hasVariables) {
  bool takesVariables = op.starts_with("String") || op.starts_with("Arn") || op == "Bool";
  if (takesVariables && hasVariables && !fillIn(wanted, question)) return false;
  if (op == "StringLike") return wild(wanted, given);
  if (op.starts_with("Arn")) return sameArn(wanted, given);
  wanted = unmarked(wanted);
  if (op == "StringEqualsIgnoreCase") return lower(given) == lower(wanted);
  if (op == "Bool") return (given == "true" || given == "false") && given == wanted;
  if (op == "IpAddress") return inRange(wanted, given);
  if (op.starts_with("Numeric")) return ordered(op, number(given), number(wanted));
  if (op.starts_with("Date")) return ordered(op, moment(given), moment(wanted));
  return given == wanted;
}

inline bool cut(std::string& text, const std::string& part) {
  auto at = text.find(part);
  if (at == std::string::npos) return false;
  text.erase(at, part.size());
  return true;
}

inline bool holds(std::string op, const std::string& key, const Json& json, const Question& question,
                  bool hasVariables) {
  Values wanted = listOf(json), given;
  if (auto found = question.context.find(lower(key)); found != question.context.end()) given = found->second;
  bool isEmpty = true;
  for (const std::string& value : given) isEmpty = isEmpty && value.empty();
  if (op == "Null") {
    for (const std::string& value : wanted)
      if (value == (isEmpty ? "true" : "false")) return true;
    return false;
  }
  bool any = cut(op, "ForAnyValue:"), all = cut(op, "ForAllValues:"), ifExists = cut(op, "IfExists");
  bool isNegated = cut(op, "Not");
  if (given.empty() && ifExists) return true;
  if (any && isEmpty) return false;
  if (all && isEmpty) return true;
  if (given.empty()) return isNegated;
  if (!any && !all && given.size() > 1) return false;
  int good = 0;
  for (const std::string& value : given) {
    bool found = false;
    for (const std::string& one : wanted) found = found || matches(op, value, one, question, hasVariables);
    if (found != isNegated) ++good;
  }
  return any ? good > 0 : good == int(given.size());
}

inline bool named(const Json& principals, const Question& question, bool isAllow) {
  bool isStar = principals == "*";
  if (principals.is_object()) {
    for (const auto& [kind, values] : principals.items())
      for (const std::string& value : listOf(values)) {
        if (kind == question.kind && value == question.principal) return true;
        if (kind == "AWS" && value == "*") isStar = true;
      }
  }
  return isStar && (!isAllow || question.kind == "AWS");
}

inline bool applies(const Json& statement, const Question& question, bool hasVariables) {
  bool isAllow = statement["Effect"] == "Allow";
  if (statement.contains("Principal") && !named(statement["Principal"], question, isAllow)) return false;
  if (statement.contains("NotPrincipal") && (isAllow || named(statement["NotPrincipal"], question, isAllow)))
    return false;
  bool isNegated = statement.contains("NotAction"), isNamed = false;
  for (const std::string& action : listOf(statement[isNegated ? "NotAction" : "Action"]))
    isNamed = isNamed || wild(lower(action), lower(question.action));
  if (isNamed == isNegated) return false;
  if (!statement.contains("Condition")) return true;
  for (const auto& [op, keys] : statement["Condition"].items())
    for (const auto& [key, values] : keys.items())
      if (!holds(op, key, values, question, hasVariables)) return false;
  return true;
}

// "Allow", "ExplicitDeny" or "ImplicitDeny".
inline std::string decide(const Json& document, const Question& question) {
  bool hasVariables = document.contains("Version") && document["Version"] == "2012-10-17";
  std::string verdict = "ImplicitDeny";
  for (const Json& statement : document["Statement"]) {
    if (!applies(statement, question, hasVariables)) continue;
    if (statement["Effect"] == "Deny") return "ExplicitDeny";
    verdict = "Allow";
  }
  return verdict;
}

}  // namespace plain
