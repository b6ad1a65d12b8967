#include "webhook/pod_identity_file.h"

namespace webhook {

base::Result<std::string> PodIdentityFile::read() const {
  base::Result<std::string> contents = files_.read(path_);
  if (!contents && contents.error().kind == base::ErrorKind::NotFound) return std::string();
  return contents;
}

void PodIdentityFile::poll() {
  base::Result<std::string> contents = read();
  if (!contents) return complain(contents.error().message);
  if (isRead_ && *contents == contents_) return recover();
  base::Result<admission::PodIdentities> identities = admission::PodIdentities::read(*contents);
  if (!identities) return complain(path_ + ": " + identities.error().message);
  isRead_ = true;
  contents_ = std::move(*contents);
  complaint_.clear();
  log_.write(admission::Level::Info, "container credentials",
             {{"file", path_}, {"accounts", std::to_string(identities->size())}});
  auto shared = std::make_shared<const admission::PodIdentities>(std::move(*identities));
  loops_.post([shared](admission::IdentitySources& sources) { sources.podIdentities = shared; });
}

void PodIdentityFile::recover() {
  if (complaint_.empty()) return;
  complaint_.clear();
  log_.write(admission::Level::Info, "the container credentials' file is as it was before", {{"file", path_}});
}

void PodIdentityFile::complain(const std::string& why) {
  if (why == complaint_) return;  // said already
  complaint_ = why;
  log_.write(admission::Level::Error, "the container credentials' file is not used as it is now", {{"why", why}});
}

}  // namespace webhook
