#include "sim/expectations.h"

#include <algorithm>
#include <array>

#include "sim/operation.h"
#include "text/nearest.h"

namespace sim {
namespace {

constexpr std::size_t kKept = 10'000, kLongestText = 2'000;

constexpr std::array<std::pair<std::string_view, Fault>, 4> kFaults{
    {{"throttle", Fault::Throttle},
     {"error500", Fault::Error500},
     {"timeoutAfterSuccess", Fault::TimeoutAfterSuccess},
     {"accessDenied", Fault::AccessDenied}}};

std::vector<std::string_view> operationNames() {
  std::vector<std::string_view> names;
  for (const Operation& operation : iamOperations()) names.push_back(operation.name);
  for (const Operation& operation : stsOperations()) names.push_back(operation.name);
  for (const Operation* operation : s3Operations()) names.push_back(operation->name);
  for (const Operation* operation : cloudFrontOperations()) names.push_back(operation->name);
  return names;
}

base::Error unknown(std::string_view what, std::string_view word, std::span<const std::string_view> known) {
  std::string message = "there is no " + std::string(what) + " \"" + std::string(word) + "\"";
  std::string_view near = text::nearest(word, known);
  return base::invalid(near.empty() ? message : message + "; did you mean \"" + std::string(near) + "\"?");
}

// The log is JSON, requests may hold any byte.
std::string asUtf8(std::string_view bytes) {
  std::string out;
  for (char c : bytes) out += static_cast<unsigned char>(c) < 0x80 ? c : '?';
  return out;
}

}  // namespace

base::Result<Expectations::Expectation> Expectations::read(const text::Json& json) {
  static const std::vector<std::string_view> names = operationNames();
  Expectation out;
  out.operation = text::stringAt(json, "operation");
  if (std::find(names.begin(), names.end(), out.operation) == names.end())
    return unknown("operation", out.operation, names);
  const text::Json& nth = text::at(json, "nth");
  if (!nth.is_null()) {
    if (!nth.is_number_integer() || nth.get<std::int64_t>() < 1)
      return base::invalid("\"nth\" must be a whole number from 1");
    out.left = nth.get<std::int64_t>();
  }
  std::string fault = text::stringAt(json, "fault");
  std::vector<std::string_view> faults;
  for (const auto& [name, kind] : kFaults) {
    faults.push_back(name);
    if (name != fault) continue;
    out.fault = kind;
    return out;
  }
  return unknown("fault", fault, faults);
}

base::Result<void> Expectations::add(std::string_view json) {
  text::Json parsed = TRY(text::parseJson(json));
  std::vector<Expectation> added;
  if (!parsed.is_array()) parsed = text::Json::array({parsed});
  for (const text::Json& one : parsed) added.push_back(TRY(read(one)));
  due_.insert(due_.end(), added.begin(), added.end());
  return {};
}

std::optional<Fault> Expectations::next(std::string_view operation) {
  std::optional<Fault> fault;
  for (Expectation& one : due_)
    if (one.operation == operation && --one.left == 0 && !fault) fault = one.fault;
  std::erase_if(due_, [](const Expectation& one) { return one.left <= 0; });
  return fault;
}

void CallLog::add(LoggedCall call) {
  for (std::string* text : {&call.operation, &call.principal, &call.reason}) {
    if (text->size() <= kLongestText) continue;
    text->resize(kLongestText);
    text->shrink_to_fit();
    *text += "...";
  }
  calls_.push_back(std::move(call));
  if (calls_.size() <= kKept) return;
  calls_.pop_front();
  ++dropped_;
}

text::Json CallLog::toJson() const {
  text::Json out = text::Json::array();
  std::size_t n = dropped_;
  for (const LoggedCall& call : calls_)
    out.push_back({{"n", ++n},
                   {"time", call.time},
                   {"service", call.service},
                   {"operation", asUtf8(call.operation)},
                   {"principal", asUtf8(call.principal)},
                   {"status", call.status},
                   {"code", call.code},
                   {"reason", asUtf8(call.reason)}});
  return out;
}

}  // namespace sim
