#include "webhook/certificate_files.h"

#include "base/time.h"
#include "crypto/certificate.h"

namespace webhook {

CertificateFiles::CertificateFiles(const base::Files& files, std::string certificatePath, std::string keyPath,
                                   const admission::Log& log)
    : files_(files), certificatePath_(std::move(certificatePath)), keyPath_(std::move(keyPath)), log_(log) {}

base::Result<CertificateFiles::Pair> CertificateFiles::read() const {
  Pair pair;
  pair.certificatePem = TRY(files_.read(certificatePath_));
  pair.keyPem = TRY(files_.read(keyPath_));
  return pair;
}

base::Result<void> CertificateFiles::use(Pair pair) {
  base::Result<std::vector<crypto::Certificate>> chain = crypto::certificatesFromPem(pair.certificatePem);
  if (!chain) return std::move(chain).error().during(certificatePath_);
  expiry_ = base::unixSeconds(chain->front().notAfter);
  served_ = std::move(pair);
  return {};
}

base::Result<void> CertificateFiles::replace(io::Server& server) {
  Pair pair = TRY(read());
  if (pair == served_ || pair == refused_) return {};
  base::Result<void> replaced = server.replaceCertificate(pair.certificatePem, pair.keyPem);
  if (replaced) replaced = use(pair);
  if (!replaced) {
    refused_ = std::move(pair);
    return replaced;
  }
  ++reloads_;
  lastError_.clear();
  log_.write(admission::Level::Info, "the serving certificate was replaced",
             {{"file", certificatePath_}, {"validUntil", base::rfc3339(base::fromUnixSeconds(expiry_))}});
  return {};
}

void CertificateFiles::poll(io::Server& server) {
  base::Result<void> result = replace(server);
  if (result) return;
  ++failures_;
  if (result.error().message == lastError_) return;  // said already
  lastError_ = result.error().message;
  log_.write(admission::Level::Error, "the new serving certificate is no good; the old one stays",
             {{"why", lastError_}});
}

}  // namespace webhook
