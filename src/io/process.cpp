#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <memory>

#include "io/descriptor.h"
#include "io/system.h"

extern char** environ;

namespace io {
namespace {

using Moment = std::chrono::steady_clock::time_point;

constexpr std::size_t kLongestOutput = 4u << 20;  // credentials and tokens are far shorter

struct Pipe {
  Descriptor reading, writing;
};

base::Result<Pipe> openPipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return base::internal("making a pipe: " + errorText());
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

// Later entries win, as a shell's `NAME=value command` does.
std::vector<std::string> mergedEnvironment(const std::vector<std::string>& added) {
  std::vector<std::string> all = added;
  for (char** entry = environ; *entry; ++entry) {
    std::string name(*entry, std::string_view(*entry).find('='));
    bool isReplaced = false;
    for (const std::string& own : added) isReplaced = isReplaced || own.starts_with(name + "=");
    if (!isReplaced) all.emplace_back(*entry);
  }
  return all;
}

std::vector<char*> pointersTo(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

struct Program {
  std::vector<char*> argv, environment;
  std::array<int, 3> descriptors;
  AtOurEnd atOurEnd;
};

// What the child does between fork and exec: async-signal-safe calls only. Its own process group, so that what the
// program starts goes with it; signals as in a fresh shell. Says in `report` why there is no program.
[[noreturn]] void become(const Program& program, pid_t parent, int report) {
  ::setpgid(0, 0);
  const bool stops = program.atOurEnd == AtOurEnd::Stop;
  if (stops) ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (stops && ::getppid() != parent) ::_exit(127);
  for (int i = 0; i < 3; ++i) {
    const int descriptor = program.descriptors[std::size_t(i)];
    if (descriptor == i)
      ::fcntl(i, F_SETFD, 0);
    else
      ::dup2(descriptor, i);
  }
  sigset_t none;
  sigemptyset(&none);
  ::signal(SIGPIPE, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execvpe(program.argv[0], program.argv.data(), program.environment.data());
  const int trouble = errno;
  (void)!::write(report, &trouble, sizeof trouble);
  ::_exit(127);
}

// 0, or the errno that says why there is no program; `pid` is then collected already. Not posix_spawn(), which can't
// ask the kernel to end the child with us.
int spawn(pid_t& pid, const Program& program) {
  auto report = openPipe();
  if (!report) return errno;
  const pid_t parent = ::getpid();
  pid = ::fork();
  if (pid < 0) return errno;
  if (pid == 0) become(program, parent, report->writing.number());
  report->writing.close();
  int trouble = 0;
  ssize_t count = 0;
  do {
    count = ::read(report->reading.number(), &trouble, sizeof trouble);
  } while (count < 0 && errno == EINTR);
  if (count != sizeof trouble) return 0;
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return trouble;
}

// Killed and collected unless it was waited for.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid), ended_(int(::syscall(SYS_pidfd_open, pid, 0))) {}
  Child(const Child&) = delete;
  ~Child() {
    if (pid_ < 0) return;
    ::kill(-pid_, SIGKILL);
    wait();
  }
  int ended() const { return ended_.number(); }  // readable once it has ended
  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_;
  Descriptor ended_;
};

// Reads what is there; closes `from` at its end. False when there is too much.
bool drain(Descriptor& from, std::string& to) {
  char buffer[16384];
  ssize_t count = ::read(from.number(), buffer, sizeof buffer);
  if (count > 0) to.append(buffer, std::size_t(count));
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) from.close();
  return to.size() <= kLongestOutput;
}

void feed(Descriptor& to, std::string_view& input) {
  ssize_t count = input.empty() ? 0 : ::write(to.number(), input.data(), input.size());
  if (count > 0) input.remove_prefix(std::size_t(count));
  if (input.empty() || (count < 0 && errno != EAGAIN && errno != EINTR)) to.close();
}

struct Conversation {
  Descriptor input, output, errors;
  const std::function<void(std::string_view)>& heard;
};

// Until the program has ended and its output is read.
base::Result<ProcessResult> converse(Child& child, Conversation pipes, std::string_view input, Moment deadline) {
  ProcessResult result;
  bool hasEnded = false;
  while (!hasEnded || pipes.output || pipes.errors) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) return base::unavailable("it did not end in time and was stopped");
    std::array<pollfd, 4> waits{{{pipes.input.number(), POLLOUT, 0},
                                 {pipes.output.number(), POLLIN, 0},
                                 {pipes.errors.number(), POLLIN, 0},
                                 {hasEnded ? -1 : child.ended(), POLLIN, 0}}};
    // Once it has ended, a grandchild that kept the pipes open is not waited for.
    int ready = ::poll(waits.data(), waits.size(), hasEnded ? 0 : int(std::min<std::int64_t>(left, INT32_MAX)));
    if (ready == 0 && hasEnded) break;
    if (waits[0].revents != 0) feed(pipes.input, input);
    bool fits = waits[1].revents == 0 || drain(pipes.output, result.output);
    const std::size_t before = result.errors.size();
    fits = fits && (waits[2].revents == 0 || drain(pipes.errors, result.errors));
    if (pipes.heard && result.errors.size() > before) pipes.heard(std::string_view(result.errors).substr(before));
    if (!fits) return base::invalid("it wrote more than 4 MiB and was stopped");
    hasEnded = hasEnded || waits[3].revents != 0;
  }
  result.exitCode = child.wait();
  return result;
}

}  // namespace

base::Result<ProcessResult> runProcess(const std::vector<std::string>& argv,
                                       const std::vector<std::string>& addedEnvironment,
                                       std::chrono::milliseconds timeout, std::string_view input,
                                       const std::function<void(std::string_view)>& heard, AtOurEnd atOurEnd) {
  if (argv.empty()) return base::invalid("running a program: no program is named");
  ::signal(SIGPIPE, SIG_IGN);
  Pipe in = TRY(openPipe());
  Pipe out = TRY(openPipe());
  Pipe err = TRY(openPipe());
  for (int end : {in.writing.number(), out.reading.number(), err.reading.number()}) ::fcntl(end, F_SETFL, O_NONBLOCK);
  pid_t pid = -1;
  const std::vector<std::string> environment = mergedEnvironment(addedEnvironment);
  int trouble = spawn(pid, {.argv = pointersTo(argv),
                            .environment = pointersTo(environment),
                            .descriptors = {in.reading.number(), out.writing.number(), err.writing.number()},
                            .atOurEnd = atOurEnd});
  std::string doing = "running " + argv[0];
  if (trouble == ENOENT) return base::notFound(doing + ": " + errorText(trouble));
  if (trouble != 0) return base::unavailable(doing + ": " + errorText(trouble));
  Child child(pid);
  if (child.ended() < 0) return base::internal(doing + ": " + errorText());
  for (Descriptor* end : {&in.reading, &out.writing, &err.writing}) end->close();
  auto result = converse(child, {std::move(in.writing), std::move(out.reading), std::move(err.reading), heard}, input,
                         std::chrono::steady_clock::now() + timeout);
  if (!result) return std::move(result).error().during(doing);
  return result;
}

}  // namespace io
