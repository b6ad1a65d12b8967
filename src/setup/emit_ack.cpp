// Objects for the S3 and IAM controllers of AWS Controllers for Kubernetes. They have none for a bucket's objects: a
// script writes the documents.
#include "setup/emit_forms.h"
#include "setup/names.h"
#include "text/words.h"
#include "text/yaml.h"

namespace setup {
namespace {

using text::Json;

// Of an object in Kubernetes: an RFC 1123 subdomain.
std::string objectName(std::string_view name) {
  std::string out = text::lowerCase(name);
  for (char& c : out)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '-';
  const std::size_t begin = out.find_first_not_of('-');
  return begin == std::string::npos ? "role" : out.substr(begin, out.find_last_not_of('-') + 1 - begin);
}

Json object(const EmitSubject& subject, const char* group, const char* kind, std::string_view name, Json spec) {
  const Json metadata = {{"name", std::string(name)},
                         {"annotations", {{"services.k8s.aws/region", subject.desired.region}}}};
  return {{"apiVersion", std::string(group) + ".services.k8s.aws/v1alpha1"},
          {"kind", kind},
          {"metadata", metadata},
          {"spec", std::move(spec)}};
}

Json bucketOf(const EmitSubject& subject) {
  const Desired& desired = subject.desired;
  const aws::PublicAccessBlock& block = subject.publicAccess();
  Json spec = {{"name", desired.bucket}};
  if (desired.region != "us-east-1") spec["createBucketConfiguration"] = {{"locationConstraint", desired.region}};
  spec["publicAccessBlock"] = {{"blockPublicACLs", block.blockPublicAcls},
                               {"ignorePublicACLs", block.ignorePublicAcls},
                               {"blockPublicPolicy", block.blockPublicPolicy},
                               {"restrictPublicBuckets", block.restrictPublicBuckets}};
  spec["policy"] = desired.bucketPolicy;
  spec["tagging"] = {{"tagSet", tagList(desired.tags, "key", "value")}};
  return object(subject, "s3", "Bucket", objectName(desired.bucket), std::move(spec));
}

Json providerOf(const EmitSubject& subject) {
  const Desired& desired = subject.desired;
  Json spec = {{"url", desired.issuer}, {"clientIDs", Json::array({std::string(kAudience)})}};
  if (!desired.thumbprints.empty()) spec["thumbprints"] = desired.thumbprints;
  spec["tags"] = tagList(desired.tags, "key", "value");
  return object(subject, "iam", "OpenIDConnectProvider", objectName(desired.name), std::move(spec));
}

Json roleOf(const EmitSubject& subject, const DesiredRole& role, const std::string& name) {
  const RoleSettings& settings = role.settings;
  Json spec = {{"name", settings.name},
               {"path", settings.path},
               {"description", role.description},
               {"maxSessionDuration", settings.maxSessionDuration.count()},
               {"assumeRolePolicyDocument", role.trustPolicy}};
  if (!settings.boundary.empty()) spec["permissionsBoundary"] = settings.boundary;
  if (!settings.policies.empty()) spec["policies"] = settings.policies;
  if (!settings.inlinePolicy.empty())
    spec["inlinePolicies"] = {{std::string(kInlinePolicyName), settings.inlinePolicy}};
  spec["tags"] = tagList(role.tags, "key", "value");
  return object(subject, "iam", "Role", name, std::move(spec));
}

}  // namespace

std::vector<EmittedFile> emitAck(const EmitSubject& subject) {
  std::vector<EmittedFile> files;
  std::string objects;
  if (subject.hasBucket()) {
    objects = text::writeYaml(bucketOf(subject)) + "---\n";
    std::string script = scriptHead(subject, "The documents, once the bucket is there,");
    script += bucketCheck(subject) + "stop_if_foreign\n" + keysCheck(subject);
    script += putDocuments(subject, files);
    files.insert(files.begin(), {"documents.sh", std::move(script), true});
  }
  objects += text::writeYaml(providerOf(subject));
  for (const DesiredRole& role : subject.desired.roles) {
    const std::string& name = role.settings.name;
    objects += "---\n" + text::writeYaml(roleOf(subject, role, ownName(name, objectName(name), "-")));
  }
  files.insert(files.begin(), {"objects.yaml", std::move(objects)});
  addFolder(subject, files);
  return files;
}

}  // namespace setup
