#include <algorithm>

#include "sim/s3.h"
#include "text/encoding.h"
#include "text/uri.h"

namespace sim::s3 {
namespace {

constexpr std::int64_t kMostKeys = 1000;

struct Listing {
  std::vector<std::pair<const std::string*, const Object*>> objects;
  std::vector<std::string> prefixes;
  bool isTruncated = false;
  std::string last;  // the last key or common prefix listed: where the next page goes on
};

// Keys after `after`, in the order of their bytes; keys that share a prefix up to `delimiter` roll up into one entry.
Listing list(const Bucket& bucket, std::string_view prefix, std::string_view delimiter, const std::string& after,
             std::size_t most) {
  Listing out;
  if (most == 0) return out;
  for (auto entry = bucket.objects.lower_bound(std::string(prefix)); entry != bucket.objects.end(); ++entry) {
    const std::string& key = entry->first;
    if (!key.starts_with(prefix)) break;
    std::size_t cut = delimiter.empty() ? key.npos : key.find(delimiter, prefix.size());
    std::string rolled = cut == key.npos ? "" : key.substr(0, cut + delimiter.size());
    const std::string& name = rolled.empty() ? key : rolled;
    if (!after.empty() && name <= after) continue;
    if (!rolled.empty() && !out.prefixes.empty() && out.prefixes.back() == rolled) continue;
    if (out.objects.size() + out.prefixes.size() == most) {
      out.isTruncated = true;
      break;
    }
    out.last = name;
    if (rolled.empty())
      out.objects.emplace_back(&key, &entry->second);
    else
      out.prefixes.push_back(std::move(rolled));
  }
  return out;
}

struct Asked {
  std::string_view prefix, delimiter;
  std::size_t most = 0;
  bool encoded = false;
};

base::Result<Asked> asked(const Call& call) {
  Asked out;
  out.prefix = call.parameters.get("prefix");
  out.delimiter = call.parameters.get("delimiter");
  auto most = call.parameters.number("max-keys");
  bool empty = call.parameters.get("max-keys").empty();
  if (!empty && (!most || **most < 0))
    return awsError("InvalidArgument", "Provided max-keys not an integer or within integer range");
  out.most = std::size_t(empty ? kMostKeys : std::min(**most, kMostKeys));
  auto encoding = call.parameters.find("encoding-type");
  if (encoding && *encoding != "url")
    return awsError("InvalidArgument", "Invalid Encoding Method specified in Request");
  out.encoded = bool(encoding);
  return out;
}

std::string shown(const Asked& asked, std::string_view text) {
  return asked.encoded ? text::percentEncode(text, "/") : std::string(text);
}

void writeHead(text::XmlWriter& xml, const Call& call, const Asked& asked, const Listing& listing) {
  xml.open("ListBucketResult", kNamespace).leaf("Name", call.bucket).leaf("Prefix", shown(asked, asked.prefix));
  xml.leaf("MaxKeys", std::to_string(asked.most)).leaf("IsTruncated", listing.isTruncated ? "true" : "false");
  if (!asked.delimiter.empty()) xml.leaf("Delimiter", shown(asked, asked.delimiter));
  if (asked.encoded) xml.leaf("EncodingType", "url");
}

void writeItems(text::XmlWriter& xml, const Call& call, const Asked& asked, const Listing& listing, bool withOwner) {
  for (const auto& [key, object] : listing.objects) {
    xml.open("Contents").leaf("Key", shown(asked, *key)).leaf("LastModified", timeText(object->lastModified));
    xml.leaf("ETag", "\"" + object->md5 + "\"").leaf("Size", std::to_string(object->body.size()));
    if (withOwner) xml.open("Owner").leaf("ID", call.settings.account).close();
    xml.leaf("StorageClass", "STANDARD").close();
  }
  for (const std::string& prefix : listing.prefixes)
    xml.open("CommonPrefixes").leaf("Prefix", shown(asked, prefix)).close();
}

}  // namespace

base::Result<void> listObjects(Call& call) {
  const Bucket* bucket = TRY(findBucket(call));
  Asked wanted = TRY(asked(call));
  std::string marker(call.parameters.get("marker"));
  Listing listing = list(*bucket, wanted.prefix, wanted.delimiter, marker, wanted.most);
  text::XmlWriter xml;
  writeHead(xml, call, wanted, listing);
  xml.leaf("Marker", shown(wanted, marker));
  if (listing.isTruncated && !wanted.delimiter.empty()) xml.leaf("NextMarker", shown(wanted, listing.last));
  writeItems(xml, call, wanted, listing, true);
  answerXml(call, std::move(xml));
  return {};
}

base::Result<void> listObjectsV2(Call& call) {
  const Bucket* bucket = TRY(findBucket(call));
  Asked wanted = TRY(asked(call));
  std::string after(call.parameters.get("start-after"));
  auto token = call.parameters.find("continuation-token");
  if (token) {
    auto plain = text::decodeBase64Url(*token);
    if (!plain || plain->empty()) return awsError("InvalidArgument", "The continuation token provided is incorrect");
    after = *plain;
  }
  Listing listing = list(*bucket, wanted.prefix, wanted.delimiter, after, wanted.most);
  text::XmlWriter xml;
  writeHead(xml, call, wanted, listing);
  xml.leaf("KeyCount", std::to_string(listing.objects.size() + listing.prefixes.size()));
  if (token) xml.leaf("ContinuationToken", *token);
  if (call.parameters.has("start-after")) xml.leaf("StartAfter", shown(wanted, call.parameters.get("start-after")));
  if (listing.isTruncated) xml.leaf("NextContinuationToken", text::base64Url(listing.last));
  writeItems(xml, call, wanted, listing, call.parameters.get("fetch-owner") == "true");
  answerXml(call, std::move(xml));
  return {};
}

}  // namespace sim::s3
