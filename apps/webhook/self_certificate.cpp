#include "webhook/self_certificate.h"

#include "text/encoding.h"
#include "text/uri.h"

namespace webhook {
namespace {

using admission::ServingSecret;
using text::Json;

std::string member(const Json& data, std::string_view name) {
  auto decoded = text::decodeBase64(text::stringAt(data, name));
  return decoded ? std::move(*decoded) : "";
}

ServingSecret secretIn(const Json& object) {
  const Json& data = text::at(object, "data");
  return {member(data, "ca.crt"), member(data, "ca.key"), member(data, "next-ca.key"), member(data, "tls.crt"),
          member(data, "tls.key")};
}

Json withSecret(Json object, const ServingSecret& secret) {
  Json& data = object["data"];
  if (!data.is_object()) data = Json::object();
  data["ca.crt"] = text::base64(secret.authorities);
  data["ca.key"] = text::base64(secret.authorityKey);
  data["tls.crt"] = text::base64(secret.certificate);
  data["tls.key"] = text::base64(secret.key);
  data.erase("next-ca.key");
  if (!secret.nextAuthorityKey.empty()) data["next-ca.key"] = text::base64(secret.nextAuthorityKey);
  return object;
}

base::Error withHint(base::Error error, const std::string& what) {
  if (error.kind == base::ErrorKind::NotFound)
    return std::move(error).withHint(what + " is made by irsa apply, or by the manifests of irsa webhook render");
  return error;
}

}  // namespace

SelfCertificate::SelfCertificate(const kube::Client& client, base::Clock& clock, base::RandomBytes random,
                                 SelfCertificateSettings settings, const std::string& holder, const admission::Log& log)
    : CertificateSource(clock, log),
      client_(client),
      clock_(clock),
      random_(std::move(random)),
      settings_(std::move(settings)),
      lease_(client, clock, {settings_.nameSpace, settings_.secret, holder}),
      secretPath_("/api/v1/namespaces/" + text::percentEncode(settings_.nameSpace) + "/secrets/" +
                  text::percentEncode(settings_.secret)),
      configurationPath_("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/" +
                         text::percentEncode(settings_.configuration)) {}

void SelfCertificate::poll(io::Server& server) {
  std::lock_guard lock(mutex_);
  if (isStopped_) return;
  base::Result<bool> looked = look(server);
  if (looked && *looked) looked = look(server);
  if (!looked) complain(looked.error().message + (looked.error().hint.empty() ? "" : "; " + looked.error().hint));
}

void SelfCertificate::stop() {
  std::lock_guard lock(mutex_);
  isStopped_ = true;
  lease_.release();
}

base::Result<bool> SelfCertificate::look(io::Server& server) {
  const bool leads = TRY(tryToLead());
  base::Result<Json> object = client_.get(secretPath_);
  if (!object) return withHint(std::move(object).error(), "the Secret " + settings_.secret);
  ServingSecret secret = secretIn(*object);
  if (auto good = admission::checkServing(secret, settings_.policy.names, clock_.now())) {
    use({secret.certificate, secret.key}, server);
  } else if (!leads) {
    return base::unavailable("the Secret " + settings_.secret + " holds no certificate yet: " + good.error().message);
  }
  if (!leads) return false;
  return lead(*object, secret);
}

base::Result<bool> SelfCertificate::tryToLead() {
  base::Result<bool> leads = lease_.renew();
  if (!leads) return withHint(std::move(leads).error(), "the Lease " + settings_.secret);
  if (*leads != leads_)
    log_.write(admission::Level::Info,
               *leads ? "this replica keeps the certificates" : "another replica keeps the certificates");
  leads_ = *leads;
  if (!*leads) {
    publishedSince_.reset();
    mismatches_ = false;
  }
  return leads;
}

base::Result<bool> SelfCertificate::lead(const Json& object, const ServingSecret& secret) {
  if (!secret.authorities.empty()) TRY(publish(secret.authorities));
  admission::ServingStep step =
      TRY(admission::nextServingStep(secret, publishedSince_, settings_.policy, clock_.now(), random_));
  if (!step.secret) return false;
  // The resourceVersion goes along: if somebody else has written meanwhile, that is what counts.
  base::Result<Json> written =
      client_.update(secretPath_ + "?fieldManager=irsa-webhook", withSecret(object, *step.secret));
  if (!written) return std::move(written).error();
  log_.write(admission::Level::Info, "certificates: " + step.reason);
  TRY(publish(step.secret->authorities));
  return true;
}

// Makes the caBundle of the Service's webhooks what it must be, and notes since when it has been seen to be.
base::Result<void> SelfCertificate::publish(const std::string& authorities) {
  base::Result<Json> configuration = client_.get(configurationPath_);
  if (!configuration)
    return withHint(std::move(configuration).error(), "the MutatingWebhookConfiguration " + settings_.configuration);
  bool isRight = true;
  for (Json& webhook : (*configuration)["webhooks"]) {
    const Json& service = text::at(text::at(webhook, "clientConfig"), "service");
    if (text::stringAt(service, "name") != settings_.service ||
        text::stringAt(service, "namespace") != settings_.nameSpace)
      continue;
    if (admission::sameCertificates(member(webhook["clientConfig"], "caBundle"), authorities)) continue;
    webhook["clientConfig"]["caBundle"] = text::base64(authorities);
    isRight = false;
  }
  if (!isRight || published_ != authorities) publishedSince_.reset();
  published_ = authorities;
  mismatches_ = !isRight;
  if (isRight) {
    if (!publishedSince_) publishedSince_ = clock_.now();
    return {};
  }
  base::Result<Json> written = client_.update(configurationPath_ + "?fieldManager=irsa-webhook", *configuration);
  if (!written) return std::move(written).error();
  log_.write(admission::Level::Info, "the caBundle of the webhook configuration was put right",
             {{"configuration", settings_.configuration}});
  return {};
}

}  // namespace webhook
