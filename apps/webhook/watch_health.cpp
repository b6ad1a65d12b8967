#include "webhook/watch_health.h"

namespace webhook {

void WatchHealth::stateChanged(const kube::ReflectorState& state) {
  {
    std::lock_guard lock(mutex_);
    trouble_ = state.trouble;
  }
  refused_ = state.refused;
  if (state.failures > 0) ++failures_;
  if (state.refused)
    log_.write(admission::Level::Error, "the API server refuses our credentials: not ready", {{"why", state.trouble}});
  else if (!state.trouble.empty())
    log_.write(admission::Level::Warning, noun_ + " can't be watched; going on with those known",
               {{"why", state.trouble}});
  else if (state.synced && !wasSynced_)
    log_.write(admission::Level::Info, "all " + noun_ + " are listed");
  wasSynced_ = state.synced;
}

std::string WatchHealth::trouble() const {
  std::lock_guard lock(mutex_);
  return trouble_;
}

}  // namespace webhook
