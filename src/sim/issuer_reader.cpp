#include "sim/issuer_reader.h"

#include <algorithm>
#include <array>

#include "http/address.h"
#include "http/url.h"
#include "oidc/discovery.h"
#include "sim/cloudfront.h"
#include "sim/s3.h"
#include "sim/sentences.h"
#include "text/uri.h"
#include "text/words.h"

namespace sim {
namespace {

constexpr std::size_t kLargestDocument = 1u << 20;  // bytes; what is fetched has its client's limit

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
  std::string host = text::lowerCase(hostField.substr(0, hostField.find(':')));
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
  return http::isLoopback(host) || host.ends_with(".localhost") ||
         (http::parseAddress(host) && http::reachOf(host) == http::Reach::Loopback);
}

base::Result<IssuerReader::Document> IssuerReader::fetch(Call& call, const std::string& url) {
  http::Url parsed = TRY(http::parseUrl(url));
  if (parsed.scheme != "https") return base::invalid(url + " is not https");
  bool isOwnHost = isLoopback(parsed.host);
  bool isPrivate = http::parseAddress(parsed.host) && http::reachOf(parsed.host) == http::Reach::Private;
  if (isPrivate || isOddNumber(parsed.host)) return base::invalid(url + " is at an address that is never asked");
  if (isOwnHost && !call.settings.allowLoopbackIssuers)
    return base::invalid(url + " is at a loopback address, which --allow-loopback-issuers would allow");
  if (!client_) return base::unavailable(url + " can't be reached: this simulator reads its own buckets only");
  http::Request request;
  request.origin = parsed.origin();
  request.target = parsed.target;
  request.headers.add("Accept", "application/json");
  request.thumbprints = thumbprints_;
  lock_.unlock();
  auto response = client_->send(request);
  lock_.lock();
  if (!response) return std::move(response).error();
  if (response->status != 200) return base::invalid(url + " answered with status " + std::to_string(response->status));
  Document document;
  document.fresh = freshness(response->headers);
  document.body = std::move(response->body);
  return document;
}

// The simulator's own buckets and distributions are read without a way to go, so no Cache-Control matters.
base::Result<IssuerReader::Document> IssuerReader::document(Call& call, const std::string& url) {
  auto viewed = cloudfront::read(call, url);
  auto place = viewed ? std::nullopt : s3Place(url);
  if (!viewed && !place) return fetch(call, url);
  Document document;
  document.body =
      TRY(viewed ? std::move(*viewed) : s3::readAnonymously(call, place->bucket, place->region, place->key));
  if (document.body.size() > kLargestDocument) return base::invalid(url + " is larger than 1 MiB");
  document.isOwn = true;
  return document;
}

base::Result<IssuerCache::Keys> IssuerReader::keys(Call& call, const std::string& issuer, const std::string& kid,
                                                   const std::vector<std::string>& thumbprints) {
  thumbprints_ = thumbprints;
  if (IssuerCache::Keys kept = cache_.find(issuer, call.now)) {
    auto isWanted = [&](const oidc::Jwk& key) { return key.kid == kid; };
    if (kid.empty() || std::any_of(kept->keys.begin(), kept->keys.end(), isWanted)) return kept;
  }
  auto keys = read(call, issuer);
  if (keys) return keys;
  call.reason = keys.error().message;
  if (keys.error().kind == base::ErrorKind::Denied && keys.error().code.empty())
    return awsError("InvalidIdentityToken",
                    "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint");
  return noKey();
}

base::Result<IssuerCache::Keys> IssuerReader::read(Call& call, const std::string& issuer) {
  auto withoutSlash = [](const std::string& url) { return url.ends_with('/') ? url.substr(0, url.size() - 1) : url; };
  std::string base = withoutSlash(issuer);
  Document discovery = TRY(document(call, base + std::string(oidc::kDiscoveryPath)));
  auto parsed = oidc::parseDiscovery(discovery.body);
  if (!parsed) return base::invalid("the discovery document of " + issuer + ": " + parsed.error().message);
  // AWS took documents whose issuer has one slash more or less for years; everything else must be equal.
  if (withoutSlash(parsed->issuer) != base)
    return base::invalid("the discovery document says issuer " + parsed->issuer + ", the token says " + issuer);
  Document keySet = TRY(document(call, parsed->jwksUri));
  auto jwks = cache_.parse(keySet.body);
  if (!jwks) return base::invalid("the keys at " + parsed->jwksUri + ": " + jwks.error().message);
  if (discovery.isOwn && keySet.isOwn)
    cache_.keepOwn(issuer, *jwks, call.now);
  else
    cache_.keep(issuer, *jwks, call.now, std::min(discovery.fresh, keySet.fresh));
  return jwks;
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
