// The rest of the world a program is handed by main(): clock, randomness, environment, files, signals.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/random.h"
#include "base/side_by_side.h"

namespace io {

class SystemClock final : public base::Clock {
 public:
  base::Time now() const override;
  void sleepFor(std::chrono::milliseconds time) override;
};

std::unique_ptr<base::Files> newDiskFiles();
base::RandomBytes kernelRandom();
std::optional<std::string> environment(const std::string& name);  // absent when unset

// On up to `limit` threads at once; with 1 in the caller's own.
base::SideBySide sideBySide(std::size_t limit);

bool isTerminal(int descriptor);
void writeOut(std::string_view text);    // all of it to standard output
void writeError(std::string_view text);  // all of it to standard error
std::string readIn();                    // standard input to its end

// An exclusive flock on `path`; freed when the object or the process goes. Fails with Conflict naming the holder's pid
// when another process has it.
class FileLock;
base::Result<std::shared_ptr<FileLock>> lockFile(const std::string& path);

// For a program that nobody sits in front of: SIGHUP, SIGUSR1 and SIGUSR2 do nothing from now on, a standard stream
// that is closed becomes /dev/null, lest the next socket be taken for it, large memory goes back to the kernel when
// freed, and threads share what is freed.
void runUnattended();

// Lets all threads allocate from the heap of the first, which grows in larger steps than theirs would: for a program
// that answers one request at a time. Before threads are started.
void shareOneHeap();

// From now on this process and those that it starts see `folder` as the root of the file system and begin there:
// chroot(2). Denied without CAP_SYS_CHROOT, unless it is the root already.
base::Result<void> enterRoot(const std::string& folder);

// Blocks SIGTERM and SIGINT in the calling thread (and those it starts later) and waits for one of them: its number.
void blockTerminationSignals();
int waitForTermination();

// Runs a program without a shell and gives what it wrote (credential_process, kubeconfig's exec plugins). `heard` is
// told standard error as it comes, too. It is killed, with what it started, when it takes longer than `timeout`.
struct ProcessResult {
  int exitCode = 0;
  std::string output, errors;
};
enum class AtOurEnd { Stop, GoOn };  // when this process is killed: the program gets SIGTERM, or does its work
base::Result<ProcessResult> runProcess(const std::vector<std::string>& argv,
                                       const std::vector<std::string>& addedEnvironment,
                                       std::chrono::milliseconds timeout, std::string_view input = "",
                                       const std::function<void(std::string_view)>& heard = nullptr,
                                       AtOurEnd atOurEnd = AtOurEnd::Stop);

}  // namespace io
