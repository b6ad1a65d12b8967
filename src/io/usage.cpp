#include "io/usage.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace io {
namespace {

// Entries of /proc/self/fd but for the one that this look opens.
std::uint64_t openDescriptors() {
  DIR* folder = ::opendir("/proc/self/fd");
  if (!folder) return 0;
  std::uint64_t count = 0;
  while (const dirent* entry = ::readdir(folder))  // NOLINT(concurrency-mt-unsafe): of a folder that is ours alone
    if (entry->d_name[0] != '.') ++count;
  ::closedir(folder);
  return count - 1;
}

std::uint64_t limitOf(__rlimit_resource_t resource) {
  rlimit limit{};
  return ::getrlimit(resource, &limit) == 0 ? limit.rlim_cur : 0;
}

// When the machine was started, in Unix seconds: the line btime of /proc/stat.
double bootTime() {
  std::ifstream stat("/proc/stat");
  for (std::string name; stat >> name;) {
    double time = 0;
    if (name == "btime" && stat >> time) return time;
  }
  return 0;
}

}  // namespace

Usage ownUsage() {
  Usage usage;
  usage.openDescriptors = openDescriptors();
  usage.maxDescriptors = limitOf(RLIMIT_NOFILE);
  usage.maxVirtualBytes = limitOf(RLIMIT_AS);
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  // proc(5): the fields behind the name, which is in parentheses and may hold anything; the first is the third of all.
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  const std::istream_iterator<std::string> begin(fields), end;
  const std::vector<std::string> field(begin, end);
  constexpr std::size_t kUser = 11, kSystem = 12, kStart = 19, kVirtual = 20, kResident = 21;
  if (field.size() <= kResident) return usage;
  const auto ticks = double(::sysconf(_SC_CLK_TCK));
  usage.processorSeconds = (std::stod(field[kUser]) + std::stod(field[kSystem])) / ticks;
  usage.startTime = bootTime() + std::stod(field[kStart]) / ticks;
  usage.virtualBytes = std::stoull(field[kVirtual]);
  usage.residentBytes = std::stoull(field[kResident]) * std::uint64_t(::sysconf(_SC_PAGESIZE));
  return usage;
}

}  // namespace io
