#include "world.h"

#include <charconv>

#include "aws/credential_chain.h"
#include "aws/profile.h"
#include "cluster_credentials.h"
#include "setup/observed.h"

namespace cli {
namespace {

constexpr std::size_t kConcurrency = 8;
constexpr std::string_view kNodeKubeconfig = "/etc/kubernetes/admin.conf";

std::string withHome(const std::string& path) {
  if (!path.starts_with("~/")) return path;
  return io::environment("HOME").value_or("") + path.substr(1);
}

// Where kubectl looks; on a control-plane node kubeadm's own file is what there is.
std::vector<std::string> kubeconfigPaths(const std::string& configured, const base::Files& files) {
  if (!configured.empty()) return {withHome(configured)};
  std::vector<std::string> paths;
  const std::string list = io::environment("KUBECONFIG").value_or("");
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t colon = std::min(list.find(':', begin), list.size());
    if (colon > begin) paths.push_back(list.substr(begin, colon - begin));
    begin = colon + 1;
  }
  if (!paths.empty()) return paths;
  const std::string own = withHome("~/.kube/config");
  base::Result<std::optional<base::FileInfo>> there = files.info(own);
  if (there && *there) return {own};
  base::Result<std::optional<base::FileInfo>> node = files.info(std::string(kNodeKubeconfig));
  if (node && *node) return {std::string(kNodeKubeconfig)};
  const bool isInPod = !io::environment("KUBERNETES_SERVICE_HOST").value_or("").empty();
  return isInPod ? std::vector<std::string>() : std::vector{own};
}

// A pod has its own account when there is no kubeconfig, as kubectl does it.
base::Result<kube::ClusterAccess> accessTo(const setup::ClusterSettings& settings, const base::Files& files) {
  const std::vector<std::string> paths = kubeconfigPaths(settings.kubeconfig, files);
  if (paths.empty()) return kube::inClusterAccess(files, io::environment);
  return kube::readKubeconfig(files, paths, settings.context);
}

base::Result<std::string> runProgram(const std::vector<std::string>& argv, std::chrono::milliseconds timeout) {
  io::ProcessResult result = TRY(io::runProcess(argv, {}, timeout));
  if (result.exitCode != 0) {
    return base::invalid(argv[0] + " ended with exit code " + std::to_string(result.exitCode) + ": " + result.errors);
  }
  return std::move(result.output);
}

// For containers and instances: on this host or link-local, so no proxy, and where there is none no long wait.
std::shared_ptr<http::Client> metadataClient() {
  io::ClientOptions http;
  http.connectTimeout = std::chrono::seconds(1);
  http.answerTimeout = std::chrono::seconds(2);
  return io::newClient(std::move(http));
}

aws::CredentialsSource credentialsFor(const AwsConnection& connection, const std::string& profile,
                                      const CommonOptions& options, Ground& ground) {
  const std::shared_ptr<http::Client> metadata = metadataClient();
  aws::CredentialsSource found = aws::findCredentials(
      {.profile = profile,
       .environment = io::environment,
       .files = *ground.files,
       .run = [timeout = programTimeout(options)](const auto& argv) { return runProgram(argv, timeout); },
       .http = *connection.http,
       .endpoints = connection.endpoints,
       .region = connection.region,
       .clock = ground.clock,
       .random = ground.random,
       .metadata = metadata.get()});
  return [metadata, found = std::move(found)] { return found(); };
}

aws::CredentialsSource refusing(base::Error why) {
  why.kind = base::ErrorKind::Denied;
  return [why = std::move(why)]() -> base::Result<aws::Credentials> { return why; };
}

base::Error noFips() {
  return {base::ErrorKind::Denied, "",
          "AWS_USE_FIPS_ENDPOINT or the profile's use_fips_endpoint is true, and irsa knows no FIPS endpoints",
          "name those of S3, IAM and STS in irsa.yaml: aws.endpoints "
          "(https://docs.aws.amazon.com/general/latest/gr/rande.html)"};
}

// IRSA_CONCURRENCY: how many calls go out side by side.
base::Result<std::size_t> concurrencyOfEnvironment() {
  const std::string text = io::environment("IRSA_CONCURRENCY").value_or("");
  if (text.empty()) return kConcurrency;
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error == std::errc() && end == text.data() + text.size() && limit >= 1 && limit <= 64) return limit;
  return base::invalid("IRSA_CONCURRENCY is \"" + text + "\": it must be a number from 1 to 64");
}

}  // namespace

