// Finds the end of the ordinary part of a JSON string: the first quote, backslash or control character. Ground of
// JsonReader; both versions are compiled everywhere they can be, so that both are tested.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace text {

// Where the ordinary bytes end (`end` if they don't), and whether all of them were ASCII.
struct OrdinaryRun {
  const char* end;
  bool ascii;
};

inline OrdinaryRun passOrdinaryBytes(const char* from, const char* end, bool ascii = true) {
  const char* at = from;
  unsigned high = ascii ? 0 : 0x80;
  for (; at != end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) > 0x1f; ++at)
    high |= static_cast<unsigned char>(*at) & 0x80u;
  return {at, high == 0};
}

// Eight bytes at a time in an ordinary register; independent of the byte order.
inline OrdinaryRun passOrdinaryWords(const char* from, const char* end) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
  auto hasZero = [](std::uint64_t v) { return ((v - kOnes) & ~v & kHighs) != 0; };
  std::uint64_t high = 0;
  for (; end - from >= 8; from += 8) {
    std::uint64_t word;
    std::memcpy(&word, from, 8);
    bool control = ((word - kOnes * 0x20) & ~word & kHighs) != 0;
    if (control || hasZero(word ^ (kOnes * '"')) || hasZero(word ^ (kOnes * '\\'))) break;
    high |= word & kHighs;
  }
  return passOrdinaryBytes(from, end, high == 0);
}

#if defined(__SSE2__)
inline OrdinaryRun passOrdinaryVectors(const char* from, const char* end) {
  const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
  unsigned high = 0;
  for (; end - from >= 16; from += 16) {
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, slash));
    __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes);
    unsigned stop = unsigned(_mm_movemask_epi8(_mm_or_si128(marks, controls)));
    unsigned top = unsigned(_mm_movemask_epi8(bytes));
    if (stop != 0) return {from + __builtin_ctz(stop), (high | (top & (stop ^ (stop - 1)))) == 0};
    high |= top;
  }
  return passOrdinaryBytes(from, end, high == 0);
}
#endif

inline OrdinaryRun passOrdinary(const char* from, const char* end) {
#if defined(__SSE2__)
  return passOrdinaryVectors(from, end);
#else
  return passOrdinaryWords(from, end);
#endif
}

// The end of the plain part of a JSON string: of ordinary bytes that are ASCII too. Nearly every string is plain to its
// quote, so this asks less of a byte than passOrdinary() does.
inline const char* passPlainBytes(const char* from, const char* end) {
  while (from != end && *from != '"' && *from != '\\' && static_cast<signed char>(*from) > 0x1f) ++from;
  return from;
}

// The end of what can stand in a JSON string as Go writes it: plain, and without <, > and &, which HTML knows.
inline const char* passUnescapedBytes(const char* from, const char* end) {
  static constexpr auto kUnescaped = [] {
    std::array<bool, 256> table{};
    for (std::size_t c = 0x20; c < 0x80; ++c) table[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
    return table;
  }();
  while (from != end && kUnescaped.data()[static_cast<unsigned char>(*from)]) ++from;
  return from;
}

#if defined(__SSE2__)
// A signed comparison finds control characters and bytes above 0x7f at once.
inline __m128i notPlain(__m128i bytes) {
  const __m128i marks =
      _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
  return _mm_or_si128(marks, _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)));
}

inline const char* passPlain(const char* from, const char* end) {
  for (; end - from >= 16; from += 16) {
    const int stop = _mm_movemask_epi8(notPlain(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
    if (stop != 0) return from + __builtin_ctz(unsigned(stop));
  }
  return passPlainBytes(from, end);
}

inline __m128i notUnescaped(__m128i bytes) {
  // '<' and '>' differ in the bit of 2 alone.
  const __m128i angles = _mm_cmpeq_epi8(_mm_or_si128(bytes, _mm_set1_epi8(2)), _mm_set1_epi8('>'));
  const __m128i html = _mm_or_si128(angles, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('&')));
  return _mm_or_si128(html, notPlain(bytes));
}

inline const char* passUnescaped(const char* from, const char* end) {
  for (; end - from >= 16; from += 16) {
    const int stop = _mm_movemask_epi8(notUnescaped(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
    if (stop != 0) return from + __builtin_ctz(unsigned(stop));
  }
  if (end - from >= 8) {
    const int stop = _mm_movemask_epi8(notUnescaped(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)))) & 0xff;
    if (stop != 0) return from + __builtin_ctz(unsigned(stop));
    from += 8;
  }
  return passUnescapedBytes(from, end);
}
#else
inline const char* passPlain(const char* from, const char* end) { return passPlainBytes(from, end); }
inline const char* passUnescaped(const char* from, const char* end) { return passUnescapedBytes(from, end); }
#endif

}  // namespace text
