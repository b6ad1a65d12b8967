// The hot face of JSON (docs/decisions/0005-two-faces-of-json.md): a strict RFC 8259 pull reader for texts of a known
// shape, such as admission reviews and watch events. Copies nothing, and once its one buffer has grown to the longest
// text that had escapes, allocates nothing.
//
//   json.open(body);
//   json.object([&](std::string_view key) {      // must read or skip the value
//     if (key == "uid") uid = json.string();
//     else json.skip();
//   });
//   if (!json.finish()) return json.error();
//
// Failure is sticky: after the first, every call returns at once with an empty value and callbacks are no longer
// called, so only the end needs a check. A member name that occurs twice is passed on twice; the caller decides.
// Nesting is limited to 64 objects and arrays. A byte order mark is refused. One reader belongs to one thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/json_scan.h"

namespace text {

class JsonReader {
 public:
  enum class Kind { Object, Array, String, Number, Boolean, Null, Failed };
  static constexpr int kDeepest = 64;

  // Starts over with `document`, which must outlive the views that are handed out. Views from before are void.
  void open(std::string_view document);
  // True when the one value was the whole text and nothing failed.
  bool finish();

  bool failed() const { return reason_ != nullptr; }
  // Invalid: "byte 17: unexpected character". REQUIRES: failed().
  base::Error error() const;
  const char* reason() const { return reason_; }      // null while nothing failed
  std::size_t failedAt() const { return failedAt_; }  // byte offset; REQUIRES: failed()
  void refuse(const char* reason) { fail(reason); }   // the caller's own objection; `reason` must be static

  // The kind of the value that comes next.
  Kind peek();

  // Calls member(key) for each member / element() for each element. They must read or skip exactly one value.
  template <typename Member>
  void object(Member&& member);
  template <typename Element>
  void array(Element&& element);

  std::string_view string();  // unescaped; lives until the next open()
  std::int64_t integer();     // fails on fractions, exponents and what doesn't fit
  std::string_view number();  // any number, as it is written
  bool boolean();
  bool null();             // passes a null; false, without failing, when something else comes
  void skip();             // checks the value as strictly as reading would
  std::string_view raw();  // skips the value and gives its bytes

  std::size_t offset() const { return std::size_t(at_ - begin_); }  // bytes passed so far
  std::size_t stringOffset() const { return stringAt_; }            // where the last string or key was opened, in bytes

 private:
  void fail(const char* reason) { failAt(reason, at_); }
  void failAt(const char* reason, const char* where);

  // The first byte of the next token, or 0 with a failure.
  char next() { return at_ != end_ && *at_ > ' ' ? *at_ : nextAfterBlanks(); }
  char nextAfterBlanks();
  void passBlanks();
  void pass(char wanted) {
    if (next() == wanted)
      ++at_;
    else
      fail("unexpected character");
  }
  bool enter(char opening, char closing) {  // false for an empty list or a failure
    pass(opening);
    if (depth_ == kDeepest) fail("nested deeper than 64 levels");
    ++depth_;
    if (next() != closing) return !failed();
    leave();
    return false;
  }
  void leave() {
    ++at_;
    --depth_;
  }
  bool more(char closing) {
    char c = next();
    if (c == ',') {
      ++at_;
      return true;
    }
    if (c == closing)
      leave();
    else
      fail("a comma or the end of the list is missing");
    return false;
  }
  bool passString();  // after the opening quote, to behind the closing one; true if it has escapes
  bool passHardString(const char* from);
  void passEscape();
  void passLiteral(std::string_view word);
  void passDigits();
  void passNumber();
  void passScalar(char first);
  std::string_view unescape(std::string_view raw);

  const char *begin_ = nullptr, *at_ = nullptr, *end_ = nullptr;
  int depth_ = 0;
  std::size_t stringAt_ = 0;
  const char* reason_ = nullptr;
  std::size_t failedAt_ = 0;
  std::string unescaped_;  // as long as the text, so that it never moves while views point into it
  std::size_t unescapedSize_ = 0;
};

inline bool JsonReader::passString() {
  const char* from = at_;
  at_ = passPlain(at_, end_);
  if (at_ == end_ || *at_ != '"') return passHardString(from);
  ++at_;
  return false;
}

// The compiler would call it, and it is called for each name and value that a review reader looks at.
[[gnu::always_inline]] inline std::string_view JsonReader::string() {
  pass('"');
  if (failed()) return {};
  const char* from = at_;
  stringAt_ = offset() - 1;
  bool escapes = passString();
  if (failed()) return {};
  std::string_view raw(from, std::size_t(at_ - 1 - from));
  return escapes ? unescape(raw) : raw;
}

template <typename Member>
void JsonReader::object(Member&& member) {
  if (!enter('{', '}')) return;
  do {
    std::string_view key = string();
    pass(':');
    if (failed()) return;
    member(key);
  } while (more('}'));
}

template <typename Element>
void JsonReader::array(Element&& element) {
  if (!enter('[', ']')) return;
  do {
    if (failed()) return;
    element();
  } while (more(']'));
}

}  // namespace text
