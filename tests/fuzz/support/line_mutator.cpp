#include "fuzz/support/line_mutator.h"

#include <array>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {
namespace {

// Put behind a key or a bullet in place of what is there.
constexpr std::array<std::string_view, 16> kValues = {"{}",
                                                      "[]",
                                                      "~",
                                                      "\"https://old.example.com\"",
                                                      "'https://old.example.com'",
                                                      "|",
                                                      ">-",
                                                      "&a",
                                                      "*a",
                                                      "!!str x",
                                                      "# comment",
                                                      "https://new.example.com",
                                                      "[a, b]",
                                                      "",
                                                      "{a: b}",
                                                      "'a,b'"};
constexpr std::size_t kHead = 2;

class Mutation {
 public:
  Mutation(std::string_view text, unsigned seed) : random_(seed) {
    head_ = text.substr(0, kHead);
    text.remove_prefix(kHead);
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
      lines_.emplace_back(text.substr(0, end));
      text.remove_prefix(end);
    }
  }

  bool isPossible() const { return lines_.size() > 1; }

  std::string make() {
    const std::size_t at = below(lines_.size());
    switch (below(8)) {
      case 0: lines_.erase(lines_.begin() + std::ptrdiff_t(at)); break;
      case 1: insert(lines_[at]); break;
      case 2: std::swap(lines_[at], lines_[below(lines_.size())]); break;
      case 3: indent(lines_[at]); break;
      case 4: revalue(lines_[at]); break;
      case 5: lines_[at] = endOtherwise(lines_[at]); break;
      case 6: insert("  # comment\n"); break;
      default: insert(std::string(below(4) * 2, ' ') + "- " + std::string(kValues[below(kValues.size())]) + "\n");
    }
    std::string out(head_);
    for (const std::string& line : lines_) out += line;
    return out;
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }

  void insert(std::string line) {
    lines_.insert(lines_.begin() + std::ptrdiff_t(below(lines_.size() + 1)), std::move(line));
  }

  void indent(std::string& line) {
    if (below(2) == 0 || !line.starts_with("  "))
      line.insert(0, below(2) + 1, ' ');
    else
      line.erase(0, below(2) + 1);
  }

  void revalue(std::string& line) {
    const std::size_t colon = line.find(": "), bullet = line.find("- ");
    const std::size_t from = std::min(colon, bullet);
    if (from == std::string::npos) return;
    line = line.substr(0, from + 2) + std::string(kValues[below(kValues.size())]) + "\n";
  }

  static std::string endOtherwise(const std::string& line) {
    if (line.ends_with("\r\n")) return line.substr(0, line.size() - 2) + "\n";
    if (line.ends_with('\n')) return line.substr(0, line.size() - 1) + "\r\n";
    return line + "\n";
  }

  std::string_view head_;
  std::vector<std::string> lines_;
  std::minstd_rand random_;
};

}  // namespace

std::size_t mutateLines(std::uint8_t* data, std::size_t size, std::size_t maxSize, unsigned seed) {
  if (size <= kHead || seed % 3 == 0) return LLVMFuzzerMutate(data, size, maxSize);
  const std::string text(reinterpret_cast<const char*>(data), size);
  Mutation mutation(text, seed);
  const std::string changed = mutation.isPossible() ? mutation.make() : "";
  if (changed.empty() || changed.size() > maxSize) return LLVMFuzzerMutate(data, size, maxSize);
  std::memcpy(data, changed.data(), changed.size());
  return changed.size();
}

}  // namespace fuzz
