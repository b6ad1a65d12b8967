#include "setup/value_checks.h"
#include "setup/webhook_objects.h"
#include "text/yaml.h"
#include "webhook_command.h"
#include "world.h"

namespace cli {
namespace {

constexpr const char* kDefaultFile = "irsa.yaml";

base::Result<void> check(const std::string& flag, const std::optional<std::string>& value,
                         std::string (*problemOf)(std::string_view)) {
  const std::string problem = value ? problemOf(*value) : "";
  if (problem.empty()) return {};
  return base::invalid(flag + " \"" + *value + "\" " + problem);
}

// Of irsa.yaml, when it is named or there; else what it would be without a word.
base::Result<setup::WebhookWish> wishInFile(const WebhookRenderOptions& options, const base::Files& files) {
  CommonOptions common = options.common;
  if (common.file.empty()) {
    const std::optional<base::FileInfo> there = TRY(files.info(kDefaultFile));
    if (!there) return setup::WebhookWish{};
    common.file = kDefaultFile;
  }
  const setup::Configuration configuration = TRY(loadConfiguration(common, files));
  return setup::webhookWishOf(configuration);
}

base::Result<void> chooseCertificates(const WebhookRenderOptions& options, setup::WebhookWish& wish) {
  const bool isFiles = options.certificateSource == "files";
  if (!isFiles && !options.secret.empty())
    return base::invalid("--secret belongs to --cert-source files: otherwise the webhook fills a Secret of its own");
  if (!isFiles && !options.injectCaFrom.empty())
    return base::invalid("--inject-ca-from belongs to --cert-source files: otherwise the webhook keeps caBundle right");
  if (!isFiles) return {};
  if (options.secret.empty()) return base::invalid("--cert-source files needs --secret NAME beside it");
  if (!setup::checkSecret("namespace/" + options.secret).empty())
    return base::invalid("--secret \"" + options.secret + "\" is no name of a Secret");
  if (!options.injectCaFrom.empty()) TRY(check("--inject-ca-from", options.injectCaFrom, setup::checkSecret));
  wish.certificates = setup::CertificateSource::Files;
  wish.certificateSecret = options.secret;
  wish.injectCaFrom = options.injectCaFrom;
  return {};
}

base::Result<setup::WebhookWish> wishOf(const WebhookRenderOptions& options, const base::Files& files) {
  setup::WebhookWish wish = TRY(wishInFile(options, files));
  TRY(check("--namespace", options.nameSpace, setup::checkNamespace));
  TRY(check("--image", options.image, setup::checkImage));
  TRY(check("--region", options.region, setup::checkRegion));
  setup::WebhookSettings& settings = wish.settings;
  settings.nameSpace = options.nameSpace.value_or(settings.nameSpace);
  settings.image = options.image.value_or(settings.image);
  settings.replicas = options.replicas.value_or(settings.replicas);
  settings.failurePolicy = options.failurePolicy.value_or(settings.failurePolicy);
  if (options.noGuard) settings.guard = false;
  wish.region = options.region.value_or(wish.region);
  wish.apiServerPort = options.apiServerPort;
  TRY(chooseCertificates(options, wish));
  return wish;
}

std::string asYaml(const std::vector<setup::KubernetesObject>& objects) {
  std::string out;
  for (const setup::KubernetesObject& object : objects)
    out += (out.empty() ? "" : "---\n") + text::writeYaml(object.object);
  return out;
}

text::Json asList(std::vector<setup::KubernetesObject> objects) {
  text::Json items = text::Json::array();
  for (setup::KubernetesObject& object : objects) items.push_back(std::move(object.object));
  return {{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(items)}};
}

}  // namespace

int runWebhookRender(const WebhookRenderOptions& options) {
  const Console console(options.common);
  const std::unique_ptr<base::Files> files = io::newDiskFiles();
  const base::Result<setup::WebhookWish> wish = wishOf(options, *files);
  if (!wish) return console.fail(wish.error());
  std::vector<setup::KubernetesObject> objects = setup::webhookObjects(*wish);
  if (wish->certificates == setup::CertificateSource::Files && wish->injectCaFrom.empty())
    console.progress("note: caBundle is left out: fill it in, or have cert-manager do it with --inject-ca-from");
  if (wish->settings.nameSpace == "default")
    console.progress("note: pods of the webhook's own namespace, default, get no role: --namespace names another one");
  if (wish->region.empty()) console.progress("note: without --region pods are told no Region");
  console.raw(options.common.format == Format::Json ? text::pretty(asList(std::move(objects))) : asYaml(objects));
  return kOk;
}

}  // namespace cli
