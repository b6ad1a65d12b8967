#include "cluster/issuer.h"

#include <algorithm>
#include <array>

#include "text/words.h"

namespace cluster {
namespace {

constexpr std::array<std::string_view, 3> kPhases{"accept", "switch", "finish"};

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::ranges::find(list, value) != list.end();
}

// kube-apiserver takes quotes and blanks as part of the issuer, and such a one for no URL.
bool isWrittenWrong(std::string_view issuer) {
  return issuer.empty() || issuer.find_first_of("'\"` \t\r\n") != std::string_view::npos;
}

// kube-apiserver does not start with a % that two hexadecimal digits do not follow.
bool areEscapesWhole(std::string_view issuer) {
  constexpr std::string_view kDigits = "0123456789abcdefABCDEF";
  for (std::size_t at = 0; (at = issuer.find('%', at)) != std::string_view::npos; at += 3) {
    const std::string_view digits = issuer.substr(at + 1, 2);
    if (digits.size() < 2 || digits.find_first_not_of(kDigits) != std::string_view::npos) return false;
  }
  return true;
}

base::Result<void> checkInForce(const std::vector<Located>& now) {
  std::vector<std::string> seen;
  for (const Located& issuer : now) {
    if (isWrittenWrong(issuer.value)) {
      return refusal("ISSUER_FORM", issuer,
                     "kube-apiserver does not start with the issuer [" + issuer.value +
                         "]: it takes quotes and blanks as part of it")
          .withHint("write the issuer without them");
    }
    if (issuer.value.find(',') != std::string::npos) {
      return refusal(
          "ISSUER_JOINED", issuer,
          "--service-account-issuer=" + issuer.value +
              " joins issuers by a comma: kube-apiserver takes that as one issuer; the flag must be repeated");
    }
    if (contains(seen, issuer.value)) {
      return refusal(
          "ISSUER_TWICE", issuer,
          "--service-account-issuer=" + issuer.value + " stands there twice, which kube-apiserver does not start with");
    }
    seen.push_back(issuer.value);
  }
  return {};
}

// A name for the former issuer that the tokens in use can't have would leave them without theirs.
base::Result<void> checkFormerAmong(const std::vector<Located>& now, const IssuerWish& wish) {
  const std::string& former = wish.former;
  const Located at = now.empty() ? Located() : now.front();
  const bool isAlone = now.size() == 1 && now.front().value == wish.issuer;
  if (former.empty()) {
    if (!isAlone || wish.phase == Phase::Finish) return {};
    return refusal("ISSUER_ORDER", at,
                   wish.issuer + " signs already and alone, and nothing shows which issuer is to be accepted with it")
        .withHint("the way back: name the former issuer with --former");
  }
  if (former == wish.issuer) {
    return base::invalid("--former is the new issuer itself, and not the one before it")
        .withHint("kubectl get --raw /.well-known/openid-configuration shows the issuer that signs now");
  }
  const bool isListed = std::ranges::find(now, former, &Located::value) != now.end();
  const bool mayLead = now.empty() || now.front().value == wish.issuer || now.front().value == former;
  if (!mayLead || !(isListed || isAlone || now.empty())) {
    return refusal("ISSUER_ORDER", at,
                   "the issuers here are " + text::joined(valuesOf(now)) + ", so that the former one is not " + former)
        .withHint("leave --former out: the file says it");
  }
  return isListed ? base::Result<void>() : checkFormer(former);
}

}  // namespace

std::string_view nameOf(Phase phase) { return kPhases[std::size_t(phase)]; }

std::optional<Phase> phaseNamed(std::string_view name) {
  const auto found = std::ranges::find(kPhases, name);
  if (found == kPhases.end()) return std::nullopt;
  return Phase(found - kPhases.begin());
}

base::Error refusal(std::string_view code, std::string_view why) {
  return {base::ErrorKind::Invalid, std::string(code), std::string(code).append(": ").append(why)};
}

base::Error refusal(std::string_view code, const text::Position& at, std::string_view why) {
  return refusal(code, why).during(text::place(at));
}

base::Error refusal(std::string_view code, const Located& at, std::string_view why) {
  base::Error error = refusal(code, at.at, why);
  return at.file.empty() ? error : std::move(error).during(at.file);
}

base::Result<void> checkIssuer(std::string_view issuer) {
  const std::string named = "the issuer '" + std::string(issuer) + "' ";
  if (issuer.find(',') != std::string_view::npos) {
    return base::invalid(named +
                         "contains a comma: kube-apiserver takes the whole value as one issuer and then refuses "
                         "every token issued earlier");
  }
  if (!issuer.starts_with("https://") || issuer.size() <= 8) {
    return base::invalid(named + "does not start with https:// and a host");
  }
  if (issuer.ends_with('/')) {
    const std::string right(issuer.substr(0, issuer.find_last_not_of('/') + 1));
    return base::invalid(named + "ends in a slash, which the issuer in the tokens would not have")
        .withHint("write " + right);
  }
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~:/%[]").find(c) != std::string_view::npos;
  };
  if (!std::ranges::all_of(issuer, allowed) || !areEscapesWhole(issuer)) {
    return base::invalid(named + "contains a character that an issuer URL may not have");
  }
  return {};
}

