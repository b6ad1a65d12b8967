// The aws-chunked coat of a streamed S3 payload: SIZE[;chunk-signature=…] CRLF bytes CRLF … 0 CRLF trailers.
//
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sim {

// What the signatures of chunks are chained from; absent for STREAMING-UNSIGNED-PAYLOAD-TRAILER.
struct ChunkSigning {
  std::string key;             // the signing key, raw
  std::string amzDate, scope;  // second and third line of a chunk's string to sign
  std::string seedSignature;   // of the head, hex
};

struct ChunkedPayload {
  std::string body;
  std::vector<std::pair<std::string, std::string>> trailers;  // names in lower case
};

// IncompleteBody for a malformed coat, InvalidChunkSizeError for a small chunk that is not the last,
// SignatureDoesNotMatch for a chunk or trailer that was not signed with the key.
base::Result<ChunkedPayload> decodeAwsChunked(std::string_view coated, const std::optional<ChunkSigning>& signing);

}  // namespace sim
