#include "sim/s3_object.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/time.h"
#include "crypto/digest.h"
#include "policy/iam_text.h"
#include "sim/authorize.h"
#include "sim/s3.h"
#include "text/encoding.h"
#include "text/words.h"

namespace sim::s3 {
namespace {

constexpr std::array<std::string_view, 6> kKeptHeaders{"cache-control",    "content-disposition",
                                                       "content-language", "content-type",
                                                       "expires",          "x-amz-website-redirect-location"};
constexpr std::string_view kMetadata = "x-amz-meta-";

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::string_view takeWord(std::string_view& list) {
  std::size_t comma = list.find(',');
  std::string_view word = trimmed(list.substr(0, comma));
  list = comma == list.npos ? std::string_view() : list.substr(comma + 1);
  return word;
}

base::Result<void> checkAcl(Call& call) {
  auto acl = call.request.headers.find("x-amz-acl");
  bool grants = false;
  for (std::size_t i = 0; i < call.request.headers.size(); ++i)
    grants |= text::lowerCase(call.request.headers.at(i).first).starts_with("x-amz-grant-");
  if ((!acl || *acl == "bucket-owner-full-control") && !grants) return {};
  auto bucket = call.state.buckets.find(call.bucket);
  const bool isOpen = bucket != call.state.buckets.end() && bucket->second.ownership != "BucketOwnerEnforced";
  if (isOpen && acl == "private" && !grants) return {};  // what every object is anyway
  if (isOpen) return notImplemented(call, acl ? "x-amz-acl" : "x-amz-grant");
  return awsError("AccessControlListNotSupported", "The bucket does not allow ACLs");
}

// Drops the word aws-chunked, which is about the way and not about the object.
std::string contentEncoding(std::string_view header) {
  std::string out;
  while (!header.empty()) {
    std::string_view word = takeWord(header);
    if (word != "aws-chunked" && !word.empty()) out += (out.empty() ? "" : ",") + std::string(word);
  }
  return out;
}

}  // namespace

std::string quotedTag(std::string_view etag) { return "\"" + std::string(etag) + "\""; }

base::Error noSuchKey(Call& call) {
  if (!mayDo(call, "s3:ListBucket", bucketResource(call))) return awsError("AccessDenied", "Access Denied");
  call.errorDetails = {{"Key", call.key}};
  return awsError("NoSuchKey", "The specified key does not exist.");
}

base::Result<Object*> findObject(Call& call) {
  Bucket* bucket = TRY(findBucket(call));
  auto found = bucket->objects.find(call.key);
  if (found == bucket->objects.end()) return noSuchKey(call);
  return &found->second;
}

base::Result<void> checkVersion(Call& call) {
  auto version = call.parameters.find("versionId");
  if (!version || *version == "null") return {};
  call.errorDetails = {{"ArgumentName", "versionId"}, {"ArgumentValue", std::string(*version)}};
  return awsError("InvalidArgument", "Invalid version id specified");
}

base::Result<Object*> findObjectToRead(Call& call) {
  TRY(checkVersion(call));
  return findObject(call);
}

bool namesTag(std::string_view list, std::string_view etag) {
  while (!list.empty()) {
    std::string_view tag = takeWord(list);
    if (tag == "*" || tag == etag || tag == quotedTag(etag)) return true;
  }
  return false;
}

base::Error preconditionFailed(Call& call, std::string_view condition) {
  call.errorDetails = {{"Condition", std::string(condition)}};
  return awsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
}

Precondition weighConditions(const Conditions& conditions, const Object& object, base::Time now,
                             std::string_view& failed) {
  auto time = [](std::optional<std::string_view> text) -> std::optional<std::int64_t> {
    auto parsed = base::parseHttpDate(text.value_or(std::string_view()));
    return parsed ? std::optional(base::unixSeconds(*parsed)) : std::nullopt;
  };
  auto unmodified = time(conditions.unmodifiedSince), modified = time(conditions.modifiedSince);
  if (conditions.match && !namesTag(*conditions.match, object.etag)) {
    failed = "If-Match";
    return Precondition::Failed;
  }
  if (!conditions.match && unmodified && object.lastModified > *unmodified) {
    failed = "If-Unmodified-Since";
    return Precondition::Failed;
  }
  failed = conditions.noneMatch ? "If-None-Match" : "If-Modified-Since";
  bool same = conditions.noneMatch
                  ? namesTag(*conditions.noneMatch, object.etag)
                  : modified && object.lastModified <= *modified && *modified <= base::unixSeconds(now);
  return same ? Precondition::NotModified : Precondition::Holds;
}

base::Result<void> checkReplacing(Call& call) {
  auto match = call.request.headers.find("if-match");
  if (match && call.request.headers.find("if-none-match")) {
    base::Error error = notImplemented(call, "If-Match,If-None-Match");
    call.errorDetails.emplace_back("additionalMessage", "Multiple conditional request headers present in the request");
    return error;
  }
  if (match == "*") return conditionNotImplemented(call, "If-Match");
  return {};
}

base::Result<void> checkWriteConditions(Call& call, const Object* there) {
  if (auto wanted = call.request.headers.find("if-match")) {
    if (!there) return noSuchKey(call);
    if (!namesTag(*wanted, there->etag)) return preconditionFailed(call, "If-Match");
  }
  auto none = call.request.headers.find("if-none-match");
  if (none && *none != "*") return conditionNotImplemented(call, "If-None-Match");
  if (none && there) return preconditionFailed(call, "If-None-Match");
  return {};
}

base::Result<void> checkNewObject(Call& call) {
  constexpr std::size_t kLongestKey = 1024;
  if (call.key.size() > kLongestKey) {
    call.errorDetails = {{"Size", std::to_string(call.key.size())}, {"MaxSizeAllowed", std::to_string(kLongestKey)}};
    return awsError("KeyTooLongError", "Your key is too long");
  }
  TRY(checkAcl(call));
  // There are no keys of KMS here, and no object is ever locked: taking such a header would be a lie.
  std::string_view encryption = call.request.headers.get("x-amz-server-side-encryption");
  if (!encryption.empty() && encryption != "AES256") return notImplemented(call, "x-amz-server-side-encryption");
  for (std::string_view name : {"x-amz-server-side-encryption-customer-algorithm", "x-amz-object-lock-mode",
                                "x-amz-object-lock-legal-hold", "x-amz-write-offset-bytes"})
    if (call.request.headers.find(name)) return notImplemented(call, name);
  constexpr std::array<std::string_view, 5> kClasses{"STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA",
                                                     "INTELLIGENT_TIERING"};
  auto storage = call.request.headers.find("x-amz-storage-class");
  if (storage && std::find(kClasses.begin(), kClasses.end(), *storage) == kClasses.end()) {
    call.errorDetails = {{"StorageClassRequested", std::string(*storage)}};
    return awsError("InvalidStorageClass", "The storage class you specified is not valid");
  }
  return {};
}

base::Result<std::map<std::string, std::string>> objectHeaders(Call& call) {
  constexpr std::size_t kMostMetadata = 2048;
  std::map<std::string, std::string> kept = {{"content-type", "binary/octet-stream"}};
  std::size_t metadata = 0;
  for (std::size_t i = 0; i < call.request.headers.size(); ++i) {
    auto [field, value] = call.request.headers.at(i);
    std::string name = text::lowerCase(field);
    bool isMetadata = name.starts_with(kMetadata);
    if (isMetadata) metadata += name.size() - kMetadata.size() + value.size();
    bool stays = isMetadata || std::find(kKeptHeaders.begin(), kKeptHeaders.end(), name) != kKeptHeaders.end();
    if (stays && !(name == "content-type" && value.empty())) kept[name] = value;
    if (name == "content-encoding")
      if (std::string encoding = contentEncoding(value); !encoding.empty()) kept[name] = encoding;
    if (name == "x-amz-storage-class" && value != "STANDARD") kept[name] = value;
  }
  if (metadata > kMostMetadata) {
    call.errorDetails = {{"Size", std::to_string(metadata)}, {"MaxSizeAllowed", std::to_string(kMostMetadata)}};
    return awsError("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size");
  }
  return kept;
}

base::Result<Tags> taggingHeader(Call& call) {
  Tags tags;
  auto header = call.request.headers.find("x-amz-tagging");
  if (!header) return tags;
  auto malformed = [&] {
    call.errorDetails = {{"ArgumentName", "x-amz-tagging"}, {"ArgumentValue", std::string(*header)}};
    return awsError("InvalidArgument",
                    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without "
                    "tag name duplicates.");
  };
  auto fields = text::formDecode(*header);
  if (!fields) return malformed();
  for (auto& [key, value] : *fields) {
    if (!policy::isTagText(key) || !policy::isTagText(value)) return malformed();
    TRY(checkTag(call, key, value));
    if (!tags.emplace(key, value).second) return malformed();
  }
  TRY(checkObjectTags(tags));
  return tags;
}

base::Result<void> checkRoom(Call& call, std::size_t bytes, std::size_t replaced) {
  std::size_t stored = storedBytes(call.state) - replaced, most = call.settings.mostStored;
  if (stored + bytes <= most) return {};
  call.errorDetails = {{"ProposedSize", std::to_string(bytes)},
                       {"MaxSizeAllowed", std::to_string(most - std::min(most, stored))}};
  return awsError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size: this simulator keeps " +
                                        std::to_string(most) + " bytes of objects and parts in all");
}

