#include <algorithm>
#include <charconv>

#include "base/time.h"
#include "crypto/digest.h"
#include "sim/authorize.h"
#include "sim/s3.h"
#include "sim/s3_object.h"
#include "text/encoding.h"
#include "text/words.h"

namespace sim::s3 {
namespace {

// Headers of the answer that a reader may ask for by response-… in the query.
constexpr std::string_view kOverridable[] = {"cache-control",    "content-disposition", "content-encoding",
                                             "content-language", "content-type",        "expires"};

// 304 and 412. True when the answer is complete.
base::Result<bool> checkReadConditions(Call& call, const Object& object) {
  const http::Headers& headers = call.request.headers;
  Conditions conditions{headers.find("if-match"), headers.find("if-none-match"), headers.find("if-modified-since"),
                        headers.find("if-unmodified-since")};
  std::string_view failed;
  Precondition verdict = weighConditions(conditions, object, call.now, failed);
  if (verdict == Precondition::Failed) return preconditionFailed(call, failed);
  if (verdict == Precondition::NotModified) call.response->status = 304;
  return verdict == Precondition::NotModified;
}

base::Result<void> overrideHeaders(Call& call) {
  for (std::string_view name : kOverridable) {
    auto wanted = call.parameters.find("response-" + std::string(name));
    if (!wanted) continue;
    if (call.caller.kind == Caller::Kind::Anonymous)
      return awsError("InvalidRequest", "Request specific response headers cannot be used for anonymous GET requests.");
    call.response->headers.set(name, *wanted);
  }
  return {};
}

base::Result<void> writeHead(Call& call, const Object& object, bool whole) {
  http::Headers& headers = call.response->headers;
  headers.set("ETag", quotedTag(object.etag));
  headers.set("Last-Modified", base::httpDate(base::fromUnixSeconds(object.lastModified)));
  headers.set("Accept-Ranges", "bytes");
  headers.set("x-amz-server-side-encryption", "AES256");
  for (const auto& [name, value] : object.headers) headers.set(name, value);
  if (whole && text::lowerCase(call.request.headers.get("x-amz-checksum-mode")) == "enabled")
    setChecksum(headers, object.checksum);
  if (!object.tags.empty()) headers.set("x-amz-tagging-count", std::to_string(object.tags.size()));
  return overrideHeaders(call);
}

// The bytes that ?partNumber=N asks for; an object that came in one piece has one part.
base::Result<std::optional<Range>> partOf(Call& call, const Object& object) {
  auto number = call.parameters.number("partNumber");
  if (!call.parameters.has("partNumber")) return std::optional<Range>();
  if (!number || !*number || **number < 1 || **number > 10'000) return badPartNumber(call);
  if (call.request.headers.find("range"))
    return awsError("InvalidRequest", "Cannot specify both Range header and partNumber query parameter");
  std::size_t count = std::max<std::size_t>(object.partSizes.size(), 1), wanted = std::size_t(**number);
  if (wanted > count) {
    call.errorDetails = {{"PartNumberRequested", std::to_string(wanted)}, {"ActualPartCount", std::to_string(count)}};
    return awsError("InvalidPartNumber", "The requested partnumber is not satisfiable");
  }
  if (object.partSizes.empty()) return std::optional(Range{0, object.body.size()});
  call.response->headers.set("x-amz-mp-parts-count", std::to_string(count));
  Range part;
  for (std::size_t i = 0; i + 1 < wanted; ++i) part.first += std::size_t(object.partSizes[i]);
  part.size = std::size_t(object.partSizes[wanted - 1]);
  return std::optional(part);
}

base::Result<void> answerObject(Call& call, bool withBody) {
  const Object* object = TRY(findObjectToRead(call));
  bool done = TRY(checkReadConditions(call, *object));
  std::string_view asked = call.request.headers.get("range");
  std::optional<Range> range;
  if (!done) {
    range = TRY(partOf(call, *object));
    if (!range) range = TRY(rangeOf(call, asked, object->body.size()));
  }
  TRY(writeHead(call, *object, !range || range->size == object->body.size()));
  if (done) return {};
  Range part = range.value_or(Range{0, object->body.size()});
  if (range && part.size > 0) {
    call.response->status = 206;
    call.response->headers.set("Content-Range", "bytes " + std::to_string(part.first) + "-" +
                                                    std::to_string(part.first + part.size - 1) + "/" +
                                                    std::to_string(object->body.size()));
  }
  if (withBody)
    call.response->body.assign(object->body.bytes(), part.first, part.size);
  else
    call.response->headers.set("Content-Length", std::to_string(part.size));
  return {};
}

// Whether the caller may delete that key as DELETE with If-Match would.
bool mayDelete(const Call& call, const std::string& key, std::string_view etag) {
  http::Request request{.method = "DELETE", .headers = call.request.headers, .peer = call.request.peer};
  if (!etag.empty()) request.headers.set("If-Match", etag);
  Call one = readerFor(call, request, call.region, call.bucket, key);
  one.caller = call.caller;
  one.parameters = call.parameters;
  const std::string resource = bucketArn(call, call.bucket + "/" + key);
  const bool learnsWhatIsThere = !etag.empty() && etag != "*";
  return mayDo(one, "s3:DeleteObject", resource) && (!learnsWhatIsThere || mayDo(one, "s3:GetObject", resource));
}

// One key of DeleteObjects. Errors carry S3's code.
base::Result<void> deleteOne(Call& call, Bucket& bucket, const text::XmlElement& wanted) {
  std::string key(wanted.textOf("Key"));
  std::string_view etag = wanted.textOf("ETag");
  if (!mayDelete(call, key, etag)) return awsError("AccessDenied", "Access Denied");
  if (std::string_view version = wanted.textOf("VersionId"); !version.empty() && version != "null")
    return awsError("NoSuchVersion", "The specified version does not exist.");
  auto there = bucket.objects.find(key);
  if (!etag.empty() && (there == bucket.objects.end() || !namesTag(etag, there->second.etag)))
    return awsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
  if (there != bucket.objects.end()) bucket.objects.erase(there);
  return {};
}

// ",NAME,NAME,": each of them known, and at least one.
bool areAttributes(std::string_view list) {
  constexpr std::string_view kKnown = ",ETag,Checksum,ObjectParts,StorageClass,ObjectSize,";
  for (std::size_t at = 0; at + 1 < list.size(); at = list.find(',', at + 1)) {
    const std::string_view name = list.substr(at, list.find(',', at + 1) + 1 - at);
    if (name.size() < 3 || kKnown.find(name) == kKnown.npos) return false;
  }
  return list.size() > 2;
}

base::Result<void> checkDirectives(Call& call) {
  for (std::string_view what : {"metadata", "tagging"}) {
    const std::string name = "x-amz-" + std::string(what) + "-directive";
    auto given = call.request.headers.find(name);
    if (!given || *given == "COPY" || *given == "REPLACE") continue;
    call.errorDetails = {{"ArgumentName", name}, {"ArgumentValue", std::string(*given)}};
    return awsError("InvalidArgument", "Unknown " + std::string(what) + " directive.");
  }
  return {};
}

void writeParts(text::XmlWriter& xml, const Object& object) {
  xml.open("ObjectParts").leaf("PartsCount", std::to_string(object.partSizes.size())).close();
}

}  // namespace

base::Result<void> putObject(Call& call) {
  Bucket* bucket = TRY(findBucket(call));
  TRY(checkNewObject(call));
  TRY(checkReplacing(call));
  auto there = bucket->objects.find(call.key);
  bool isThere = there != bucket->objects.end();
  TRY(checkWriteConditions(call, isThere ? &there->second : nullptr));
  TRY(checkRoom(call, call.body.size(), isThere ? there->second.body.size() : 0));
  Object object;
  object.headers = TRY(objectHeaders(call));
  object.tags = TRY(taggingHeader(call));
  object.body = Body(std::string(call.body));
  object.etag = text::hex(crypto::md5(call.body));
  object.lastModified = base::unixSeconds(call.now);
  object.checksum = checksumOf(call);
  call.response->headers.set("ETag", quotedTag(object.etag));
  call.response->headers.set("x-amz-server-side-encryption", "AES256");
  setChecksum(call.response->headers, object.checksum);
  bucket->objects[call.key] = std::move(object);
  return {};
}

base::Result<void> getObject(Call& call) { return answerObject(call, true); }

base::Result<void> headObject(Call& call) { return answerObject(call, false); }

base::Result<void> deleteObject(Call& call) {
  Bucket* bucket = TRY(findBucket(call));
  TRY(checkVersion(call));
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
  if (body.name != "Delete" || wanted.empty() || wanted.size() > kMost) return malformedXml();
  if (std::ranges::any_of(wanted, [](const auto* object) { return object->textOf("Key").empty(); }))
    return malformedXml();
  bool quiet = body.textOf("Quiet") == "true";
  text::XmlWriter xml;
  xml.open("DeleteResult", kNamespace);
  for (const text::XmlElement* object : wanted) {
    auto done = deleteOne(call, *bucket, *object);
    if (done && quiet) continue;
    xml.open(done ? "Deleted" : "Error").leaf("Key", object->textOf("Key"));
    if (std::string_view version = object->textOf("VersionId"); !version.empty()) xml.leaf("VersionId", version);
    if (!done) xml.leaf("Code", done.error().code).leaf("Message", done.error().message);
    xml.close();
  }
  answerXml(call, std::move(xml));
  return {};
}

base::Result<void> getObjectAttributes(Call& call) {
  const Object* object = TRY(findObjectToRead(call));
  std::string wanted = "," + std::string(call.request.headers.get("x-amz-object-attributes")) + ",";
  std::erase(wanted, ' ');
  if (!areAttributes(wanted)) {
    call.errorDetails = {{"ArgumentName", "x-amz-object-attributes"}};
    return awsError("InvalidArgument", "Invalid attribute name specified.");
  }
  auto has = [&](std::string_view name) { return wanted.find("," + std::string(name) + ",") != wanted.npos; };
  call.response->headers.set("Last-Modified", base::httpDate(base::fromUnixSeconds(object->lastModified)));
  text::XmlWriter xml;
  xml.open("GetObjectAttributesResponse", kNamespace);
  if (has("ETag")) xml.leaf("ETag", object->etag);
  if (has("Checksum") && !object->checksum.algorithm.empty()) {
    xml.open("Checksum");
    writeChecksum(xml, object->checksum);
    xml.close();
  }
  if (has("ObjectParts") && !object->partSizes.empty()) writeParts(xml, *object);
  if (has("StorageClass")) xml.leaf("StorageClass", storageClassOf(object->headers));
  if (has("ObjectSize")) xml.leaf("ObjectSize", std::to_string(object->body.size()));
  answerXml(call, std::move(xml));
  return {};
}

base::Result<void> copyObject(Call& call) {
  Bucket* bucket = TRY(findBucket(call));
  TRY(checkNewObject(call));
  TRY(checkDirectives(call));
  auto there = bucket->objects.find(call.key);
  bool isThere = there != bucket->objects.end();
  TRY(checkWriteConditions(call, isThere ? &there->second : nullptr));
  CopySource source = TRY(copySource(call));
  bool replaces = call.request.headers.get("x-amz-metadata-directive") == "REPLACE";
  bool changesClass = call.request.headers.find("x-amz-storage-class").has_value();
  if (source.bucket == call.bucket && source.key == call.key && !replaces && !changesClass)
    return awsError("InvalidRequest",
                    "This copy request is illegal because it is trying to copy an object to itself without changing "
                    "the object's metadata, storage class, website redirect location or encryption attributes.");
  TRY(checkRoom(call, source.object->body.size(), isThere ? there->second.body.size() : 0));
  Object copy = *source.object;
  if (replaces) copy.headers = TRY(objectHeaders(call));
  if (call.request.headers.get("x-amz-tagging-directive") == "REPLACE") copy.tags = TRY(taggingHeader(call));
  const std::string& bytes = copy.body.bytes();
  copy.etag = text::hex(crypto::md5(bytes));
  copy.partSizes.clear();
  copy.lastModified = base::unixSeconds(call.now);
  std::string algorithm = text::lowerCase(call.request.headers.get("x-amz-checksum-algorithm"));
  if (algorithm.empty()) algorithm = copy.checksum.algorithm;
  if (!checksum(algorithm, "")) return badChecksumAlgorithm();
  copy.checksum = computed(algorithm, bytes);
  text::XmlWriter xml;
  xml.open("CopyObjectResult", kNamespace).leaf("ETag", quotedTag(copy.etag));
  xml.leaf("LastModified", xmlTime(copy.lastModified));
  writeChecksum(xml, copy.checksum);
  bucket->objects[call.key] = std::move(copy);
  call.response->headers.set("x-amz-server-side-encryption", "AES256");
  answerXml(call, std::move(xml));
  return {};
}

base::Result<void> putObjectTagging(Call& call) {
  Object* object = TRY(findObjectToRead(call));
  text::XmlElement body = TRY(requestXml(call));
  Tags tags = TRY(readTagSet(call, body));
  TRY(checkObjectTags(tags));
  object->tags = std::move(tags);
  return {};
}

base::Result<void> getObjectTagging(Call& call) {
  const Object* object = TRY(findObjectToRead(call));
  answerTagSet(call, object->tags);
  return {};
}

base::Result<void> deleteObjectTagging(Call& call) {
  Object* object = TRY(findObjectToRead(call));
  object->tags.clear();
  call.response->status = 204;
  return {};
}

}  // namespace sim::s3
