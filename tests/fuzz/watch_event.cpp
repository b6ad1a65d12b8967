// What an API server lists and streams: a watch's lines cut anywhere, its events, pages of a list, single objects.
// Covers: src/kube/object_reader.cpp
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "base/time.h"
#include "fuzz/support/json_mutator.h"
#include "fuzz/target.h"
#include "kube/object_reader.h"
#include "support/seeded.h"
#include "text/json.h"

namespace {

using fuzz::require;
using kube::WatchEvent;
using text::Json;

constexpr std::string_view kKept = "eks.amazonaws.com/";

kube::Selection selectionOf(std::string_view dataKey) {
  kube::Selection selection;
  selection.keepsAnnotation = [](std::string_view key) { return key.starts_with(kKept); };
  selection.dataKey = dataKey;
  return selection;
}

struct Split {
  bool isWhole = true;  // no line was too long
  std::vector<std::string> lines;
  bool operator==(const Split&) const = default;
};

Split split(std::string_view stream, std::size_t limit, const std::function<std::size_t()>& piece) {
  kube::LineSplitter splitter(limit);
  Split result;
  while (result.isWhole && !stream.empty()) {
    const std::string_view input = stream.substr(0, piece());
    stream.remove_prefix(input.size());
    result.isWhole = splitter.feed(input, [&](std::string_view line) {
      result.lines.emplace_back(line);
      return true;
    });
  }
  return result;
}

// 0 for what is no number of 64 bits.
std::uint64_t versionOf(std::string text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) return 0;
  text.erase(0, text.find_first_not_of('0'));
  const std::string largest = std::to_string(std::numeric_limits<std::uint64_t>::max());
  const bool fits = text.size() < largest.size() || (text.size() == largest.size() && text <= largest);
  return text.empty() || !fits ? 0 : std::stoull(text);
}

// What the pull reader kept is what the document says.
void requireSame(const kube::Object& object, const Json& json, std::string_view dataKey) {
  const Json& metadata = text::at(json, "metadata");
  require(object.name == text::stringAt(metadata, "name"), "an object has its name");
  require(object.nameSpace == text::stringAt(metadata, "namespace"), "an object has its namespace");
  require(object.resourceVersion == versionOf(text::stringAt(metadata, "resourceVersion")), "a version is a number");
  const base::Result<base::Time> created = base::parseRfc3339(text::stringAt(metadata, "creationTimestamp"));
  require(object.created == (created ? base::unixSeconds(*created) : 0), "an object has its age");
  std::vector<std::pair<std::string, std::string>> annotations;
  for (const auto& [key, value] : text::at(metadata, "annotations").items())  // of a null: nothing
    if (key.starts_with(kKept)) annotations.emplace_back(key, value.get<std::string>());
  require(object.annotations == annotations, "an object has its annotations");
  require(object.data == (dataKey.empty() ? "" : text::stringAt(text::at(json, "data"), dataKey)), "data is kept");
}

void requireSame(const WatchEvent& event, const Json& json, std::string_view dataKey) {
  static constexpr std::pair<std::string_view, WatchEvent::Type> kTypes[] = {{"ADDED", WatchEvent::Type::Added},
                                                                             {"MODIFIED", WatchEvent::Type::Modified},
                                                                             {"DELETED", WatchEvent::Type::Deleted},
                                                                             {"BOOKMARK", WatchEvent::Type::Bookmark},
                                                                             {"ERROR", WatchEvent::Type::Error}};
  WatchEvent::Type expected = WatchEvent::Type::Unknown;
  for (const auto& [name, type] : kTypes)
    if (text::stringAt(json, "type") == name) expected = type;
  require(event.type == expected, "an event has its type");
  const Json& object = text::at(json, "object");
  requireSame(event.object, object, dataKey);
  require(event.resourceVersion == text::stringAt(text::at(object, "metadata"), "resourceVersion"),
          "a version is kept");
  require(event.reason == text::stringAt(object, "reason") && event.message == text::stringAt(object, "message"),
          "an error has its words");
  const Json& code = text::at(object, "code");
  require(event.statusCode == (code.is_number_integer() && code >= 0 && code <= 999 ? code.get<int>() : 0),
          "an error has its status");
}

void requireGoodEvent(kube::ObjectReader& used, std::string_view line, std::string_view dataKey) {
  kube::ObjectReader fresh(selectionOf(dataKey));
  const base::Result<const WatchEvent*> event = used.readEvent(line), again = fresh.readEvent(line);
  require(bool(event) == bool(again), "a used reader takes what a fresh one does");
  if (!event) return require(event.error() == again.error(), "a used reader refuses as a fresh one does");
  require((*event)->object == (*again)->object && (*event)->resourceVersion == (*again)->resourceVersion,
          "nothing is left of the event before");
  if (const base::Result<Json> json = text::parseJson(line)) requireSame(**event, *json, dataKey);
}

void requireGoodList(kube::ObjectReader& reader, std::string_view document, std::string_view dataKey) {
  std::vector<kube::Object> items;
  const base::Result<kube::ListPage> page =
      reader.readList(document, [&](const kube::Object& object) { items.push_back(object); });
  const base::Result<Json> json = text::parseJson(document);
  if (!page || !json) return;
  const Json &expected = text::at(*json, "items"), &metadata = text::at(*json, "metadata");
  require(items.size() == expected.size(), "a page has as many items");
  for (std::size_t i = 0; i < items.size(); ++i) requireSame(items[i], expected[i], dataKey);
  require(!page->resourceVersion.empty() && page->resourceVersion == text::stringAt(metadata, "resourceVersion"),
          "a page has its version");
  require(page->continueToken == text::stringAt(metadata, "continue"), "a page says how to go on");
}

void requireGoodObject(kube::ObjectReader& reader, std::string_view document, std::string_view dataKey) {
  const base::Result<kube::Object> object = reader.readObject(document);
  const base::Result<Json> json = text::parseJson(document);
  if (object && json) requireSame(*object, *json, dataKey);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t maxSize,
                                               unsigned seed) {
  return fuzz::mutateJson(data, size, maxSize, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream = fuzz::textOf(data, size);
  support::Seeded random(std::hash<std::string_view>()(stream));
  const auto anywhere = [&] { return 1 + random.below(40); };
  const Split whole = split(stream, 1u << 20, [&] { return stream.size(); });
  require(whole == split(stream, 1u << 20, anywhere), "lines are the same wherever a stream was cut");
  require(split(stream, 32, [&] { return stream.size(); }) == split(stream, 32, anywhere),
          "a limit holds wherever a stream was cut");
  for (std::string_view dataKey : {"", "config"}) {
    kube::ObjectReader reader(selectionOf(dataKey));
    for (const std::string& line : whole.lines) requireGoodEvent(reader, line, dataKey);
    requireGoodEvent(reader, stream, dataKey);
    requireGoodList(reader, stream, dataKey);
    requireGoodObject(reader, stream, dataKey);
  }
  return 0;
}
