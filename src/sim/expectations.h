// Faults on order, and the log of calls: what /_irsa/expect and /_irsa/calls speak of.
#pragma once
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/json.h"

namespace sim {

enum class Fault { Throttle, Error500, TimeoutAfterSuccess, AccessDenied };

class Expectations {
 public:
  // One expectation or an array of them. Invalid, and nothing taken, for an unknown operation or fault.
  base::Result<void> add(std::string_view json);
  // Counts one call of `operation`; the fault it meets, if one is due. An expectation is used up by its fault.
  std::optional<Fault> next(std::string_view operation);

 private:
  struct Expectation {
    std::string operation;
    std::int64_t left = 1;  // calls until it is due
    Fault fault = Fault::Throttle;
  };
  static base::Result<Expectation> read(const text::Json& json);
  std::vector<Expectation> due_;
};

struct LoggedCall {
  std::string time, service, operation, principal;
  int status = 200;
  std::string code, reason;
};

class CallLog {
 public:
  void add(LoggedCall call);
  text::Json toJson() const;

 private:
  std::deque<LoggedCall> calls_;
  std::size_t dropped_ = 0;
};

}  // namespace sim
