// What the operations on objects share: preconditions, the headers that stay with an object, its checksum, and the room
// there is for it.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sim/checksum.h"
#include "sim/operation.h"

namespace sim::s3 {

std::string quotedTag(std::string_view etag);

// NoSuchKey, or AccessDenied to those who may not list: they must not learn what is there.
base::Error noSuchKey(Call& call);
base::Result<Object*> findObject(Call& call);
base::Result<void> checkVersion(Call& call);         // the versionId is "null" if one is named
base::Result<Object*> findObjectToRead(Call& call);  // findObject() and checkVersion()

// RFC 9110, section 13.1: whether the list names the entity tag, or is "*".
bool namesTag(std::string_view list, std::string_view etag);
base::Error preconditionFailed(Call& call, std::string_view condition);

// The four conditions, each a header of its own name: those of a read, or those that begin with x-amz-copy-source-.
struct Conditions {
  std::optional<std::string_view> match, noneMatch, modifiedSince, unmodifiedSince;
};
enum class Precondition { Holds, NotModified, Failed };
// At `now`: a time in the future says nothing of what has been modified since.
Precondition weighConditions(const Conditions& conditions, const Object& object, base::Time now,
                             std::string_view& failed);
// Of a write that replaces: one condition at most, and no If-Match of everything.
base::Result<void> checkReplacing(Call& call);
// A write's If-Match and If-None-Match against what is there: null when the key is free.
base::Result<void> checkWriteConditions(Call& call, const Object* there);

// What a new object needs to be right before its body is looked at: key, ACL, encryption and storage class.
base::Result<void> checkNewObject(Call& call);
// content-type, cache-control, x-amz-meta-… as they stay with the object.
base::Result<std::map<std::string, std::string>> objectHeaders(Call& call);
base::Result<Tags> taggingHeader(Call& call);  // x-amz-tagging

// EntityTooLarge when `bytes` more would not fit in Settings::mostStored beside what is stored, less the `replaced`
// ones.
base::Result<void> checkRoom(Call& call, std::size_t bytes, std::size_t replaced);

// The checksum that came with the payload, else CRC64NVME as S3 computes it itself.
Checksum checksumOf(const Call& call);
Checksum computed(std::string_view algorithm, std::string_view bytes);
std::string_view typeOf(const Checksum& checksum);  // FULL_OBJECT or COMPOSITE
// <ChecksumCRC32>…, and with the type <ChecksumType>.
void writeChecksum(text::XmlWriter& xml, const Checksum& checksum, bool withType = true);
void setChecksum(http::Headers& headers, const Checksum& checksum, bool withType = true);
std::string upper(std::string_view text);  // ASCII

// "2026-11-23T20:00:00.000Z", as S3 writes times in XML.
std::string xmlTime(std::int64_t seconds);
void writeOwner(text::XmlWriter& xml, const Call& call, std::string_view element = "Owner");

// A byte range of `size` bytes. "bytes=a-b", "bytes=a-" or "bytes=-n" (RFC 9110, section 14.2); anything else is no
// range at all; nothing of it inside is InvalidRange.
struct Range {
  std::size_t first = 0, size = 0;
};
base::Result<std::optional<Range>> rangeOf(Call& call, std::string_view text, std::size_t size);

// The object that x-amz-copy-source names, when the caller may read it and its x-amz-copy-source-if-… hold.
struct CopySource {
  std::string bucket, key;
  const Object* object = nullptr;
};
base::Result<CopySource> copySource(Call& call);

}  // namespace sim::s3
