// HTTP/1.1 requests, one after another on a connection that cuts them anywhere.
// Covers: src/http/codec_request.cpp src/http/codec_lines.cpp src/http/codec_body.cpp:beginCounted
// Covers: src/http/codec_body.cpp:beginChunked src/http/codec_body.cpp:readChunked src/http/codec_body.cpp:take
// Covers: src/http/codec_body.cpp:chunkLine src/http/codec_body.cpp:sizeLine
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "fuzz/target.h"
#include "http/codec.h"
#include "support/seeded.h"

namespace {

using fuzz::require;
using http::Limits;
using http::Progress;
using http::Request;

constexpr Limits kTight{.head = 160, .target = 24, .fields = 4, .body = 20};

struct Reading {
  Progress end = Progress::NeedMore;
  bool sawHead = false, keepAlive = false, isHead = false, isOldVersion = false, wantsContinue = false;
  Request request;
  http::Refusal refusal;
  std::size_t behind = 0;  // where the next message begins
};

void note(Reading& reading, const http::RequestReader& reader, Progress end, std::size_t behind) {
  reading.end = end;
  reading.keepAlive = reader.keepAlive();
  reading.isHead = reader.isHead();
  reading.isOldVersion = reader.isOldVersion();
  reading.wantsContinue = reader.wantsContinue();
  reading.refusal = reader.refusal();
  reading.behind = behind;
}

// All requests of `wire`, which arrives in pieces as long as `piece` says; the last one may be refused or unfinished.
std::vector<Reading> readAll(std::string_view wire, Limits limits, const std::function<std::size_t()>& piece) {
  http::RequestReader reader(limits);
  std::vector<Reading> readings(1);
  readings.back().request.clear();
  std::string_view input;
  for (const std::size_t whole = wire.size();;) {
    const Progress progress = reader.read(input, readings.back().request);
    if (progress == Progress::Head) {
      require(!readings.back().sawHead, "a head is said once");
      readings.back().sawHead = true;
      continue;
    }
    require(progress != Progress::NeedMore || input.empty(), "a reader that needs more has consumed everything");
    if (progress == Progress::Refused || (progress == Progress::NeedMore && wire.empty())) {
      note(readings.back(), reader, progress, 0);
      return readings;
    }
    if (progress == Progress::Done) {
      note(readings.back(), reader, progress, whole - wire.size() - input.size());
      reader.reset();
      readings.emplace_back().request.clear();
      continue;
    }
    input = wire.substr(0, piece());
    wire.remove_prefix(input.size());
  }
}

bool isFraming(std::string_view name) {
  for (std::string_view framing : {"connection", "keep-alive", "content-length", "transfer-encoding"})
    if (http::sameName(name, framing)) return true;
  return false;
}

// The fields that a writer takes over.
std::vector<std::pair<std::string, std::string>> fieldsOf(const Request& request) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (std::size_t i = 0; i < request.headers.size(); ++i)
    if (auto [name, value] = request.headers.at(i); !isFraming(name)) fields.emplace_back(name, value);
  return fields;
}

void requireSame(const Reading& a, const Reading& b) {
  require(a.end == b.end && a.sawHead == b.sawHead, "a message ends alike however it was cut");
  require(a.refusal.status == b.refusal.status && a.refusal.why == b.refusal.why, "a refusal says the same",
          b.refusal.why);
  require(a.keepAlive == b.keepAlive && a.isHead == b.isHead && a.isOldVersion == b.isOldVersion &&
              a.wantsContinue == b.wantsContinue && a.behind == b.behind,
          "what a request asks of the connection is the same however it was cut");
  if (a.end == Progress::Refused) return;
  require(a.request.method == b.request.method && a.request.target == b.request.target, "a request line is the same");
  require(a.request.headers.size() == b.request.headers.size(), "the fields are as many");
  for (std::size_t i = 0; i < a.request.headers.size(); ++i)
    require(a.request.headers.at(i) == b.request.headers.at(i), "a field is the same");
  require(a.request.body == b.request.body, "a body is the same");
}

