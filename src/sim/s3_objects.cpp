#include <algorithm>
#include <array>
#include <charconv>

#include "base/time.h"
#include "crypto/digest.h"
#include "sim/authorize.h"
#include "sim/checksum.h"
#include "sim/s3.h"
#include "text/encoding.h"

namespace sim::s3 {
namespace {

constexpr std::array<std::string_view, 5> kKeptHeaders{"cache-control", "content-disposition", "content-language",
                                                       "content-type", "expires"};
constexpr std::string_view kMetadata = "x-amz-meta-", kChecksum = "x-amz-checksum-";

std::string quotedTag(const Object& object) { return "\"" + object.md5 + "\""; }

base::Error preconditionFailed(Call& call, std::string_view condition) {
  call.errorDetails = {{"Condition", std::string(condition)}};
  return awsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
}

// RFC 9110, section 13.1: "*" or a list of entity tags.
bool namesTag(std::string_view list, const Object& object) {
  while (!list.empty()) {
    std::size_t comma = list.find(',');
    std::string_view tag = list.substr(0, comma);
    list = comma == list.npos ? std::string_view() : list.substr(comma + 1);
    while (tag.starts_with(' ')) tag.remove_prefix(1);
    while (tag.ends_with(' ')) tag.remove_suffix(1);
    if (tag == "*" || tag == object.md5 || tag == quotedTag(object)) return true;
  }
  return false;
}

base::Error noSuchKey(Call& call) {
  // Who may not list must not learn what is there.
  if (!mayDo(call, "s3:ListBucket", bucketResource(call))) return awsError("AccessDenied", "Access Denied");
  call.errorDetails = {{"Key", call.key}};
  return awsError("NoSuchKey", "The specified key does not exist.");
}

base::Result<const Object*> findObject(Call& call) {
  Bucket* bucket = TRY(findBucket(call));
  auto found = bucket->objects.find(call.key);
  if (found == bucket->objects.end()) return noSuchKey(call);
  return static_cast<const Object*>(&found->second);
}

// A write's If-Match and If-None-Match. `there` is null when the key is free.
base::Result<void> checkWriteConditions(Call& call, const Object* there) {
  if (auto wanted = call.request.headers.find("if-match")) {
    if (!there) return noSuchKey(call);
    if (!namesTag(*wanted, *there)) return preconditionFailed(call, "If-Match");
  }
  auto none = call.request.headers.find("if-none-match");
  if (none && *none != "*")
    return awsError("NotImplemented", "A header you provided implies functionality that is not implemented.");
  if (none && there) return preconditionFailed(call, "If-None-Match");
  return {};
}

// 304 and 412. True when the answer is complete.
base::Result<bool> checkReadConditions(Call& call, const Object& object) {
  const http::Headers& headers = call.request.headers;
  if (auto wanted = headers.find("if-match")) {
    if (!namesTag(*wanted, object)) return preconditionFailed(call, "If-Match");
  } else if (auto since = base::parseHttpDate(headers.get("if-unmodified-since"))) {
    if (object.lastModified > base::unixSeconds(*since)) return preconditionFailed(call, "If-Unmodified-Since");
  }
  bool same = false;
  if (auto none = headers.find("if-none-match"))
    same = namesTag(*none, object);
  else if (auto since = base::parseHttpDate(headers.get("if-modified-since")))
    same = object.lastModified <= base::unixSeconds(*since);
  if (same) call.response->status = 304;
  return same;
}

void writeHead(Call& call, const Object& object) {
  http::Headers& headers = call.response->headers;
  headers.set("ETag", quotedTag(object));
  headers.set("Last-Modified", base::httpDate(base::fromUnixSeconds(object.lastModified)));
  headers.set("Accept-Ranges", "bytes");
  headers.set("x-amz-server-side-encryption", "AES256");
  bool withChecksum =
      lowered(call.request.headers.get("x-amz-checksum-mode")) == "enabled" && !call.request.headers.find("range");
  for (const auto& [name, value] : object.headers) {
    if (!name.starts_with(kChecksum)) headers.set(name, value);
    if (name.starts_with(kChecksum) && withChecksum)
      headers.set(name, value), headers.set("x-amz-checksum-type", "FULL_OBJECT");
  }
  for (std::string_view name : kKeptHeaders)
    if (auto wanted = call.parameters.find("response-" + std::string(name))) headers.set(name, *wanted);
}

struct Range {
  std::size_t first = 0, size = 0;
};

// "bytes=a-b", "bytes=a-" or "bytes=-n"; anything else is no range at all (RFC 9110, section 14.2).
base::Result<std::optional<Range>> rangeOf(Call& call, std::size_t size) {
  std::string_view text = call.request.headers.get("range");
  if (!text.starts_with("bytes=") || text.find(',') != text.npos) return std::optional<Range>();
  text.remove_prefix(6);
  std::size_t dash = text.find('-');
  if (dash == text.npos) return std::optional<Range>();
  auto number = [](std::string_view digits) {
    std::size_t value = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size() ? std::optional(value) : std::nullopt;
  };
  std::optional<std::size_t> first = number(text.substr(0, dash)), last = number(text.substr(dash + 1));
  if (!first && !last) return std::optional<Range>();
  bool outside = first ? *first >= size : *last == 0 || size == 0;
  if (outside) {
    call.errorDetails = {{"RangeRequested", std::string(call.request.headers.get("range"))},
                         {"ActualObjectSize", std::to_string(size)}};
    return awsError("InvalidRange", "The requested range is not satisfiable");
  }
  if (!first) return std::optional(Range{size - std::min(size, *last), std::min(size, *last)});
  std::size_t end = last ? std::min(*last + 1, size) : size;
  if (end <= *first) return std::optional<Range>();
  return std::optional(Range{*first, end - *first});
}

base::Result<void> answerObject(Call& call, bool withBody) {
  const Object* object = TRY(findObject(call));
  bool done = TRY(checkReadConditions(call, *object));
  writeHead(call, *object);
  if (done) return {};
  auto range = TRY(rangeOf(call, object->body.size()));
  Range part = range.value_or(Range{0, object->body.size()});
  if (range) {
    call.response->status = 206;
    call.response->headers.set("Content-Range", "bytes " + std::to_string(part.first) + "-" +
                                                    std::to_string(part.first + part.size - 1) + "/" +
                                                    std::to_string(object->body.size()));
  }
  if (withBody)
    call.response->body.assign(object->body, part.first, part.size);
  else
    call.response->headers.set("Content-Length", std::to_string(part.size));
  return {};
}

base::Result<void> checkAcl(const Call& call) {
  auto acl = call.request.headers.find("x-amz-acl");
  bool grants = false;
  for (std::size_t i = 0; i < call.request.headers.size(); ++i)
    grants |= lowered(call.request.headers.at(i).first).starts_with("x-amz-grant-");
  if ((!acl || *acl == "bucket-owner-full-control") && !grants) return {};
  return awsError("AccessControlListNotSupported", "The bucket does not allow ACLs");
}

// Drops the word aws-chunked, which is about the way and not about the object.
std::string contentEncoding(std::string_view header) {
  std::string out;
  while (!header.empty()) {
    std::size_t comma = header.find(',');
    std::string_view word = header.substr(0, comma);
    header = comma == header.npos ? std::string_view() : header.substr(comma + 1);
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    if (word != "aws-chunked" && !word.empty()) out += (out.empty() ? "" : ",") + std::string(word);
  }
  return out;
}

base::Result<Object> requestedObject(const Call& call) {
  constexpr std::size_t kMostMetadata = 2048;
  Object object;
  object.body = call.body;
  object.md5 = text::hex(crypto::md5(call.body));
  object.lastModified = base::unixSeconds(call.now);
  object.headers["content-type"] = "binary/octet-stream";
  std::size_t metadata = 0;
  for (std::size_t i = 0; i < call.request.headers.size(); ++i) {
    auto [field, value] = call.request.headers.at(i);
    std::string name = lowered(field);
    bool isMetadata = name.starts_with(kMetadata);
    if (isMetadata) metadata += name.size() - kMetadata.size() + value.size();
    bool kept = isMetadata || std::find(kKeptHeaders.begin(), kKeptHeaders.end(), name) != kKeptHeaders.end();
    if (kept) object.headers[name] = value;
    if (name == "content-encoding")
      if (std::string encoding = contentEncoding(value); !encoding.empty()) object.headers[name] = encoding;
  }
  if (metadata > kMostMetadata)
    return awsError("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size");
  if (auto given = givenChecksum(call)) object.headers[given->first] = given->second;
  return object;
}

}  // namespace

base::Result<void> putObject(Call& call) {
  constexpr std::size_t kLongestKey = 1024;
  Bucket* bucket = TRY(findBucket(call));
  if (call.key.size() > kLongestKey) {
    call.errorDetails = {{"Size", std::to_string(call.key.size())}, {"MaxSizeAllowed", std::to_string(kLongestKey)}};
    return awsError("KeyTooLongError", "Your key is too long");
  }
  TRY(checkAcl(call));
  auto there = bucket->objects.find(call.key);
  TRY(checkWriteConditions(call, there == bucket->objects.end() ? nullptr : &there->second));
  Object object = TRY(requestedObject(call));
  http::Headers& headers = call.response->headers;
  headers.set("ETag", quotedTag(object));
  headers.set("x-amz-server-side-encryption", "AES256");
  if (auto given = givenChecksum(call)) {
    headers.set(given->first, given->second);
    headers.set("x-amz-checksum-type", "FULL_OBJECT");
  }
  bucket->objects[call.key] = std::move(object);
  return {};
}

base::Result<void> getObject(Call& call) { return answerObject(call, true); }

base::Result<void> headObject(Call& call) { return answerObject(call, false); }

base::Result<void> deleteObject(Call& call) {
  Bucket* bucket = TRY(findBucket(call));
  auto there = bucket->objects.find(call.key);
  TRY(checkWriteConditions(call, there == bucket->objects.end() ? nullptr : &there->second));
  bucket->objects.erase(call.key);
  call.response->status = 204;
  return {};
}

base::Result<void> deleteObjects(Call& call) {
  constexpr std::size_t kMost = 1000;
  Bucket* bucket = TRY(findBucket(call));
  text::XmlElement body = TRY(requestXml(call));
  std::vector<const text::XmlElement*> wanted = body.all("Object");
  if (body.name != "Delete" || wanted.empty() || wanted.size() > kMost)
    return awsError("MalformedXML",
                    "The XML you provided was not well-formed or did not validate against our published schema");
  bool quiet = body.textOf("Quiet") == "true";
  text::XmlWriter xml;
  xml.open("DeleteResult", kNamespace);
  for (const text::XmlElement* object : wanted) {
    std::string key(object->textOf("Key"));
    if (!mayDo(call, "s3:DeleteObject", bucketArn(call, call.bucket + "/" + key))) {
      xml.open("Error").leaf("Key", key).leaf("Code", "AccessDenied").leaf("Message", "Access Denied").close();
      continue;
    }
    bucket->objects.erase(key);
    if (!quiet) xml.open("Deleted").leaf("Key", key).close();
  }
  answerXml(call, std::move(xml));
  return {};
}

}  // namespace sim::s3
