// The serving certificate on disk, looked at every two seconds: a mounted Secret is replaced without telling anyone.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>

#include "admission/log.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"
#include "io/server.h"

namespace webhook {

class CertificateFiles {
 public:
  CertificateFiles(const base::Files& files, std::string certificatePath, std::string keyPath,
                   const admission::Log& log);

  struct Pair {
    std::string certificatePem, keyPem;
    bool operator==(const Pair&) const = default;
  };
  base::Result<Pair> read() const;
  base::Result<void> use(Pair pair);  // remembers what is being served

  // One look. On any error (half-written, mismatched, gone) the old pair stays in use.
  void poll(io::Server& server);

  // From any thread.
  std::int64_t expiry() const { return expiry_; }  // Unix seconds
  std::uint64_t reloads() const { return reloads_; }
  std::uint64_t failures() const { return failures_; }

 private:
  base::Result<void> replace(io::Server& server);

  const base::Files& files_;
  std::string certificatePath_, keyPath_;
  const admission::Log& log_;
  Pair served_, refused_;
  std::string lastError_;
  std::atomic<std::int64_t> expiry_{0};
  std::atomic<std::uint64_t> reloads_{0}, failures_{0};
};

}  // namespace webhook