Checksum computed(std::string_view algorithm, std::string_view bytes) {
  return {std::string(algorithm), text::base64(checksum(algorithm, bytes).value_or(""))};
}

Checksum checksumOf(const Call& call) {
  if (auto given = givenChecksum(call)) return {given->first.substr(kChecksumPrefix.size()), given->second};
  return computed("crc64nvme", call.body);
}

std::string_view typeOf(const Checksum& checksum) { return checksum.isComposite() ? "COMPOSITE" : "FULL_OBJECT"; }

void writeChecksum(text::XmlWriter& xml, const Checksum& checksum, bool withType) {
  if (checksum.algorithm.empty()) return;
  xml.leaf("Checksum" + upper(checksum.algorithm), checksum.value);
  if (withType) xml.leaf("ChecksumType", typeOf(checksum));
}

void setChecksum(http::Headers& headers, const Checksum& checksum, bool withType) {
  if (checksum.algorithm.empty()) return;
  headers.set(std::string(kChecksumPrefix) + checksum.algorithm, checksum.value);
  if (withType) headers.set("x-amz-checksum-type", typeOf(checksum));
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = char(c - 32);
  return out;
}

std::string xmlTime(std::int64_t seconds) {
  std::string text = timeText(seconds);
  return text.insert(text.size() - 1, ".000");
}

