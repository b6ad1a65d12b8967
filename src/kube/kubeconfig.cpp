#include "kube/kubeconfig.h"

#include "text/encoding.h"
#include "text/json.h"
#include "text/yaml.h"

namespace kube {
namespace {

using text::YamlNode;

struct ConfigFile {
  std::string path, folder;
  YamlNode root;
};

// A named entry of a kubeconfig list and the file it stands in, which its relative paths start from.
struct Entry {
  const YamlNode* node = nullptr;
  const ConfigFile* file = nullptr;
};

std::string scalarAt(const YamlNode* node, std::string_view key) {
  const YamlNode* found = node ? node->find(key) : nullptr;
  return found && found->kind == YamlNode::Kind::Scalar ? found->scalar : std::string();
}

std::string besides(const std::string& folder, const std::string& path) {
  if (path.empty() || path.starts_with('/') || folder == ".") return path;
  return folder + (folder.ends_with('/') ? "" : "/") + path;
}

base::Result<YamlNode> parse(const std::string& document) {
  std::size_t first = document.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || document[first] != '{') return text::parseYaml(document);
  // JSON is YAML but for tabs as indentation, which compact() takes away.
  text::Json json = TRY(text::parseJson(document));
  return text::parseYaml(text::compact(json));
}

base::Result<std::vector<ConfigFile>> readFiles(const base::Files& files, const std::vector<std::string>& paths) {
  std::vector<ConfigFile> out;
  std::string tried;
  for (const std::string& path : paths) {
    if (path.empty()) continue;
    tried += (tried.empty() ? "" : ", ") + path;
    base::Result<std::string> contents = files.read(path);
    if (!contents && contents.error().kind == base::ErrorKind::NotFound) continue;  // as kubectl skips it
    if (!contents) return std::move(contents).error().during("kubeconfig");
    base::Result<YamlNode> root = parse(*contents);
    if (!root) return std::move(root).error().during("kubeconfig " + path);
    out.push_back({path, base::folderOf(path), std::move(*root)});
  }
  if (out.empty())
    return base::notFound("no kubeconfig (" + (tried.empty() ? "no path given" : tried) + "): there is no such file")
        .withHint("name one with --kubeconfig FILE or KUBECONFIG");
  return out;
}

// The first file that has an entry of this name in `list` wins. `member` is what the entry wraps ("cluster", "user").
std::optional<Entry> findEntry(const std::vector<ConfigFile>& files, std::string_view list, std::string_view member,
                               const std::string& name) {
  for (const ConfigFile& file : files) {
    const YamlNode* entries = file.root.find(list);
    if (!entries) continue;
    for (const YamlNode& entry : entries->items)
      if (scalarAt(&entry, "name") == name) return Entry{entry.find(member), &file};
  }
  return std::nullopt;
}

std::string namesOf(const std::vector<ConfigFile>& files, std::string_view list) {
  std::string out;
  for (const ConfigFile& file : files) {
    const YamlNode* entries = file.root.find(list);
    if (!entries) continue;
    for (const YamlNode& entry : entries->items) out += (out.empty() ? "" : ", ") + scalarAt(&entry, "name");
  }
  return out.empty() ? "none" : out;
}

// The value of KEY-data (base64), else what the file named by KEY holds, else empty.
base::Result<std::string> material(const base::Files& files, const Entry& entry, const std::string& key) {
  const std::string data = scalarAt(entry.node, key + "-data");
  if (!data.empty()) {
    base::Result<std::string> bytes = text::decodeBase64(data);
    if (!bytes) return std::move(bytes).error().during("kubeconfig " + entry.file->path + ": " + key + "-data");
    return bytes;
  }
  const std::string path = besides(entry.file->folder, scalarAt(entry.node, key));
  if (path.empty()) return std::string();
  base::Result<std::string> contents = files.read(path);
  if (!contents) return std::move(contents).error().during("kubeconfig " + entry.file->path + ": " + key);
  return contents;
}

base::Result<void> readCluster(const base::Files& files, const Entry& entry, ClusterAccess& access) {
  access.server = scalarAt(entry.node, "server");
  if (access.server.empty())
    return base::invalid("kubeconfig " + entry.file->path + ": the cluster \"" + access.clusterName +
                         "\" has no server");
  while (access.server.ends_with('/')) access.server.pop_back();
  access.tls.serverName = scalarAt(entry.node, "tls-server-name");
  access.tls.insecureSkipVerify = scalarAt(entry.node, "insecure-skip-tls-verify") == "true";
  access.tls.rootsPem = TRY(material(files, entry, "certificate-authority"));
  access.proxyUrl = scalarAt(entry.node, "proxy-url");
  return {};
}

ExecPlugin readExec(const YamlNode& node, const ConfigFile& file) {
  ExecPlugin plugin;
  plugin.apiVersion = scalarAt(&node, "apiVersion");
  plugin.command = scalarAt(&node, "command");
  // A bare name is looked up in PATH; one with a slash starts from the file's folder, as in client-go.
  if (plugin.command.find('/') != std::string::npos) plugin.command = besides(file.folder, plugin.command);
  plugin.installHint = scalarAt(&node, "installHint");
  if (const YamlNode* arguments = node.find("args"))
    for (const YamlNode& argument : arguments->items) plugin.args.push_back(argument.scalar);
  if (const YamlNode* variables = node.find("env"))
    for (const YamlNode& variable : variables->items)
      plugin.env.emplace_back(scalarAt(&variable, "name"), scalarAt(&variable, "value"));
  return plugin;
}

base::Result<void> readUser(const base::Files& files, const Entry& entry, ClusterAccess& access) {
  const std::string where = "kubeconfig " + entry.file->path + ": the user of context \"" + access.contextName + "\" ";
  for (std::string_view refused : {"as", "as-uid", "as-groups", "as-user-extra"})
    if (entry.node && entry.node->find(refused))
      return base::invalid(where + "asks for impersonation (" + std::string(refused) + "), which is not supported");
  if (entry.node && entry.node->find("auth-provider"))
    return base::invalid(where + "has an auth-provider, which Kubernetes removed in 1.26")
        .withHint("use the provider's exec plugin, or a token");
  access.tls.certificatePem = TRY(material(files, entry, "client-certificate"));
  access.tls.keyPem = TRY(material(files, entry, "client-key"));
  access.token = scalarAt(entry.node, "token");
  access.tokenFile = besides(entry.file->folder, scalarAt(entry.node, "tokenFile"));
  access.username = scalarAt(entry.node, "username");
  access.password = scalarAt(entry.node, "password");
  const YamlNode* exec = entry.node ? entry.node->find("exec") : nullptr;
  if (exec && exec->kind == YamlNode::Kind::Mapping) access.exec = readExec(*exec, *entry.file);
  if (access.exec && access.exec->command.empty()) return base::invalid(where + "has an exec plugin without a command");
  return {};
}

std::string currentContext(const std::vector<ConfigFile>& files) {
  for (const ConfigFile& file : files)
    if (std::string name = scalarAt(&file.root, "current-context"); !name.empty()) return name;
  return "";
}

}  // namespace

