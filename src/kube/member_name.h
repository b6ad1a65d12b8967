// Whether a JSON member's name means a field, as Go's encoding/json decides it for the structs of Kubernetes and of
// AWS's webhook: by Unicode's simple case folding.
#pragma once
#include <string_view>

namespace kube {

bool sameFolded(std::string_view name, std::string_view field);

// `field` is ASCII. Inline for the sake of the review reader, where nearly every name is some other field's.
inline bool isNameOf(std::string_view name, std::string_view field) {
  if (name.size() < field.size()) return false;
  if (name == field) return true;
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; };
  // A first letter decides nearly always; above 0x7f stand the two foreign letters that fold to ASCII ones.
  return (static_cast<unsigned char>(name[0]) > 0x7f || lower(name[0]) == lower(field[0])) && sameFolded(name, field);
}

}  // namespace kube
