#include "text/json_reader.h"

#include <array>
#include <charconv>

#include "text/utf8.h"

namespace text {
namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }

// Whether `c` stands behind a backslash (RFC 8259 section 7), \u aside.
bool isShortEscape(char c) {
  static constexpr auto kShort = [] {
    std::array<bool, 256> table{};
    for (const char known : std::string_view("\"\\/bfnrt")) table[std::size_t(known)] = true;
    return table;
  }();
  return kShort[static_cast<unsigned char>(c)];
}

// The four digits of \uXXXX, or -1.
int hexadecimal(const char* digits, const char* end) {
  if (end - digits < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    char c = digits[i], letter = char(c | 0x20);
    if (isDigit(c))
      value = value * 16 + (c - '0');
    else if (letter >= 'a' && letter <= 'f')
      value = value * 16 + (letter - 'a' + 10);
    else
      return -1;
  }
  return value;
}

// `at` stands on the u of a checked escape and moves behind it; joins a surrogate pair (RFC 8259 section 7).
unsigned codePoint(const char*& at, const char* end) {
  unsigned value = unsigned(hexadecimal(at + 1, end));
  at += 5;
  if (value < 0xd800 || value > 0xdbff) return value;
  unsigned low = unsigned(hexadecimal(at + 2, end));
  at += 6;
  return 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
}

}  // namespace

void JsonReader::open(std::string_view document) {
  constexpr std::size_t kKept = 1u << 20;  // bytes of memory that a reader keeps for the next text
  if (unescaped_.size() > kKept) unescaped_ = {};
  begin_ = at_ = document.data();
  end_ = begin_ + document.size();
  depth_ = 0;
  stringAt_ = failedAt_ = unescapedSize_ = 0;
  reason_ = nullptr;
  if (document.starts_with("\xef\xbb\xbf")) fail("a byte order mark, which JSON has not");
}

bool JsonReader::finish() {
  if (failed()) return false;
  passBlanks();
  if (at_ != end_) fail("text after the value");
  return !failed();
}

base::Error JsonReader::error() const {
  return base::invalid("byte " + std::to_string(failedAt_) + ": " + (reason_ ? reason_ : "no failure"));
}

void JsonReader::failAt(const char* reason, const char* where) {
  if (!reason_) {
    reason_ = reason;
    failedAt_ = std::size_t(where - begin_);
  }
  at_ = end_;  // so that every further call stops at once
}

void JsonReader::passBlanks() {
  while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
}

char JsonReader::nextAfterBlanks() {
  passBlanks();
  if (at_ != end_ && *at_ != '\0') return *at_;
  fail(at_ == end_ ? "the text ends too early" : "unexpected character");
  return '\0';
}

JsonReader::Kind JsonReader::peek() {
  switch (char c = next()) {
    case '{': return Kind::Object;
    case '[': return Kind::Array;
    case '"': return Kind::String;
    case 't':
    case 'f': return Kind::Boolean;
    case 'n': return Kind::Null;
    default:
      if (c == '-' || isDigit(c)) return Kind::Number;
      fail("unexpected character");
      return Kind::Failed;
  }
}

std::int64_t JsonReader::integer() {
  std::string_view text = number();
  if (failed()) return 0;
  std::int64_t value = 0;
  const char* digits = text.data();
  auto [end, error] = std::from_chars(digits, digits + text.size(), value);
  if (error == std::errc() && end == digits + text.size()) return value;
  failAt("no whole number between -2^63 and 2^63-1", digits);
  return 0;
}

std::string_view JsonReader::number() {
  char c = next();
  const char* from = at_;
  if (c == '-' || isDigit(c))
    passNumber();
  else
    fail("a number is missing");
  return failed() ? std::string_view() : std::string_view(from, std::size_t(at_ - from));
}

bool JsonReader::boolean() {
  char c = next();
  if (c == 't')
    passLiteral("true");
  else if (c == 'f')
    passLiteral("false");
  else
    fail("true or false is missing");
  return c == 't' && !failed();
}

bool JsonReader::null() {
  if (next() != 'n') return false;
  passLiteral("null");
  return !failed();
}

