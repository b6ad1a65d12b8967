#include <algorithm>
#include <array>
#include <span>

#include "setup/explain_rules.h"

namespace setup {
namespace {

struct Sentence {
  Answer answer;
  std::string_view code, text;
  std::string_view mark;  // the part by which it is known, in lower case
};

constexpr std::array<Sentence, 28> kSentences{{
    {Answer::RoleArn, "ValidationError", "Request ARN is invalid", "request arn is invalid"},
    {Answer::MaxDuration, "ValidationError",
     "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", "maxsessionduration"},
    {Answer::Validation, "ValidationError", "1 validation error detected: …", "failed to satisfy constraint"},
    {Answer::NotAJwt, "InvalidIdentityToken",
     "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
     "is not a valid jwt"},
    {Answer::IssuerUrl, "InvalidIdentityToken", "Issuer must be a valid URL", "issuer must be a valid url"},
    {Answer::NoProvider, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for …",
     "no openidconnect provider found"},
    {Answer::MissingClaim, "InvalidIdentityToken", "Missing a required claim: …", "missing a required claim"},
    {Answer::EmptyClaim, "InvalidIdentityToken", "Claim is not allowed to be empty: …",
     "claim is not allowed to be empty"},
    {Answer::SeveralAudiences, "InvalidIdentityToken",
     "Token audience contains more than one audience while authorized party is not present",
     "contains more than one audience"},
    {Answer::Audience, "InvalidIdentityToken", "Incorrect token audience", "incorrect token audience"},
    {Answer::Timestamp, "InvalidIdentityToken", "Invalid timestamp in token claims.",
     "invalid timestamp in token claims"},
    {Answer::Expired, "ExpiredTokenException", "Token expired: …", "token expired"},
    {Answer::TooOld, "ExpiredTokenException", "Token too old: …", "token too old"},
    {Answer::NotYetValid, "InvalidIdentityToken", "Token not yet valid: …", "token not yet valid"},
    {Answer::Future, "InvalidIdentityToken", "Token issued in the future: …", "token issued in the future"},
    {Answer::Key, "InvalidIdentityToken",
     "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
     "documentation for requirements",
     "retrieve verification key"},
    {Answer::Thumbprint, "InvalidIdentityToken",
     "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint", "match configured thumbprint"},
    {Answer::Signature, "InvalidIdentityToken",
     "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for "
     "requirements.",
     "could not be validated. see the"},
    {Answer::SessionTags, "InvalidIdentityToken", "principal_tags passed in claim is not in correct format.",
     "principal_tags passed in claim"},
    {Answer::TagSession, "AccessDenied", "Not authorized to perform sts:TagSession",
     "not authorized to perform sts:tagsession"},
    {Answer::SourceIdentity, "AccessDenied", "Not authorized to perform sts:SetSourceIdentity",
     "not authorized to perform sts:setsourceidentity"},
    {Answer::ProviderId, "InvalidIdentityToken", "Provided Token is not a Login With Amazon token",
     "not a login with amazon token"},
    {Answer::ProviderId, "AccessDenied",
     "Unrecognized OAuth provider. Do not include a provider parameter when submitting OpenIDConnect ID tokens",
     "unrecognized oauth provider"},
    {Answer::ProviderId, "IDPRejectedClaim", "", "idprejectedclaim"},
    {Answer::Communication, "IDPCommunicationError", "", "idpcommunicationerror"},
    {Answer::SessionPolicy, "MalformedPolicyDocument", "", "malformedpolicydocument"},
    {Answer::PackedPolicy, "PackedPolicyTooLarge", "", "packedpolicytoolarge"},
    {Answer::RegionOff, "RegionDisabledException", "STS is not activated in this region for account:…",
     "is not activated in this region"},
}};
constexpr Sentence kNotAuthorized{Answer::NotAuthorized, "AccessDenied",
                                  "Not authorized to perform sts:AssumeRoleWithWebIdentity",
                                  "not authorized to perform"};
// STS's dialect of 2026 says this of what lies between token and provider.
constexpr std::string_view kOpaque = "could not be validated";
constexpr std::array kFolded{Answer::NoProvider, Answer::Audience, Answer::Signature};

struct Usual {
  std::string_view code, why, fix;
};

constexpr std::string_view kInspect = "irsa token inspect FILE shows the token's claims";
constexpr std::string_view kTrust = "irsa verify NAMESPACE/NAME, or: irsa explain --token FILE --role ARN";

constexpr std::array kUsualNotAuthorized{
    Usual{"SUB_MISMATCH", "the trust policy's condition on sub does not admit this service account", kTrust},
    Usual{"WILDCARD_IN_EQUALS", "the trust policy has * under StringEquals, which takes it literally",
          "use StringLike for sub"},
    Usual{"AUD_CONDITION", "the trust policy's condition on aud is another audience than the token's", kInspect},
    Usual{"CONDITION_KEY", "a condition key names another issuer, or has https:// or a slash in it", kTrust},
    Usual{"PRINCIPAL_MISMATCH", "Principal.Federated is another provider or another account", kTrust},
    Usual{"ROLE_MISSING", "the role does not exist, or has another path or other capitals",
          "aws iam get-role --role-name NAME"},
    Usual{"POLICY_ABOVE", "an organization's policy (SCP, RCP) denies sts:AssumeRoleWithWebIdentity",
          "ask who runs the organization; CloudTrail has the refused call"}};
constexpr std::array kUsualNoProvider{
    Usual{"PROVIDER_MISSING", "the role's own account has no OIDC provider for the token's issuer",
          "aws iam list-open-id-connect-providers; irsa apply -f irsa.yaml makes it"},
    Usual{"PROVIDER_OTHER_ACCOUNT", "the provider is in another account than the role", "compare the two ARNs"},
    Usual{"PROVIDER_OTHER_PARTITION", "STS of another partition was asked",
          "set AWS_REGION to one of the role's partition"},
    Usual{"ISSUER_SLASH", "provider and issuer differ by a slash at the end", kInspect},
    Usual{"ISSUER_CASE", "provider and issuer differ in capital letters", kInspect}};
constexpr std::array kUsualAudience{
    Usual{"AUD_MISMATCH", "the provider's client IDs do not have the token's audience",
          "aws iam get-open-id-connect-provider --open-id-connect-provider-arn ARN; irsa token inspect FILE"},
    Usual{"AUD_HIDDEN_BYTES", "client ID and audience differ in capitals, blanks or bytes that do not show", kInspect},
    Usual{"TOKEN_FOR_API_SERVER", "the pod's token for the API server was sent instead of the projected one",
          "use the file that AWS_WEB_IDENTITY_TOKEN_FILE names"}};
constexpr std::array kUsualMissingClaim{Usual{"CLAIM_MISSING",
                                              "a token out of a Secret, as Kubernetes made them until 1.24, was sent",
                                              "use the file that AWS_WEB_IDENTITY_TOKEN_FILE names"}};
constexpr std::array kUsualEmptyClaim{Usual{"CLAIM_EMPTY", "a claim of the token is empty", kInspect}};
constexpr std::array kUsualSeveral{
    Usual{"AUD_SEVERAL", "the token has several audiences and no azp", "ask for a token of one audience"}};
constexpr std::array kUsualKey{
    Usual{"JWKS_NOT_PUBLIC", "discovery document or JWKS cannot be read without credentials",
          "irsa apply -f irsa.yaml"},
    Usual{"JWKS_REDIRECT", "one of them answers with a redirect, which STS does not follow",
          "curl -v ISSUER/.well-known/openid-configuration"},
    Usual{"KID_MISSING", "the JWKS has no key with the token's kid: keys were rotated and not published",
          "irsa apply -f irsa.yaml publishes the cluster's keys"},
    Usual{"KEY_UNUSABLE", "the key has key_ops or use: enc, or is of another kind than the token's alg",
          "look at the JWKS"},
    Usual{"JWKS_UNREACHABLE", "name, network or time-out: STS waits for about 5 s",
          "the issuer must be reachable from the internet"},
    Usual{"ISSUER_UNCACHEABLE", "Cache-Control forbids caching, and the host throttles STS",
          "serve max-age=300 or more"}};
constexpr std::array kUsualThumbprint{
    Usual{"ISSUER_CERTIFICATE",
          "the issuer's certificate is of a private authority and the thumbprint is not its topmost",
          "aws iam update-open-id-connect-provider-thumbprint; a public certificate needs none"},
    Usual{"JWKS_UNREACHABLE", "jwks_uri is on another host than the issuer, with another chain",
          "look at jwks_uri in the discovery document"}};
constexpr std::array kUsualExpired{
    Usual{"TOKEN_EXPIRED", "the token's exp has passed: an application keeps an old token",
          "read AWS_WEB_IDENTITY_TOKEN_FILE anew for each call; irsa token inspect FILE"},
    Usual{"TOKEN_NOT_REREAD", "the SDK is too old to read the file again, or kubelet does not rotate it",
          "update the SDK; create the pod again"},
    Usual{"TOKEN_TOO_OLD", "iat lies more than a day back", "ask for shorter tokens"}};
constexpr std::array kUsualSignature{Usual{
    "KEY_MISMATCH",
    "the signature is not of the published key: the JWKS has another key under this kid, or the token was changed",
    "compare with kubectl get --raw /openid/v1/jwks; irsa apply -f irsa.yaml"}};
constexpr std::array kUsualFolded{
    Usual{"PROVIDER_MISSING", "the role's own account has no OIDC provider for the token's issuer",
          "aws iam list-open-id-connect-providers; irsa apply -f irsa.yaml makes it"},
    Usual{"AUD_MISMATCH", "the provider's client IDs do not have the token's audience",
          "aws iam get-open-id-connect-provider --open-id-connect-provider-arn ARN"},
    Usual{"PROVIDER_OTHER_ACCOUNT", "the role's ARN names another account", "compare the two ARNs"},
    Usual{"KEY_MISMATCH", "the signature is not of the published key",
          "compare with kubectl get --raw /openid/v1/jwks"}};
constexpr std::array kUsualRoleArn{Usual{
    "ROLE_ARN_INVALID", "the annotation eks.amazonaws.com/role-arn has a slip in it: quotes, blanks, a missing account",
    "kubectl get serviceaccount NAME -n NAMESPACE -o yaml"}};
constexpr std::array kUsualNotAJwt{
    Usual{"TOKEN_NOT_JWT", "what was sent is no JSON Web Token: the file is empty, cut off or of something else",
          kInspect},
    Usual{"TOKEN_ALGORITHM", "the token is signed with another algorithm than RS256/384/512 or ES256/384/512",
          kInspect}};
constexpr std::array kUsualIssuerUrl{
    Usual{"ISSUER_NOT_URL",
          "the token is one out of a Secret (issuer kubernetes/serviceaccount), or the API server has no issuer URL",
          "irsa apiserver patch sets it"}};
constexpr std::array kUsualTimestamp{Usual{"TIMESTAMP_INVALID", "exp, iat or nbf is no whole number", kInspect}};
constexpr std::array kUsualNotYet{
    Usual{"TOKEN_NOT_YET_VALID", "the control plane's clock runs ahead", "timedatectl set-ntp true"}};
constexpr std::array kUsualFuture{
    Usual{"TOKEN_FROM_FUTURE", "the control plane's clock runs ahead", "timedatectl set-ntp true"}};
constexpr std::array kUsualTags{
    Usual{"SESSION_TAGS_INVALID", "the claim https://aws.amazon.com/tags has another form", kInspect}};
constexpr std::array kUsualTagSession{
    Usual{"TAG_SESSION_MISSING", "the token brings session tags, and the trust policy does not allow sts:TagSession",
          "add it to the statement's Action"}};
constexpr std::array kUsualSource{
    Usual{"SOURCE_IDENTITY_MISSING",
          "the token brings a source identity, and the trust policy does not allow sts:SetSourceIdentity",
          "add it to the statement's Action"}};
constexpr std::array kUsualDuration{Usual{"DURATION_OVER_MAXIMUM",
                                          "a longer session was asked for than the role's MaxSessionDuration",
                                          "aws iam update-role --role-name NAME --max-session-duration SECONDS"}};
constexpr std::array kUsualValidation{
    Usual{"ROLE_ARN_INVALID",
          "a parameter breaks its rule, which the text names: role ARN, session name, duration or token",
          "correct what stands behind \"Value … at\""},
    Usual{"SESSION_NAME_INVALID", "a session name has 2 to 64 letters, digits and _+=,.@-",
          "set AWS_ROLE_SESSION_NAME"},
    Usual{"DURATION_INVALID", "DurationSeconds is not between 900 and 43200", "leave it out"}};

constexpr std::array kUsualProviderId{Usual{
    "PROVIDER_ID_GIVEN",
    "the request has a ProviderId, which is for access tokens of Login with Amazon and Facebook, not for ID tokens",
    "leave ProviderId out (--provider-id of the AWS CLI)"}};
constexpr std::array kUsualCommunication{
    Usual{"JWKS_UNREACHABLE", "STS could not read the issuer's documents just now: name, network or time-out",
          "try again, as SDKs do; if it stays: curl -v ISSUER/.well-known/openid-configuration"},
    Usual{"JWKS_SLOW", "the issuer takes longer than the 5 s that STS waits", "host it on S3 or CloudFront"},
    Usual{"ISSUER_UNCACHEABLE", "Cache-Control forbids caching, and the host throttles STS",
          "serve max-age=300 or more"}};
constexpr std::array kUsualSessionPolicy{
    Usual{"SESSION_POLICY_INVALID", "the session policy of the request (Policy) is no policy in IAM's grammar",
          "leave it out, or correct it where the message says"},
    Usual{"TRUST_INVALID", "of a call to IAM: the trust policy is not in its grammar", "irsa trust lint FILE"}};
constexpr std::array kUsualPackedPolicy{
    Usual{"SESSION_POLICY_TOO_LARGE", "session policies and session tags are too large together, packed as STS does",
          "shorten Policy, or name managed policies with PolicyArns; use fewer session tags"}};
constexpr std::array kUsualRegionOff{Usual{"STS_REGION_OFF", "STS is switched off in this Region",
                                           "switch it on in IAM's account settings, or set AWS_REGION"}};

std::span<const Usual> usualOf(Answer answer) {
  switch (answer) {
    case Answer::RoleArn: return kUsualRoleArn;
    case Answer::Validation: return kUsualValidation;
    case Answer::NotAJwt: return kUsualNotAJwt;
    case Answer::IssuerUrl: return kUsualIssuerUrl;
    case Answer::NoProvider: return kUsualNoProvider;
    case Answer::MissingClaim: return kUsualMissingClaim;
    case Answer::EmptyClaim: return kUsualEmptyClaim;
    case Answer::SeveralAudiences: return kUsualSeveral;
    case Answer::Audience: return kUsualAudience;
    case Answer::Timestamp: return kUsualTimestamp;
    case Answer::Expired:
    case Answer::TooOld: return kUsualExpired;
    case Answer::NotYetValid: return kUsualNotYet;
    case Answer::Future: return kUsualFuture;
    case Answer::Key: return kUsualKey;
    case Answer::Thumbprint: return kUsualThumbprint;
    case Answer::Signature: return kUsualSignature;
    case Answer::SessionTags: return kUsualTags;
    case Answer::NotAuthorized: return kUsualNotAuthorized;
    case Answer::TagSession: return kUsualTagSession;
    case Answer::SourceIdentity: return kUsualSource;
    case Answer::MaxDuration: return kUsualDuration;
    case Answer::ProviderId: return kUsualProviderId;
    case Answer::Communication: return kUsualCommunication;
    case Answer::SessionPolicy: return kUsualSessionPolicy;
    case Answer::PackedPolicy: return kUsualPackedPolicy;
    case Answer::RegionOff: return kUsualRegionOff;
    case Answer::None: break;
  }
  return {};
}

constexpr Usual kIssuerSwapped{
    "ISSUER_SWAPPED", "issuer or key of the API server were replaced in place, so running pods' tokens are refused",
    "irsa apiserver rollback, then patch, which keeps the old issuer accepted"};
constexpr Usual kBucketAcl{"BUCKET_ACL", "the bucket takes no ACLs, as all since April 2023",
                           "leave --acl out; irsa apply opens two objects by policy"};

constexpr std::array kWithoutRole{
    Usual{
        "NOT_INJECTED",
        "the pod has no role: its account is not annotated, it is older than the annotation, or the webhook missed it",
        "irsa webhook lint; irsa verify NAMESPACE/NAME --job; then create the pod again"},
    Usual{"SDK_TOO_OLD", "the SDK does not know web identities", "update it"},
    Usual{"CONTAINER_SKIPPED", "eks.amazonaws.com/skip-containers names this container",
          "kubectl get pod NAME -o yaml"}};
constexpr std::array kAsNode{
    Usual{
        "NOT_INJECTED",
        "this is the node's role, which the pod took since it has none of its own: its account is not annotated, it is "
        "older than the annotation, or the webhook missed it",
        "irsa webhook lint; irsa verify NAMESPACE/NAME --job; then create the pod again, and keep pods from the "
        "instance metadata (hop limit 1)"},
    kWithoutRole[1], kWithoutRole[2]};
constexpr std::array kApiServerDown{
    Usual{"API_SERVER_MANIFEST",
          "the API server does not start after an edit: the manifest is malformed, a key's path is not mounted, the "
          "issuer is not https, or an OIDC login has the same one",
          "irsa apiserver lint; irsa apiserver rollback"}};

// What people paste that STS did not say.
struct Elsewhere {
  std::string_view mark;
  std::array<Usual, 3> causes;
};
constexpr std::array kElsewhere{
    Elsewhere{"unable to locate credentials", kWithoutRole},
    Elsewhere{"could not load credentials from any providers", kWithoutRole},
    Elsewhere{"permission denied",
              {{{"TOKEN_UNREADABLE",
                 "the process may not read the token file: it does not run as root and the pod has no fsGroup",
                 "set securityContext.fsGroup in the pod"}}}},
    Elsewhere{"certificate relies on legacy common name",
              {{{"WEBHOOK_NO_SAN", "the webhook's certificate has no SAN", "irsa webhook lint"}}}},
    Elsewhere{
        "certificate has expired or is not yet valid",
        {{{"WEBHOOK_EXPIRED", "the webhook's certificate has expired, or a clock is wrong", "irsa webhook lint"}}}},
    Elsewhere{"certificate signed by unknown authority",
              {{{"WEBHOOK_CA_STALE", "caBundle does not trust the webhook's certificate", "irsa webhook lint"}}}},
    Elsewhere{"no serving certificate available",
              {{{"WEBHOOK_SIGNER_GONE", "an old webhook waits for a signer that Kubernetes 1.22 removed",
                 "irsa webhook lint"}}}},
    Elsewhere{"aclsizeperrole",
              {{{"TRUST_TOO_LONG", "the trust policy has more than 2048 characters that are not white space",
                 "split the accounts among roles, or ask AWS for a quota of 4096"}}}},
    Elsewhere{"connection is unauthorized", {{kIssuerSwapped}}},
    Elsewhere{"failedcreatepodsandbox", {{kIssuerSwapped}}},
    Elsewhere{"accesscontrollistnotsupported", {{kBucketAcl}}},
    Elsewhere{"does not allow acls", {{kBucketAcl}}},
    Elsewhere{"security token included in the request is expired",
              {{{"TOKEN_NOT_REREAD", "the application keeps a session's credentials beyond their end",
                 "have the SDK renew them: leave the default credential chain in place, or update it"}}}},
    Elsewhere{"i/o timeout",
              {{{"STS_UNREACHABLE",
                 "STS cannot be reached: the global endpoint from a private subnet, a proxy, or an egress policy",
                 "set AWS_STS_REGIONAL_ENDPOINTS=regional, HTTPS_PROXY or the NetworkPolicy"}}}},
    Elsewhere{"could not connect to the endpoint",
              {{{"STS_UNREACHABLE",
                 "STS cannot be reached: the global endpoint from a private subnet, a proxy, or an egress policy",
                 "set AWS_STS_REGIONAL_ENDPOINTS=regional, HTTPS_PROXY or the NetworkPolicy"}}}},
};

// An instance's session has the instance's id for a name: "assumed-role/NODES/i-0123456789abcdef0".
bool isOfInstance(const std::string& pasted) {
  constexpr std::string_view kRole = ":assumed-role/";
  const std::size_t role = pasted.find(kRole);
  const std::size_t session = role == std::string::npos ? role : pasted.find('/', role + kRole.size());
  if (session == std::string::npos || pasted.compare(session, 3, "/i-") != 0) return false;
  const std::size_t end = pasted.find_first_not_of("0123456789abcdef", session + 3);
  const std::size_t digits = std::min(end, pasted.size()) - session - 3;
  return digits == 8 || digits == 17;
}

// Lower case, white space in one blank: pastes are wrapped.
std::string normal(std::string_view text) {
  std::string out;
  for (char c : text) {
    const bool isBlank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (isBlank && (out.empty() || out.back() == ' ')) continue;
    out += isBlank ? ' ' : c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
  }
  return out;
}

text::Findings findingsOf(std::span<const Usual> usual) {
  text::Findings findings;
  for (const Usual& one : usual)
    if (!one.code.empty())
      findings.push_back(
          {std::string(one.code), text::Severity::Warning, "may be", std::string(one.why), std::string(one.fix)});
  return findings;
}

bool isOpaque(const std::string& pasted) {
  return pasted.find(kOpaque) != std::string::npos &&
         pasted.find("could not be validated. see the") == std::string::npos;
}

}  // namespace

std::string classicText(Answer answer) {
  if (answer == Answer::NotAuthorized)
    return std::string(kNotAuthorized.code) + ": " + std::string(kNotAuthorized.text);
  auto found = std::ranges::find(kSentences, answer, &Sentence::answer);
  return found == kSentences.end() ? "" : std::string(found->code) + ": " + std::string(found->text);
}

std::vector<Answer> answersIn(std::string_view text) {
  const std::string pasted = normal(text);
  auto has = [&](std::string_view mark) { return pasted.find(mark) != std::string::npos; };
  // A code stands alone, or with a message that says nothing: "An error occurred (AccessDenied) when …".
  const bool isCall = has("assumerolewithwebidentity");
  auto isCode = [&](std::string_view code) {
    const std::string word = normal(code);
    return pasted == word || pasted == word + " " || (isCall && has("(" + word + ")"));
  };
  if (pasted.empty()) return {};
  if (isOpaque(pasted)) return {kFolded.begin(), kFolded.end()};
  for (const Sentence& sentence : kSentences)
    if (has(sentence.mark)) return {sentence.answer};
  if (has(kNotAuthorized.mark) && has("assumerolewithwebidentity")) return {Answer::NotAuthorized};
  std::vector<Answer> answers;  // a code alone
  for (const Sentence& sentence : kSentences)
    if (isCode(sentence.code)) answers.push_back(sentence.answer);
  if (isCode("RegionDisabled")) answers = {Answer::RegionOff};
  if (isCode("ExpiredToken")) answers = {Answer::Expired, Answer::TooOld};
  if (isCode(kNotAuthorized.code)) answers.insert(answers.begin(), Answer::NotAuthorized);
  return answers;
}

text::Findings usualCauses(std::string_view text) {
  const std::string pasted = normal(text);
  if (isOpaque(pasted)) return findingsOf(kUsualFolded);
  const std::vector<Answer> answers = answersIn(text);
  text::Findings findings;
  for (Answer answer : answers)
    for (text::Finding& finding : findingsOf(usualOf(answer)))
      if (std::ranges::find(findings, finding.code, &text::Finding::code) == findings.end())
        findings.push_back(std::move(finding));
  if (!answers.empty()) return findings;
  if (isOfInstance(pasted)) return findingsOf(kAsNode);
  if (pasted.find("kube-apiserver") != std::string::npos && pasted.find("crashloop") != std::string::npos)
    return findingsOf(kApiServerDown);
  for (const Elsewhere& row : kElsewhere)
    if (pasted.find(row.mark) != std::string::npos) return findingsOf(row.causes);
  return {};
}

}  // namespace setup
