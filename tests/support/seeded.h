// Random input that is the same in every run.
#pragma once
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace support {

class Seeded {
 public:
  explicit Seeded(std::uint64_t seed) : engine_(seed) {}

  std::size_t below(std::size_t bound) { return std::size_t(engine_() % bound); }
  char byte() { return char(engine_() & 0xff); }
  std::string bytes(std::size_t longest) {
    std::string out(below(longest + 1), '\0');
    for (char& c : out) c = byte();
    return out;
  }

  // `text` with up to three small wounds: bytes flipped, inserted (mostly from `likely`), deleted, or pieces repeated.
  std::string mutated(std::string text, std::string_view likely) {
    for (std::size_t wounds = 1 + below(3); wounds > 0; --wounds) {
      std::size_t at = below(text.size() + 1);
      char c = below(4) == 0 ? byte() : likely[below(likely.size())];
      switch (below(5)) {
        case 0: text.insert(text.begin() + std::ptrdiff_t(at), c); break;
        case 1: text.erase(at, 1 + below(3)); break;
        case 2: text.insert(at, text.substr(below(text.size() + 1), below(8))); break;
        case 3: text.resize(below(6) == 0 ? at : text.size()); break;
        default:
          if (at < text.size()) text[at] = c;
      }
    }
    return text;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace support
