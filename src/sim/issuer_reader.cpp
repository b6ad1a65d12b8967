#include "sim/issuer_reader.h"

#include <array>

#include "http/url.h"
#include "oidc/discovery.h"
#include "sim/cloudfront.h"
#include "sim/s3.h"
#include "sim/sentences.h"
#include "text/uri.h"

namespace sim {
namespace {

constexpr std::array<std::string_view, 7> kSuffixes{"amazonaws.com.cn", "amazonaws.com",  "amazonaws.eu",  "c2s.ic.gov",
                                                    "sc2s.sgov.gov",    "cloud.adc-e.uk", "csp.hci.ic.gov"};

// Cuts ".SUFFIX" off an S3 host; false when it has none.
bool cutSuffix(std::string_view& host) {
  for (std::string_view suffix : kSuffixes) {
    if (!host.ends_with(suffix) || host.size() <= suffix.size() || host[host.size() - suffix.size() - 1] != '.')
      continue;
    host.remove_suffix(suffix.size() + 1);
    return true;
  }
  return false;
}

// "s3", "s3.us-west-2", "s3-us-west-2", "BUCKET.s3.us-west-2", "BUCKET.s3" → bucket and region.
std::optional<S3Place> placeOfHost(std::string_view host) {
  if (!cutSuffix(host)) return std::nullopt;
  S3Place place;
  std::size_t at = host.rfind(".s3");
  std::string_view service = host;
  if (at != host.npos) {
    place.bucket = host.substr(0, at);
    service = host.substr(at + 1);
  }
  if (service == "s3") return place;
  if (!service.starts_with("s3.") && !service.starts_with("s3-")) return std::nullopt;
  place.region = service.substr(3);
  if (place.region.starts_with("dualstack.")) place.region.erase(0, 10);
  if (place.region.find('.') != place.region.npos || place.region.empty()) return std::nullopt;
  return place;
}

bool isLinkLocal(std::string_view host) {
  return host.starts_with("169.254.") || host.starts_with("fe80:") || host.find("ffff:169.254.") != host.npos ||
         host.find("ffff:a9fe:") != host.npos || host.starts_with("fd00:ec2:");
}

// An address written so that a list of names does not see it: 2130706433, 0x7f.1, 127.1.
bool isOddNumber(std::string_view host) {
  std::size_t dot = host.rfind('.');
  std::string_view last = dot == host.npos ? host : host.substr(dot + 1);
  bool numeric = !last.empty() && (last.find_first_not_of("0123456789") == last.npos || last.starts_with("0x"));
  if (!numeric) return false;
  std::size_t dots = 0;
  for (char c : host) dots += c == '.';
  return dots != 3 || host.find('x') != host.npos || host.starts_with("0");
}

base::Error noKey() { return awsError("InvalidIdentityToken", std::string(kVerificationKey)); }

}  // namespace

std::optional<S3Place> s3Place(std::string_view url) {
  auto parsed = http::parseUrl(url);
  if (!parsed || parsed->scheme != "https" || parsed->port != 443) return std::nullopt;
  auto place = placeOfHost(parsed->host);
  if (!place) return std::nullopt;
  auto path = text::percentDecode(std::string_view(parsed->target).substr(1));
  if (!path) return std::nullopt;
  std::string_view rest = *path;
  if (place->bucket.empty()) {
    std::size_t slash = rest.find('/');
    place->bucket = rest.substr(0, slash);
    rest = slash == rest.npos ? std::string_view() : rest.substr(slash + 1);
  }
  place->key = rest;
  return place;
}

std::string virtualHostBucket(std::string_view hostField) {
  std::string host = lowered(hostField.substr(0, hostField.find(':')));
  if (host.ends_with(".localhost")) {
    host.resize(host.size() - std::string_view(".localhost").size());
    if (host == "s3") return "";
    if (host.ends_with(".s3")) host.resize(host.size() - 3);
    return host;
  }
  auto place = placeOfHost(host);
  return place ? place->bucket : "";
}

bool isLoopback(std::string_view host) {
  return host.starts_with("127.") || host == "::1" || host == "localhost" || host.ends_with(".localhost") ||
         host.find("ffff:127.") != host.npos || host.find("ffff:7f") != host.npos || host == "0.0.0.0" || host == "::";
}

base::Result<std::string> IssuerReader::fetch(Call& call, const std::string& url) {
  http::Url parsed = TRY(http::parseUrl(url));
  if (parsed.scheme != "https") return base::invalid(url + " is not https");
  if (isLinkLocal(parsed.host) || isOddNumber(parsed.host))
    return base::invalid(url + " is at an address that is never asked");
  if (isLoopback(parsed.host) && !call.settings.allowLoopbackIssuers)
    return base::invalid(url + " is at a loopback address, which --allow-loopback-issuers would allow");
  if (!client_) return base::unavailable(url + " can't be reached: this simulator reads its own buckets only");
  http::Request request;
  request.origin = parsed.origin();
  request.target = parsed.target;
  request.headers.add("Accept", "application/json");
  lock_.unlock();
  auto response = client_->send(request);
  lock_.lock();
  if (!response) return std::move(response).error();
  if (response->status != 200) return base::invalid(url + " answered with status " + std::to_string(response->status));
  return std::move(response->body);
}

base::Result<std::string> IssuerReader::document(Call& call, const std::string& url) {
  if (auto viewed = cloudfront::read(call, url)) return std::move(*viewed);
  auto place = s3Place(url);
  if (!place) return fetch(call, url);
  return s3::readAnonymously(call, place->bucket, place->region, place->key);
}

base::Result<oidc::Jwks> IssuerReader::keys(Call& call, const std::string& issuer) {
  auto refused = [&](const base::Error& error) {
    call.reason = error.message;
    if (error.kind == base::ErrorKind::Denied && error.code.empty())
      return awsError("InvalidIdentityToken",
                      "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint");
    return noKey();
  };
  std::string base = issuer.ends_with('/') ? issuer.substr(0, issuer.size() - 1) : issuer;
  auto discovery = document(call, base + std::string(oidc::kDiscoveryPath));
  if (!discovery) return refused(discovery.error());
  auto parsed = oidc::parseDiscovery(*discovery);
  if (!parsed) return refused(base::invalid("the discovery document of " + issuer + ": " + parsed.error().message));
  // AWS took documents whose issuer has one slash more or less for years; everything else must be equal.
  std::string named =
      parsed->issuer.ends_with('/') ? parsed->issuer.substr(0, parsed->issuer.size() - 1) : parsed->issuer;
  if (named != base)
    return refused(
        base::invalid("the discovery document says issuer " + parsed->issuer + ", the token says " + issuer));
  auto keySet = document(call, parsed->jwksUri);
  if (!keySet) return refused(keySet.error());
  auto jwks = oidc::parseJwks(*keySet);
  if (!jwks) return refused(base::invalid("the keys at " + parsed->jwksUri + ": " + jwks.error().message));
  return std::move(jwks).value();
}

bool IssuerReader::isReachable(Call& call, const std::string& issuer) {
  if (s3Place(issuer)) return true;
  auto parsed = http::parseUrl(issuer);
  if (!parsed) return false;
  if (cloudfront::isViewerHost(call.state, parsed->host)) return true;
  std::string base = issuer.ends_with('/') ? issuer.substr(0, issuer.size() - 1) : issuer;
  return bool(fetch(call, base + std::string(oidc::kDiscoveryPath)));
}

}  // namespace sim
