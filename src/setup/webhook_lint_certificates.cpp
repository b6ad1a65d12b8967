#include <algorithm>

#include "admission/serving_authority.h"
#include "base/time.h"
#include "crypto/certificate.h"
#include "setup/webhook_lint_rules.h"

namespace setup {
namespace {

using crypto::Certificate;
using text::Json;

std::vector<Certificate> certificatesIn(std::string_view pem) {
  auto read = crypto::certificatesFromPem(pem);
  return read ? *std::move(read) : std::vector<Certificate>();
}

// A quarter of its life is left: whoever renews it should have done so.
bool endsSoon(const Certificate& certificate, base::Time now) {
  return now >= certificate.notAfter - (certificate.notAfter - certificate.notBefore) / 4;
}

std::string renewFix(const WebhookProgram* program) {
  if (program && program->makesCertificate())
    return "kubectl -n " + program->nameSpace + " logs deployment/" + program->name +
           ": the webhook renews it by itself";
  return "renew it (cert-manager: kubectl get certificate), or use irsa-webhook with --cert-source=self";
}

void lintAuthorities(WebhookLint& lint, const IdentityWebhook& webhook, const std::vector<Certificate>& authorities) {
  const auto newest = std::ranges::max_element(authorities, {}, &Certificate::notAfter);
  const std::string end = base::rfc3339(newest->notAfter);
  const std::string fix = renewFix(lint.programOf(webhook));
  if (newest->notAfter <= lint.now)
    lint.error("WEBHOOK_CA_EXPIRED", webhook.place(),
               "every certificate in caBundle has expired, the last " + end + ": the API server trusts none of them",
               fix);
  else if (endsSoon(*newest, lint.now))
    lint.warning("WEBHOOK_CA_EXPIRES_SOON", webhook.place(), "the last certificate in caBundle expires " + end, fix);
}

void lintServed(WebhookLint& lint, const IdentityWebhook& webhook, const std::string& place, const std::string& pem) {
  const std::vector<Certificate> served = certificatesIn(pem);
  const std::string fix = renewFix(lint.programOf(webhook)), end = base::rfc3339(served.front().notAfter);
  if (served.front().notAfter <= lint.now)
    return lint.error("WEBHOOK_EXPIRED", place, "the webhook's certificate expired " + end, fix);
  if (endsSoon(served.front(), lint.now))
    lint.warning("WEBHOOK_EXPIRES_SOON", place, "the webhook's certificate expires " + end, fix);
  auto strong = crypto::checkServerLeaf(pem);
  if (!strong && !served.front().names.empty())
    return lint.error("WEBHOOK_CERTIFICATE_WEAK", place,
                      "the API server does not take this certificate: " + strong.error().message, fix);
  const std::string name = admission::serviceNames(webhook.serviceName, webhook.serviceNamespace).front();
  if (std::ranges::find(served.front().names, name) == served.front().names.end())
    return lint.error("WEBHOOK_NO_SAN", place,
                      "the certificate has no subject alternative name " + name + ", by which the API server calls",
                      "issue one that has it; a common name does not count");
  const std::string why = whyNotTrusted(webhook, pem, lint.now);
  const bool hasLivingAuthority = std::ranges::any_of(certificatesIn(webhook.authorities),
                                                      [&](const Certificate& one) { return one.notAfter > lint.now; });
  if (!why.empty() && hasLivingAuthority)
    lint.error("WEBHOOK_CA_STALE", webhook.place(), "caBundle does not verify the certificate in " + place + ": " + why,
               "put the certificate's CA into caBundle; with cert-manager by cert-manager.io/inject-ca-from, and "
               "irsa-webhook does it by itself");
}

void lintSecret(WebhookLint& lint, const IdentityWebhook& webhook, const WebhookProgram& program) {
  const std::string key = program.nameSpace + "/" + program.secret, place = "Secret " + key;
  if (lint.cluster.mayHave(secretPath(program.nameSpace, program.secret))) return;
  const auto secret = lint.cluster.secrets.find(key);
  const bool isThere = secret != lint.cluster.secrets.end();
  const std::string pem = isThere ? secretMember(secret->second, "tls.crt") : "";
  if (!certificatesIn(pem).empty()) return lintServed(lint, webhook, place, pem);
  lint.error("WEBHOOK_NO_CERTIFICATE", place,
             isThere ? "it holds no certificate (tls.crt): the webhook can't serve"
                     : "it does not exist: the webhook "
                       "can't serve",
             program.makesCertificate() ? (isThere ? renewFix(&program)
                                                   : "run irsa apply, or irsa webhook render: the "
                                                     "webhook fills it and may not create it")
                                        : "make it, with tls.crt and tls.key for the Service's names");
}

}  // namespace

void lintCertificates(WebhookLint& lint) {
  for (const IdentityWebhook& webhook : lint.webhooks) {
    const WebhookProgram* program = lint.programOf(webhook);
    if (program && !program->secret.empty()) lintSecret(lint, webhook, *program);
    const std::vector<Certificate> authorities = certificatesIn(webhook.authorities);
    if (!authorities.empty())
      lintAuthorities(lint, webhook, authorities);
    else if (webhook.hasService())
      lint.error(
          "WEBHOOK_NO_CA", webhook.place(),
          "caBundle holds no certificate, so the API server trusts only public CAs, and no public CA signs for a "
          "Service: every call fails",
          program && program->makesCertificate()
              ? renewFix(program)
              : "put the CA of the webhook's certificate into caBundle (cert-manager.io/inject-ca-from)");
  }
}

}  // namespace setup
