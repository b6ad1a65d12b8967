#include "admission/log.h"

#include <array>

#include "base/time.h"
#include "kube/admission_review.h"
#include "text/words.h"

namespace admission {
namespace {

struct Stamp {
  std::int64_t second = -1;
  std::string rfc3339;  // 2026-11-24T12:00:00Z
};

// Writing a date costs more than the rest of a line, so each thread keeps the current second's.
const std::string& dateOf(base::Time now) {
  thread_local Stamp stamp;
  const std::int64_t second = base::unixSeconds(now);
  if (second != stamp.second) stamp = {second, base::rfc3339(base::fromUnixSeconds(second))};
  return stamp.rfc3339;
}

void appendMicroseconds(std::string& out, base::Time now) {
  auto left = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count() % 1'000'000;
  const std::string digits = std::to_string(left < 0 ? left + 1'000'000 : left);
  out.append(6 - digits.size(), '0').append(digits);
}

// Longer than any name or ARN; whoever sends us more shall not fill the log.
void appendValue(std::string& out, std::string_view value) {
  constexpr std::size_t kLongest = 4096;  // bytes
  if (value.size() <= kLongest)
    kube::appendJsonString(out, value);
  else
    kube::appendJsonString(out, text::shown(value, kLongest));
}

// Lmmdd hh:mm:ss.uuuuuu threadid file:line] (klog's header)
void appendText(std::string& out, Level level, base::Time now, std::string_view message,
                std::initializer_list<LogField> fields) {
  const std::string_view date = dateOf(now);
  out += "IWE"[std::size_t(level)];
  out.append(date.substr(5, 2)).append(date.substr(8, 2)).append(" ").append(date.substr(11, 8)).append(".");
  appendMicroseconds(out, now);
  out.append("       1 irsa-webhook:1] ");
  kube::appendJsonString(out, message);
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    out.append(" ").append(name).append("=");
    appendValue(out, value);
  }
}

void appendJson(std::string& out, Level level, base::Time now, std::string_view message,
                std::initializer_list<LogField> fields) {
  static constexpr std::array<std::string_view, 3> kLevels = {"info", "warning", "error"};
  const std::string_view date = dateOf(now);
  out.append("{\"time\":\"").append(date.substr(0, 19)).append(".");
  appendMicroseconds(out, now);
  out.append("Z\",\"level\":\"").append(kLevels[std::size_t(level)]).append("\",\"message\":");
  kube::appendJsonString(out, message);
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    out.append(",\"").append(name).append("\":");
    appendValue(out, value);
  }
  out += '}';
}

}  // namespace

void Log::write(Level level, std::string_view message, std::initializer_list<LogField> fields) const {
  thread_local std::string line;
  line.clear();
  const base::Time now = clock_.now();
  if (format_ == Format::Text)
    appendText(line, level, now, message, fields);
  else
    appendJson(line, level, now, message, fields);
  line += '\n';
  sink_(line);
}

}  // namespace admission
