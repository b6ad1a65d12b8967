#include "sim/aws_chunked.h"

#include <charconv>

#include "aws/sigv4.h"
#include "crypto/digest.h"
#include "sim/operation.h"
#include "sim/sentences.h"
#include "text/encoding.h"
#include "text/words.h"

namespace sim {
namespace {

constexpr std::size_t kLeastChunk = 8192;  // bytes, of every chunk but the last

base::Error incomplete() { return awsError("IncompleteBody", "The request body terminated unexpectedly"); }

// The signature of the next link: chunk or trailer.
std::string link(const ChunkSigning& signing, std::string_view previous, std::string_view kind,
                 std::string_view hashes) {
  std::string toSign = "AWS4-HMAC-SHA256-" + std::string(kind) + "\n" + signing.amzDate + "\n" + signing.scope + "\n" +
                       std::string(previous) + "\n" + std::string(hashes);
  return aws::signature(signing.key, toSign);
}

base::Result<void> compare(std::string_view expected, std::string_view given) {
  if (crypto::equalInConstantTime(expected, given)) return {};
  return awsError("SignatureDoesNotMatch", std::string(kS3SignatureMismatch));
}

struct ChunkHead {
  std::size_t size = 0;
  std::string_view signature;
};

base::Result<ChunkHead> parseHead(std::string_view line) {
  ChunkHead head;
  std::size_t mark = line.find(';');
  std::string_view size = line.substr(0, mark);
  auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), head.size, 16);
  if (error != std::errc() || end != size.data() + size.size()) return incomplete();
  constexpr std::string_view kName = ";chunk-signature=";
  if (mark != std::string_view::npos && line.substr(mark).starts_with(kName))
    head.signature = line.substr(mark + kName.size());
  return head;
}

// Takes a line off the front of `rest`, without its CRLF.
base::Result<std::string_view> takeLine(std::string_view& rest) {
  std::size_t end = rest.find("\r\n");
  if (end == std::string_view::npos) return incomplete();
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return line;
}

base::Result<void> readTrailers(std::string_view rest, const std::optional<ChunkSigning>& signing,
                                std::string_view previous, ChunkedPayload& payload) {
  std::string signedText, given;
  while (!rest.empty()) {
    std::string_view line = TRY(takeLine(rest));
    if (line.empty()) break;
    std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return incomplete();
    std::string name = text::lowerCase(line.substr(0, colon));
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ') || value.ends_with('\n')) value.remove_suffix(1);
    if (name == "x-amz-trailer-signature") {
      given = value;
      continue;
    }
    signedText += name + ":" + std::string(value) + "\n";
    payload.trailers.emplace_back(std::move(name), value);
  }
  if (!signing || payload.trailers.empty()) return {};
  return compare(link(*signing, previous, "TRAILER", text::hex(crypto::sha256(signedText))), given);
}

}  // namespace

base::Result<ChunkedPayload> decodeAwsChunked(std::string_view coated, const std::optional<ChunkSigning>& signing) {
  static const std::string emptyHash = text::hex(crypto::sha256(""));
  ChunkedPayload payload;
  std::string previous = signing ? signing->seedSignature : "";
  std::string_view rest = coated;
  for (bool isSmall = false;;) {
    std::string_view line = TRY(takeLine(rest));
    ChunkHead head = TRY(parseHead(line));
    if (head.size > rest.size()) return incomplete();
    std::string_view bytes = rest.substr(0, head.size);
    if (signing) {
      std::string expected = link(*signing, previous, "PAYLOAD", emptyHash + "\n" + text::hex(crypto::sha256(bytes)));
      TRY(compare(expected, head.signature));
      previous = expected;
    }
    if (head.size == 0) break;
    if (isSmall)
      return awsError("InvalidChunkSizeError", "Only the last chunk is allowed to have a size less than 8192 bytes");
    isSmall = head.size < kLeastChunk;
    payload.body += bytes;
    rest.remove_prefix(head.size);
    if (!rest.starts_with("\r\n")) return incomplete();
    rest.remove_prefix(2);
  }
  TRY(readTrailers(rest, signing, previous, payload));
  return payload;
}

}  // namespace sim
