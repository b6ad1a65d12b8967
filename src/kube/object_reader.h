// ServiceAccounts as the API server lists and streams them, reduced to what a decision needs: metadata only
// (PartialObjectMetadata), and of the annotations only those under one prefix. Read with the pull reader, so that a
// page of 500 or a storm of events costs no document tree.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "text/json_reader.h"

namespace kube {

struct ServiceAccount {
  std::string nameSpace, name;
  std::uint64_t resourceVersion = 0;                             // 0: not a number
  std::int64_t created = 0;                                      // Unix seconds; 0: unknown
  std::vector<std::pair<std::string, std::string>> annotations;  // full keys, in the document's order

  bool operator==(const ServiceAccount&) const = default;
};

// What a list page says beside its items.
struct ListPage {
  std::string resourceVersion;  // opaque
  std::string continueToken;    // empty: the last page
};

// One event of a watch.
struct WatchEvent {
  enum class Type { Added, Modified, Deleted, Bookmark, Error, Unknown };
  Type type = Type::Unknown;
  ServiceAccount account;       // Added, Modified, Deleted
  std::string resourceVersion;  // opaque; of the object or the bookmark
  int statusCode = 0;           // Error: the HTTP status it stands for
  std::string reason, message;  // Error
};

// Reuses its buffers; one per thread.
class ServiceAccountReader {
 public:
  // Keeps annotations whose key starts with `annotationPrefix`; empty keeps all.
  explicit ServiceAccountReader(std::string annotationPrefix) : prefix_(std::move(annotationPrefix)) {}

  // Calls `item` for each account of a list; the reference is good until the call returns.
  base::Result<ListPage> readList(std::string_view document, const std::function<void(const ServiceAccount&)>& item);
  base::Result<ServiceAccount> readAccount(std::string_view document);
  // The reference is good until the next call.
  base::Result<const WatchEvent*> readEvent(std::string_view document);

 private:
  void object(ServiceAccount& account, WatchEvent* event);
  void metadata(ServiceAccount& account, std::string& resourceVersion);

  text::JsonReader json_;
  std::string prefix_;
  ServiceAccount account_;
  WatchEvent event_;
};

// A watch answers with one JSON document a line, cut anywhere by the network. feed() calls `line` for each whole line
// and keeps the rest; false when a line is longer than `limit` bytes.
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t limit = 16u << 20) : limit_(limit) {}
  bool feed(std::string_view piece, const std::function<bool(std::string_view line)>& line);

 private:
  std::size_t limit_;
  std::string pending_;
};

}  // namespace kube
