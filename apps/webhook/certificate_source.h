// Where the serving certificate comes from: files that somebody else keeps (--cert-source=files), or an authority of
// the webhook's own (--cert-source=self). Both look again and again, and keep what they have on any error.
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "admission/log.h"
#include "base/clock.h"
#include "base/result.h"
#include "io/server.h"

namespace webhook {

struct ServingPair {
  std::string certificatePem, keyPem;
  bool operator==(const ServingPair&) const = default;
};

class CertificateSource {
 public:
  CertificateSource(const base::Clock& clock, const admission::Log& log) : log_(log), clock_(clock) {}
  virtual ~CertificateSource() = default;

  // One look; brings what is new into the server. Called from one thread.
  virtual void poll(io::Server& server) = 0;
  virtual std::vector<std::string> folders() const { return {}; }  // a change in there is a reason to look at once
  virtual void stop() {}                                           // the process is ending

  // From any thread.
  std::int64_t expiry() const { return expiry_; }  // Unix seconds; 0: nothing is served yet
  std::int64_t since() const { return since_; }    // when it was taken into use
  std::uint64_t reloads() const { return reloads_; }
  std::uint64_t failures() const { return failures_; }
  std::string complaint() const;  // what is wrong at the last look, or empty

 protected:
  // Serves with the pair from now on, unless it is the one that is served or the one refused last. One that has ended,
  // or not begun yet, replaces none that is valid; it is looked at again next time, as is one that could not be served
  // with for want of something else.
  void use(ServingPair pair, io::Server& server);
  void complain(const std::string& why);  // counted, and logged once until something else is wrong or all is well

  const admission::Log& log_;

 private:
  base::Result<void> replace(const ServingPair& pair, io::Server& server);
  bool setComplaint(const std::string& why);  // empty: all is well; false when it stood there already
  const base::Clock& clock_;
  ServingPair served_, refused_;
  base::Time begin_, end_;  // of the one served: when it is valid
  std::atomic<std::int64_t> expiry_{0}, since_{0};
  std::atomic<std::uint64_t> reloads_{0}, failures_{0};
  mutable std::mutex mutex_;
  std::string complaint_;
};

}  // namespace webhook
