// Keeps somebody's picture of a collection of objects equal to the API server's: list once, then watch for ever.
//
// Every list asks for the most recent state (no resourceVersion) in pages of 500, so that a picture never goes back in
// time and no answer is large. A watch starts where the list ended, asks for bookmarks and lives 25 to 40 s: a server
// that neither ends it nor speaks for 45 s (kWatchIdle) has vanished without a FIN. 410 Gone, wherever it comes, means
// list again; every other failure means the same request again after 0.8 to 30 s (doubling, jittered), without a list.
// 401 and 403 set `refused`: then the picture may be old and nobody would notice, so the program must say it isn't
// ready.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "kube/client.h"
#include "kube/object_reader.h"

namespace kube {

inline constexpr std::chrono::milliseconds kWatchIdle{45'000};  // idle time-out for the HTTP client of the watch

struct ReflectorState {
  enum class Phase { List, Watch };
  std::string path = "/api/v1/serviceaccounts";  // of the collection
  Phase phase = Phase::List;
  std::string resourceVersion = {};  // where the watch goes on
  std::string continueToken = {};    // the next page; empty: the first
  int failures = 0;                  // in a row
  bool synced = false;               // a list has been complete
  bool refused = false;              // the last answer was 401 or 403
  std::string trouble = {};          // the last failure, as a sentence; empty: none since
};

struct ReflectorEvent {
  enum class Type { Start, Page, Accepted, Progress, WatchEnded, Failed };
  Type type = Type::Start;
  ListPage page = {};                // Page
  std::string resourceVersion = {};  // Progress: of an event or a bookmark
  bool brief = false;                // WatchEnded: it brought nothing and lasted less than a second
  base::Error error = {};            // Failed
};

struct ReflectorRequest {
  std::chrono::milliseconds wait{0};  // before sending
  bool isWatch = false;
  bool isFirstPage = false;
  std::string target;
};

struct ReflectorStep {
  ReflectorState state;
  ReflectorRequest request;  // meaningless after Accepted and Progress
};

// The whole of the decision; `random` gives the jitter.
ReflectorStep next(ReflectorState state, const ReflectorEvent& event, const base::RandomBytes& random);

// Told in the reflector's thread, in this order: listBegins, put for each object, listEnds (whatever was not put since
// listBegins is gone), then put and remove. `settled` says that nothing more is at hand for the moment.
struct ObjectObserver {
  std::function<void()> listBegins, listEnds, settled;
  std::function<void(const Object&, bool isListed)> put;
  std::function<void(const Object&)> remove;
  std::function<void(const ReflectorState&)> stateChanged;
};

// Runs in the calling thread until `stop` is seen between two requests.
class Reflector {
 public:
  Reflector(const Client& client, base::Clock& clock, base::RandomBytes random, Selection selection,
            ObjectObserver observer);
  void run(const std::atomic<bool>& stop);

 private:
  ReflectorEvent list(const ReflectorRequest& request);
  ReflectorEvent watch(const ReflectorRequest& request);
  std::optional<ReflectorEvent> take(std::string_view line);  // an event that ends the watch
  void advance(const ReflectorEvent& event);

  const Client& client_;
  base::Clock& clock_;
  base::RandomBytes random_;
  Selection selection_;
  ObjectReader reader_;
  ObjectObserver observer_;
  ReflectorState state_;
  ReflectorRequest request_;
};

}  // namespace kube
