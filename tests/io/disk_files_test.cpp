#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "io/system.h"
#include "io/temporary_folder.h"

namespace io {
namespace {

using base::ErrorKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DiskFiles : public testing::Test {
 protected:
  std::string at(const std::string& name) const { return folder_.path() + "/" + name; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(at(name)) << text; }
  std::vector<std::string> names() const { return files_->list(folder_.path()).value(); }

  TemporaryFolder folder_;
  std::unique_ptr<base::Files> files_ = newDiskFiles();
};

TEST_F(DiskFiles, ReadsWhatIsThere) {
  std::string all(100'000, '\0');
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = char(i * 7);
  write("a", all);
  EXPECT_EQ(files_->read(at("a")).value(), all);
  std::filesystem::create_symlink("a", at("link"));
  EXPECT_EQ(files_->read(at("link")).value(), all);
}

TEST_F(DiskFiles, NamesTheFileThatItCantRead) {
  auto read = files_->read(at("absent"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(read.error().message, HasSubstr(at("absent")));
  EXPECT_EQ(files_->read(folder_.path()).error().kind, ErrorKind::Invalid);
  write("plain", "");
  EXPECT_EQ(files_->read(at("plain/below")).error().kind, ErrorKind::NotFound);
}

TEST_F(DiskFiles, RefusesToReadMoreThan64MiB) {
  write("large", "");
  std::filesystem::resize_file(at("large"), (64u << 20) + 1);
  auto read = files_->read(at("large"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::Invalid);
}

TEST_F(DiskFiles, TellsWhatIsAtAPath) {
  EXPECT_FALSE(files_->info(at("absent")).value());
  ASSERT_TRUE(files_->create(at("a"), "hello", 0640));
  std::filesystem::create_symlink("a", at("link"));
  base::FileInfo plain = *files_->info(at("a")).value();
  EXPECT_EQ(plain.mode, 0640u);
  EXPECT_EQ(plain.size, 5u);
  EXPECT_FALSE(plain.isFolder || plain.isSymbolicLink);
  EXPECT_TRUE(files_->info(at("link")).value()->isSymbolicLink);
  EXPECT_TRUE(files_->info(folder_.path()).value()->isFolder);
}

TEST_F(DiskFiles, ListsSortedNames) {
  for (auto name : {"b", "a", ".hidden"}) write(name, "");
  EXPECT_THAT(names(), ElementsAre(".hidden", "a", "b"));
  EXPECT_EQ(files_->list(at("absent")).error().kind, ErrorKind::NotFound);
}

TEST_F(DiskFiles, CreatesWithExactlyTheModeWhateverTheUmask) {
  const mode_t before = ::umask(0077);
  auto created = files_->create(at("a"), "x", 0666);
  ::umask(0);
  auto secret = files_->create(at("b"), "x", 0600);
  ::umask(before);
  ASSERT_TRUE(created && secret);
  EXPECT_EQ(files_->info(at("a")).value()->mode, 0666u);
  EXPECT_EQ(files_->info(at("b")).value()->mode, 0600u);
}

TEST_F(DiskFiles, CreatesNothingOverAnything) {
  write("a", "old");
  std::filesystem::create_symlink("nowhere", at("link"));
  for (auto name : {"a", "link"}) {
    auto created = files_->create(at(name), "new", 0600);
    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().kind, ErrorKind::AlreadyExists);
  }
  EXPECT_EQ(files_->read(at("a")).value(), "old");
  EXPECT_THAT(names(), ElementsAre("a", "link"));
}

TEST_F(DiskFiles, ReplacesAndKeepsTheModeThatWasThere) {
  ASSERT_TRUE(files_->create(at("a"), "old", 0640));
  ASSERT_TRUE(files_->replace(at("a"), "new", 0600));
  EXPECT_EQ(files_->read(at("a")).value(), "new");
  EXPECT_EQ(files_->info(at("a")).value()->mode, 0640u);
  ASSERT_TRUE(files_->replace(at("b"), "first", 0604));
  EXPECT_EQ(files_->info(at("b")).value()->mode, 0604u);
  EXPECT_THAT(names(), ElementsAre("a", "b"));
}

TEST_F(DiskFiles, ReplacesByRenamingANewFileFromTheWorkFolder) {
  std::filesystem::create_directory(at("work"));
  write("a", "old");
  std::ifstream reader(at("a"));
  ASSERT_TRUE(files_->replace(at("a"), "new", 0600, at("work")));
  std::string old;
  reader >> old;
  EXPECT_EQ(old, "old");
  EXPECT_EQ(files_->read(at("a")).value(), "new");
  EXPECT_THAT(files_->list(at("work")).value(), IsEmpty());
}

TEST_F(DiskFiles, RefusesToReplaceALinkOrAFolder) {
  write("a", "old");
  std::filesystem::create_symlink("a", at("link"));
  std::filesystem::create_directory(at("folder"));
  for (auto name : {"link", "folder"})
    EXPECT_EQ(files_->replace(at(name), "new", 0600).error().kind, ErrorKind::Invalid) << name;
  EXPECT_EQ(files_->read(at("a")).value(), "old");
  EXPECT_THAT(names(), ElementsAre("a", "folder", "link"));
}

TEST_F(DiskFiles, LeavesNothingBehindWhenItFails) {
  write("a", "old");
  EXPECT_EQ(files_->replace(at("a"), "new", 0600, at("absent")).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(files_->create(at("absent/a"), "new", 0600).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(files_->read(at("a")).value(), "old");
  EXPECT_THAT(names(), ElementsAre("a"));
}

TEST_F(DiskFiles, ClearsAwayWhatAKilledRunLeftAndNothingElse) {
  for (const char* name :
       {".a.0123456789abcdef.tmp", ".a.0123.tmp", ".b.0123456789abcdef.tmp", "a.0123456789abcdef.tmp"})
    write(name, "half");
  ASSERT_TRUE(files_->replace(at("a"), "new", 0600, ""));
  EXPECT_THAT(names(), ElementsAre(".a.0123.tmp", ".b.0123456789abcdef.tmp", "a", "a.0123456789abcdef.tmp"));
  ASSERT_TRUE(files_->create(at("b"), "new", 0600));
  EXPECT_THAT(names(), ElementsAre(".a.0123.tmp", "a", "a.0123456789abcdef.tmp", "b"));
}

TEST_F(DiskFiles, MakesFoldersWithTheirParents) {
  ASSERT_TRUE(files_->makeFolder(at("a/b/c"), 0700));
  ASSERT_TRUE(files_->makeFolder(at("a/b/c"), 0755));
  EXPECT_EQ(files_->info(at("a/b/c")).value()->mode, 0700u);
  EXPECT_EQ(files_->info(at("a")).value()->mode, 0700u);
  write("plain", "");
  EXPECT_FALSE(files_->makeFolder(at("plain"), 0700));
  EXPECT_FALSE(files_->makeFolder(at("plain/below"), 0700));
}

TEST_F(DiskFiles, RemovesWhatIsThereAndDoesNotMindWhatIsNot) {
  write("a", "");
  std::filesystem::create_directory(at("empty"));
  std::filesystem::create_directories(at("full/below"));
  for (auto name : {"a", "empty", "absent", "absent/below"}) EXPECT_TRUE(files_->remove(at(name))) << name;
  EXPECT_FALSE(files_->remove(at("full")));
  EXPECT_THAT(names(), ElementsAre("full"));
}

}  // namespace
}  // namespace io
