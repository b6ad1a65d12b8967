#include "admission/mapping.h"

#include <charconv>

#include "kube/member_name.h"
#include "text/json_reader.h"

namespace admission {
namespace {

using Kind = text::JsonReader::Kind;

constexpr std::string_view kEveryNamespace = "*";

std::string keyOf(std::string_view nameSpace, std::string_view name) {
  return std::string(nameSpace).append("/").append(name);
}

// One entry's members as Go's encoding/json takes them: a null leaves what was there, the last of several counts.
class EntryReader {
 public:
  explicit EntryReader(text::JsonReader& json) : json_(json) {}

  // The name of the first member of a wrong type; empty when all are right.
  std::string_view read(Identity& identity) {
    json_.object([&](std::string_view key) {
      if (json_.null()) return;
      if (kube::isNameOf(key, "RoleARN")) return text("RoleARN", identity.roleArn);
      if (kube::isNameOf(key, "Audience")) return text("Audience", identity.audience);
      if (kube::isNameOf(key, "UseRegionalSTS")) return boolean("UseRegionalSTS", identity.regionalSts);
      if (kube::isNameOf(key, "TokenExpiration")) return integer("TokenExpiration", identity.expiration);
      json_.skip();
    });
    return wrong_;
  }

 private:
  void mismatch(std::string_view member) {
    json_.skip();
    if (wrong_.empty()) wrong_ = member;
  }
  void text(std::string_view member, std::string& out) {
    if (json_.peek() != Kind::String) return mismatch(member);
    out = json_.string();
  }
  void boolean(std::string_view member, bool& out) {
    if (json_.peek() != Kind::Boolean) return mismatch(member);
    out = json_.boolean();
  }
  void integer(std::string_view member, std::int64_t& out) {
    if (json_.peek() != Kind::Number) return mismatch(member);
    const std::string_view digits = json_.number();
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    if ((error != std::errc() || end != digits.data() + digits.size()) && wrong_.empty()) wrong_ = member;
  }

  text::JsonReader& json_;
  std::string_view wrong_;
};

}  // namespace

base::Result<Mapping> Mapping::read(std::string_view config, const Settings& settings,
                                    std::vector<std::string>& faults) {
  Mapping mapping;
  text::JsonReader json;
  json.open(config);
  if (!json.null()) json.object([&](std::string_view key) { mapping.readEntry(json, key, settings, faults); });
  if (!json.finish()) return json.error();
  return mapping;
}

void Mapping::readEntry(text::JsonReader& json, std::string_view key, const Settings& settings,
                        std::vector<std::string>& faults) {
  const std::string name(key), quoted = "\"" + name + "\"";
  const std::size_t slash = name.find('/');
  if (json.peek() != Kind::Object) {
    json.skip();
    faults.push_back(quoted + " is no object with a RoleARN");
    return;
  }
  Identity identity{"", "", 0, false};
  const std::string_view wrong = EntryReader(json).read(identity);
  if (!wrong.empty()) {
    faults.push_back(quoted + ": " + std::string(wrong) + " has the wrong type");
    return;
  }
  if (slash == std::string::npos) {
    faults.push_back(quoted + " has no slash: an entry is named NAMESPACE/SERVICEACCOUNT");
    return;
  }
  if (identity.expiration == 0) identity.expiration = settings.tokenExpiration;
  // What follows a second slash is not looked at, as with AWS's.
  entries_[name.substr(0, name.find('/', slash + 1))] = std::make_shared<const Identity>(std::move(identity));
}

std::shared_ptr<const Identity> Mapping::findExact(std::string_view nameSpace, std::string_view name) const {
  auto found = entries_.find(keyOf(nameSpace, name));
  return found == entries_.end() ? nullptr : found->second;
}

std::shared_ptr<const Identity> Mapping::find(std::string_view nameSpace, std::string_view name) const {
  if (std::shared_ptr<const Identity> own = findExact(nameSpace, name)) return own;
  return findExact(kEveryNamespace, name);
}

}  // namespace admission