void requireSame(const std::vector<Reading>& a, const std::vector<Reading>& b) {
  require(a.size() == b.size(), "the messages are as many however they were cut");
  for (std::size_t i = 0; i < a.size(); ++i) requireSame(a[i], b[i]);
}

void requireWithin(const Limits& limits, const Reading& reading) {
  const Request& request = reading.request;
  require(request.target.size() <= limits.target, "a target keeps its limit");
  require(request.headers.size() <= limits.fields, "fields keep their limit");
  require(request.body.size() <= limits.body, "a body keeps its limit");
  std::size_t head = request.method.size() + request.target.size();
  for (std::size_t i = 0; i < request.headers.size(); ++i)
    head += request.headers.at(i).first.size() + request.headers.at(i).second.size();
  require(head <= limits.head, "a head keeps its limit");
}

bool asksToClose(const Request& request) {
  for (std::size_t i = 0; i < request.headers.size(); ++i)
    if (auto [name, value] = request.headers.at(i);
        http::sameName(name, "connection") && http::listContains(value, "close"))
      return true;
  return false;
}

// What RFC 9112 demands of a request that is let in.
void requireSound(const Reading& reading) {
  const Request& request = reading.request;
  const http::Headers& headers = request.headers;
  require(http::isToken(request.method), "a method is a token");
  require(request.target.starts_with('/') || request.target == "*", "a target is a path or *", request.target);
  require(std::all_of(request.target.begin(), request.target.end(), [](char c) { return c > ' ' && c < 0x7f; }),
          "a target is visible ASCII", request.target);
  require(headers.count("host") == 1 || (reading.isOldVersion && headers.count("host") == 0), "a request has one host");
  for (std::size_t i = 0; i < headers.size(); ++i) {
    auto [name, value] = headers.at(i);
    require(http::isToken(name), "a field's name is a token", name);
    require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos, "a value is one line", value);
  }
  if (auto length = headers.find("content-length")) {
    require(http::parseContentLength(*length) == request.body.size(), "a body is as long as its request says");
    require(!headers.find("transfer-encoding"), "a length is said once");
  }
  require(!reading.keepAlive || !asksToClose(request), "a client that asks to close is heard");
}

// What our own client would make of the request reads as the same request: nobody behind us sees another one. (Only
// HTTP/1.0's expectations, which mean nothing, would be refused of HTTP/1.1.)
void requireSameRewritten(const Reading& reading) {
  const Request& request = reading.request;
  if (reading.isOldVersion && request.headers.find("expect")) return;
  std::string wire;
  require(bool(http::appendRequestHead(wire, request, request.target, "h")), "a request that was read can be written");
  wire += request.body;
  const Limits ample{.head = 1u << 20, .target = 1u << 16, .fields = 200};
  const std::vector<Reading> again = readAll(wire, ample, [&] { return wire.size(); });
  require(again.size() == 2 && again[0].behind == wire.size(), "a rewritten request is one request", wire);
  const Request& other = again[0].request;
  require(other.method == request.method && other.target == request.target && other.body == request.body,
          "a rewritten request is the same", wire);
  auto before = fieldsOf(request), after = fieldsOf(other);
  if (!request.headers.find("host")) after.erase(after.begin());
  require(before == after, "a rewritten request has the same fields", wire);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view wire = fuzz::textOf(data, size);
  support::Seeded random(std::hash<std::string_view>()(wire));
  const auto atOnce = [&] { return wire.size(); };
  const std::size_t longest = std::size_t(1) << random.below(8);
  const auto anywhere = [&] { return 1 + random.below(longest); };
  const std::vector<Reading> whole = readAll(wire, {}, atOnce), tight = readAll(wire, kTight, atOnce);
  requireSame(whole, readAll(wire, {}, anywhere));
  requireSame(tight, readAll(wire, kTight, anywhere));
  for (const Reading& reading : tight)
    if (reading.end == Progress::Done) requireWithin(kTight, reading);
  for (const Reading& reading : whole) {
    if (reading.end != Progress::Done) continue;
    requireWithin({}, reading);
    requireSound(reading);
    requireSameRewritten(reading);
  }
  return 0;
}
