#include "fuzz/support/json_mutator.h"

#include <array>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "support/json_walk.h"

namespace fuzz {
namespace {

constexpr std::array<std::string_view, 16> kValues = {
    "null", "true", "false", "0",   "-1",     "1e3",       "86401",           "9223372036854775808",
    "\"\"", "{}",   "[]",    "[0]", "[null]", "[{},null]", "{\"name\":null}", "\"\\u00e9\\n\""};

class Mutation {
 public:
  Mutation(std::string text, std::vector<support::JsonSpan> spans, unsigned seed)
      : text_(std::move(text)), spans_(std::move(spans)), random_(seed) {}

  std::string make() {
    const support::JsonSpan& span = any();
    switch (below(5)) {
      case 0: return with(span.begin, span.end, kValues[below(kValues.size())]);
      case 1: return with(span.begin, span.end, valueOf(any()));
      case 2: return with(span.item, span.item, text_.substr(span.item, span.end - span.item) + ",");
      case 3: return without(span);
      default: return renamed(span);
    }
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }
  const support::JsonSpan& any() { return spans_[below(spans_.size())]; }
  std::string valueOf(const support::JsonSpan& span) const { return text_.substr(span.begin, span.end - span.begin); }

  std::string with(std::size_t begin, std::size_t end, std::string_view other) const {
    return text_.substr(0, begin).append(other).append(text_, end);
  }

  // Its comma goes too.
  std::string without(const support::JsonSpan& span) const {
    if (span.end < text_.size() && text_[span.end] == ',') return with(span.item, span.end + 1, "");
    const bool isAfterComma = span.item > 0 && text_[span.item - 1] == ',';
    return with(span.item - isAfterComma, span.end, "");
  }

  // A member gets another's name, or its own with a letter in the other case; an element gets a neighbour.
  std::string renamed(const support::JsonSpan& span) {
    const support::JsonSpan& other = any();
    if (span.item == span.begin) return with(span.item, span.item, valueOf(other) + ",");
    if (below(2) == 0 && other.item != other.begin)
      return with(span.item, span.begin, std::string_view(text_).substr(other.item, other.begin - other.item));
    std::string out = text_;
    out[span.item + below(span.begin - span.item)] ^= 0x20;
    return out;
  }

  std::string text_;
  std::vector<support::JsonSpan> spans_;
  std::minstd_rand random_;
};

}  // namespace

std::size_t mutateJson(std::uint8_t* data, std::size_t size, std::size_t maxSize, unsigned seed) {
  std::string text(reinterpret_cast<const char*>(data), size);
  std::vector<support::JsonSpan> spans;
  const bool isJson = support::walkJson(text, [&](const support::JsonSpan& span) { spans.push_back(span); });
  if (!isJson || seed % 3 == 0) return LLVMFuzzerMutate(data, size, maxSize);
  const std::string changed = Mutation(std::move(text), std::move(spans), seed).make();
  if (changed.empty() || changed.size() > maxSize) return LLVMFuzzerMutate(data, size, maxSize);
  std::memcpy(data, changed.data(), changed.size());
  return changed.size();
}

}  // namespace fuzz
