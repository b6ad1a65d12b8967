// IP addresses as bytes, and blocks of them (RFC 4291, RFC 4632): pure, so that rooms can judge them without a socket.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace http {

// 4 or 16 raw bytes; absent when the text is no address. Zones ("%eth0") are no part of it.
std::optional<std::string> parseAddress(std::string_view text);
bool isLoopback(std::string_view host);  // "localhost", 127.0.0.0/8, ::1

// `block` is "10.0.0.0/8"; false also when either is malformed or they are of different families.
bool blockContains(std::string_view block, std::string_view address);

}  // namespace http
