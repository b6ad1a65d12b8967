#include "sim/state_file.h"

#include <gtest/gtest.h>

#include "support/memory_files.h"

namespace sim {
namespace {

State withBody(std::string body) {
  State state;
  Bucket& bucket = state.buckets["b"];
  bucket.name = "b";
  bucket.objects["k"].body = Body(std::move(body));
  return state;
}

TEST(StateFile, IsMadeWhenItIsMissing) {
  support::MemoryFiles files;
  StateFile file("/state", &files);
  EXPECT_TRUE(file.load());
  EXPECT_TRUE(files.files.contains("/state"));
}

TEST(StateFile, KeepsLargeBodiesBesideItInPieces) {
  support::MemoryFiles files;
  StateFile file("/state", &files);
  State state = withBody(std::string(Body::kPiece + 5, 'x'));
  EXPECT_TRUE(file.save(state));
  EXPECT_EQ(files.files.size(), 3u);
  EXPECT_LT(files.files["/state"].contents.size(), 1000u);
  StateFile later("/state", &files);
  auto loaded = later.load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE(*loaded == state);
  EXPECT_TRUE(later.save(State()));
  EXPECT_EQ(files.files.size(), 1u);
}

TEST(StateFile, KeepsSmallBodiesInTheDocument) {
  support::MemoryFiles files;
  StateFile file("/state", &files);
  EXPECT_TRUE(file.save(withBody(std::string(Body::kSmall, 'x'))));
  EXPECT_EQ(files.files.size(), 1u);
}

TEST(StateFile, NoticesAPieceThatIsNotWhole) {
  support::MemoryFiles files;
  EXPECT_TRUE(StateFile("/state", &files).save(withBody(std::string(Body::kSmall + 1, 'x'))));
  for (auto& [path, file] : files.files)
    if (path != "/state") file.contents.pop_back();
  auto loaded = StateFile("/state", &files).load();
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find("does not hold what its name says"), std::string::npos);
}

}  // namespace
}  // namespace sim