base::Result<ClusterAccess> readKubeconfig(const base::Files& files, const std::vector<std::string>& paths,
                                           const std::string& context) {
  const std::vector<ConfigFile> read = TRY(readFiles(files, paths));
  ClusterAccess access;
  access.contextName = context.empty() ? currentContext(read) : context;
  const std::string place = "kubeconfig " + read.front().path;
  if (access.contextName.empty())
    return base::invalid(place + ": no current-context, and no context was named")
        .withHint("name one with --context; there are: " + namesOf(read, "contexts"));
  std::optional<Entry> chosen = findEntry(read, "contexts", "context", access.contextName);
  if (!chosen)
    return base::notFound(place + ": there is no context \"" + access.contextName + "\"")
        .withHint("there are: " + namesOf(read, "contexts"));

  access.clusterName = scalarAt(chosen->node, "cluster");
  access.nameSpace = scalarAt(chosen->node, "namespace");
  std::optional<Entry> cluster = findEntry(read, "clusters", "cluster", access.clusterName);
  if (!cluster)
    return base::invalid(place + ": context \"" + access.contextName + "\" names the cluster \"" + access.clusterName +
                         "\", which is not there");
  TRY(readCluster(files, *cluster, access));

  const std::string userName = scalarAt(chosen->node, "user");
  if (userName.empty()) return access;
  std::optional<Entry> user = findEntry(read, "users", "user", userName);
  if (!user)
    return base::invalid(place + ": context \"" + access.contextName + "\" names the user \"" + userName +
                         "\", which is not there");
  TRY(readUser(files, *user, access));
  return access;
}

base::Result<ClusterAccess> inClusterAccess(
    const base::Files& files, const std::function<std::optional<std::string>(const std::string&)>& environment) {
  const std::string folder = "/var/run/secrets/kubernetes.io/serviceaccount/";
  const std::string host = environment("KUBERNETES_SERVICE_HOST").value_or("");
  const std::string port = environment("KUBERNETES_SERVICE_PORT").value_or("");
  if (host.empty() || port.empty())
    return base::notFound("not inside a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
  ClusterAccess access;
  access.server = "https://" + (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port;
  access.tls.rootsPem = TRY(files.read(folder + "ca.crt"));
  access.tokenFile = folder + "token";
  access.token = TRY(files.read(access.tokenFile));
  while (!access.token.empty() && (access.token.back() == '\n' || access.token.back() == ' ')) access.token.pop_back();
  base::Result<std::string> nameSpace = files.read(folder + "namespace");
  if (nameSpace) access.nameSpace = *nameSpace;
  access.contextName = access.clusterName = "in-cluster";
  return access;
}

}  // namespace kube
