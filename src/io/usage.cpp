#include "io/usage.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "io/system.h"

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

std::string contentsOf(const std::string& path) {
  base::Result<std::string> read = newDiskFiles()->read(path);
  return read ? *std::move(read) : std::string();
}

// The number at the beginning of `text`, and 0 if there is none. Streams would do, but with all of locales behind them,
// which cost every process half a megabyte.
std::uint64_t numberAt(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// What comes behind the next blank; empty when there is none.
std::string_view afterBlank(std::string_view text) {
  const std::size_t blank = text.find(' ');
  return blank == std::string_view::npos ? std::string_view() : text.substr(blank + 1);
}

// When the machine was started, in Unix seconds: the line btime of /proc/stat.
std::uint64_t bootTime() {
  const std::string stat = contentsOf("/proc/stat");
  const std::size_t line = stat.find("\nbtime ");
  return line == std::string::npos ? 0 : numberAt(afterBlank(std::string_view(stat).substr(line)));
}

}  // namespace

Usage ownUsage() {
  Usage usage;
  usage.openDescriptors = openDescriptors();
  usage.maxDescriptors = limitOf(RLIMIT_NOFILE);
  usage.maxVirtualBytes = limitOf(RLIMIT_AS);
  const std::string line = contentsOf("/proc/self/stat");
  // proc(5): the fields behind the name, which is in parentheses and may hold anything; that is the second of all.
  constexpr std::size_t kUser = 14, kSystem = 15, kStart = 22, kVirtual = 23, kResident = 24, kFields = 25;
  std::uint64_t field[kFields] = {};
  std::string_view rest = std::string_view(line).substr(std::min(line.rfind(')'), line.size()));
  for (std::size_t number = 3; number < kFields; ++number) {
    rest = afterBlank(rest);
    field[number] = numberAt(rest);
  }
  const auto ticks = double(::sysconf(_SC_CLK_TCK));
  usage.processorSeconds = double(field[kUser] + field[kSystem]) / ticks;
  usage.startTime = double(bootTime()) + double(field[kStart]) / ticks;
  usage.virtualBytes = field[kVirtual];
  usage.residentBytes = field[kResident] * std::uint64_t(::sysconf(_SC_PAGESIZE));
  return usage;
}

}  // namespace io
