// A client that says exactly the bytes it is told to, for what no proper client would say. No wait is longer than 20 s.
#pragma once
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <string>
#include <string_view>

#include "http/codec.h"
#include "io/descriptor.h"

namespace io {

class RawConnection {
 public:
  // `receiveBuffer`: bytes that the kernel may keep for this side; 0: as ever. `host`: comes from 127.0.0.HOST.
  explicit RawConnection(std::uint16_t port, int receiveBuffer = 0, unsigned host = 1)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{20, 0};
    ::setsockopt(socket_.number(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (receiveBuffer > 0) ::setsockopt(socket_.number(), SOL_SOCKET, SO_RCVBUF, &receiveBuffer, sizeof receiveBuffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + host);
    const auto* own = reinterpret_cast<const sockaddr*>(&address);
    if (host != 1 && ::bind(socket_.number(), own, sizeof address) != 0) return;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    isConnected_ = ::connect(socket_.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

  bool isConnected() const { return isConnected_; }
  int number() const { return socket_.number(); }

  bool say(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(std::size_t(count));
    }
    return true;
  }
  void endSaying() { ::shutdown(socket_.number(), SHUT_WR); }
  void reset() {
    const linger now{1, 0};
    ::setsockopt(socket_.number(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    socket_.close();
  }

  // All that comes until the server closes, what readAnswer() left included; "(still open)" at its end if it doesn't.
  std::string readToEnd() {
    while (receive()) {
    }
    return std::move(pending_) + (isOpen_ ? "(still open)" : "");
  }
  std::string readUntil(std::string_view mark) {
    while (pending_.find(mark) == std::string::npos && receive()) {
    }
    std::string text = pending_.substr(0, pending_.find(mark) + mark.size());
    pending_.erase(0, text.size());
    return text;
  }
  // The next answer; status 0 when none comes.
  http::Response readAnswer(bool toHead = false) {
    http::ResponseReader reader({.body = 64u << 20}, toHead);
    http::Response response;
    for (;;) {
      std::string_view input = pending_;
      const http::Progress progress = reader.read(input, response);
      pending_.erase(0, pending_.size() - input.size());
      if (progress == http::Progress::Head) continue;
      if (progress == http::Progress::Done) return response;
      if (progress == http::Progress::NeedMore && receive()) continue;
      response.status = 0;
      return response;
    }
  }
  bool isAtEnd() { return pending_.empty() && !receive() && !isOpen_; }

 private:
  bool receive() {
    char buffer[65536];
    const ssize_t count = ::recv(socket_.number(), buffer, sizeof buffer, 0);
    if (count > 0) pending_.append(buffer, std::size_t(count));
    if (count == 0 || (count < 0 && errno == ECONNRESET)) isOpen_ = false;
    return count > 0;
  }

  Descriptor socket_;
  bool isConnected_ = false, isOpen_ = true;
  std::string pending_;
};

}  // namespace io