base::Result<void> checkFormer(std::string_view former) {
  if (former == "kubernetes/serviceaccount") return {};
  const base::Result<void> checked = checkIssuer(former);
  return checked ? base::Result<void>() : base::Error(checked.error()).during("--former");
}

std::vector<std::string> valuesOf(const std::vector<Located>& located) {
  std::vector<std::string> values;
  for (const Located& one : located) values.push_back(one.value);
  return values;
}

base::Result<std::vector<std::string>> wantedIssuers(const std::vector<Located>& now, const IssuerWish& wish) {
  // Whatever the one that signs looks like, the others may go: on the way back it is the former issuer.
  const bool isAsItWas = wish.phase == Phase::Finish && !now.empty() && now.front().value == wish.issuer;
  if (!isAsItWas) TRY(checkIssuer(wish.issuer));
  TRY(checkInForce(now));
  TRY(checkFormerAmong(now, wish));
  std::vector<std::string> others = valuesOf(now);
  const bool signs = !others.empty() && others.front() == wish.issuer;
  std::erase(others, wish.issuer);
  if (!wish.former.empty()) {
    std::erase(others, wish.former);
    others.insert(others.begin(), wish.former);
  }
  if (wish.phase == Phase::Finish) {
    if (!signs) {
      const std::string signer = now.empty() ? "another issuer" : now.front().value;
      return refusal("ISSUER_ORDER", now.empty() ? Located() : now.front(),
                     signer + " signs, not " + wish.issuer +
                         ": with one step to the new issuer every token in use would be refused");
    }
    return std::vector<std::string>{wish.issuer};
  }
  others.insert(wish.phase == Phase::Switch ? others.begin() : others.end(), wish.issuer);
  return others;
}

std::vector<std::string> wantedAudiences(const std::vector<std::string>& now, const std::vector<std::string>& before,
                                         const std::vector<std::string>& after, std::string_view issuer) {
  return wantedPart(now, true, now, before, after, issuer);
}

std::vector<std::string> wantedPart(const std::vector<std::string>& part, bool isLast,
                                    const std::vector<std::string>& all, const std::vector<std::string>& before,
                                    const std::vector<std::string>& after, std::string_view issuer) {
  if (all.empty() || std::ranges::any_of(all, isStsAudience)) return part;
  std::vector<std::string> wanted;
  std::size_t beside = std::string::npos;
  for (const std::string& audience : part) {
    if (contains(before, audience) && !contains(after, audience)) {
      beside = wanted.size();
      continue;
    }
    wanted.push_back(audience);
    if (contains(before, audience)) beside = wanted.size();
  }
  if (!isLast) return wanted;
  std::vector<std::string> added;
  for (const std::string& one : after) {
    if (!contains(all, one) && (one == issuer || !contains(before, one))) added.push_back(one);
  }
  wanted.insert(wanted.begin() + std::ptrdiff_t(std::min(beside, wanted.size())), added.begin(), added.end());
  return wanted;
}

bool isInternal(std::string_view url) {
  return url.starts_with("https://kubernetes.default.svc") || url == "kubernetes/serviceaccount";
}

std::string issuerAbove(std::string_view url, const std::vector<std::string>& issuers) {
  const auto found =
      std::ranges::find_if(issuers, [url](const std::string& issuer) { return url.starts_with(issuer + "/"); });
  return found == issuers.end() ? "" : *found;
}

std::vector<std::string> jwksUriWarnings(const std::vector<std::string>& uris, const std::vector<std::string>& before,
                                         const std::vector<std::string>& after) {
  if (uris.empty() || after.empty() || isInternal(uris.back())) return {};
  const std::string former = issuerAbove(uris.back(), before);
  if (former.empty() || former == after.front()) return {};
  return {"--service-account-jwks-uri=" + uris.back() + " lies below " + former + ", and " + after.front() +
          " signs: whoever verifies tokens inside the cluster reads the keys there, and finds none once the documents "
          "of " +
          former + " are gone; set it to the JWKS of " + after.front() + ", or take it out (JWKS_URI)"};
}

bool isStsAudience(std::string_view audience) {
  return audience == "amazonaws.com" || audience.starts_with("sts.") || audience.starts_with("https://sts.");
}

std::vector<std::string> commaSplit(std::string_view list) {
  std::vector<std::string> entries;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t comma = std::min(list.find(',', begin), list.size());
    if (comma > begin) entries.emplace_back(list.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return entries;
}

std::string commaJoined(const std::vector<std::string>& list) { return text::joined(list, ","); }

std::vector<std::string> audienceWarnings(const std::vector<std::string>& audiences, std::string_view issuer) {
  std::vector<std::string> warnings;
  for (const std::string& audience : audiences) {
    if (!isStsAudience(audience)) continue;
    warnings.push_back("--api-audiences lists " + audience +
                       ": every pod's ordinary token is a web identity for AWS, and a web identity token is accepted "
                       "by the API server; remove it (AUDIENCE_BOUNDARY)");
  }
  if (!audiences.empty() && !contains(audiences, issuer)) {
    warnings.push_back("--api-audiences is set and does not list " + std::string(issuer) +
                       ": left as it is; clients that ask for a token with the issuer as audience are refused");
  }
  return warnings;
}

}  // namespace cluster
