#include "text/encoding.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace text {
namespace {

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlSafe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kNoDigit = 0xff;

constexpr std::array<std::uint8_t, 256> digitsOf(std::string_view alphabet) {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (std::size_t i = 0; i < alphabet.size(); ++i) digits[static_cast<unsigned char>(alphabet[i])] = std::uint8_t(i);
  return digits;
}

constexpr auto kStandardDigits = digitsOf(kStandard);
constexpr auto kUrlSafeDigits = digitsOf(kUrlSafe);

// The two characters of every twelve bits, so that three bytes cost two look-ups.
constexpr std::array<char, 4096 * 2> pairsOf(std::string_view alphabet) {
  std::array<char, 4096 * 2> pairs{};
  for (std::size_t i = 0; i < 4096; ++i) {
    pairs[2 * i] = alphabet[i >> 6];
    pairs[2 * i + 1] = alphabet[i & 63];
  }
  return pairs;
}

struct Alphabet {
  std::string_view characters;
  std::array<char, 4096 * 2> pairs;
};
constexpr Alphabet kStandardAlphabet{kStandard, pairsOf(kStandard)};
constexpr Alphabet kUrlSafeAlphabet{kUrlSafe, pairsOf(kUrlSafe)};

std::uint32_t byteAt(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

void append(std::string& out, std::string_view bytes, const Alphabet& letters, bool padded) {
  const std::string_view alphabet = letters.characters;
  std::size_t at = out.size(), rest = bytes.size() % 3, full = bytes.size() - rest;
  std::size_t tail = rest == 0 ? 0 : padded ? 4 : rest + 1;
  out.resize(at + full / 3 * 4 + tail, '=');
  char* to = out.data() + at;
  const auto* from = reinterpret_cast<const unsigned char*>(bytes.data());
  for (const auto* end = from + full; from != end; from += 3, to += 4) {
    const std::size_t group = std::size_t(from[0]) << 16 | std::size_t(from[1]) << 8 | from[2];
    std::memcpy(to, letters.pairs.data() + 2 * (group >> 12), 2);
    std::memcpy(to + 2, letters.pairs.data() + 2 * (group & 4095), 2);
  }
  if (rest == 0) return;
  std::uint32_t group = byteAt(bytes, full) << 16 | (rest == 2 ? byteAt(bytes, full + 1) << 8 : 0);
  *to++ = alphabet[group >> 18];
  *to++ = alphabet[group >> 12 & 63];
  if (rest == 2) *to = alphabet[group >> 6 & 63];
}

// `digits` has the padding cut off already.
base::Result<std::string> decode(std::string_view digits, const std::array<std::uint8_t, 256>& values,
                                 std::string_view alphabet) {
  const std::string what(alphabet);
  const std::size_t rest = digits.size() % 4, full = digits.size() - rest;
  if (rest == 1) return base::invalid(what + ": the text is cut off");
  const auto valueAt = [&](std::size_t i) -> std::uint32_t { return values[static_cast<unsigned char>(digits[i])]; };
  std::string out(full / 4 * 3, '\0');
  std::uint32_t seen = 0;  // bits of any value: the upper two are those of kNoDigit alone
  char* to = out.data();
  for (std::size_t i = 0; i < full; i += 4, to += 3) {
    const std::uint32_t a = valueAt(i), b = valueAt(i + 1), c = valueAt(i + 2), d = valueAt(i + 3);
    seen |= a | b | c | d;
    to[0] = char((a << 2 | b >> 4) & 0xff);
    to[1] = char((b << 4 | c >> 2) & 0xff);
    to[2] = char((c << 6 | d) & 0xff);
  }
  std::uint32_t group = 0;
  for (std::size_t i = full; i < digits.size(); ++i) {
    seen |= valueAt(i);
    group = group << 6 | valueAt(i);
  }
  if ((seen & 0xc0) != 0) {
    std::size_t wrong = 0;
    while (valueAt(wrong) != kNoDigit) ++wrong;
    return base::invalid(what + ": byte " + std::to_string(wrong) + " is no character of the alphabet");
  }
  // RFC 4648 section 3.5: "Implementations MAY reject" bits that are not zero; else two texts would mean the same
  // bytes.
  const std::size_t unused = rest * 6 % 8;
  if ((group & ((1u << unused) - 1)) != 0)
    return base::invalid(what + ": the last character has bits that mean nothing");
  for (std::size_t bits = rest * 6 - unused; bits > 0; bits -= 8) out += char(group >> (unused + bits - 8) & 0xff);
  return out;
}

}  // namespace

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    out += kDigits[byteAt(bytes, i) >> 4];
    out += kDigits[byteAt(bytes, i) & 15];
  }
  return out;
}

void appendBase64(std::string& out, std::string_view bytes) { append(out, bytes, kStandardAlphabet, true); }

std::string base64(std::string_view bytes) {
  std::string out;
  append(out, bytes, kStandardAlphabet, true);
  return out;
}

std::string base64Url(std::string_view bytes) {
  std::string out;
  append(out, bytes, kUrlSafeAlphabet, false);
  return out;
}

base::Result<std::string> decodeBase64(std::string_view text) {
  if (text.size() % 4 != 0) return base::invalid("base64: the length is no multiple of four");
  std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  return decode(text.substr(0, text.size() - padding), kStandardDigits, "base64");
}

base::Result<std::string> decodeBase64Url(std::string_view text) { return decode(text, kUrlSafeDigits, "base64url"); }

}  // namespace text
