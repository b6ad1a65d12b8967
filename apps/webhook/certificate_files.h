// The serving certificate on disk, where cert-manager's Secret is mounted, or whatever else keeps it.
#pragma once
#include <string>

#include "base/files.h"
#include "webhook/certificate_source.h"

namespace webhook {

class CertificateFiles final : public CertificateSource {
 public:
  CertificateFiles(const base::Files& files, std::string certificatePath, std::string keyPath, const base::Clock& clock,
                   const admission::Log& log);

  void poll(io::Server& server) override;
  std::vector<std::string> folders() const override;

 private:
  base::Result<ServingPair> read() const;

  const base::Files& files_;
  std::string certificatePath_, keyPath_;
};

}  // namespace webhook
