// IP addresses as bytes, and blocks of them (RFC 4291, RFC 4632): pure, so that rooms can judge them without a socket.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace http {

// 4 or 16 raw bytes; absent when the text is no address. Zones ("%eth0") are no part of it.
std::optional<std::string> parseAddress(std::string_view text);
bool isLoopback(std::string_view host);  // "localhost", 127.0.0.0/8, ::1

// From where an address can be reached (RFC 6890, RFC 4193, RFC 6598). An IPv4 address inside an IPv6 one (mapped,
// compatible, NAT64, 6to4) is judged as itself. Documentation's networks count as Internet, for tests stand there.
enum class Reach { Internet, Loopback, Private };  // Private: link-local, private, unspecified, multicast, reserved
Reach reachOf(std::string_view address);           // Private for what is no address

// `block` is "10.0.0.0/8"; false also when either is malformed or they are of different families.
bool blockContains(std::string_view block, std::string_view address);

}  // namespace http
