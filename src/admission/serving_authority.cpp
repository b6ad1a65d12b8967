#include "admission/serving_authority.h"

#include <algorithm>

#include "base/time.h"
#include "crypto/certificate.h"
#include "text/encoding.h"

namespace admission {
namespace {

using crypto::Certificate;
using crypto::CertifiedKey;

// Certificates begin a while before they were made: the API server's clock may be behind ours.
constexpr std::chrono::minutes kHeadStart{5};

base::Time madeAt(const Certificate& certificate) { return certificate.notBefore + kHeadStart; }

bool isDue(const Certificate& certificate, base::Time now) {
  return now >= certificate.notAfter - (certificate.notAfter - madeAt(certificate)) / 3;
}

std::vector<Certificate> certificatesIn(std::string_view pem) {
  auto read = crypto::certificatesFromPem(pem);
  return read ? std::move(*read) : std::vector<Certificate>();
}

// The certificate of `list` whose key this is; null when there is none, or the key is no key.
const Certificate* ownerOf(std::string_view keyPem, const std::vector<Certificate>& list) {
  auto key = crypto::SigningKey::fromPem(keyPem);
  if (!key) return nullptr;
  const std::string spki = key->publicKey().spki();
  auto found = std::find_if(list.begin(), list.end(), [&](const Certificate& one) { return one.spki == spki; });
  return found == list.end() ? nullptr : &*found;
}

// One decision about one secret.
class Rotation {
 public:
  Rotation(const ServingSecret& secret, const ServingPolicy& policy, base::Time now, const base::RandomBytes& random)
      : secret_(secret), policy_(policy), now_(now), random_(random), authorities_(certificatesIn(secret.authorities)) {
    signing_ = ownerOf(secret.authorityKey, authorities_);
    next_ = ownerOf(secret.nextAuthorityKey, authorities_);
  }

  base::Result<ServingStep> next(std::optional<base::Time> publishedSince) {
    if (!signing_ || signing_->notAfter <= now_) return makeAll();
    if (!secret_.nextAuthorityKey.empty() && (!next_ || next_->notAfter <= now_)) return forgetNext();
    if (next_ && publishedSince && now_ - *publishedSince >= policy_.settle) return promote();
    if (!next_ && isDue(*signing_, now_)) return introduce();
    if (auto good = checkServing(secret_, policy_.names, now_); !good)
      return renew("the serving certificate is no good: " + good.error().message);
    if (isDue(certificatesIn(secret_.certificate).front(), now_))
      return renew("two thirds of the serving certificate's life are over");
    return dropExpired();
  }

 private:
  base::Result<CertifiedKey> newAuthority() const {
    const std::string name =
        policy_.names.front().substr(0, 40) + " authority " + text::hex(random_(6));  // 64 characters at most
    return crypto::makeAuthority(name, {now_ - kHeadStart, now_ + policy_.authorityLife}, random_);
  }

  base::Result<void> issue(const CertifiedKey& authority, base::Time authorityEnds, ServingSecret& out) const {
    const crypto::Validity validity{now_ - kHeadStart, std::min(now_ + policy_.certificateLife, authorityEnds)};
    CertifiedKey leaf = TRY(crypto::makeServerLeaf(authority, policy_.names, validity, random_));
    out.certificate = std::move(leaf.certificatePem);
    out.key = std::move(leaf.keyPem);
    return {};
  }

  base::Result<ServingStep> makeAll() const {
    CertifiedKey authority = TRY(newAuthority());
    ServingSecret made{authority.certificatePem, authority.keyPem, "", "", ""};
    TRY(issue(authority, now_ + policy_.authorityLife, made));
    const bool isFirst = secret_.authorities.empty();
    return ServingStep{std::move(made), isFirst ? "there is no certificate authority yet"
                                                : "there is no authority that could sign: an all new one is made"};
  }

  base::Result<ServingStep> introduce() const {
    CertifiedKey authority = TRY(newAuthority());
    ServingSecret made = secret_;
    made.authorities += authority.certificatePem;
    made.nextAuthorityKey = std::move(authority.keyPem);
    return ServingStep{std::move(made), "two thirds of the authority's life are over: the next one is published"};
  }

  base::Result<ServingStep> promote() const {
    ServingSecret made = secret_;
    made.authorityKey = std::move(made.nextAuthorityKey);
    made.nextAuthorityKey.clear();
    TRY(issue({next_->pem, made.authorityKey}, next_->notAfter, made));
    return ServingStep{std::move(made), "the next authority is known to the API server: it signs from now on"};
  }

  base::Result<ServingStep> renew(std::string reason) const {
    ServingSecret made = secret_;
    TRY(issue({signing_->pem, secret_.authorityKey}, signing_->notAfter, made));
    return ServingStep{std::move(made), std::move(reason)};
  }

  base::Result<ServingStep> forgetNext() const {
    ServingSecret made = secret_;
    made.nextAuthorityKey.clear();
    return ServingStep{std::move(made), "the next authority's key belongs to no authority that is published"};
  }

  base::Result<ServingStep> dropExpired() const {
    std::string kept;
    for (const Certificate& authority : authorities_)
      if (authority.notAfter > now_) kept += authority.pem;
    if (sameCertificates(kept, secret_.authorities)) return ServingStep{};
    ServingSecret made = secret_;
    made.authorities = std::move(kept);
    return ServingStep{std::move(made), "an authority has expired and is dropped"};
  }

  const ServingSecret& secret_;
  const ServingPolicy& policy_;
  base::Time now_;
  const base::RandomBytes& random_;
  std::vector<Certificate> authorities_;
  const Certificate* signing_ = nullptr;
  const Certificate* next_ = nullptr;  // null: none is published
};

}  // namespace

base::Result<ServingStep> nextServingStep(const ServingSecret& secret, std::optional<base::Time> publishedSince,
                                          const ServingPolicy& policy, base::Time now,
                                          const base::RandomBytes& random) {
  return Rotation(secret, policy, now, random).next(publishedSince);
}

base::Result<void> checkServing(const ServingSecret& secret, const std::vector<std::string>& names, base::Time now) {
  const std::vector<Certificate> leaf = TRY(crypto::certificatesFromPem(secret.certificate));
  if (!ownerOf(secret.key, leaf)) return base::invalid("the key does not belong to the certificate");
  const base::Time end = leaf.front().notAfter;
  if (end <= now) return base::invalid("it ended " + base::rfc3339(end));
  // At its end, since a clock that was set back is no reason to make a new one.
  for (const std::string& name : names)
    TRY(crypto::verifyServer(secret.certificate, secret.authorities, name, end - std::chrono::seconds(1)));
  return {};
}

bool sameCertificates(std::string_view pem, std::string_view other) {
  auto ders = [](std::string_view text) {
    std::vector<std::string> out;
    for (Certificate& certificate : certificatesIn(text)) out.push_back(std::move(certificate.der));
    std::sort(out.begin(), out.end());
    return out;
  };
  return ders(pem) == ders(other);
}

std::vector<std::string> serviceNames(std::string_view name, std::string_view nameSpace) {
  const std::string shortest(name), full = shortest + "." + std::string(nameSpace);
  return {full + ".svc", full + ".svc.cluster.local", full, shortest};
}

}  // namespace admission
