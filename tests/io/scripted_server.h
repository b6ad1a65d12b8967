// A server that does exactly as told, connection by connection, for what no proper server would do.
#pragma once
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "io/descriptor.h"

namespace io {

class ScriptedServer {
 public:
  // One accepted connection. Closed when the script ends.
  class Peer {
   public:
    explicit Peer(Descriptor socket) : socket_(std::move(socket)) {}
    std::string readHead() {
      std::string text;
      char byte;
      while (!text.ends_with("\r\n\r\n") && ::recv(socket_.number(), &byte, 1, 0) == 1) text.push_back(byte);
      return text;
    }
    void say(std::string_view text) { (void)!::send(socket_.number(), text.data(), text.size(), MSG_NOSIGNAL); }
    void reset() {
      const linger now{1, 0};
      ::setsockopt(socket_.number(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
      socket_.close();
    }
    // Carries bytes both ways until one side has ended.
    void joinTo(std::uint16_t port) {
      Descriptor other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      sockaddr_in address = loopback(port);
      if (::connect(other.number(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return;
      std::array<pollfd, 2> waits{{{socket_.number(), POLLIN, 0}, {other.number(), POLLIN, 0}}};
      for (char buffer[16384]; ::poll(waits.data(), 2, 20'000) > 0;) {
        for (std::size_t i = 0; i < 2; ++i) {
          if (waits[i].revents == 0) continue;
          const ssize_t count = ::recv(waits[i].fd, buffer, sizeof buffer, 0);
          if (count <= 0) return;
          (void)!::send(waits[1 - i].fd, buffer, std::size_t(count), MSG_NOSIGNAL);
        }
      }
    }

   private:
    Descriptor socket_;
  };
  using Script = std::function<void(Peer&)>;

  // The n-th connection gets the n-th script; then the listener closes.
  explicit ScriptedServer(std::vector<Script> scripts) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_.number(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ::listen(socket_.number(), 16);
    ::getsockname(socket_.number(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, scripts = std::move(scripts)] {
      for (const Script& script : scripts) {
        Peer peer(Descriptor(::accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC)));
        script(peer);
      }
    });
  }
  ~ScriptedServer() {
    ::shutdown(socket_.number(), SHUT_RDWR);
    thread_.join();
  }
  std::uint16_t port() const { return port_; }
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  Descriptor socket_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace io
