#include "sim/policy_cache.h"

namespace sim {

std::shared_ptr<const policy::PolicyDocument> PolicyCache::parse(const std::string& document, policy::PolicyKind kind) {
  constexpr std::size_t kMost = 256;
  auto key = std::pair(kind, document);
  auto found = parsed_.find(key);
  if (found != parsed_.end()) return found->second;
  auto parsed = policy::parsePolicy(document, kind);
  if (!parsed) return nullptr;
  if (parsed_.size() == kMost) parsed_.clear();
  auto kept = std::make_shared<const policy::PolicyDocument>(std::move(parsed).value());
  parsed_.emplace(std::move(key), kept);
  return kept;
}

}  // namespace sim
