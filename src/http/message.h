// HTTP messages as values (RFC 9110): what a client sends, what a handler answers.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

// Header fields in the order they were added; names compare without regard to case. All text lies in one buffer, so
// clear() keeps its memory and a reused message allocates nothing.
class Headers {
 public:
  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);  // removes every older field of that name
  void remove(std::string_view name);
  void clear();

  // The first value, or absent. Views live until the next change.
  std::optional<std::string_view> find(std::string_view name) const;
  std::string_view get(std::string_view name) const { return find(name).value_or(std::string_view()); }
  std::size_t count(std::string_view name) const;
  std::size_t size() const { return fields_.size(); }
  std::pair<std::string_view, std::string_view> at(std::size_t index) const;

 private:
  struct Field {
    std::uint32_t name, nameSize, value, valueSize;
  };
  bool isNamed(const Field& field, std::string_view name) const;

  std::string text_;
  std::vector<Field> fields_;
};

struct Request {
  std::string method = "GET";
  std::string origin = {};   // client side only: "https://host:port"; names the connection and the Host field
  std::string target = "/";  // origin-form: percent-encoded path and query, exactly as on the wire
  Headers headers = {};
  std::string body = {};
  std::string peer = {};  // server side only: the client's address
  // Client side only: SHA-1, in hexadecimal, of certificates each of which is believed at the end of a server's chain,
  // though no root is known for it (AWS's thumbprints). Such a request has a connection of its own.
  std::vector<std::string> thumbprints = {};

  std::string_view path() const;   // target up to '?'
  std::string_view query() const;  // target after '?', or empty
  void clear();                    // keeps memory
};

struct Response {
  int status = 200;
  Headers headers = {};
  std::string body = {};

  void clear();  // keeps memory; status 200
};

std::string_view reasonPhrase(int status);
bool sameName(std::string_view a, std::string_view b);  // ASCII case-insensitive

}  // namespace http
