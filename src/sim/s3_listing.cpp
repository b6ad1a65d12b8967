#include "sim/s3_listing.h"

#include <algorithm>
#include <limits>

#include "sim/s3.h"
#include "sim/s3_object.h"
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

// Keys after `after`, in the order of their bytes. When `after` is a common prefix, what rolls up into it is over.
Listing list(const Bucket& bucket, const ListRequest& wanted, const std::string& after) {
  Listing out;
  if (wanted.most == 0) return out;
  auto entry = bucket.objects.lower_bound(std::max(std::string(wanted.prefix), after));
  for (; entry != bucket.objects.end(); ++entry) {
    const std::string& key = entry->first;
    if (!key.starts_with(wanted.prefix)) break;
    if (!after.empty() && key == after) continue;
    std::string rolled = commonPrefix(wanted, key);
    if (!rolled.empty() && (rolled == after || (!out.prefixes.empty() && out.prefixes.back() == rolled))) continue;
    if (out.objects.size() + out.prefixes.size() == wanted.most) {
      out.isTruncated = true;
      break;
    }
    out.last = rolled.empty() ? key : rolled;
    if (rolled.empty())
      out.objects.emplace_back(&key, &entry->second);
    else
      out.prefixes.push_back(std::move(rolled));
  }
  return out;
}

void writeHead(text::XmlWriter& xml, const Call& call, const ListRequest& asked, const Listing& listing) {
  xml.open("ListBucketResult", kNamespace).leaf("Name", call.bucket).leaf("Prefix", shown(asked, asked.prefix));
  xml.leaf("MaxKeys", std::to_string(asked.most)).leaf("IsTruncated", listing.isTruncated ? "true" : "false");
  if (!asked.delimiter.empty()) xml.leaf("Delimiter", shown(asked, asked.delimiter));
  if (asked.encoded) xml.leaf("EncodingType", "url");
}

void writeItems(text::XmlWriter& xml, const Call& call, const ListRequest& asked, const Listing& listing,
                bool withOwner) {
  for (const auto& [key, object] : listing.objects) {
    xml.open("Contents").leaf("Key", shown(asked, *key)).leaf("LastModified", xmlTime(object->lastModified));
    xml.leaf("ETag", quotedTag(object->etag));
    if (!object->checksum.algorithm.empty())
      xml.leaf("ChecksumAlgorithm", upper(object->checksum.algorithm)).leaf("ChecksumType", typeOf(object->checksum));
    xml.leaf("Size", std::to_string(object->body.size()));
    if (withOwner) writeOwner(xml, call);
    xml.leaf("StorageClass", storageClassOf(object->headers)).close();
  }
  for (const std::string& prefix : listing.prefixes)
    xml.open("CommonPrefixes").leaf("Prefix", shown(asked, prefix)).close();
}

}  // namespace

base::Error badContinuation(Call& call) {
  call.errorDetails = {{"ArgumentName", "continuation-token"}};
  return awsError("InvalidArgument", "The continuation token provided is incorrect");
}

base::Result<std::int64_t> countOf(Call& call, std::string_view name, std::int64_t otherwise) {
  std::string_view text = call.parameters.get(name);
  if (text.empty()) return otherwise;
  auto value = call.parameters.number(name);
  if (value && **value >= 0 && **value <= std::numeric_limits<std::int32_t>::max()) return **value;
  call.errorDetails = {{"ArgumentName", std::string(name)}, {"ArgumentValue", std::string(text)}};
  bool isNegative = value && **value < 0;
  return awsError("InvalidArgument",
                  isNegative ? "Argument " + std::string(name) + " must be an integer between 0 and 2147483647"
                             : "Provided " + std::string(name) + " not an integer or within integer range");
}

base::Result<ListRequest> listRequest(Call& call, std::string_view countName) {
  ListRequest out;
  out.prefix = call.parameters.get("prefix");
  out.delimiter = call.parameters.get("delimiter");
  std::int64_t most = TRY(countOf(call, countName, kMostKeys));
  out.most = std::size_t(std::min(most, kMostKeys));
  auto encoding = call.parameters.find("encoding-type");
  if (encoding && *encoding != "url") {
    call.errorDetails = {{"ArgumentName", "encoding-type"}, {"ArgumentValue", std::string(*encoding)}};
    return awsError("InvalidArgument", "Invalid Encoding Method specified in Request");
  }
  out.encoded = bool(encoding);
  return out;
}

std::string commonPrefix(const ListRequest& request, std::string_view key) {
  if (request.delimiter.empty()) return "";
  std::size_t cut = key.find(request.delimiter, request.prefix.size());
  return cut == key.npos ? "" : std::string(key.substr(0, cut + request.delimiter.size()));
}

std::string shown(const ListRequest& request, std::string_view text) {
  return request.encoded ? text::percentEncode(text, "/") : std::string(text);
}

base::Result<void> listObjects(Call& call) {
  const Bucket* bucket = TRY(findBucket(call));
  ListRequest wanted = TRY(listRequest(call, "max-keys"));
  std::string marker(call.parameters.get("marker"));
  Listing listing = list(*bucket, wanted, marker);
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
  ListRequest wanted = TRY(listRequest(call, "max-keys"));
  std::string after(call.parameters.get("start-after"));
  auto token = call.parameters.find("continuation-token");
  if (token) {
    auto plain = text::decodeBase64Url(*token);
    if (!plain || plain->empty()) return badContinuation(call);
    after = *plain;
  }
  Listing listing = list(*bucket, wanted, after);
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
