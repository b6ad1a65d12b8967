#include "adopt_command.h"

#include <algorithm>
#include <iterator>

#include "api_server_lint.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "setup/adopt.h"
#include "setup/run.h"
#include "setup/webhook_lint.h"
#include "text/encoding.h"
#include "text/nearest.h"
#include "world.h"

namespace cli {
namespace {

base::Result<std::vector<std::string>> authoritiesIn(const std::string& path, const base::Files& files) {
  std::vector<std::string> thumbprints;
  if (path.empty()) return thumbprints;
  const std::string pem = TRY(files.read(path));
  const std::vector<crypto::Certificate> certificates = TRY(crypto::certificatesFromPem(pem));
  for (const crypto::Certificate& certificate : certificates)
    if (certificate.isAuthority) thumbprints.push_back(text::hex(crypto::sha1(certificate.der)));
  if (thumbprints.empty()) return base::invalid("--ca-file " + path + " holds no authority's certificate");
  if (thumbprints.size() > 5)
    return base::invalid("--ca-file " + path + " holds more authorities than IAM takes: five");
  return thumbprints;
}

base::Result<bool> looksAtCluster(const AdoptOptions& options, const base::Files& files) {
  if (!options.cluster.kubeconfig.empty() || !options.cluster.context.empty()) return true;
  CommonOptions common = options.common;
  if (common.file.empty()) common.file = "irsa.yaml";
  const std::optional<base::FileInfo> there = TRY(files.info(common.file));
  if (!there) return false;
  const setup::Configuration configuration = TRY(loadConfiguration(common, files));
  return configuration.cluster.has_value();
}

// The cluster's side: webhooks, and the API servers as far as they can be seen.
base::Result<text::Findings> lintCluster(const AdoptOptions& options, Ground& ground) {
  text::Findings found;
  ApiServerLintOptions servers;
  servers.common = options.common;
  servers.common.file = options.common.file.empty() ? "irsa.yaml" : options.common.file;
  servers.paths = options.manifests;
  servers.issuer = options.issuer;
  servers.cluster = options.cluster;
  const bool hasCluster = TRY(looksAtCluster(options, *ground.files));
  if (hasCluster || !options.manifests.empty()) text::append(found, TRY(lintApiServers(servers, ground)));
  if (!hasCluster) return found;
  const ClusterConnection cluster = TRY(connectChosenCluster(options.cluster, servers.common, ground));
  const setup::WebhookSurroundings seen = TRY(setup::lookAround(*cluster.client));
  text::append(found, setup::lintWebhooks(seen, ground.clock.now()));
  return found;
}

base::Result<std::set<std::string>> codesOf(const std::vector<std::string>& fixes) {
  std::set<std::string> codes;
  const std::set<std::string_view> known = setup::repairableCodes();
  const std::vector<std::string_view> words(known.begin(), known.end());
  for (const std::string& code : fixes) {
    const std::string_view near = text::nearest(code, words);
    if (!known.contains(code) && !near.empty())
      return base::invalid("--fix " + code + ": there is no such repair")
          .withHint("did you mean " + std::string(near) + "?");
    codes.insert(code);
  }
  return codes;
}

// A window on the world without irsa.yaml.
struct Look {
  Ground ground;
  AwsConnection aws;

  setup::World view() { return {.aws = *aws.client, .files = *ground.files, .clock = ground.clock}; }
};

int report(const Console& console, const std::vector<setup::FoundSetup>& setups, const AdoptOptions& options,
           Look& look) {
  text::Findings findings;
  for (const setup::FoundSetup& found : setups) text::append(findings, setup::lintSetup(found));
  base::Result<text::Findings> cluster = lintCluster(options, look.ground);
  if (!cluster) return console.fail(cluster.error(), kCouldNotLook);
  text::append(findings, std::move(*cluster));
  text::sortFindings(findings);
  return console.findings(findings);
}

int mend(const Console& console, const setup::FoundSetup& found, const AdoptOptions& options, Look& look) {
  const base::Result<std::set<std::string>> codes = codesOf(options.fixes);
  if (!codes) return console.fail(codes.error());
  const base::Result<setup::Plan> plan = setup::planRepair(found, *codes);
  if (!plan) return console.fail(plan.error());
  if (options.common.dryRun || plan->actions.empty()) {
    console.result(setup::describe(*plan, console.isColored()), setup::toJson(*plan));
    return kOk;
  }
  for (const std::string& note : plan->notes) console.progress(note);
  if (!options.common.yes) {
    if (!console.canAsk())
      return console.fail(
          base::invalid("irsa adopt --fix asks before it changes anything, and there is no terminal to ask on")
              .withHint("--dry-run shows the change, --yes makes it"));
    console.progress(setup::describe(*plan));
    if (!console.confirm("Make this change?"))
      return console.fail({base::ErrorKind::Conflict, "", "nothing was changed: the answer was not yes"});
  }
  setup::World view = look.view();
  const setup::Outcome outcome = setup::applyPlan(*plan, view, {}, [&](const setup::Event& event) {
    const std::string line = setup::nameOf(event.action.call) + " " + event.action.target;
    if (event.kind == setup::Event::Kind::Done) console.done(line);
    if (event.kind == setup::Event::Kind::Failed) console.failed(line);
  });
  for (const setup::Failure& failure : outcome.failures) {
    base::Error error = failure.error;
    console.fail(std::move(error).during(failure.target));
  }
  text::Json document = setup::toJson(*plan);
  document["done"] = outcome.done;
  const bool isGood = outcome.failures.empty();
  console.result(isGood ? console.check("mended; irsa adopt " + found.issuer() + " looks again")
                        : console.cross("not all could be mended; the same command goes on"),
                 document);
  return isGood ? kOk : kRefused;
}

}  // namespace

int runAdopt(const AdoptOptions& options) {
  const Console console(options.common);
  Look look;
  base::Result<AwsConnection> aws = connectChosenAws(options.common, look.ground);
  if (!aws) return console.fail(aws.error());
  look.aws = std::move(*aws);
  const base::Result<std::vector<std::string>> authorities = authoritiesIn(options.caFile, *look.ground.files);
  if (!authorities) return console.fail(authorities.error(), kUsage);
  base::Result<std::vector<setup::FoundSetup>> setups = setup::lookForSetups(look.view(), options.issuer);
  if (!setups) return console.fail(setups.error());
  for (setup::FoundSetup& found : *setups) found.authorities = *authorities;
  if (options.fixes.empty()) return report(console, *setups, options, look);
  if (setups->size() == 1) return mend(console, setups->front(), options, look);
  return console.fail(base::invalid("there are " + std::to_string(setups->size()) + " issuers in the account")
                          .withHint("name one: irsa adopt URL --fix CODE"));
}

}  // namespace cli
