#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/system.h"
#include "io/temporary_folder.h"

namespace io {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

base::Result<ProcessResult> shell(const std::string& script, std::string_view input = "",
                                  std::chrono::milliseconds timeout = 20s) {
  return runProcess({"sh", "-c", script}, {"IRSA_ADDED=a value", "HOME=/replaced"}, timeout, input);
}

TEST(RunProcess, GivesOutputErrorsAndExitCodeApart) {
  auto result = shell("echo out; echo err >&2; exit 3");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->output, "out\n");
  EXPECT_EQ(result->errors, "err\n");
  EXPECT_EQ(result->exitCode, 3);
}

TEST(RunProcess, NeedsNoShellForArguments) {
  EXPECT_EQ(runProcess({"printf", "%s|", "a b", "$HOME", "'"}, {}, 20s)->output, "a b|$HOME|'|");
}

TEST(RunProcess, AddsToTheEnvironmentAndReplacesInIt) {
  EXPECT_EQ(shell("echo $IRSA_ADDED $HOME; test -n \"$PATH\"")->output, "a value /replaced\n");
}

TEST(RunProcess, FeedsMoreThanAPipeHoldsWhileItReads) {
  std::string input(1u << 20, 'x');
  auto result = shell("cat", input);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->output, input);
}

TEST(RunProcess, OutlivesAProgramThatReadsNothing) {
  auto result = shell("exec <&-; echo done", std::string(1u << 20, 'x'));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->output, "done\n");
}

TEST(RunProcess, StopsWhatTakesTooLongWithAllItStarted) {
  auto result = shell("sleep 1000 & sleep 1000", "", 50ms);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, base::ErrorKind::Unavailable);
  EXPECT_THAT(result.error().message, HasSubstr("running sh: it did not end in time"));
}

// Kills a process of ours while it runs a program. Whether the program, which alone holds the pipe then, ends.
bool endsWithUs(AtOurEnd atOurEnd) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t us = ::fork();
  if (us == 0) {
    ::dup2(ends[1], 9);
    ::close(ends[0]);
    ::close(ends[1]);
    (void)runProcess({"sh", "-c", "echo $$ >&9; exec sleep 1000"}, {}, 1000s, "", nullptr, atOurEnd);
    ::_exit(0);
  }
  ::close(ends[1]);
  char said[32] = "";
  EXPECT_GT(::read(ends[0], said, sizeof said - 1), 0);
  ::kill(us, SIGKILL);
  ::waitpid(us, nullptr, 0);
  pollfd hangUp{ends[0], POLLIN, 0};
  const bool ended = ::poll(&hangUp, 1, atOurEnd == AtOurEnd::Stop ? 20'000 : 200) == 1;
  if (!ended) ::kill(std::atoi(said), SIGKILL);
  ::close(ends[0]);
  return ended;
}

TEST(RunProcess, EndsWhatItRunsWhenWeAreKilledUnlessToldOtherwise) {
  EXPECT_TRUE(endsWithUs(AtOurEnd::Stop));
  EXPECT_FALSE(endsWithUs(AtOurEnd::GoOn));
}

TEST(RunProcess, DoesNotWaitForAGrandchildThatKeepsItsOutput) {
  auto result = shell("sleep 5 & echo started");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->output, "started\n");
}

TEST(RunProcess, StopsWhatWritesTooMuch) {
  auto result = shell("yes");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, base::ErrorKind::Invalid);
}

TEST(RunProcess, SaysThatThereIsNoSuchProgram) {
  auto result = runProcess({"irsa-test-no-such-program"}, {}, 20s);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, base::ErrorKind::NotFound);
  EXPECT_THAT(result.error().message, HasSubstr("irsa-test-no-such-program"));
  EXPECT_EQ(runProcess({}, {}, 20s).error().kind, base::ErrorKind::Invalid);
}

TEST(RunProcess, TellsStandardErrorAsItComes) {
  TemporaryFolder folder;
  std::string heard;
  const auto listen = [&](std::string_view piece) {
    heard += piece;
    if (heard == "first\n") newDiskFiles()->makeFolder(folder.path() + "/heard", 0700).value();
  };
  const std::string waits = "until [ -d " + folder.path() + "/heard ]; do sleep 0.01; done";
  const std::string script = "echo first >&2; " + waits + "; echo second >&2; echo out";
  auto result = runProcess({"sh", "-c", script}, {}, 20s, "", listen);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(heard, "first\nsecond\n");
  EXPECT_EQ(result->errors, heard);
  EXPECT_EQ(result->output, "out\n");
}

TEST(RunProcess, TellsASignalAsAShellDoes) { EXPECT_EQ(shell("kill -9 $$")->exitCode, 137); }

TEST(RunProcess, GivesTheProgramSignalsAsAFreshShellHasThem) {
  // 128 + SIGPIPE: `yes` must not see EPIPE for ever because our own server ignores that signal.
  EXPECT_EQ(shell("{ yes; echo $? >&2; } | head -n 1 >/dev/null")->errors, "141\n");
}

}  // namespace
}  // namespace io
