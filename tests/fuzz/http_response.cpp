// HTTP/1.1 answers, from a connection that cuts them anywhere and then ends.
// Covers: src/http/codec_response.cpp src/http/codec_body.cpp
// Unreached: src/http/codec_body.cpp: the line behind a switch over every kind of body
#include <functional>
#include <string>

#include "fuzz/target.h"
#include "http/codec.h"
#include "support/seeded.h"

namespace {

using fuzz::require;
using http::Limits;
using http::Progress;
using http::Response;

constexpr Limits kTight{.head = 120, .fields = 3, .body = 20};

struct Reading {
  Progress end = Progress::NeedMore;
  bool keepAlive = false, endsWithConnection = false;
  Response response;
  http::Refusal refusal;
  std::size_t behind = 0;  // where the next message begins
};

// The answer that `wire` is, in pieces as long as `piece` says.
Reading read(std::string_view wire, const Limits& limits, bool toHead, const std::function<std::size_t()>& piece) {
  http::ResponseReader reader(limits, toHead);
  Reading reading;
  std::string_view input;
  const std::size_t whole = wire.size();
  while (reading.end == Progress::NeedMore || reading.end == Progress::Head) {
    reading.end = reader.read(input, reading.response);
    if (reading.end != Progress::NeedMore) continue;
    require(input.empty(), "a reader that needs more has consumed everything");
    if (wire.empty()) {
      reading.end = reader.end();
      reading.endsWithConnection = reading.end == Progress::Done;
      break;
    }
    input = wire.substr(0, piece());
    wire.remove_prefix(input.size());
  }
  if (reading.end == Progress::Done) reading.behind = whole - wire.size() - input.size();
  reading.keepAlive = reader.keepAlive();
  reading.refusal = reader.refusal();
  return reading;
}

void requireSame(const Reading& a, const Reading& b) {
  require(a.end == b.end && a.behind == b.behind && a.keepAlive == b.keepAlive &&
              a.endsWithConnection == b.endsWithConnection,
          "an answer ends alike however it was cut");
  require(a.refusal.status == b.refusal.status && a.refusal.why == b.refusal.why, "a refusal says the same",
          b.refusal.why);
  if (a.end == Progress::Refused) return;
  require(a.response.status == b.response.status && a.response.body == b.response.body, "status and body are the same");
  require(a.response.headers.size() == b.response.headers.size(), "the fields are as many");
  for (std::size_t i = 0; i < a.response.headers.size(); ++i)
    require(a.response.headers.at(i) == b.response.headers.at(i), "a field is the same");
}

// What RFC 9112 demands of an answer that is taken.
void requireSound(const Reading& reading, const Limits& limits, bool toHead) {
  const Response& response = reading.response;
  const http::Headers& headers = response.headers;
  require(response.status >= 200 && response.status <= 999, "an answer has a final status");
  require(headers.size() <= limits.fields && response.body.size() <= limits.body, "an answer keeps its limits");
  require(!reading.endsWithConnection || !reading.keepAlive, "what ends a body is not used again");
  for (std::size_t i = 0; i < headers.size(); ++i) {
    auto [name, value] = headers.at(i);
    require(http::isToken(name), "a field's name is a token", name);
    require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos, "a value is one line", value);
    require(!reading.keepAlive || !http::sameName(name, "connection") || !http::listContains(value, "close"),
            "a server that closes is heard");
  }
  if (toHead || !http::mayHaveBody(response.status))
    return require(response.body.empty(), "there is no body where none may be");
  if (auto length = headers.find("content-length"))
    require(http::parseContentLength(*length) == response.body.size(), "a body is as long as its answer says");
}

// What our own server would make of the answer reads as the same answer.
void requireSameRewritten(const Response& response, bool toHead) {
  std::string wire;
  http::appendResponseHead(wire, response, {.toHead = toHead});
  wire += response.body;
  const Reading again = read(wire, {.head = 1u << 20, .fields = 200}, toHead, [&] { return wire.size(); });
  require(again.end == Progress::Done && again.behind == wire.size() && again.keepAlive,
          "a rewritten answer is one answer", wire);
  require(again.response.status == response.status && again.response.body == response.body,
          "a rewritten answer is the same", wire);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view wire = fuzz::textOf(data, size);
  support::Seeded random(std::hash<std::string_view>()(wire));
  const std::size_t longest = std::size_t(1) << random.below(8);
  for (bool toHead : {false, true})
    for (const Limits& limits : {Limits(), kTight}) {
      const Reading whole = read(wire, limits, toHead, [&] { return wire.size(); });
      requireSame(whole, read(wire, limits, toHead, [&] { return 1 + random.below(longest); }));
      if (whole.end != Progress::Done) continue;
      requireSound(whole, limits, toHead);
      requireSameRewritten(whole.response, toHead);
    }
  return 0;
}