// Most of a review is skipped, so this is one loop with everything it needs in registers, instead of object(), array()
// and string() calling each other; which of the open brackets are objects is one bit each. What is not plain (blanks,
// escapes, bytes above 0x7f, numbers, faults) is left to the others.
// NOLINTNEXTLINE(readability-function-size): its parts would have to call each other again
void JsonReader::skip() {
  const char *at = at_, *const end = end_;
  int open = 0;
  std::uint64_t objects = 0;
  const auto leaveTo = [&](auto&& passes) {  // works on at_; false when it fails
    at_ = at;
    passes();
    at = at_;
    return !failed();
  };
  const auto passText = [&]() __attribute__((always_inline)) {  // behind the opening quote
    const char* from = at;
    for (;;) {
      at = passPlain(at, end);
      if (at != end && *at == '"') {
        ++at;
        return true;
      }
      if (end - at < 2 || *at != '\\' || !isShortEscape(at[1])) return leaveTo([&] { passHardString(from); });
      at += 2;
    }
  };
  const auto token = [&]() __attribute__((always_inline)) {  // its first byte; 0 with a failure
    if (at != end && *at > ' ') return *at;
    char c = 0;
    leaveTo([&] { c = nextAfterBlanks(); });
    return c;
  };
  const auto comes = [&](char wanted) __attribute__((always_inline)) {  // and passes it
    const bool does = (at != end && *at == wanted) || token() == wanted;
    at += does;
    return does;
  };
  const auto refuse = [&](const char* why) {
    at_ = at;
    fail(why);
  };
  for (;;) {
    const char c = token();
    bool isClosed = true;  // the value that has just been passed, so that a comma or a bracket comes
    if (c == '"') {
      ++at;
      if (!passText()) return;
    } else if (c == '{' || c == '[') {
      ++at;
      if (depth_ + open == kDeepest) return refuse("nested deeper than 64 levels");
      isClosed = comes(c == '{' ? '}' : ']');
      if (!isClosed) {
        ++open;
        objects = objects << 1 | std::uint64_t(c == '{');
      }
    } else if (!leaveTo([&] { passScalar(c); })) {
      return;
    }
    while (isClosed) {
      if (open == 0) {
        at_ = at;
        return;
      }
      if (comes(',')) break;
      if (!comes((objects & 1) != 0 ? '}' : ']')) return refuse("a comma or the end of the list is missing");
      --open;
      objects >>= 1;
    }
    if ((objects & 1) == 0) continue;
    if (!comes('"')) return refuse("unexpected character");
    if (!passText()) return;
    if (!comes(':')) return refuse("unexpected character");
  }
}

// A literal or a number, of which `first` is the first byte; 0: the failure has been told.
void JsonReader::passScalar(char first) {
  switch (first) {
    case 't': return passLiteral("true");
    case 'f': return passLiteral("false");
    case 'n': return passLiteral("null");
    case '\0': return;
    default: passNumber();
  }
}

std::string_view JsonReader::raw() {
  next();
  const char* from = at_;
  skip();
  return failed() ? std::string_view() : std::string_view(from, std::size_t(at_ - from));
}

void JsonReader::passLiteral(std::string_view word) {
  if (std::string_view(at_, std::size_t(end_ - at_)).starts_with(word))
    at_ += word.size();
  else
    fail("unexpected character");
}

void JsonReader::passDigits() {
  if (at_ == end_ || !isDigit(*at_)) return fail("a digit is missing");
  while (at_ != end_ && isDigit(*at_)) ++at_;
}

void JsonReader::passNumber() {
  if (*at_ == '-')
    ++at_;
  else if (!isDigit(*at_))
    return fail("unexpected character");
  if (at_ != end_ && *at_ == '0')
    ++at_;
  else
    passDigits();
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    passDigits();
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    passDigits();
  }
}

// The rest of a string that has escapes or bytes above 0x7f, or that is wrong; at_ stands where the first run ended.
bool JsonReader::passHardString(const char* from) {
  constexpr std::size_t kNone = std::string_view::npos;
  bool escapes = false, ascii = true;
  for (;;) {
    const OrdinaryRun run = passOrdinary(at_, end_);
    ascii = ascii && run.ascii;
    at_ = run.end;
    if (at_ == end_ || *at_ != '\\') break;
    escapes = true;
    passEscape();
  }
  if (failed()) return false;
  if (at_ == end_) {
    fail("a string without its closing quote");
  } else if (*at_ != '"') {
    fail("a control character in a string");
  } else if (std::size_t bad = ascii ? kNone : badUtf8({from, std::size_t(at_ - from)}); bad != kNone) {
    failAt("bytes that are no UTF-8", from + bad);
  } else {
    ++at_;
  }
  return escapes;
}

void JsonReader::passEscape() {
  const char* from = at_++;
  if (at_ == end_) return failAt("a string without its closing quote", from);
  if (*at_ != 'u') {
    if (!isShortEscape(*at_)) return failAt("an unknown escape", from);
    ++at_;
    return;
  }
  int value = hexadecimal(at_ + 1, end_);
  if (value < 0) return failAt("\\u without four hexadecimal digits", from);
  at_ += 5;
  if (value < 0xd800 || value > 0xdfff) return;
  int low = end_ - at_ >= 2 && at_[0] == '\\' && at_[1] == 'u' ? hexadecimal(at_ + 2, end_) : -1;
  if (value > 0xdbff || low < 0xdc00 || low > 0xdfff) return failAt("half of a surrogate pair", from);
  at_ += 6;
}

std::string_view JsonReader::unescape(std::string_view raw) {
  if (unescapedSize_ == 0 && unescaped_.size() < std::size_t(end_ - begin_))
    unescaped_.resize(std::size_t(end_ - begin_));
  char* first = unescaped_.data() + unescapedSize_;
  char* out = first;
  for (const char *at = raw.data(), *end = at + raw.size(); at != end;) {
    if (*at != '\\') {
      *out++ = *at++;
      continue;
    }
    switch (*++at) {
      case 'b': *out++ = '\b'; break;
      case 'f': *out++ = '\f'; break;
      case 'n': *out++ = '\n'; break;
      case 'r': *out++ = '\r'; break;
      case 't': *out++ = '\t'; break;
      case 'u': out = putUtf8(out, codePoint(at, end)); continue;
      default: *out++ = *at;
    }
    ++at;
  }
  unescapedSize_ += std::size_t(out - first);
  return {first, std::size_t(out - first)};
}

}  // namespace text
