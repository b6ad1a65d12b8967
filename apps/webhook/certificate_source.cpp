#include "webhook/certificate_source.h"

#include <mutex>
#include <utility>

#include "base/time.h"
#include "crypto/certificate.h"

namespace webhook {
namespace {

// Empty when clients will take it at this moment.
std::string whyNotNow(const ServingPair& pair, base::Time now) {
  auto chain = crypto::certificatesFromPem(pair.certificatePem);
  if (!chain) return "";  // not for its time
  const crypto::Certificate& leaf = chain->front();
  if (now >= leaf.notAfter) return "the new certificate ended " + base::rfc3339(leaf.notAfter);
  if (now < leaf.notBefore) return "the new certificate begins " + base::rfc3339(leaf.notBefore);
  return "";
}

}  // namespace

base::Result<void> CertificateSource::replace(const ServingPair& pair, io::Server& server) {
  TRY(crypto::checkServerLeaf(pair.certificatePem));
  const std::vector<crypto::Certificate> chain = TRY(crypto::certificatesFromPem(pair.certificatePem));
  TRY(server.replaceCertificate(pair.certificatePem, pair.keyPem));
  begin_ = chain.front().notBefore;
  end_ = chain.front().notAfter;
  since_ = base::unixSeconds(clock_.now());
  expiry_ = base::unixSeconds(end_);
  return {};
}

void CertificateSource::use(ServingPair pair, io::Server& server) {
  if (pair == served_) {
    setComplaint("");
    return;
  }
  if (pair == refused_) return;
  const base::Time now = clock_.now();
  const bool servesValid = begin_ <= now && now < end_;
  if (const std::string why = whyNotNow(pair, now); servesValid && !why.empty()) return complain(why);
  base::Result<void> replaced = replace(pair, server);
  if (!replaced) {
    // What is no fault of the pair, such as a port that others listen on, may be well at the next look.
    if (replaced.error().kind != base::ErrorKind::Unavailable) refused_ = std::move(pair);
    return complain(replaced.error().message);
  }
  served_ = std::move(pair);
  refused_ = {};
  setComplaint("");
  ++reloads_;
  log_.write(admission::Level::Info, "serving with a new certificate",
             {{"validUntil", base::rfc3339(base::fromUnixSeconds(expiry_))}});
}

void CertificateSource::complain(const std::string& why) {
  ++failures_;
  if (!setComplaint(why)) return;
  log_.write(admission::Level::Error,
             expiry_ == 0 ? "nothing is served yet: not ready" : "the serving certificate stays as it is",
             {{"why", why}});
}

bool CertificateSource::setComplaint(const std::string& why) {
  std::lock_guard lock(mutex_);
  return std::exchange(complaint_, why) != why;
}

std::string CertificateSource::complaint() const {
  std::lock_guard lock(mutex_);
  return complaint_;
}

}  // namespace webhook
