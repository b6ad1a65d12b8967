#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "io/descriptor.h"
#include "io/system.h"
#include "io/temporary_folder.h"

namespace io {
namespace {

using testing::HasSubstr;

std::string lockable(const TemporaryFolder& folder) {
  std::string path = folder.path() + "/irsa.yaml";
  std::ofstream(path) << "the user's own text";
  return path;
}

// Another process that holds the lock until it is killed.
class Holder {
 public:
  explicit Holder(const std::string& path) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      auto lock = lockFile(path);
      (void)!::write(ends[1], lock ? "y" : "n", 1);
      for (;;) ::pause();
    }
    char answer = 0;
    EXPECT_EQ(::read(ends[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
    ::close(ends[0]);
    ::close(ends[1]);
  }
  ~Holder() { kill(); }
  void kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

TEST(LockFile, IsExclusiveAndFreedWithItsObject) {
  TemporaryFolder folder;
  std::string path = lockable(folder);
  {
    auto lock = lockFile(path);
    ASSERT_TRUE(lock) << lock.error().message;
    EXPECT_EQ(lockFile(path).error().kind, base::ErrorKind::Conflict);
  }
  EXPECT_TRUE(lockFile(path));
}

TEST(LockFile, NamesTheProcessThatHasIt) {
  TemporaryFolder folder;
  std::string path = lockable(folder);
  Holder holder(path);
  auto lock = lockFile(path);
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().kind, base::ErrorKind::Conflict);
  EXPECT_THAT(lock.error().message, HasSubstr("process " + std::to_string(holder.pid())));
  EXPECT_THAT(lock.error().message, HasSubstr(path));
}

TEST(LockFile, IsFreedBySigkill) {
  TemporaryFolder folder;
  std::string path = lockable(folder);
  Holder holder(path);
  holder.kill();
  EXPECT_TRUE(lockFile(path));
}

TEST(LockFile, LeavesTheFileAsItWas) {
  TemporaryFolder folder;
  std::string path = lockable(folder);
  {
    auto lock = lockFile(path);
  }
  EXPECT_EQ(newDiskFiles()->read(path).value(), "the user's own text");
  EXPECT_EQ(newDiskFiles()->list(folder.path())->size(), 1u);
}

TEST(LockFile, SaysThatThereIsNoSuchFile) {
  TemporaryFolder folder;
  EXPECT_EQ(lockFile(folder.path() + "/absent").error().kind, base::ErrorKind::NotFound);
}

}  // namespace
}  // namespace io
