#include "oidc/discovery.h"
#include "oidc/jwks.h"
#include "setup/explain_rules.h"

namespace setup {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{5'000};
constexpr std::size_t kLargest = 1U << 20;  // bytes

constexpr std::string_view kPublish = "irsa apply -f irsa.yaml puts documents and bucket policy right";

std::string seconds(milliseconds time) { return std::to_string(time.count() / 1000) + " s"; }

void addKey(Examination& examination, std::string code, const std::string& place, std::string why, std::string fix) {
  examination.add(Answer::Key, std::move(code), place, std::move(why), std::move(fix));
}

// Whether the document came as STS wants it. `what` begins the codes: "DISCOVERY" or "JWKS".
bool cameWell(Examination& examination, const FetchedDocument& document, const std::string& what) {
  const std::size_t before = examination.causes.size();
  const std::string status = std::to_string(document.status);
  if (document.untrusted)
    examination.add(Answer::Thumbprint, "ISSUER_CERTIFICATE", document.url,
                    "its certificate is not trusted: " + document.failure,
                    "serve the issuer with a certificate of a public authority, or give IAM the fingerprint of its "
                    "topmost authority: aws iam update-open-id-connect-provider-thumbprint");
  else if (document.took > kPatience)
    addKey(examination, what + "_SLOW", document.url,
           "it took " + seconds(document.took) + ", and STS waits for about 5 s",
           "host the issuer on S3 or CloudFront");
  else if (document.status == 0)
    addKey(examination, what + "_UNREACHABLE", document.url, "there is no answer: " + document.failure,
           "the host must be reachable from the internet: curl -v " + document.url);
  else if (document.status == 401 || document.status == 403)
    addKey(
        examination, what + "_NOT_PUBLIC", document.url,
        "it answers " + status + " to those without credentials, as STS comes (S3 says so of a missing object as well)",
        std::string(kPublish));
  else if (document.status >= 300 && document.status < 400)
    addKey(examination, what + "_REDIRECT", document.url,
           "it answers " + status + (document.location.empty() ? "" : " to " + document.location) +
               ", and STS follows no redirect",
           "use the URL of the bucket's own region as issuer");
  else if (document.status != 200)
    addKey(examination, what + "_MISSING", document.url, "it answers " + status + " instead of 200",
           std::string(kPublish));
  else if (document.body.size() > kLargest)
    addKey(examination, what + "_INVALID", document.url, "it is larger than 1 MiB", std::string(kPublish));
  return examination.causes.size() == before;
}

void examineCaching(Examination& examination, const FetchedDocument& document) {
  const std::string& control = document.cacheControl;
  if (control.find("no-cache") == std::string::npos && control.find("no-store") == std::string::npos &&
      control.find("max-age=0") == std::string::npos)
    return;
  examination.add(Answer::Key, "ISSUER_UNCACHEABLE", document.url,
                  "it is served with Cache-Control: " + control +
                      ", so STS fetches it for every token and fails when it is throttled",
                  "serve it with Cache-Control: public, max-age=300; irsa apply does", text::Severity::Note);
}

bool examineDiscovery(Examination& examination) {
  const FetchedDocument& document = *examination.evidence.discovery;
  if (!cameWell(examination, document, "DISCOVERY")) return false;
  auto discovery = oidc::parseDiscovery(document.body);
  if (!discovery) {
    addKey(examination, "DISCOVERY_INVALID", document.url, discovery.error().message, std::string(kPublish));
    return false;
  }
  std::string issuer = examination.token->issuer(), named = discovery->issuer;
  for (std::string* one : {&issuer, &named})
    if (one->ends_with('/')) one->pop_back();
  if (issuer == named) return true;
  addKey(examination, "ISSUER_MISMATCH", document.url,
         "the discovery document says issuer " + discovery->issuer + ", the token says " + examination.token->issuer(),
         std::string(kPublish).append("; the API server's --service-account-issuer must be the same"));
  return false;
}

void examineKeys(Examination& examination, const FetchedDocument& document) {
  auto jwks = oidc::parseJwks(document.body);
  if (!jwks) return addKey(examination, "JWKS_INVALID", document.url, jwks.error().message, std::string(kPublish));
  examineCaching(examination, document);
  auto verified = oidc::checkSignature(*examination.token, *jwks);
  if (verified) return;
  const std::string& rule = verified.error().code;
  const std::string& why = verified.error().hint;
  std::string known;
  for (const oidc::Jwk& jwk : jwks->keys) known += (known.empty() ? "" : ", ") + jwk.kid;
  if (rule == nameOf(oidc::TokenRule::KeyUnknown) && examination.token->kid.empty())
    addKey(examination, "TOKEN_WITHOUT_KID", "the token's header", why, "have the issuer write kid into its tokens");
  else if (rule == nameOf(oidc::TokenRule::KeyUnknown))
    addKey(
        examination, "KID_MISSING", document.url,
        why + "; it has " + (known.empty() ? "none" : known) + ": the cluster signs with a key that is not published",
        "irsa apply -f irsa.yaml publishes the cluster's present keys (kubectl get --raw /openid/v1/jwks)");
  else if (rule == nameOf(oidc::TokenRule::KeyUnusable))
    addKey(examination, "KEY_UNUSABLE", document.url, why, std::string(kPublish));
  else if (rule == nameOf(oidc::TokenRule::KeysTooMany))
    addKey(examination, "KEYS_TOO_MANY", document.url, why, "drop keys whose tokens have expired from the JWKS");
  else
    examination.add(Answer::Signature, "KEY_MISMATCH", document.url,
                    why + ": the token was changed, or the JWKS has another key under this kid",
                    "compare with kubectl get --raw /openid/v1/jwks; irsa apply -f irsa.yaml publishes that");
}

}  // namespace

void examineIssuer(Examination& examination) {
  const WebIdentityEvidence& evidence = examination.evidence;
  if (!examination.token || !evidence.discovery) return;
  if (!examineDiscovery(examination) || !evidence.jwks) return;
  if (cameWell(examination, *evidence.jwks, "JWKS")) examineKeys(examination, *evidence.jwks);
}

}  // namespace setup
