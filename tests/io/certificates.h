// An authority and a leaf, made once a test program; valid around the machine's own time, as TLS will check that.
#pragma once
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "io/system.h"

namespace io {

struct TestCertificates {
  crypto::CertifiedKey authority, leaf;

  static crypto::CertifiedKey leafFor(const crypto::CertifiedKey& authority, const std::vector<std::string>& names,
                                      std::chrono::hours from = std::chrono::hours(-1),
                                      std::chrono::hours to = std::chrono::hours(24)) {
    base::Time now = SystemClock().now();
    return crypto::makeServerLeaf(authority, names, {now + from, now + to}, kernelRandom()).value();
  }
  static const TestCertificates& get() {
    static const TestCertificates made = [] {
      base::Time now = SystemClock().now();
      TestCertificates all;
      all.authority = crypto::makeAuthority("test authority",
                                            {now - std::chrono::hours(1), now + std::chrono::hours(48)}, kernelRandom())
                          .value();
      all.leaf = leafFor(all.authority, {"127.0.0.1", "localhost"});
      return all;
    }();
    return made;
  }
};

}  // namespace io
