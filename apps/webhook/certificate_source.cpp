#include "webhook/certificate_source.h"

#include "base/time.h"
#include "crypto/certificate.h"

namespace webhook {

base::Result<void> CertificateSource::replace(const ServingPair& pair, io::Server& server) {
  TRY(crypto::checkServerLeaf(pair.certificatePem));
  const std::vector<crypto::Certificate> chain = TRY(crypto::certificatesFromPem(pair.certificatePem));
  TRY(server.replaceCertificate(pair.certificatePem, pair.keyPem));
  begin_ = base::unixSeconds(chain.front().notBefore);
  expiry_ = base::unixSeconds(chain.front().notAfter);
  return {};
}

void CertificateSource::use(ServingPair pair, io::Server& server) {
  if (pair == served_ || pair == refused_) return;
  base::Result<void> replaced = replace(pair, server);
  if (!replaced) {
    refused_ = std::move(pair);
    return complain(replaced.error().message);
  }
  served_ = std::move(pair);
  refused_ = {};
  complaint_.clear();
  ++reloads_;
  log_.write(admission::Level::Info, "serving with a new certificate",
             {{"validUntil", base::rfc3339(base::fromUnixSeconds(expiry_))}});
}

void CertificateSource::complain(const std::string& why) {
  ++failures_;
  if (why == complaint_) return;
  complaint_ = why;
  log_.write(admission::Level::Error,
             expiry_ == 0 ? "there is no serving certificate: not ready" : "the serving certificate stays as it is",
             {{"why", why}});
}

}  // namespace webhook
