#include "token_command.h"

#include "base/time.h"
#include "crypto/key.h"
#include "oidc/discovery.h"
#include "oidc/jwks.h"
#include "oidc/web_identity_token.h"
#include "setup/value_checks.h"
#include "world.h"

namespace cli {
namespace {

// The one private key of a folder.
base::Result<std::string> onlyKeyIn(const std::string& folder, const base::Files& files) {
  const std::vector<std::string> names = TRY(files.list(folder));
  std::string found;
  for (const std::string& name : names) {
    const std::string path = folder + "/" + name;
    const std::string contents = TRY(files.read(path));
    if (!crypto::SigningKey::fromPem(contents)) continue;
    if (!found.empty()) return base::invalid(folder + " holds several private keys").withHint("name one with --key");
    found = path;
  }
  if (found.empty()) {
    return base::notFound(folder + " holds no private key").withHint("irsa apply makes one with keys.source: generate");
  }
  return found;
}

// Fills in what the command line left to irsa.yaml.
base::Result<void> complete(TokenMintOptions& options) {
  if (!options.key.empty() && !options.issuer.empty()) return {};
  const std::unique_ptr<World> world = TRY(openWorld(options.common));
  if (options.key.empty()) options.key = TRY(onlyKeyIn(world->configuration.keys.directory, *world->ground.files));
  if (!options.issuer.empty()) return {};
  setup::World view = world->view();
  const setup::Plan plan = TRY(setup::makePlan(world->configuration, view, {.phases = {}}));
  options.issuer = plan.issuer;
  return {};
}

base::Result<std::string> mint(TokenMintOptions options, const Ground& ground) {
  const auto [nameSpace, name] = TRY(splitServiceAccount(options.serviceAccount));
  TRY(complete(options));
  const std::string pem = TRY(ground.files->read(options.key));
  base::Result<crypto::SigningKey> key = crypto::SigningKey::fromPem(pem);
  if (!key) return std::move(key).error().during("reading the signing key " + options.key);
  return oidc::sign(oidc::claimsOf({.issuer = options.issuer,
                                    .audience = options.audience,
                                    .nameSpace = nameSpace,
                                    .serviceAccount = name,
                                    .pod = options.pod,
                                    .issuedAt = ground.clock.now(),
                                    .lifetime = options.lifetime}),
                    *key);
}

// What no API server would sign. It is signed all the same: tests want bad tokens too.
void warnOfOddities(const TokenMintOptions& options, const Console& console) {
  const auto warn = [&](const std::string& what) { console.warn(what + "; signed all the same"); };
  if (const std::string problem = setup::checkServiceAccount(options.serviceAccount);
      !problem.empty() || options.serviceAccount.find_first_of("*?") != std::string::npos)
    warn("\"" + options.serviceAccount + "\" " + (problem.empty() ? "has a wildcard" : problem));
  if (const auto issuer = oidc::checkIssuer(options.issuer, oidc::Port::Allowed); !issuer && !options.issuer.empty())
    warn(issuer.error().message);
  if (options.audience.empty()) warn("the audience is empty, which STS refuses");
  if (options.lifetime.count() <= 0) warn("the token expires as it is made");
}

base::Result<text::Json> inspect(const TokenInspectOptions& options, const Ground& ground) {
  std::string token;
  if (options.path == "-") {
    token = io::readIn();
  } else {
    token = TRY(ground.files->read(options.path));
  }
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  const oidc::UnverifiedToken decoded = TRY(oidc::decodeToken(token));
  text::Json document = {{"header", decoded.header}, {"claims", decoded.claims}};
  for (const auto& [claim, name] : {std::pair{"iat", "issued"}, std::pair{"exp", "expires"}}) {
    const text::Json& seconds = text::at(decoded.claims, claim);
    if (seconds.is_number_integer()) document[name] = base::rfc3339(base::fromUnixSeconds(seconds.get<std::int64_t>()));
  }
  if (options.jwks.empty()) return document;
  const std::string keys = TRY(ground.files->read(options.jwks));
  const oidc::Jwks jwks = TRY(oidc::parseJwks(keys));
  std::vector<std::string> audiences = decoded.audiences();  // whoever is meant, a provider knows it
  audiences.push_back(text::stringAt(decoded.claims, "azp"));
  base::Result<oidc::VerifiedToken> verified = oidc::verify(decoded, jwks, audiences, ground.clock.now());
  document["verified"] = static_cast<bool>(verified);
  if (verified) return document;
  document["reason"] = verified.error().message;
  if (!verified.error().hint.empty()) document["why"] = verified.error().hint;
  return document;
}

}  // namespace

base::Result<std::pair<std::string, std::string>> splitServiceAccount(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == text.size() ||
      text.find('/', slash + 1) != std::string::npos) {
    return base::invalid("'" + text +
                         "' is no service account: it is written NAMESPACE/NAME, such as default/s3-echoer");
  }
  return std::pair{text.substr(0, slash), text.substr(slash + 1)};
}

int runTokenMint(const TokenMintOptions& options) {
  const Console console(options.common);
  const Ground ground;
  const base::Result<std::string> token = mint(options, ground);
  if (!token) return console.fail(token.error());
  warnOfOddities(options, console);
  if (options.write.empty()) {
    console.raw(*token);
    return kOk;
  }
  const base::Result<void> written = ground.files->create(options.write, *token, 0600);
  if (!written) return console.fail(written.error());
  console.done("wrote a token of " + options.serviceAccount + " to " + options.write);
  return kOk;
}

int runTokenInspect(const TokenInspectOptions& options) {
  const Console console(options.common);
  const Ground ground;
  const base::Result<text::Json> document = inspect(options, ground);
  if (!document) return console.fail(document.error(), exitCodeOfLook(document.error()));
  console.result(text::pretty(*document), *document);
  const text::Json& verified = text::at(*document, "verified");
  return verified.is_boolean() && !verified.get<bool>() ? kRefused : kOk;
}

}  // namespace cli