void writeOwner(text::XmlWriter& xml, const Call& call, std::string_view element) {
  xml.open(element).leaf("ID", text::hex(crypto::sha256(call.settings.account))).close();
}

base::Result<std::optional<Range>> rangeOf(Call& call, std::string_view text, std::size_t size) {
  std::string_view whole = text;
  if (!text.starts_with("bytes=") || text.find(',') != text.npos) return std::optional<Range>();
  text.remove_prefix(6);
  std::size_t dash = text.find('-');
  if (dash == text.npos) return std::optional<Range>();
  auto number = [](std::string_view digits) {
    std::size_t value = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc::result_out_of_range) return std::optional(std::numeric_limits<std::size_t>::max());
    return error == std::errc() && end == digits.data() + digits.size() ? std::optional(value) : std::nullopt;
  };
  std::string_view tail = text.substr(dash + 1);
  std::optional<std::size_t> first = number(text.substr(0, dash)), last = number(tail);
  bool malformed = (!first && dash > 0) || (!last && !tail.empty()) || (!first && !last);
  if (malformed || (first && last && *last < *first)) return std::optional<Range>();
  bool outside = first ? *first >= size : *last == 0 || size == 0;
  if (outside) {
    call.errorDetails = {{"RangeRequested", std::string(whole)}, {"ActualObjectSize", std::to_string(size)}};
    return awsError("InvalidRange", "The requested range is not satisfiable");
  }
  if (!first) return std::optional(Range{size - std::min(size, *last), std::min(size, *last)});
  std::size_t end = last && *last < size ? *last + 1 : size;
  return std::optional(Range{*first, end - *first});
}

base::Result<CopySource> copySource(Call& call) {
  const http::Headers& headers = call.request.headers;
  std::string_view given = headers.get("x-amz-copy-source");
  std::size_t mark = given.find("?versionId=");
  std::string_view version = mark == given.npos ? std::string_view() : given.substr(mark + 11);
  auto path = text::percentDecode(given.substr(0, mark));
  std::string_view rest = path ? std::string_view(*path) : std::string_view();
  if (rest.starts_with('/')) rest.remove_prefix(1);
  std::size_t slash = rest.find('/');
  if (slash == rest.npos || slash == 0 || slash + 1 == rest.size()) {
    call.errorDetails = {{"ArgumentName", "x-amz-copy-source"}, {"ArgumentValue", std::string(given)}};
    return awsError("InvalidArgument",
                    path ? "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
                         : "Invalid copy source encoding");
  }
  // The caller as a reader of the source, with the source's own rights.
  Call reader = readerFor(call, call.request, call.region, std::string(rest.substr(0, slash)),
                          std::string(rest.substr(slash + 1)));
  reader.caller = call.caller;
  auto refused = [&](base::Error error) {
    call.errorDetails = std::move(reader.errorDetails);
    call.reason = std::move(reader.reason);
    return error;
  };
  if (auto bucket = call.state.buckets.find(reader.bucket); bucket == call.state.buckets.end()) {
    call.errorDetails = {{"BucketName", reader.bucket}};
    return awsError("NoSuchBucket", "The specified bucket does not exist");
  }
  auto owner = headers.find("x-amz-source-expected-bucket-owner");
  if (owner && *owner != call.settings.account) return awsError("AccessDenied", "Access Denied");
  if (auto may = authorize(reader, Service::S3, "s3:GetObject", objectResource(reader)); !may)
    return refused(may.error());
  if (!version.empty() && version != "null") return awsError("InvalidArgument", "Invalid version id specified");
  auto& objects = call.state.buckets.at(reader.bucket).objects;
  auto found = objects.find(reader.key);
  if (found == objects.end()) return refused(noSuchKey(reader));
  Conditions conditions{headers.find("x-amz-copy-source-if-match"), headers.find("x-amz-copy-source-if-none-match"),
                        headers.find("x-amz-copy-source-if-modified-since"),
                        headers.find("x-amz-copy-source-if-unmodified-since")};
  std::string_view failed;
  if (weighConditions(conditions, found->second, call.now, failed) != Precondition::Holds)
    return preconditionFailed(call, "x-amz-copy-source-" + std::string(failed));
  return CopySource{reader.bucket, reader.key, &found->second};
}

}  // namespace sim::s3
