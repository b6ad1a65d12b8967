#include "sim/checksum.h"

#include <array>
#include <vector>

#include "crypto/digest.h"
#include "text/encoding.h"
#include "text/words.h"

namespace sim {
namespace {

template <typename Word>
using Table = std::array<Word, 256>;

// Reflected polynomials, one byte at a time.
template <typename Word>
constexpr Table<Word> tableOf(Word polynomial) {
  Table<Word> table{};
  for (unsigned i = 0; i < 256; ++i) {
    Word word = i;
    for (int bit = 0; bit < 8; ++bit) word = word & 1 ? Word(word >> 1) ^ polynomial : Word(word >> 1);
    table[i] = word;
  }
  return table;
}

constexpr Table<std::uint32_t> kCrc32 = tableOf<std::uint32_t>(0xEDB88320u);
constexpr Table<std::uint32_t> kCrc32c = tableOf<std::uint32_t>(0x82F63B78u);
constexpr Table<std::uint64_t> kCrc64Nvme = tableOf<std::uint64_t>(0x9A6C9329AC4BC9B5ull);

template <typename Word>
std::string crc(const Table<Word>& table, std::string_view bytes) {
  Word word = Word(~Word(0));
  for (char c : bytes) word = table[(word ^ static_cast<unsigned char>(c)) & 0xFF] ^ Word(word >> 8);
  word = Word(~word);
  std::string out;
  for (int shift = int(sizeof(Word)) * 8 - 8; shift >= 0; shift -= 8) out += char(word >> shift & 0xFF);
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = char(c - 32);
  return out;
}

// Of a setting (`required`) S3 shows the digest that was to be as it came, of an object in hexadecimal digits.
base::Result<void> checkMd5(Call& call, std::string_view header, bool required) {
  auto wanted = text::decodeBase64(header);
  if (!wanted || wanted->size() != 16) {
    call.errorDetails = {{"Content-MD5", std::string(header)}};
    return awsError("InvalidDigest", "The Content-MD5 you specified was invalid.");
  }
  const std::string computed = crypto::md5(call.body);
  if (*wanted == computed) return {};
  call.errorDetails = {{"CalculatedDigest", text::base64(computed)},
                       {"ExpectedDigest", required ? std::string(header) : text::hex(*wanted)}};
  return awsError("BadDigest", "The Content-MD5 you specified did not match what we received.");
}

base::Result<void> checkOne(std::string_view name, std::string_view value, std::string_view body) {
  std::string_view algorithm = name.substr(kChecksumPrefix.size());
  std::string actual = checksum(algorithm, body).value_or("");
  auto wanted = text::decodeBase64(value);
  if (!wanted || wanted->size() != actual.size())
    return awsError("InvalidRequest", "Value for " + std::string(name) + " header is invalid.");
  if (*wanted != actual)
    return awsError("BadDigest", "The " + upper(algorithm) + " you specified did not match the calculated checksum.");
  return {};
}

bool isChecksum(std::string_view name) {
  return name.starts_with(kChecksumPrefix) && checksum(name.substr(kChecksumPrefix.size()), "").has_value();
}

// Every checksum of the payload that came: {"x-amz-checksum-crc32", "NjowIA=="}.
std::vector<std::pair<std::string, std::string>> givenChecksums(const Call& call) {
  std::vector<std::pair<std::string, std::string>> given;
  for (const auto& [name, value] : call.trailers)
    if (isChecksum(name)) given.emplace_back(name, value);
  for (std::size_t i = 0; i < call.request.headers.size(); ++i) {
    auto [name, value] = call.request.headers.at(i);
    std::string plain = text::lowerCase(name);
    if (isChecksum(plain)) given.emplace_back(std::move(plain), value);
  }
  return given;
}

}  // namespace

std::optional<std::string> checksum(std::string_view algorithm, std::string_view bytes) {
  if (algorithm == "crc32") return crc(kCrc32, bytes);
  if (algorithm == "crc32c") return crc(kCrc32c, bytes);
  if (algorithm == "crc64nvme") return crc(kCrc64Nvme, bytes);
  if (algorithm == "sha1") return crypto::sha1(bytes);
  if (algorithm == "sha256") return crypto::sha256(bytes);
  return std::nullopt;
}

std::optional<std::pair<std::string, std::string>> givenChecksum(const Call& call) {
  auto given = givenChecksums(call);
  return given.empty() ? std::nullopt : std::optional(std::move(given.front()));
}

base::Result<void> checkChecksums(Call& call, bool required) {
  auto md5 = call.request.headers.find("content-md5");
  if (md5) TRY(checkMd5(call, *md5, required));
  auto given = givenChecksums(call);
  if (given.size() > 1)
    return awsError("InvalidRequest",
                    "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
  for (const auto& [name, value] : given) TRY(checkOne(name, value, call.body));
  if (required && !md5 && given.empty())
    return awsError("InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
  auto announced = call.request.headers.find("x-amz-sdk-checksum-algorithm");
  if (!announced || text::lowerCase(*announced) == "md5") return {};
  if (given.empty())
    return awsError("InvalidRequest",
                    "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer "
                    "headers were found.");
  if (kChecksumPrefix.size() + announced->size() == given[0].first.size() &&
      given[0].first.ends_with(text::lowerCase(*announced)))
    return {};
  return awsError("InvalidRequest", "Value for x-amz-sdk-checksum-algorithm header is invalid.");
}

}  // namespace sim
