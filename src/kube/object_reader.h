// Objects as the API server lists and streams them, reduced to what a decision needs: of the metadata a few members and
// some annotations, and of a ConfigMap one key of its data. Read with the pull reader, so that a page of 500 or a storm
// of events costs no document tree.
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

struct Object {
  std::string nameSpace, name;
  std::uint64_t resourceVersion = 0;                             // 0: not a number
  std::int64_t created = 0;                                      // Unix seconds; 0: unknown
  std::vector<std::pair<std::string, std::string>> annotations;  // full keys, in the document's order
  std::string data;                                              // under Selection::dataKey

  bool operator==(const Object&) const = default;
};

// What is listed and watched, and what of it is kept.
struct Selection {
  std::string path = "/api/v1/serviceaccounts";  // of the collection, with a fieldSelector perhaps
  std::string noun = "service accounts";         // in messages
  std::function<bool(std::string_view key)> keepsAnnotation = [](std::string_view) { return true; };
  std::string dataKey = {};  // empty: metadata is enough, and is asked for as PartialObjectMetadata
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
  Object object;                // Added, Modified, Deleted
  std::string resourceVersion;  // opaque; of the object or the bookmark
  int statusCode = 0;           // Error: the HTTP status it stands for; 0: none
  std::string reason, message;  // Error
};

// Reuses its buffers; one per thread.
class ObjectReader {
 public:
  explicit ObjectReader(Selection selection) : selection_(std::move(selection)) {}

  // Calls `item` for each object of a list; the reference is good until the call returns.
  base::Result<ListPage> readList(std::string_view document, const std::function<void(const Object&)>& item);
  base::Result<Object> readObject(std::string_view document);
  // The reference is good until the next call.
  base::Result<const WatchEvent*> readEvent(std::string_view document);

 private:
  void object(Object& object, WatchEvent* event);
  void metadata(Object& object, std::string& resourceVersion);
  void data(Object& object);

  text::JsonReader json_;
  Selection selection_;
  Object object_;
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
