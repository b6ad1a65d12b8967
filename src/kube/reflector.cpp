#include "kube/reflector.h"

#include <algorithm>

#include "text/uri.h"

namespace kube {
namespace {

using std::chrono::milliseconds;
using Phase = ReflectorState::Phase;

constexpr std::string_view kWhole = "application/json";
constexpr std::string_view kListAccept =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json";
constexpr std::string_view kWatchAccept =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json";
constexpr milliseconds kFirstWait{800}, kLongestWait{30'000}, kBriefWatch{1'000};
constexpr int kShortestWatch = 25, kWatchSpread = 16;  // seconds

// 0 up to and without `end`.
int randomBelow(int end, const base::RandomBytes& random) {
  const std::string bytes = random(2);
  const unsigned value =
      unsigned(static_cast<unsigned char>(bytes[0])) << 8u | unsigned(static_cast<unsigned char>(bytes[1]));
  return int(value * unsigned(end) >> 16);
}

milliseconds backOff(int failures, const base::RandomBytes& random) {
  milliseconds wait = std::min(kFirstWait * (1 << std::min(failures - 1, 6)), kLongestWait);
  return wait + wait * randomBelow(1000, random) / 1000;
}

bool isExpired(const base::Error& error) {
  // The second: the server's history was set back, e.g. by restoring etcd; waiting for our version is in vain.
  return error.code == "Expired" || error.code == "Gone" ||
         error.message.find("Too large resource version") != std::string::npos;
}

void fail(ReflectorState& state, const std::string& why) {
  ++state.failures;
  state.trouble = why;
}

void recover(ReflectorState& state) {
  state.failures = 0;
  state.refused = false;
  state.trouble.clear();
}

void relist(ReflectorState& state) {
  state.phase = Phase::List;
  state.continueToken.clear();
}

ReflectorRequest requestOf(const ReflectorState& state, const base::RandomBytes& random) {
  ReflectorRequest request;
  if (state.failures > 0) request.wait = backOff(state.failures, random);
  request.isWatch = state.phase == Phase::Watch;
  request.isFirstPage = !request.isWatch && state.continueToken.empty();
  request.target = state.path + (state.path.find('?') == std::string::npos ? '?' : '&');
  if (request.isWatch) {
    request.target +=
        "watch=true&allowWatchBookmarks=true&resourceVersion=" + text::percentEncode(state.resourceVersion) +
        "&timeoutSeconds=" + std::to_string(kShortestWatch + randomBelow(kWatchSpread, random));
  } else {
    request.target += "limit=500";
    if (!state.continueToken.empty()) request.target += "&continue=" + text::percentEncode(state.continueToken);
  }
  return request;
}

}  // namespace

ReflectorStep next(ReflectorState state, const ReflectorEvent& event, const base::RandomBytes& random) {
  switch (event.type) {
    case ReflectorEvent::Type::Start: break;
    case ReflectorEvent::Type::Page:
      recover(state);
      state.continueToken = event.page.continueToken;
      if (!state.continueToken.empty()) break;
      state.resourceVersion = event.page.resourceVersion;
      state.synced = true;
      state.phase = Phase::Watch;
      break;
    case ReflectorEvent::Type::Accepted:
      // Of the watch, which may bring nothing for long. Failures are counted on: it may end at once.
      state.refused = false;
      state.trouble.clear();
      return {std::move(state), {}};
    case ReflectorEvent::Type::Progress:
      recover(state);
      if (!event.resourceVersion.empty()) state.resourceVersion = event.resourceVersion;
      return {std::move(state), {}};
    case ReflectorEvent::Type::WatchEnded:
      if (event.brief)
        fail(state, "the API server ends each watch at once");
      else
        recover(state);
      break;
    case ReflectorEvent::Type::Failed:
      fail(state, event.error.message);
      state.refused = event.error.kind == base::ErrorKind::Denied && !event.error.code.empty();
      if (!isExpired(event.error)) break;
      // An old version or page token is normal after a pause; only a second one in a row is worth waiting for.
      if (state.failures == 1) state.failures = 0;
      relist(state);
      break;
  }
  ReflectorRequest request = requestOf(state, random);
  return {std::move(state), std::move(request)};
}

Reflector::Reflector(const Client& client, base::Clock& clock, base::RandomBytes random, Selection selection,
                     ObjectObserver observer)
    : client_(client),
      clock_(clock),
      random_(std::move(random)),
      selection_(std::move(selection)),
      reader_(selection_),
      observer_(std::move(observer)) {
  state_.path = selection_.path;
}

void Reflector::run(const std::atomic<bool>& stop) {
  advance({});
  while (!stop) {
    if (request_.wait > milliseconds(0)) clock_.sleepFor(request_.wait);
    if (stop) return;
    advance(request_.isWatch ? watch(request_) : list(request_));
  }
}

void Reflector::advance(const ReflectorEvent& event) {
  const bool wasSynced = state_.synced, wasRefused = state_.refused;
  const std::string oldTrouble = state_.trouble;
  ReflectorStep step = next(std::move(state_), event, random_);
  state_ = std::move(step.state);
  const bool isUnderWay = event.type == ReflectorEvent::Type::Accepted || event.type == ReflectorEvent::Type::Progress;
  if (!isUnderWay) request_ = std::move(step.request);
  const bool failed = event.type == ReflectorEvent::Type::Failed;
  if (failed || wasSynced != state_.synced || wasRefused != state_.refused || oldTrouble != state_.trouble)
    observer_.stateChanged(state_);
}

ReflectorEvent Reflector::list(const ReflectorRequest& asked) {
  http::Request request{.method = "GET", .target = asked.target};
  request.headers.add("Accept", selection_.dataKey.empty() ? kListAccept : kWhole);
  base::Result<http::Response> response = client_.send(std::move(request));
  if (!response)
    return {.type = ReflectorEvent::Type::Failed,
            .error = std::move(response).error().during("listing " + selection_.noun)};
  if (response->status != 200)
    return {.type = ReflectorEvent::Type::Failed, .error = errorOf(*response, "listing " + selection_.noun)};
  if (asked.isFirstPage) observer_.listBegins();
  base::Result<ListPage> page =
      reader_.readList(response->body, [&](const Object& object) { observer_.put(object, true); });
  if (!page) return {.type = ReflectorEvent::Type::Failed, .error = std::move(page).error()};
  if (page->continueToken.empty()) observer_.listEnds();
  observer_.settled();
  return {.type = ReflectorEvent::Type::Page, .page = std::move(*page)};
}

ReflectorEvent Reflector::watch(const ReflectorRequest& asked) {
  http::Request request{.method = "GET", .target = asked.target};
  request.headers.add("Accept", selection_.dataKey.empty() ? kWatchAccept : kWhole);
  const base::Time begin = clock_.now();
  bool brought = false;
  std::optional<ReflectorEvent> last;
  LineSplitter lines;
  base::Result<http::Response> response = client_.stream(std::move(request), [&](std::string_view piece) {
    if (piece.empty()) advance({.type = ReflectorEvent::Type::Accepted});
    brought = brought || !piece.empty();
    const bool fits = lines.feed(piece, [&](std::string_view line) {
      last = take(line);
      return !last;
    });
    if (!fits && !last)
      last = {.type = ReflectorEvent::Type::Failed,
              .error = {base::ErrorKind::Conflict, "Expired", "a watch event is longer than 16 MiB: listing again"}};
    observer_.settled();
    return !last;
  });
  if (last) return std::move(*last);
  if (response && response->status >= 300)
    return {.type = ReflectorEvent::Type::Failed, .error = errorOf(*response, "watching " + selection_.noun)};
  // A broken connection after news is how watches end when servers restart: go on from the last version at once.
  if (!response && !brought)
    return {.type = ReflectorEvent::Type::Failed,
            .error = std::move(response).error().during("watching " + selection_.noun)};
  return {.type = ReflectorEvent::Type::WatchEnded, .brief = !brought && clock_.now() - begin < kBriefWatch};
}

std::optional<ReflectorEvent> Reflector::take(std::string_view line) {
  base::Result<const WatchEvent*> read = reader_.readEvent(line);
  if (!read) {
    base::Error error = std::move(read).error();
    error.code = "Expired";  // the same version would bring the same event again
    return ReflectorEvent{.type = ReflectorEvent::Type::Failed, .error = std::move(error)};
  }
  const WatchEvent& event = **read;
  switch (event.type) {
    case WatchEvent::Type::Added:
    case WatchEvent::Type::Modified: observer_.put(event.object, false); break;
    case WatchEvent::Type::Deleted: observer_.remove(event.object); break;
    case WatchEvent::Type::Bookmark: break;
    case WatchEvent::Type::Unknown: return std::nullopt;
    case WatchEvent::Type::Error: {
      http::Response status{.status = event.statusCode == 0 ? 500 : event.statusCode};
      base::Error error = errorOf(status, "watching " + selection_.noun);
      if (!event.reason.empty() && error.code.empty()) error.code = event.reason;
      error.message += ": " + event.message;
      return ReflectorEvent{.type = ReflectorEvent::Type::Failed, .error = std::move(error)};
    }
  }
  advance({.type = ReflectorEvent::Type::Progress, .resourceVersion = event.resourceVersion});
  return std::nullopt;
}

}  // namespace kube
