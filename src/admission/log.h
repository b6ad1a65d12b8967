// The log of the webhook: one line a fact, for people (klog's text, which AWS's webhook writes) or for machines (JSON).
// Values are what a field name promises: tokens, bodies and environment values are never given to it.
#pragma once
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"

namespace admission {

enum class Level { Info, Warning, Error };

using LogField = std::pair<std::string_view, std::string_view>;  // an empty value is left out, a long one is cut

// Thread-safe if the sink is; keeps no state between lines but the buffer of the calling thread.
class Log {
 public:
  enum class Format { Text, Json };
  using Sink = std::function<void(std::string_view line)>;  // with its line break, to be written in one piece

  Log(Format format, const base::Clock& clock, Sink sink) : format_(format), clock_(clock), sink_(std::move(sink)) {}

  void write(Level level, std::string_view message, std::initializer_list<LogField> fields = {}) const;

 private:
  Format format_;
  const base::Clock& clock_;
  Sink sink_;
};

}  // namespace admission
