#include "webhook/certificate_files.h"

namespace webhook {

CertificateFiles::CertificateFiles(const base::Files& files, std::string certificatePath, std::string keyPath,
                                   const base::Clock& clock, const admission::Log& log)
    : CertificateSource(clock, log),
      files_(files),
      certificatePath_(std::move(certificatePath)),
      keyPath_(std::move(keyPath)) {}

std::vector<std::string> CertificateFiles::folders() const {
  return {base::folderOf(certificatePath_), base::folderOf(keyPath_)};
}

// The two are replaced together, but read one after the other: the certificate must be the same before and after.
base::Result<ServingPair> CertificateFiles::read() const {
  ServingPair pair;
  std::string again = TRY(files_.read(certificatePath_));
  do {
    pair.certificatePem = std::move(again);
    pair.keyPem = TRY(files_.read(keyPath_));
    again = TRY(files_.read(certificatePath_));
  } while (again != pair.certificatePem);
  return pair;
}

void CertificateFiles::poll(io::Server& server) {
  base::Result<ServingPair> pair = read();
  if (!pair) return complain(pair.error().message);
  use(std::move(*pair), server);
}

}  // namespace webhook
