#include "kube/object_reader.h"

#include <charconv>

#include "base/time.h"

namespace kube {
namespace {

constexpr std::int64_t kLargestStatus = 999;  // of HTTP: three digits

std::uint64_t numeric(std::string_view resourceVersion) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(resourceVersion.data(), resourceVersion.data() + resourceVersion.size(), value);
  return error == std::errc() && end == resourceVersion.data() + resourceVersion.size() ? value : 0;
}

void clear(Object& object) {
  object.nameSpace.clear();
  object.name.clear();
  object.annotations.clear();
  object.data.clear();
  object.resourceVersion = 0;
  object.created = 0;
}

WatchEvent::Type typeOf(std::string_view name) {
  if (name == "ADDED") return WatchEvent::Type::Added;
  if (name == "MODIFIED") return WatchEvent::Type::Modified;
  if (name == "DELETED") return WatchEvent::Type::Deleted;
  if (name == "BOOKMARK") return WatchEvent::Type::Bookmark;
  if (name == "ERROR") return WatchEvent::Type::Error;
  return WatchEvent::Type::Unknown;
}

}  // namespace

void ObjectReader::metadata(Object& object, std::string& resourceVersion) {
  if (json_.null()) return;
  json_.object([&](std::string_view key) {
    if (key == "name") {
      object.name = json_.string();
    } else if (key == "namespace") {
      object.nameSpace = json_.string();
    } else if (key == "resourceVersion") {
      resourceVersion = json_.string();
      object.resourceVersion = numeric(resourceVersion);
    } else if (key == "creationTimestamp" && !json_.null()) {
      base::Result<base::Time> time = base::parseRfc3339(json_.string());
      if (time) object.created = base::unixSeconds(*time);
    } else if (key == "annotations" && !json_.null()) {
      json_.object([&](std::string_view name) {
        if (!selection_.keepsAnnotation(name)) return json_.skip();
        object.annotations.emplace_back(name, json_.string());
      });
    } else if (key != "creationTimestamp" && key != "annotations") {
      json_.skip();
    }
  });
}

void ObjectReader::data(Object& object) {
  if (json_.null()) return;
  json_.object([&](std::string_view key) {
    if (key != selection_.dataKey) return json_.skip();
    object.data = json_.string();
  });
}

// An object, or in an Error event a Status.
void ObjectReader::object(Object& object, WatchEvent* event) {
  clear(object);
  std::string scratch;
  json_.object([&](std::string_view key) {
    if (key == "metadata") return metadata(object, event ? event->resourceVersion : scratch);
    if (key == "data" && !selection_.dataKey.empty()) return data(object);
    if (event && key == "code" && json_.peek() == text::JsonReader::Kind::Number) {
      const std::int64_t code = json_.integer();
      event->statusCode = code >= 0 && code <= kLargestStatus ? int(code) : 0;
    } else if (event && key == "reason") {
      event->reason = json_.string();
    } else if (event && key == "message") {
      event->message = json_.string();
    } else {
      json_.skip();
    }
  });
}

base::Result<ListPage> ObjectReader::readList(std::string_view document,
                                              const std::function<void(const Object&)>& item) {
  ListPage page;
  json_.open(document);
  json_.object([&](std::string_view key) {
    if (key == "items" && !json_.null()) {
      json_.array([&] {
        object(object_, nullptr);
        if (!json_.failed()) item(object_);
      });
    } else if (key == "metadata") {
      json_.object([&](std::string_view name) {
        if (name == "resourceVersion") {
          page.resourceVersion = json_.string();
        } else if (name == "continue") {
          page.continueToken = json_.string();
        } else {
          json_.skip();
        }
      });
    } else if (key != "items") {
      json_.skip();
    }
  });
  if (!json_.finish()) return json_.error().during("a list of " + selection_.noun);
  if (page.resourceVersion.empty()) return base::invalid("a list of " + selection_.noun + " has no resourceVersion");
  return page;
}

base::Result<Object> ObjectReader::readObject(std::string_view document) {
  json_.open(document);
  object(object_, nullptr);
  if (!json_.finish()) return json_.error().during("one of " + selection_.noun);
  return object_;
}

base::Result<const WatchEvent*> ObjectReader::readEvent(std::string_view document) {
  event_.type = WatchEvent::Type::Unknown;
  event_.resourceVersion.clear();
  event_.reason.clear();
  event_.message.clear();
  event_.statusCode = 0;
  clear(event_.object);
  json_.open(document);
  json_.object([&](std::string_view key) {
    if (key == "type") {
      event_.type = typeOf(json_.string());
    } else if (key == "object") {
      object(event_.object, &event_);
    } else {
      json_.skip();
    }
  });
  if (!json_.finish()) return json_.error().during("a watch event");
  return &event_;
}

bool LineSplitter::feed(std::string_view piece, const std::function<bool(std::string_view line)>& line) {
  for (std::size_t end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
    std::string_view whole = piece.substr(0, end);
    if (!pending_.empty()) whole = pending_.append(whole);
    if (whole.size() > limit_) return false;
    if (whole.find_first_not_of(" \t\r") != std::string_view::npos && !line(whole)) return false;
    pending_.clear();
    piece.remove_prefix(end + 1);
  }
  pending_.append(piece);
  return pending_.size() <= limit_;
}

}  // namespace kube
