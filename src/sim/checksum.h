// The checksums S3 takes with a payload: Content-MD5 and x-amz-checksum-{crc32,crc32c,crc64nvme,sha1,sha256}.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sim/operation.h"

namespace sim {

inline constexpr std::string_view kChecksumPrefix = "x-amz-checksum-";

// The raw bytes of the checksum, big-endian; absent for an algorithm S3 does not know. Names in lower case, "crc32c".
std::optional<std::string> checksum(std::string_view algorithm, std::string_view bytes);

// Holds `body` to every checksum that came in a header or a trailer. BadDigest or InvalidDigest in S3's words;
// InvalidRequest for more than one, or for one that x-amz-sdk-checksum-algorithm announced and that did not come.
// `required`: there must be at least one.
base::Result<void> checkChecksums(Call& call, bool required);

// The {"x-amz-checksum-crc32", "NjowIA=="} that came with the payload, if one did.
std::optional<std::pair<std::string, std::string>> givenChecksum(const Call& call);

}  // namespace sim
