#include "io/system.h"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "io/descriptor.h"

namespace io {
namespace {

sigset_t terminationSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

// Nothing sensible can be done about a standard output that takes nothing any more.
void writeAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count > 0) {
      text.remove_prefix(std::size_t(count));
    } else if (errno == EAGAIN) {
      pollfd ready{descriptor, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return;
    }
  }
}

}  // namespace

base::Time SystemClock::now() const { return std::chrono::system_clock::now(); }
void SystemClock::sleepFor(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

base::RandomBytes kernelRandom() {
  return [](std::size_t count) {
    std::string bytes(count, '\0');
    for (std::size_t done = 0; done < count;) {
      ssize_t got = getrandom(bytes.data() + done, count - done, 0);
      // Without randomness nothing may go on: keys would be made of zeros.
      if (got < 0 && errno != EINTR) throw std::runtime_error("the kernel gives no random bytes");
      if (got > 0) done += std::size_t(got);
    }
    return bytes;
  };
}

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

base::Result<void> enterRoot(const std::string& folder) {
  const bool isOther = folder != "/";
  if ((!isOther || ::chroot(folder.c_str()) == 0) && ::chdir("/") == 0) return {};
  const base::ErrorKind kind = errno == EPERM ? base::ErrorKind::Denied : base::ErrorKind::NotFound;
  return base::Error{kind, "", "making " + folder + " the root of the file system: " + errorText()};
}

bool isTerminal(int descriptor) { return ::isatty(descriptor) == 1; }
void writeOut(std::string_view text) { writeAll(STDOUT_FILENO, text); }
void writeError(std::string_view text) { writeAll(STDERR_FILENO, text); }

std::string readIn() {
  std::string text;
  char buffer[16384];
  while (true) {
    ssize_t count = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (count > 0) text.append(buffer, std::size_t(count));
    if (count == 0 || (count < 0 && errno != EINTR)) return text;
  }
}

void runUnattended() {
  for (int number : {SIGHUP, SIGUSR1, SIGUSR2}) ::signal(number, SIG_IGN);
  int opened = 0;
  while (opened >= 0 && opened <= STDERR_FILENO) opened = ::open("/dev/null", O_RDWR);
  if (opened > STDERR_FILENO) ::close(opened);
  // Left to itself, glibc raises this threshold with the first large block that is freed and keeps what comes after.
  ::mallopt(M_MMAP_THRESHOLD, 256 << 10);
  // Each thread would get an arena of its own, and none gives to another what it no longer needs.
  ::mallopt(M_ARENA_MAX, 2);
}

void shareOneHeap() { ::mallopt(M_ARENA_MAX, 1); }

void blockTerminationSignals() {
  sigset_t set = terminationSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

int waitForTermination() {
  sigset_t set = terminationSignals();
  int signal = 0;
  while (sigwait(&set, &signal) != 0) {
  }
  return signal;
}

}  // namespace io
