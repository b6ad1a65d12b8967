// Service account issuers: what one may look like, and the three states through which a cluster goes from one to the
// next without an outage. kube-apiserver signs with its first --service-account-issuer and accepts them all.
//
// https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/ (--service-account-issuer,
// --api-audiences: unset, it is the list of the issuers).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/position.h"

namespace cluster {

// kube-apiserver's flags, and how an argument of the first begins.
inline constexpr std::string_view kIssuerFlag = "service-account-issuer", kAudiencesFlag = "api-audiences";
inline constexpr std::string_view kIssuerOption = "--service-account-issuer=";

// A state to reach, so that asking twice is asking once, and asking for the one before is the way back.
enum class Phase {
  Accept,  // the former issuer signs, the new one is accepted
  Switch,  // the new one signs, the former is accepted
  Finish,  // the new one alone; refused before Switch
};

std::string_view nameOf(Phase phase);  // "accept", "switch", "finish"
std::optional<Phase> phaseNamed(std::string_view name);

struct IssuerWish {
  std::string issuer;  // the new one
  std::string former;  // the one that signs now, or did until Finish; empty: what the file says, or the default
  Phase phase = Phase::Switch;
  std::string version;  // of the distribution (kind: of Kubernetes); empty: what the file says
};

// Why something is not done. `code` is that of the finding, and stands in the message: "line 3, column 7: CODE: why".
base::Error refusal(std::string_view code, const text::Position& at, std::string_view why);
base::Error refusal(std::string_view code, std::string_view why);

// Only what a URL may hold, and what neither YAML nor the kubelet's $(VAR) reads otherwise: https, a host, no query, no
// fragment, no comma, no slash at the end. Invalid.
base::Result<void> checkIssuer(std::string_view issuer);

// The same for one that is written because it was named, not because it is there; kubernetes/serviceaccount, the
// default before Kubernetes 1.20, is one as well.
base::Result<void> checkFormer(std::string_view former);

// A value with its place in a text.
struct Located {
  std::string value;
  text::Position at;
  std::string file = {};  // one beside that holds it; empty: the one that is looked at
};

base::Error refusal(std::string_view code, const Located& at, std::string_view why);  // and in which file beside

std::vector<std::string> valuesOf(const std::vector<Located>& located);

// The issuers that `wish` leads to from those in force, of which one that is not written down may come first: the
// former one that is named, or else the default. Refuses to build on two that are joined by a comma (ISSUER_JOINED) or
// equal (ISSUER_TWICE) or on what kube-apiserver does not start with (ISSUER_FORM); and (ISSUER_ORDER) to finish before
// the switch, to go back from Finish without the former issuer's name, and a former issuer that is not the one that
// `now` shows.
base::Result<std::vector<std::string>> wantedIssuers(const std::vector<Located>& now, const IssuerWish& wish);

// An explicit list of audiences, the new issuer (and one that comes back) beside the old ones, without those that are
// gone. An empty list stays empty: then the audiences are the issuers. One that lists STS is left as it is.
std::vector<std::string> wantedAudiences(const std::vector<std::string>& now, const std::vector<std::string>& before,
                                         const std::vector<std::string>& after, std::string_view issuer);

// The same for one of several flags that make up the list `all`: only the last of them is added to.
std::vector<std::string> wantedPart(const std::vector<std::string>& part, bool isLast,
                                    const std::vector<std::string>& all, const std::vector<std::string>& before,
                                    const std::vector<std::string>& after, std::string_view issuer);

// Whether `url` is, or lies below, the name that the API server has in its own cluster.
bool isInternal(std::string_view url);

// The issuer of `issuers` below which `url` lies; empty when it is none.
std::string issuerAbove(std::string_view url, const std::vector<std::string>& issuers);

// The warnings about --service-account-jwks-uri: it goes into the discovery document of the issuer that signs
// afterwards, and may lie below one that signed before.
std::vector<std::string> jwksUriWarnings(const std::vector<std::string>& uris, const std::vector<std::string>& before,
                                         const std::vector<std::string>& after);

// Whether `audience` is one that AWS STS takes: an API server that accepts it takes web identity tokens.
bool isStsAudience(std::string_view audience);

// The entries of "a,b,c", empty ones dropped, and back.
std::vector<std::string> commaSplit(std::string_view list);
std::string commaJoined(const std::vector<std::string>& list);

// The warnings that every edit gives about audiences it leaves.
std::vector<std::string> audienceWarnings(const std::vector<std::string>& audiences, std::string_view issuer);

}  // namespace cluster
