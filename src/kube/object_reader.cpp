#include "kube/service_account.h"

#include <charconv>

#include "base/time.h"

namespace kube {
namespace {

std::uint64_t numeric(std::string_view resourceVersion) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(resourceVersion.data(), resourceVersion.data() + resourceVersion.size(), value);
  return error == std::errc() && end == resourceVersion.data() + resourceVersion.size() ? value : 0;
}

void clear(ServiceAccount& account) {
  account.nameSpace.clear();
  account.name.clear();
  account.annotations.clear();
  account.resourceVersion = 0;
  account.created = 0;
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

void ServiceAccountReader::metadata(ServiceAccount& account, std::string& resourceVersion) {
  if (json_.null()) return;
  json_.object([&](std::string_view key) {
    if (key == "name") {
      account.name = json_.string();
    } else if (key == "namespace") {
      account.nameSpace = json_.string();
    } else if (key == "resourceVersion") {
      resourceVersion = json_.string();
      account.resourceVersion = numeric(resourceVersion);
    } else if (key == "creationTimestamp" && !json_.null()) {
      base::Result<base::Time> time = base::parseRfc3339(json_.string());
      if (time) account.created = base::unixSeconds(*time);
    } else if (key == "annotations" && !json_.null()) {
      json_.object([&](std::string_view name) {
        if (!name.starts_with(prefix_)) return json_.skip();
        account.annotations.emplace_back(name, json_.string());
      });
    } else if (key != "creationTimestamp" && key != "annotations") {
      json_.skip();
    }
  });
}

// An account, or in an Error event a Status.
void ServiceAccountReader::object(ServiceAccount& account, WatchEvent* event) {
  clear(account);
  std::string scratch;
  json_.object([&](std::string_view key) {
    if (key == "metadata") return metadata(account, event ? event->resourceVersion : scratch);
    if (event && key == "code" && json_.peek() == text::JsonReader::Kind::Number) {
      event->statusCode = int(json_.integer());
    } else if (event && key == "reason") {
      event->reason = json_.string();
    } else if (event && key == "message") {
      event->message = json_.string();
    } else {
      json_.skip();
    }
  });
}

base::Result<ListPage> ServiceAccountReader::readList(std::string_view document,
                                                      const std::function<void(const ServiceAccount&)>& item) {
  ListPage page;
  json_.open(document);
  json_.object([&](std::string_view key) {
    if (key == "items" && !json_.null()) {
      json_.array([&] {
        object(account_, nullptr);
        if (!json_.failed()) item(account_);
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
  if (!json_.finish()) return json_.error().during("a list of service accounts");
  if (page.resourceVersion.empty()) return base::invalid("a list of service accounts has no resourceVersion");
  return page;
}

base::Result<ServiceAccount> ServiceAccountReader::readAccount(std::string_view document) {
  json_.open(document);
  object(account_, nullptr);
  if (!json_.finish()) return json_.error().during("a service account");
  return account_;
}

base::Result<const WatchEvent*> ServiceAccountReader::readEvent(std::string_view document) {
  event_.type = WatchEvent::Type::Unknown;
  event_.resourceVersion.clear();
  event_.reason.clear();
  event_.message.clear();
  event_.statusCode = 0;
  clear(event_.account);
  json_.open(document);
  json_.object([&](std::string_view key) {
    if (key == "type") {
      event_.type = typeOf(json_.string());
    } else if (key == "object") {
      object(event_.account, &event_);
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
