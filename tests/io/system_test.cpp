#include "io/system.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <set>

namespace io {
namespace {

TEST(SystemClock, MovesForward) {
  SystemClock clock;
  base::Time before = clock.now();
  clock.sleepFor(std::chrono::milliseconds(1));
  EXPECT_GE(clock.now() - before, std::chrono::milliseconds(1));
}

TEST(KernelRandom, GivesAsManyBytesAsAskedAndNeverTheSame) {
  auto random = kernelRandom();
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(random(16));
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(random(0), "");
  EXPECT_EQ(random(100'000).size(), 100'000u);
}

TEST(Environment, TellsEmptyFromUnset) {
  ::setenv("IRSA_TEST_VARIABLE", "", 1);
  EXPECT_EQ(environment("IRSA_TEST_VARIABLE"), "");
  ::unsetenv("IRSA_TEST_VARIABLE");
  EXPECT_EQ(environment("IRSA_TEST_VARIABLE"), std::nullopt);
}

TEST(EnterRoot, BeginsAtTheRootAndNamesAFolderThatIsNotThere) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool isThere = enterRoot("/") && std::filesystem::current_path() == "/";
    const base::Result<void> gone = enterRoot("/irsa-test-no-such-folder");
    const bool isNamed = !gone && gone.error().message.starts_with("making /irsa-test-no-such-folder the root");
    ::_exit(isThere && isNamed ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(Terminal, IsNoPipe) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_FALSE(isTerminal(ends[0]));
  ::close(ends[0]);
  ::close(ends[1]);
}

// In a process of its own, as blocked signals stay blocked.
TEST(WaitForTermination, GivesTheSignalThatCame) {
  for (int signal : {SIGTERM, SIGINT}) {
    pid_t child = ::fork();
    if (child == 0) {
      blockTerminationSignals();
      ::kill(::getpid(), signal);
      ::_exit(waitForTermination());
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), signal);
  }
}

}  // namespace
}  // namespace io
