// A message's body on the wire: counted, chunked (RFC 9112, section 7.1) or ended by the connection.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "http/codec_lines.h"

namespace http {

class BodyReader {
 public:
  void beginCounted(std::uint64_t bytes);
  // `trailer`: the most bytes and fields that trailers may have.
  void beginChunked(std::size_t trailerBytes, std::size_t trailerFields);
  void beginUntilClose();

  // Appends decoded bytes to `body`, at most `limit` in all since begin; true when the body is whole. After a refusal()
  // it must not be called again.
  bool read(std::string_view& input, std::string& body, std::size_t limit);
  bool endsWithConnection() const { return kind_ == Kind::UntilClose; }
  const Refusal& refusal() const { return refusal_; }

 private:
  enum class Kind { Counted, Chunked, UntilClose };
  enum class Stage { Size, Data, DataEnd, Trailer };
  bool readChunked(std::string_view& input, std::string& body, std::size_t limit);
  bool take(std::string_view& input, std::string& body, std::size_t limit);
  bool chunkLine(std::string_view line);  // true: that was the last line of the body
  bool sizeLine(std::string_view line);
  bool fail(int status, std::string_view why);

  Kind kind_ = Kind::Counted;
  Stage stage_ = Stage::Size;
  std::uint64_t left_ = 0, decoded_ = 0;  // of the body or the chunk; of the body
  std::size_t extensionBytes_ = 0, trailerBytes_ = 0, trailerFields_ = 0;
  LineReader lines_{kLongestLine};
  Refusal refusal_;
  static constexpr std::size_t kLongestLine = 8u << 10;
};

}  // namespace http
