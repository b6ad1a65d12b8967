// The named values of one request: the form of AWS's query protocol, or an S3 request's query string. And the
// constraints of a service model, refused in the words that AWS's front ends use.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "text/uri.h"

namespace sim {

class Parameters {
 public:
  Parameters() = default;
  explicit Parameters(text::FormFields fields);

  // A name that occurs more than once; absent when none does.
  std::optional<std::string_view> repeated() const;

  // The first value of that name, or absent. Views live as long as this object.
  std::optional<std::string_view> find(std::string_view name) const;
  std::string_view get(std::string_view name) const { return find(name).value_or(std::string_view()); }
  bool has(std::string_view name) const { return find(name).has_value(); }

  // NAME.member.1, NAME.member.2, … up to the first gap.
  std::vector<std::string> list(std::string_view name) const;
  // NAME.member.N.Key and NAME.member.N.Value, in order; duplicates are kept for the caller to judge.
  std::vector<std::pair<std::string, std::string>> tags(std::string_view name) const;
  // Absent, or a whole number; anything else is MalformedInput.
  base::Result<std::optional<std::int64_t>> number(std::string_view name) const;

  const text::FormFields& fields() const { return fields_; }

 private:
  text::FormFields fields_;
  std::vector<std::uint32_t> byName_;  // positions, sorted by name: a form may have very many
};

// Whether a ValidationError repeats the values it refuses: those of STS do, those of IAM don't.
enum class Values { Shown, Hidden };

// Gathers every broken constraint of a request, then says them in one ValidationError:
// "2 validation errors detected: Value 'x' at 'roleArn' failed to satisfy constraint: …; …".
class Constraints {
 public:
  explicit Constraints(Values values) : values_(values) {}
  Constraints& required(std::string_view member, const std::optional<std::string_view>& value);
  // Absent values pass. Lengths count code points. A secret's value is not repeated in the message.
  Constraints& length(std::string_view member, const std::optional<std::string_view>& value, std::size_t least,
                      std::size_t most, bool secret = false);
  Constraints& pattern(std::string_view member, const std::optional<std::string_view>& value, bool holds,
                       std::string_view regularExpression);
  Constraints& range(std::string_view member, const std::optional<std::int64_t>& value, std::int64_t least,
                     std::int64_t most);
  // Of tags.NUMBER.member.
  Constraints& tag(std::size_t number, std::string_view key, std::string_view value);
  // A list whose items have constraints: they are named all together, whichever is broken.
  Constraints& items(std::string_view member, bool hold, std::string_view constraints);
  Constraints& failed(std::string_view value, std::string_view member, std::string_view constraint);
  base::Result<void> verdict() const;

 private:
  Values values_;
  std::vector<std::string> faults_;
};

}  // namespace sim
