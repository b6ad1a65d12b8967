#include "io/host.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace io {

std::string hostName() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string("unknown");
}

long processId() { return ::getpid(); }

bool isRunning(long process) { return ::kill(pid_t(process), 0) == 0 || errno == EPERM; }

}  // namespace io