base::Result<AwsConnection> connectAws(const setup::AwsSettings& settings, const CommonOptions& options,
                                       Ground& ground) {
  // Without the profile that is meant nothing is known of the endpoints, so nothing is signed for them.
  const base::Result<aws::Profile> named = aws::readProfile(*ground.files, io::environment, settings.profile);
  const aws::Profile profile = named ? *named : aws::Profile();
  io::ClientOptions http = clientOptions(options);
  http.tls.rootsPem = TRY(rootsOf(profile, *ground.files));
  if (!settings.caFile.empty())
    http.tls.extraRootsPem = TRY(readRoots(settings.caFile, "aws.caFile in irsa.yaml", *ground.files));
  AwsConnection connection;
  connection.http = io::newClient(std::move(http));
  connection.endpoints = endpointsOf(
      {settings.s3Endpoint, settings.iamEndpoint, settings.stsEndpoint, settings.cloudFrontEndpoint}, profile);
  connection.region = settings.region;
  aws::CredentialsSource credentials = credentialsFor(connection, settings.profile, options, ground);
  if (!named) credentials = refusing(named.error());
  const bool hasEndpoints =
      !connection.endpoints.s3.empty() && !connection.endpoints.iam.empty() && !connection.endpoints.sts.empty();
  if (aws::wantsFips(io::environment, profile) && !hasEndpoints) credentials = refusing(noFips());
  connection.client = std::make_unique<aws::Client>(*connection.http, connection.endpoints, std::move(credentials),
                                                    connection.region, ground.clock, ground.random);
  return connection;
}

base::Result<std::string> accountOf(const World& world, const std::string& place) {
  const std::string& configured = world.configuration.aws.accountId;
  if (!configured.empty()) return configured;
  const base::Result<aws::CallerIdentity> caller = setup::observeCaller(*world.aws.client, world.configuration.aws);
  if (caller) return caller->account;
  return base::Error(caller.error())
      .during("looking for the account whose names are in " + place)
      .withHint("set aws.accountId in irsa.yaml, and no credentials are needed for this");
}

base::Result<setup::Configuration> loadConfiguration(const CommonOptions& options, const base::Files& files) {
  base::Result<std::string> document = files.read(options.file);
  if (!document) {
    base::Error error = std::move(document).error();
    error.kind = base::ErrorKind::Invalid;
    return std::move(error).withHint("write " + options.file +
                                     " (name, aws.region and one binding are enough), or name another with -f");
  }
  return setup::parseConfiguration(*document, options.file, files);
}

base::Result<ClusterConnection> connectCluster(const setup::ClusterSettings& settings, const CommonOptions& options,
                                               Ground& ground) {
  ClusterConnection connection;
  connection.access = TRY(accessTo(settings, *ground.files));
  connection.token = TRY(clusterCredentials(connection.access, *ground.files, ground.clock, programTimeout(options)));
  io::ClientOptions http = clientOptions(options);
  http.tls = connection.access.tls;
  if (!connection.access.proxyUrl.empty()) http.proxy = connection.access.proxyUrl;
  connection.http = io::newClient(std::move(http));
  connection.client = std::make_unique<kube::Client>(*connection.http, connection.access.server, connection.token,
                                                     "irsa/" IRSA_VERSION);
  return connection;
}

base::Result<ClusterConnection> connectChosenCluster(const ClusterChoice& choice, const CommonOptions& options,
                                                     Ground& ground) {
  setup::ClusterSettings settings{.kubeconfig = choice.kubeconfig, .context = choice.context};
  const std::optional<base::FileInfo> configured = TRY(ground.files->info(options.file));
  if (choice.kubeconfig.empty() && configured) {
    const setup::Configuration configuration = TRY(loadConfiguration(options, *ground.files));
    if (configuration.cluster) settings = *configuration.cluster;
    if (!choice.context.empty()) settings.context = choice.context;
  }
  return connectCluster(settings, options, ground);
}

std::string regionOutsideOfWish(const base::Files& files) {
  const base::Result<aws::Profile> profile = aws::readProfile(files, io::environment, "");
  const std::string region = aws::regionOf(io::environment, profile ? *profile : aws::Profile());
  return region.empty() ? "us-east-1" : region;
}

base::Result<AwsConnection> connectChosenAws(const CommonOptions& options, Ground& ground) {
  CommonOptions named = options;
  if (named.file.empty()) {
    named.file = "irsa.yaml";
    const std::optional<base::FileInfo> there = TRY(ground.files->info(named.file));
    setup::AwsSettings settings;
    settings.region = regionOutsideOfWish(*ground.files);
    if (!there) return connectAws(settings, options, ground);
  }
  const setup::Configuration configuration = TRY(loadConfiguration(named, *ground.files));
  return connectAws(configuration.aws, options, ground);
}

base::Result<std::unique_ptr<World>> openWorld(const CommonOptions& options) {
  auto world = std::make_unique<World>();
  world->configuration = TRY(loadConfiguration(options, *world->ground.files));
  world->aws = TRY(connectAws(world->configuration.aws, options, world->ground));
  if (world->configuration.cluster) {
    world->cluster = TRY(connectCluster(*world->configuration.cluster, options, world->ground));
  }
  const setup::KeySettings& keys = world->configuration.keys;
  if (!keys.secretName.empty() && keys.hasOwnCluster()) {
    const setup::ClusterSettings management{.kubeconfig = keys.kubeconfig, .context = keys.context};
    world->keysCluster = TRY(connectCluster(management, options, world->ground));
  }
  world->concurrency = TRY(concurrencyOfEnvironment());
  return world;
}

setup::World World::view() {
  return {.aws = *aws.client,
          .kube = cluster ? cluster->client.get() : nullptr,
          .files = *ground.files,
          .clock = ground.clock,
          .keys = keysCluster ? keysCluster->client.get() : nullptr,
          .web = aws.http.get(),
          .sideBySide = io::sideBySide(concurrency)};
}

}  // namespace cli
