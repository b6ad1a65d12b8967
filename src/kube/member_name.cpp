#include "kube/member_name.h"

namespace kube {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; }

}  // namespace

// As far as it reaches ASCII letters: U+017F folds to s, U+212A to k.
bool sameFolded(std::string_view name, std::string_view field) {
  for (char wanted : field) {
    if (name.empty()) return false;
    if (lower(wanted) == 's' && name.starts_with("\u017f")) {
      name.remove_prefix(2);
    } else if (lower(wanted) == 'k' && name.starts_with("\u212a")) {
      name.remove_prefix(3);
    } else if (lower(name[0]) == lower(wanted)) {
      name.remove_prefix(1);
    } else {
      return false;
    }
  }
  return name.empty();
}

}  // namespace kube
