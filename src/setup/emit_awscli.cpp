// A shell script for the AWS CLI: the calls of apply, safe to repeat.
#include "setup/distribution.h"
#include "setup/documents.h"
#include "setup/emit_forms.h"
#include "setup/names.h"

namespace setup {
namespace {

using text::Json;

std::string bucketArguments(const EmitSubject& subject) {
  return " --bucket " + subject.desired.bucket + " --expected-bucket-owner " + subject.account;
}

// "file://" and the file's place, which the script learns when it runs.
std::string fileArgument(std::string_view path) { return "\"file://$files/" + std::string(path) + "\""; }

std::string bucketPart(const EmitSubject& subject, std::vector<EmittedFile>& files) {
  const Desired& desired = subject.desired;
  files.push_back({"files/bucket-tags.json", text::pretty({{"TagSet", tagList(desired.tags)}})});
  std::string create = "aws s3api create-bucket --bucket " + desired.bucket;
  if (desired.region != "us-east-1") create += " --create-bucket-configuration LocationConstraint=" + desired.region;
  if (desired.isAccountRegional) create += " --bucket-namespace account-regional";
  const aws::PublicAccessBlock& block = subject.publicAccess();
  return "\n# the bucket of the issuer's documents\naws s3api head-bucket" + bucketArguments(subject) +
         " > /dev/null 2>&1 ||\n  " + create + " > /dev/null\naws s3api put-bucket-tagging" + bucketArguments(subject) +
         " --tagging " + fileArgument("bucket-tags.json") + "\naws s3api put-public-access-block" +
         bucketArguments(subject) +
         " \\\n  --public-access-block-configuration BlockPublicAcls=" + onOff(block.blockPublicAcls) +
         ",IgnorePublicAcls=" + onOff(block.ignorePublicAcls) + ",BlockPublicPolicy=" + onOff(block.blockPublicPolicy) +
         ",RestrictPublicBuckets=" + onOff(block.restrictPublicBuckets) + "\n";
}

std::string policyPart(const EmitSubject& subject, std::vector<EmittedFile>& files) {
  files.push_back({"files/bucket-policy.json", readablePolicy(subject.desired.bucketPolicy)});
  return "aws s3api put-bucket-policy" + bucketArguments(subject) + " --policy " + fileArgument("bucket-policy.json") +
         "\n";
}

// CloudFront's words as its JSON has them: lists are lists, numbers numbers.
Json asJson(const text::XmlElement& element) {
  if (element.name == "Items") {
    Json list = Json::array();
    for (const text::XmlElement& item : element.children) list.push_back(asJson(item));
    return list;
  }
  if (element.name == "Quantity") return std::stol(element.text);
  if (element.children.empty())
    return element.text == "true" || element.text == "false" ? Json(element.text == "true") : Json(element.text);
  Json object = Json::object();
  for (const text::XmlElement& child : element.children) object[child.name] = asJson(child);
  return object;
}

// Ids and host are CloudFront's to give: the script puts them into the files' copies.
std::string frontPart(const EmitSubject& subject, std::vector<EmittedFile>& files) {
  const Desired& desired = subject.desired;
  const std::string comment = roleDescription(desired.name);
  const Json control = {{"Name", desired.bucket},
                        {"Description", comment},
                        {"SigningProtocol", "sigv4"},
                        {"SigningBehavior", "always"},
                        {"OriginAccessControlOriginType", "s3"}};
  files.push_back({"files/origin-access-control.json", text::pretty(control)});
  const Json distribution = {{"DistributionConfig", asJson(distributionConfig(desired.front))},
                             {"Tags", {{"Items", tagList(desired.tags)}}}};
  files.push_back(
      {"files/distribution.json", replaced(text::pretty(distribution), desired.front.accessControl, "@control@")});
  return "\n# the origin access control and the distribution\n"
         "control=$(aws cloudfront list-origin-access-controls \\\n"
         "  --query \"OriginAccessControlList.Items[?Name=='" +
         desired.bucket +
         "'].Id | [0]\" --output text)\n"
         "[ \"$control\" != None ] || control=$(aws cloudfront create-origin-access-control \\\n"
         "  --origin-access-control-config " +
         fileArgument("origin-access-control.json") +
         " \\\n  --query OriginAccessControl.Id --output text)\n"
         "fill \"s|@control@|$control|g\"\n"
         "distribution=$(aws cloudfront list-distributions \\\n  --query \"DistributionList.Items[?Comment=='" +
         comment +
         "'].Id | [0]\" --output text)\n"
         "[ \"$distribution\" != None ] || distribution=$(aws cloudfront create-distribution-with-tags \\\n"
         "  --distribution-config-with-tags " +
         fileArgument("distribution.json") +
         " --query Distribution.Id --output text)\n"
         "domain=$(aws cloudfront get-distribution --id \"$distribution\" --query Distribution.DomainName --output "
         "text)\n"
         "fill \"s|@distribution@|$distribution|g; s|@domain@|$domain|g\"\n";
}

// Copies of the files, whose marks fill() replaces.
constexpr std::string_view kFill =
    "copies=$(mktemp -d)\ntrap 'rm -rf \"$copies\"' EXIT\ncp -R \"$files/.\" \"$copies\"\nfiles=$copies\n"
    "fill() { find \"$files\" -type f -exec sed -i.before \"$1\" {} +; }\n";

std::string providerPart(const EmitSubject& subject, std::vector<EmittedFile>& files) {
  const Desired& desired = subject.desired;
  Json provider = {{"Url", desired.issuer}, {"ClientIDList", {std::string(kAudience)}}};
  if (!desired.thumbprints.empty()) provider["ThumbprintList"] = desired.thumbprints;
  provider["Tags"] = tagList(desired.tags);
  files.push_back({"files/provider.json", text::pretty(provider)});
  return "\n# the OIDC provider\naws iam get-open-id-connect-provider --open-id-connect-provider-arn \"" +
         desired.providerArn + "\" > /dev/null 2>&1 ||\n  aws iam create-open-id-connect-provider --cli-input-json " +
         fileArgument("provider.json") + " > /dev/null\n";
}

std::string rolePart(const DesiredRole& role, std::vector<EmittedFile>& files) {
  const RoleSettings& settings = role.settings;
  Json input = {{"RoleName", settings.name},
                {"Path", settings.path},
                {"AssumeRolePolicyDocument", role.trustPolicy},
                {"Description", role.description},
                {"MaxSessionDuration", settings.maxSessionDuration.count()}};
  if (!settings.boundary.empty()) input["PermissionsBoundary"] = settings.boundary;
  input["Tags"] = tagList(role.tags);
  const std::string word = quotedForShell(settings.name), folder = "roles/" + settings.name;
  files.push_back({"files/" + folder + "/role.json", text::pretty(input)});
  std::string part = "\n# role " + settings.name + "\naws iam get-role --role-name " + word +
                     " > /dev/null 2>&1 ||\n  aws iam create-role --cli-input-json " +
                     fileArgument(folder + "/role.json") + " > /dev/null\n";
  for (const std::string& arn : settings.policies)
    part += "aws iam attach-role-policy --role-name " + word + " --policy-arn " + quotedForShell(arn) + "\n";
  if (settings.inlinePolicy.empty()) return part;
  files.push_back({"files/" + folder + "/policy.json", readablePolicy(settings.inlinePolicy)});
  return part + "aws iam put-role-policy --role-name " + word + " --policy-name " + std::string(kInlinePolicyName) +
         " --policy-document " + fileArgument(folder + "/policy.json") + "\n";
}

}  // namespace

std::string scriptHead(const EmitSubject& subject, std::string_view what) {
  return "#!/bin/bash\n# " + std::string(what) + " of the set-up " + subject.desired.name +
         ", with the AWS CLI. Safe to repeat.\nset -euo pipefail\nexport AWS_PAGER= AWS_REGION=" +
         subject.desired.region + " AWS_DEFAULT_REGION=" + subject.desired.region +
         "\nfiles=$(cd \"$(dirname \"$0\")\" && pwd)/files\n"
         "account=$(aws sts get-caller-identity --query Account --output text)\n"
         "if [ \"$account\" != " +
         subject.account + " ]; then\n  echo \"error: the credentials belong to account $account, this is for " +
         subject.account + "\" >&2\n  exit 1\nfi\n";
}

std::string putDocuments(const EmitSubject& subject, std::vector<EmittedFile>& files) {
  std::string part = "\n# the documents\n";
  for (const DesiredDocument& document : subject.desired.documents) {
    const std::string place = "documents/" + document.key;
    files.push_back({"files/" + place, document.object.body});
    part += "aws s3api put-object" + bucketArguments(subject) + " --key " + quotedForShell(document.key) +
            " --body \"$files/" + place + "\" \\\n  --content-type " + document.object.contentType +
            " --cache-control " + quotedForShell(document.object.cacheControl) + " > /dev/null\n";
  }
  return part;
}

std::vector<EmittedFile> emitAwsCli(const EmitSubject& subject) {
  std::vector<EmittedFile> files;
  std::string script = scriptHead(subject, "The AWS side");
  if (subject.hasFront()) script += kFill;
  if (subject.hasBucket()) script += bucketPart(subject, files);
  if (subject.hasFront()) script += frontPart(subject, files);
  if (subject.hasBucket()) script += policyPart(subject, files) + putDocuments(subject, files);
  if (subject.hasFront()) script += "aws cloudfront wait distribution-deployed --id \"$distribution\"\n";
  script += providerPart(subject, files);
  for (const DesiredRole& role : subject.desired.roles) script += rolePart(role, files);
  if (subject.hasFront()) {
    for (EmittedFile& file : files)
      file.body =
          replaced(replaced(std::move(file.body), kUnknownDomain, "@domain@"), kUnknownDistribution, "@distribution@");
    script = replaced(std::move(script), kUnknownDomain, "$domain");
  }
  addFolder(subject, files);
  files.insert(files.begin(), {"apply.sh", std::move(script), true});
  return files;
}

}  // namespace setup
