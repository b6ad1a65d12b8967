#include "policy/variable.h"

#include "text/words.h"

namespace policy {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

Variable readVariable(std::string_view inside) {
  const std::size_t comma = inside.find(',');
  Variable variable{text::lowerCase(trimmed(inside.substr(0, comma))), std::nullopt};
  const std::string_view fallback = comma == inside.npos ? "" : trimmed(inside.substr(comma + 1));
  const bool isQuoted = fallback.size() >= 2 && fallback.starts_with('\'') && fallback.ends_with('\'');
  if (isQuoted) variable.fallback = fallback.substr(1, fallback.size() - 2);
  return variable;
}

bool isEscape(std::string_view inside) { return inside == "*" || inside == "?" || inside == "$"; }

}  // namespace policy
