#include "text/glob.h"

namespace text {

bool glob(std::string_view pattern, std::string_view value) {
  // Only the last '*' ever needs to take another character: whatever an earlier one could take, it can as well.
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t p = 0, v = 0, star = kNone, resume = 0;
  while (v < value.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = v;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == value[v])) {
      ++p;
      ++v;
    } else if (star != kNone) {
      p = star + 1;
      v = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace text
