#include "io/usage.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <ctime>
#include <vector>

#include "io/descriptor.h"

namespace io {
namespace {

TEST(Usage, IsThisProcesss) {
  const Usage usage = ownUsage();
  EXPECT_GT(usage.residentBytes, 1u << 20);
  EXPECT_GT(usage.virtualBytes, usage.residentBytes);
  EXPECT_GE(usage.maxVirtualBytes, usage.virtualBytes);
  EXPECT_GE(usage.maxDescriptors, usage.openDescriptors);
  EXPECT_LE(usage.startTime, double(std::time(nullptr)) + 1);
  EXPECT_GT(usage.startTime, double(std::time(nullptr)) - 3600);
}

TEST(Usage, CountsDescriptors) {
  const std::uint64_t before = ownUsage().openDescriptors;
  const Descriptor opened(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(ownUsage().openDescriptors, before + 1);
}

TEST(Usage, GrowsWithWork) {
  const Usage before = ownUsage();
  std::vector<char> memory(64u << 20, 'x');
  Usage after = ownUsage();
  EXPECT_GT(after.residentBytes, before.residentBytes + (32u << 20));
  while (after.processorSeconds == before.processorSeconds) {
    for (char& byte : memory) byte = char(byte + 1);
    after = ownUsage();
  }
  EXPECT_GT(after.processorSeconds, before.processorSeconds);
}

}  // namespace
}  // namespace io
