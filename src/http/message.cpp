#include "http/message.h"

#include <algorithm>

namespace http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; }

bool sameLetters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

bool sameName(std::string_view a, std::string_view b) { return a.size() == b.size() && sameLetters(a, b); }

void Headers::add(std::string_view name, std::string_view value) {
  Field field{std::uint32_t(text_.size()), std::uint32_t(name.size()), std::uint32_t(text_.size() + name.size()),
              std::uint32_t(value.size())};
  if (text_.size() + name.size() + value.size() > text_.capacity()) {
    std::string larger;  // not in place: `value` may be a view of an older field
    larger.reserve(2 * (text_.size() + name.size() + value.size()));
    larger.append(text_).append(name).append(value);
    text_ = std::move(larger);
  } else {
    text_.append(name).append(value);
  }
  fields_.push_back(field);
}

void Headers::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](const Field& field) { return isNamed(field, name); });
}

void Headers::clear() {
  text_.clear();
  fields_.clear();
}

bool Headers::isNamed(const Field& field, std::string_view name) const {
  return field.nameSize == name.size() && sameLetters({text_.data() + field.name, field.nameSize}, name);
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Field& field : fields_)
    if (isNamed(field, name)) return std::string_view(text_.data() + field.value, field.valueSize);
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  std::size_t found = 0;
  for (const Field& field : fields_) found += isNamed(field, name);
  return found;
}

std::pair<std::string_view, std::string_view> Headers::at(std::size_t index) const {
  const Field& field = fields_[index];
  std::string_view text = text_;
  return {text.substr(field.name, field.nameSize), text.substr(field.value, field.valueSize)};
}

std::string_view Request::path() const { return std::string_view(target).substr(0, target.find('?')); }

std::string_view Request::query() const {
  std::size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

void Request::clear() {
  method.clear();
  origin.clear();
  target.clear();
  headers.clear();
  body.clear();
  peer.clear();
  thumbprints.clear();
}

void Response::clear() {
  status = 200;
  headers.clear();
  body.clear();
}

std::string_view reasonPhrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

}  // namespace http
