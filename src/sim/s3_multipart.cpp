// Multipart uploads: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
#include <algorithm>

#include "base/time.h"
#include "crypto/digest.h"
#include "sim/s3.h"
#include "sim/s3_object.h"
#include "text/encoding.h"
#include "text/uri.h"
#include "text/words.h"

namespace sim::s3 {
namespace {

constexpr std::int64_t kMostParts = 10'000;
constexpr std::size_t kLeastPart = 5u << 20;  // bytes, of every part but the last

base::Error noSuchUpload(Call& call) {
  call.errorDetails = {{"UploadId", std::string(call.parameters.get("uploadId"))}};
  return awsError("NoSuchUpload",
                  "The specified upload does not exist. The upload ID may be invalid, or the upload may have been "
                  "aborted or completed.");
}

base::Result<std::int64_t> partNumberOf(Call& call) {
  auto number = call.parameters.number("partNumber");
  if (!number || !*number || **number < 1 || **number > kMostParts) return badPartNumber(call);
  return **number;
}

// Which checksum the parts carry, and whether the object's is made of theirs.
base::Result<void> readChecksumChoice(Call& call, Upload& upload) {
  const http::Headers& headers = call.request.headers;
  upload.algorithm = text::lowerCase(headers.get("x-amz-checksum-algorithm"));
  std::string_view type = headers.get("x-amz-checksum-type");
  if (!upload.algorithm.empty() && !checksum(upload.algorithm, "")) return badChecksumAlgorithm();
  if (upload.algorithm.empty() && !type.empty())
    return awsError("InvalidRequest",
                    "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.");
  if (!type.empty() && type != "COMPOSITE" && type != "FULL_OBJECT")
    return awsError("InvalidRequest", "Value for x-amz-checksum-type header is invalid.");
  bool isHash = upload.algorithm.starts_with("sha"), isWhole = upload.algorithm == "crc64nvme";
  if ((isHash && type == "FULL_OBJECT") || (isWhole && type == "COMPOSITE"))
    return awsError("InvalidRequest", "The " + std::string(type) + " checksum type cannot be used with the " +
                                          upload.algorithm + " checksum algorithm.");
  upload.isComposite = !upload.algorithm.empty() && !isWhole && type != "FULL_OBJECT";
  return {};
}

// A part's checksum must be of the kind that was announced when the upload began.
base::Result<Checksum> partChecksum(const Call& call, const Upload& upload) {
  auto given = givenChecksum(call);
  std::string algorithm = given ? given->first.substr(kChecksumPrefix.size()) : "";
  if (upload.algorithm.empty()) return given ? checksumOf(call) : Checksum();
  if (given && algorithm == upload.algorithm) return checksumOf(call);
  if (!given && !upload.isComposite) return computed(upload.algorithm, call.body);
  return awsError("InvalidRequest", "Checksum Type mismatch occurred, expected checksum Type: " + upload.algorithm +
                                        ", actual checksum Type: " + (given ? algorithm : "null"));
}

base::Result<void> store(Call& call, Upload& upload, std::int64_t number, Part part) {
  auto there = upload.parts.find(number);
  TRY(checkRoom(call, part.body.size(), there == upload.parts.end() ? 0 : there->second.body.size()));
  part.etag = text::hex(crypto::md5(part.body.bytes()));
  part.lastModified = base::unixSeconds(call.now);
  upload.parts[number] = std::move(part);
  return {};
}

// bytes=first-last, both there and inside: what is copied is never less than what was asked for.
base::Result<Range> copiedRange(Call& call, std::string_view text, std::size_t size) {
  auto range = rangeOf(call, text, size);
  const bool isPair = text.find('-') != text.npos && !text.ends_with('-') && text.find('-') != text.find('=') + 1;
  call.errorDetails.clear();
  if (!range && isPair)
    return awsError("InvalidRequest", "The specified copy range is invalid for the source object size");
  call.errorDetails = {{"ArgumentName", "x-amz-copy-source-range"}, {"ArgumentValue", std::string(text)}};
  if (!range || !*range || !isPair)
    return awsError("InvalidArgument",
                    "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are "
                    "the zero-based offsets of the first and last bytes to copy");
  const std::string whole =
      "bytes=" + std::to_string((*range)->first) + "-" + std::to_string((*range)->first + (*range)->size - 1);
  if (text.size() > whole.size() || !text.ends_with(whole.substr(whole.find('-'))))
    return awsError("InvalidArgument",
                    "Range specified is not valid for source object of size: " + std::to_string(size));
  call.errorDetails.clear();
  return **range;
}

base::Error invalidPart(Call& call, std::string_view number, std::string_view etag) {
  call.errorDetails = {{"UploadId", std::string(call.parameters.get("uploadId"))},
                       {"PartNumber", std::string(number)},
                       {"ETag", std::string(etag)}};
  return awsError("InvalidPart",
                  "One or more of the specified parts could not be found.  The part may not have been uploaded, or the "
                  "specified entity tag may not match the part's entity tag.");
}

base::Result<void> checkPartChecksum(Call& call, const Upload& upload, const text::XmlElement& wanted,
                                     const Part& part) {
  std::string_view number = wanted.textOf("PartNumber"), etag = wanted.textOf("ETag");
  std::string_view given = wanted.textOf("Checksum" + upper(part.checksum.algorithm));
  if (!given.empty() && !part.checksum.algorithm.empty() && given != part.checksum.value)
    return invalidPart(call, number, etag);
  if (!upload.isComposite || !given.empty()) return {};
  return awsError("InvalidRequest", "The upload was created using a " + upload.algorithm +
                                        " checksum. The complete request must include the checksum for each part. It "
                                        "was missing for part " +
                                        std::string(number) + " in the request.");
}

using ChosenParts = std::vector<std::pair<std::int64_t, const Part*>>;

// The parts that the request names: all there, in order, as they were uploaded.
base::Result<ChosenParts> chosenParts(Call& call, const Upload& upload, const text::XmlElement& body) {
  ChosenParts chosen;
  for (const text::XmlElement* wanted : body.all("Part")) {
    std::string_view number = wanted->textOf("PartNumber"), etag = wanted->textOf("ETag");
    auto value = Parameters(text::FormFields{{"n", std::string(number)}}).number("n");
    if (!value || !*value) return malformedXml();
    if (!chosen.empty() && **value <= chosen.back().first) {
      call.errorDetails = {{"UploadId", std::string(call.parameters.get("uploadId"))}};
      return awsError("InvalidPartOrder",
                      "The list of parts was not in ascending order. Parts must be ordered by part number.");
    }
    auto part = upload.parts.find(**value);
    if (part == upload.parts.end() || !namesTag(etag, part->second.etag) || etag == "*")
      return invalidPart(call, number, etag);
    TRY(checkPartChecksum(call, upload, *wanted, part->second));
    chosen.emplace_back(part->first, &part->second);
  }
  if (chosen.empty()) return malformedXml();
  for (std::size_t i = 0; i + 1 < chosen.size(); ++i) {
    const auto& [number, part] = chosen[i];
    if (part->body.size() >= kLeastPart) continue;
    call.errorDetails = {{"ETag", part->etag},
                         {"MinSizeAllowed", std::to_string(kLeastPart)},
                         {"ProposedSize", std::to_string(part->body.size())},
                         {"PartNumber", std::to_string(number)}};
    return awsError("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size");
  }
  return chosen;
}

Checksum wholeChecksum(const Upload& upload, const ChosenParts& parts, const Body& body) {
  if (!upload.isComposite) return computed(upload.algorithm.empty() ? "crc64nvme" : upload.algorithm, body.bytes());
  std::string raw;
  for (const auto& [number, part] : parts) raw += text::decodeBase64(part->checksum.value).value();
  Checksum made = computed(upload.algorithm, raw);
  made.value += "-" + std::to_string(parts.size());
  return made;
}

// What the request says of the whole object must be so.
base::Result<void> checkWhole(const Call& call, const Object& object) {
  const http::Headers& headers = call.request.headers;
  std::string size = std::to_string(object.body.size());
  if (auto wanted = headers.find("x-amz-mp-object-size"); wanted && *wanted != size)
    return awsError("InvalidRequest", "The provided 'x-amz-mp-object-size' header value " + std::string(*wanted) +
                                          " does not match what was computed: " + size);
  if (auto type = headers.find("x-amz-checksum-type"); type && *type != typeOf(object.checksum))
    return awsError("InvalidRequest", "The upload was created using the " + std::string(typeOf(object.checksum)) +
                                          " checksum mode. The complete request must use the same checksum mode.");
  auto given = givenChecksum(call);
  if (!given) return {};
  std::string algorithm = given->first.substr(kChecksumPrefix.size());
  Checksum actual = algorithm == object.checksum.algorithm ? object.checksum : computed(algorithm, object.body.bytes());
  std::string value = actual.value;
  if (value == given->second || value.substr(0, value.find('-')) == given->second) return {};
  return awsError("BadDigest", "The " + algorithm + " you specified did not match the calculated checksum.");
}

Object assembled(const Call& call, const Upload& upload, const ChosenParts& parts) {
  Object object;
  std::string bytes, digests;
  for (const auto& [number, part] : parts) {
    bytes += part->body.bytes();
    for (std::size_t at = 0; at + 1 < part->etag.size(); at += 2)
      digests += char(std::stoi(part->etag.substr(at, 2), nullptr, 16));
    object.partSizes.push_back(std::int64_t(part->body.size()));
  }
  object.body = Body(std::move(bytes));
  object.etag = text::hex(crypto::md5(digests)) + "-" + std::to_string(parts.size());
  object.lastModified = base::unixSeconds(call.now);
  object.headers = upload.headers;
  object.tags = upload.tags;
  object.checksum = wholeChecksum(upload, parts, object.body);
  return object;
}

}  // namespace

base::Error badPartNumber(Call& call) {
  call.errorDetails = {{"ArgumentName", "partNumber"},
                       {"ArgumentValue", std::string(call.parameters.get("partNumber"))}};
  return awsError("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive");
}

base::Result<Upload*> findUpload(Call& call) {
  Bucket* bucket = TRY(findBucket(call));
  auto found = bucket->uploads.find(std::string(call.parameters.get("uploadId")));
  if (found == bucket->uploads.end() || found->second.key != call.key) return noSuchUpload(call);
  return &found->second;
}

base::Result<void> createMultipartUpload(Call& call) {
  Bucket* bucket = TRY(findBucket(call));
  TRY(checkNewObject(call));
  Upload upload;
  upload.key = call.key;
  upload.initiated = base::unixSeconds(call.now);
  upload.headers = TRY(objectHeaders(call));
  upload.tags = TRY(taggingHeader(call));
  TRY(readChecksumChoice(call, upload));
  std::string id = makeId(call.random, "", 64);
  http::Headers& headers = call.response->headers;
  headers.set("x-amz-server-side-encryption", "AES256");
  if (!upload.algorithm.empty()) {
    headers.set("x-amz-checksum-algorithm", upper(upload.algorithm));
    headers.set("x-amz-checksum-type", upload.isComposite ? "COMPOSITE" : "FULL_OBJECT");
  }
  text::XmlWriter xml;
  xml.open("InitiateMultipartUploadResult", kNamespace).leaf("Bucket", call.bucket).leaf("Key", call.key);
  xml.leaf("UploadId", id);
  bucket->uploads.emplace(std::move(id), std::move(upload));
  answerXml(call, std::move(xml));
  return {};
}

base::Result<void> uploadPart(Call& call) {
  Upload* upload = TRY(findUpload(call));
  std::int64_t number = TRY(partNumberOf(call));
  Part part;
  part.checksum = TRY(partChecksum(call, *upload));
  part.body = Body(std::string(call.body));
  TRY(store(call, *upload, number, std::move(part)));
  const Part& stored = upload->parts[number];
  call.response->headers.set("ETag", quotedTag(stored.etag));
  call.response->headers.set("x-amz-server-side-encryption", "AES256");
  setChecksum(call.response->headers, stored.checksum, false);
  return {};
}

base::Result<void> uploadPartCopy(Call& call) {
  Upload* upload = TRY(findUpload(call));
  std::int64_t number = TRY(partNumberOf(call));
  CopySource source = TRY(copySource(call));
  Part part;
  part.body = source.object->body;
  if (auto wanted = call.request.headers.find("x-amz-copy-source-range")) {
    const Range range = TRY(copiedRange(call, *wanted, source.object->body.size()));
    part.body = Body(source.object->body.bytes().substr(range.first, range.size));
  }
  if (!upload->algorithm.empty()) part.checksum = computed(upload->algorithm, part.body.bytes());
  TRY(store(call, *upload, number, std::move(part)));
  const Part& stored = upload->parts[number];
  text::XmlWriter xml;
  xml.open("CopyPartResult", kNamespace).leaf("ETag", quotedTag(stored.etag));
  xml.leaf("LastModified", xmlTime(stored.lastModified));
  writeChecksum(xml, stored.checksum, false);
  call.response->headers.set("x-amz-server-side-encryption", "AES256");
  answerXml(call, std::move(xml));
  return {};
}

base::Result<void> completeMultipartUpload(Call& call) {
  Bucket* bucket = TRY(findBucket(call));
  Upload* upload = TRY(findUpload(call));
  text::XmlElement body = TRY(requestXml(call));
  if (body.name != "CompleteMultipartUpload") return malformedXml();
  TRY(checkReplacing(call));
  auto there = bucket->objects.find(call.key);
  TRY(checkWriteConditions(call, there == bucket->objects.end() ? nullptr : &there->second));
  ChosenParts parts = TRY(chosenParts(call, *upload, body));
  Object object = assembled(call, *upload, parts);
  TRY(checkWhole(call, object));
  text::XmlWriter xml;
  xml.open("CompleteMultipartUploadResult", kNamespace);
  xml.leaf("Location",
           "https://" + call.bucket + ".s3." + bucket->region + ".amazonaws.com/" + text::percentEncode(call.key, "/"));
  xml.leaf("Bucket", call.bucket).leaf("Key", call.key).leaf("ETag", quotedTag(object.etag));
  writeChecksum(xml, object.checksum);
  bucket->uploads.erase(std::string(call.parameters.get("uploadId")));
  bucket->objects[call.key] = std::move(object);
  call.response->headers.set("x-amz-server-side-encryption", "AES256");
  answerXml(call, std::move(xml));
  return {};
}

base::Result<void> abortMultipartUpload(Call& call) {
  Bucket* bucket = TRY(findBucket(call));
  TRY(findUpload(call));
  bucket->uploads.erase(std::string(call.parameters.get("uploadId")));
  call.response->status = 204;
  return {};
}

}  // namespace sim::s3
