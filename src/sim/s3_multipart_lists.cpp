#include <algorithm>

#include "sim/s3.h"
#include "sim/s3_listing.h"
#include "sim/s3_object.h"

namespace sim::s3 {
namespace {

constexpr std::int64_t kMostListed = 1000;

void writeChecksumChoice(text::XmlWriter& xml, const Upload& upload) {
  if (upload.algorithm.empty()) return;
  xml.leaf("ChecksumAlgorithm", upper(upload.algorithm));
  xml.leaf("ChecksumType", upload.isComposite ? "COMPOSITE" : "FULL_OBJECT");
}

void writeOwners(text::XmlWriter& xml, const Call& call) {
  xml.open("Initiator").leaf("ID", call.caller.arn).leaf("DisplayName", call.caller.userId).close();
  writeOwner(xml, call);
}

void writePart(text::XmlWriter& xml, std::int64_t number, const Part& part) {
  xml.open("Part").leaf("PartNumber", std::to_string(number)).leaf("LastModified", xmlTime(part.lastModified));
  xml.leaf("ETag", quotedTag(part.etag)).leaf("Size", std::to_string(part.body.size()));
  writeChecksum(xml, part.checksum, false);
  xml.close();
}

struct UploadPage {
  std::vector<std::pair<std::string_view, const Upload*>> uploads;  // id and upload, by key and then by id
  std::vector<std::string> prefixes;
  bool isTruncated = false;
  std::string lastKey, lastId;
};

// Uploads after the two markers. With a key marker alone, those of that key are over.
UploadPage pageOf(const Bucket& bucket, const ListRequest& wanted, const std::string& marker,
                  const std::string& idMarker) {
  std::map<std::pair<std::string_view, std::string_view>, const Upload*> sorted;
  for (const auto& [id, upload] : bucket.uploads) sorted[{upload.key, id}] = &upload;
  UploadPage page;
  for (const auto& [place, upload] : sorted) {
    const auto& [key, id] = place;
    if (!key.starts_with(wanted.prefix)) continue;
    if (!marker.empty() && (key < marker || (key == marker && (idMarker.empty() || id <= idMarker)))) continue;
    std::string rolled = commonPrefix(wanted, key);
    if (!rolled.empty() && (rolled == marker || (!page.prefixes.empty() && page.prefixes.back() == rolled))) continue;
    if (page.uploads.size() + page.prefixes.size() == wanted.most) {
      page.isTruncated = wanted.most > 0;
      break;
    }
    page.lastKey = rolled.empty() ? key : rolled;
    page.lastId = rolled.empty() ? id : std::string_view();
    if (rolled.empty())
      page.uploads.emplace_back(id, upload);
    else
      page.prefixes.push_back(std::move(rolled));
  }
  return page;
}

}  // namespace

base::Result<void> listParts(Call& call) {
  const Upload* upload = TRY(findUpload(call));
  std::int64_t after = TRY(countOf(call, "part-number-marker", 0));
  std::int64_t most = TRY(countOf(call, "max-parts", kMostListed));
  most = std::min(most, kMostListed);
  auto first = upload->parts.upper_bound(after), end = first;
  std::int64_t last = 0;
  for (std::int64_t listed = 0; end != upload->parts.end() && listed < most; ++end, ++listed) last = end->first;
  text::XmlWriter xml;
  xml.open("ListPartsResult", kNamespace).leaf("Bucket", call.bucket).leaf("Key", call.key);
  xml.leaf("UploadId", call.parameters.get("uploadId"));
  writeOwners(xml, call);
  xml.leaf("StorageClass", storageClassOf(upload->headers)).leaf("PartNumberMarker", std::to_string(after));
  xml.leaf("NextPartNumberMarker", std::to_string(last)).leaf("MaxParts", std::to_string(most));
  xml.leaf("IsTruncated", end != upload->parts.end() && most > 0 ? "true" : "false");
  writeChecksumChoice(xml, *upload);
  for (; first != end; ++first) writePart(xml, first->first, first->second);
  answerXml(call, std::move(xml));
  return {};
}

base::Result<void> listMultipartUploads(Call& call) {
  const Bucket* bucket = TRY(findBucket(call));
  ListRequest wanted = TRY(listRequest(call, "max-uploads"));
  std::string marker(call.parameters.get("key-marker")), idMarker(call.parameters.get("upload-id-marker"));
  UploadPage page = pageOf(*bucket, wanted, marker, idMarker);
  text::XmlWriter xml;
  xml.open("ListMultipartUploadsResult", kNamespace).leaf("Bucket", call.bucket);
  xml.leaf("KeyMarker", shown(wanted, marker)).leaf("UploadIdMarker", idMarker);
  if (page.isTruncated) xml.leaf("NextKeyMarker", shown(wanted, page.lastKey)).leaf("NextUploadIdMarker", page.lastId);
  xml.leaf("Prefix", shown(wanted, wanted.prefix));
  if (!wanted.delimiter.empty()) xml.leaf("Delimiter", shown(wanted, wanted.delimiter));
  if (wanted.encoded) xml.leaf("EncodingType", "url");
  xml.leaf("MaxUploads", std::to_string(wanted.most)).leaf("IsTruncated", page.isTruncated ? "true" : "false");
  for (const auto& [id, upload] : page.uploads) {
    xml.open("Upload").leaf("Key", shown(wanted, upload->key)).leaf("UploadId", id);
    writeOwners(xml, call);
    xml.leaf("StorageClass", storageClassOf(upload->headers)).leaf("Initiated", xmlTime(upload->initiated));
    writeChecksumChoice(xml, *upload);
    xml.close();
  }
  for (const std::string& prefix : page.prefixes)
    xml.open("CommonPrefixes").leaf("Prefix", shown(wanted, prefix)).close();
  answerXml(call, std::move(xml));
  return {};
}

}  // namespace sim::s3
