// A shell script for the AWS CLI: it looks, refuses what is not ours, and makes or repairs each piece as apply does.
#include <set>

#include "setup/distribution.h"
#include "setup/documents.h"
#include "setup/emit_forms.h"
#include "setup/names.h"

namespace setup {
namespace {

using text::Json;

// "file://" and the file's place, which the script learns when it runs.
std::string fileArgument(std::string_view path) { return "\"file://$files/" + std::string(path) + "\""; }

constexpr std::string_view kBucketArguments = R"( --bucket "$bucket" --expected-bucket-owner "$account")";

// PutBucketTagging replaces all tags: those that others put there are given again.
constexpr std::string_view kTagBucket = R"sh(wanted=$(cat "$files/bucket-tags.json")
there aws s3api get-bucket-tagging --bucket "$bucket" --expected-bucket-owner "$account" --output json \
  --query "{TagSet: [TagSet[?!contains(\`$wanted\`.TagSet[].Key, Key)], \`$wanted\`.TagSet][]}" || found=$wanted
aws s3api put-bucket-tagging --bucket "$bucket" --expected-bucket-owner "$account" --tagging "$found"
)sh";

std::string bucketPart(const EmitSubject& subject, std::vector<EmittedFile>& files) {
  const Desired& desired = subject.desired;
  const Json tags = {{"TagSet", tagList(desired.tags)}};
  files.push_back({"files/bucket-tags.json", replaced(text::pretty(tags), "`", "\\u0060")});
  std::string create = "aws s3api create-bucket --bucket \"$bucket\"";
  if (desired.region != "us-east-1") create += " --create-bucket-configuration LocationConstraint=" + desired.region;
  if (desired.isAccountRegional) create += " --bucket-namespace account-regional";
  const aws::PublicAccessBlock& block = subject.publicAccess();
  const std::string arguments(kBucketArguments);
  return "\n# the bucket of the issuer's documents\nthere aws s3api head-bucket" + arguments + " ||\n  " + create +
         " > /dev/null\n" + std::string(kTagBucket) + "aws s3api put-public-access-block" + arguments +
         " \\\n  --public-access-block-configuration BlockPublicAcls=" + onOff(block.blockPublicAcls) +
         ",IgnorePublicAcls=" + onOff(block.ignorePublicAcls) + ",BlockPublicPolicy=" + onOff(block.blockPublicPolicy) +
         ",RestrictPublicBuckets=" + onOff(block.restrictPublicBuckets) + "\n";
}

std::string policyPart(const EmitSubject& subject, std::vector<EmittedFile>& files) {
  files.push_back({"files/bucket-policy.json", readablePolicy(subject.desired.bucketPolicy)});
  return "aws s3api put-bucket-policy" + std::string(kBucketArguments) + " --policy " +
         fileArgument("bucket-policy.json") + "\n";
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

std::string literal(const Json& value) { return "`" + text::compact(value) + "`"; }

// In JMESPath, which the AWS CLI speaks: whether what stands at `path` has everything that `wanted` says.
std::string coverage(const std::string& path, const Json& wanted) {
  if (wanted == Json("")) return "not_null(" + path + ", '') == ''";
  if (!wanted.is_structured()) return path + " == " + literal(wanted);
  std::string all;
  auto add = [&](const std::string& one) { all += (all.empty() ? "" : " && ") + one; };
  if (wanted.is_array())
    for (std::size_t i = 0; i < wanted.size(); ++i) add(coverage(path + "[" + std::to_string(i) + "]", wanted[i]));
  else
    for (const auto& [name, value] : wanted.items()) add(coverage(path + "." + name, value));
  return all;
}

// A live config with everything put in that `wanted` says, as overlaid() does: lists and the certificate whole, if
// something in them differs.
std::string overlayQuery(const Json& wanted) {
  std::string members;
  for (const auto& [name, value] : wanted.items()) {
    if (name == "CallerReference") continue;
    members += (members.empty() ? "" : ",\n") + ("  " + name) + ": ";
    if (!value.is_object())
      members += literal(value);
    else if (name == "DefaultCacheBehavior")
      members += "merge(" + name + ", " + literal(value) + ")";
    else
      members += "(" + coverage(name, value) + ") && " + name + " || " + literal(value);
  }
  return "merge(@, {\n" + members + "\n})\n";
}

constexpr std::string_view kFrontCheck = R"sh(
# what stands before the bucket, and whose it is
control=$(aws cloudfront list-origin-access-controls --output text \
  --query "join(' ', not_null(OriginAccessControlList.Items[?Name=='$bucket'].Id, \`[]\`))" | xargs)
if [ -n "$control" ]; then
  there aws cloudfront get-origin-access-control --id "$control" --output text \
    --query OriginAccessControl.OriginAccessControlConfig.Description
  [ "$found" = "$comment" ] || claim "origin access control $bucket" None
fi
distribution='' domain='' others=''
candidates=$(aws cloudfront list-distributions --output text --query "join(' ', not_null(DistributionList.Items[?
  Comment=='$comment' || contains(Origins.Items[].DomainName, '$origin')@aliases@
  ].Id, \`[]\`))" | xargs)
for id in $candidates; do
  there aws cloudfront list-tags-for-resource --resource "arn:@partition@:cloudfront::$account:distribution/$id" \
    --query "Tags.Items | $owner" --output text || continue
  others="$others $id"
  if [ "${found%%$'\t'*}" = "$name" ]; then
    distribution=$id
    break
  fi
done
[ -n "$distribution" ] || [ -z "$others" ] || claim "distribution$others" None
[ -z "$distribution" ] ||
  domain=$(aws cloudfront get-distribution --id "$distribution" --query Distribution.DomainName --output text)
)sh";

// Copies of the files, in which fill() puts ids and host: they are CloudFront's to give.
constexpr std::string_view kFront = R"sh(
# the origin access control and the distribution, whose names go into copies of the files
cp -R "$files" "$work/files"
files=$work/files
fill() { find "$files" -type f -exec sed -i.before "$1" {} +; }
if [ -z "$control" ]; then
  control=$(aws cloudfront create-origin-access-control --query OriginAccessControl.Id --output text \
    --origin-access-control-config "file://$files/origin-access-control.json")
else
  there aws cloudfront get-origin-access-control --id "$control" --output text \
    --query "[ETag, OriginAccessControl.OriginAccessControlConfig.[SigningBehavior, OriginAccessControlOriginType]][]"
  read -r etag signing <<< "$found"
  [ "$signing" = always$'\t's3 ] || aws cloudfront update-origin-access-control --id "$control" --if-match "$etag" \
    --origin-access-control-config "file://$files/origin-access-control.json" > /dev/null
fi
fill "s|@control@|$control|g"
if [ -z "$distribution" ]; then
  distribution=$(aws cloudfront create-distribution-with-tags --query Distribution.Id --output text \
    --distribution-config-with-tags "file://$files/distribution.json")
  domain=$(aws cloudfront get-distribution --id "$distribution" --query Distribution.DomainName --output text)
else
  aws cloudfront tag-resource --resource "arn:@partition@:cloudfront::$account:distribution/$distribution" \
    --tags "file://$files/distribution-tags.json"
  etag=$(aws cloudfront get-distribution --id "$distribution" --query ETag --output text)
  live=$(aws cloudfront get-distribution --id "$distribution" --output json --query Distribution.DistributionConfig)
  wanted=$(aws cloudfront get-distribution --id "$distribution" --output json \
    --query "Distribution.DistributionConfig | $(cat "$files/distribution.query")")
  [ "$live" = "$wanted" ] || aws cloudfront update-distribution --id "$distribution" --if-match "$etag" \
    --distribution-config "$wanted" > /dev/null
fi
fill "s|@distribution@|$distribution|g; s|@domain@|$domain|g"
@provider@)sh";

std::string frontCheck(const EmitSubject& subject) {
  const DistributionWish& wish = subject.desired.front;
  const std::string aliases =
      wish.domain.empty() ? "" : " ||\n  contains(not_null(Aliases.Items, \\`[]\\`), '" + wish.domain + "')";
  return replaced(replaced(std::string(kFrontCheck), "@partition@", subject.names.partition), "@aliases@", aliases);
}

std::string frontPart(const EmitSubject& subject, std::vector<EmittedFile>& files) {
  const Desired& desired = subject.desired;
  const Json control = {{"Name", desired.bucket},
                        {"Description", desired.front.comment},
                        {"SigningProtocol", "sigv4"},
                        {"SigningBehavior", "always"},
                        {"OriginAccessControlOriginType", "s3"}};
  files.push_back({"files/origin-access-control.json", text::pretty(control)});
  const Json config = asJson(distributionConfig(desired.front)), tags = {{"Items", tagList(desired.tags)}};
  auto add = [&](const char* path, std::string body) {
    files.push_back({path, replaced(std::move(body), desired.front.accessControl, "@control@")});
  };
  add("files/distribution.json", text::pretty({{"DistributionConfig", config}, {"Tags", tags}}));
  add("files/distribution.query", overlayQuery(config));
  add("files/distribution-tags.json", text::pretty(tags));
  // With a domain of the user's the provider has its name from the start.
  const bool isNamed = !isUnnamed(desired.providerArn);
  return replaced(replaced(std::string(kFront), "@partition@", subject.names.partition), "@provider@",
                  isNamed ? "" : "provider=\"" + desired.providerArn + "\"\n");
}

constexpr std::string_view kIamCheck =
    R"sh(arns=$(aws iam list-open-id-connect-providers --query 'OpenIDConnectProviderList[].Arn' --output text)
for arn in $arns; do
  there aws iam get-open-id-connect-provider --open-id-connect-provider-arn "$arn" \
    --query "Tags | $owner" --output text || continue
  if [ "$arn" = "$provider" ]; then
    claim "OIDC provider $arn" $found
  elif [ "${found%%$'\t'*}" = "$name" ]; then
    fail "the issuer of $name is https://${arn#*:oidc-provider/}, this is for ${provider:-a distribution that is to be made}: every token
  that is in use would be refused; irsa migrate plan shows the way to a new issuer"
  fi
done
check_policy() {
  there aws iam get-policy --policy-arn "$1" || fail "policy $1 does not exist: correct irsa.yaml, or make it first"
}
check_role() {
  if there aws iam get-role --role-name "$1" --query Role.Arn --output text; then
    [ "$found" = "$2" ] || fail "role $1 is $found, irsa.yaml asks for $2: IAM can neither move nor rename a role"
    there aws iam get-role --role-name "$1" --query "Role.Tags | $owner" --output text
    claim "role $1" $found
  fi
}
)sh";

std::string iamCheck(const EmitSubject& subject) {
  const std::string& arn = subject.desired.providerArn;
  const bool isNamed = !isUnnamed(arn);
  std::string part = "\n# whose provider and roles are, and whether their policies exist; check_role NAME ARN\n";
  part += isNamed ? "provider=" + arn + "\n" : "provider=\n[ -z \"$domain\" ] || provider=\"" + arn + "\"\n";
  part += kIamCheck;
  for (const DesiredRole& role : subject.desired.roles)
    part += "check_role " + quotedForShell(role.settings.name) + " " + role.arn + "\n";
  std::set<std::string> policies;
  for (const DesiredRole& role : subject.desired.roles) {
    policies.insert(role.settings.policies.begin(), role.settings.policies.end());
    if (!role.settings.boundary.empty()) policies.insert(role.settings.boundary);
  }
  for (const std::string& policy : policies) part += "check_policy " + quotedForShell(policy) + "\n";
  return part;
}

std::string providerPart(const EmitSubject& subject, std::vector<EmittedFile>& files) {
  const Desired& desired = subject.desired;
  const std::string audience(kAudience);
  Json provider = {{"Url", desired.issuer}, {"ClientIDList", {audience}}};
  if (!desired.thumbprints.empty()) provider["ThumbprintList"] = desired.thumbprints;
  provider["Tags"] = tagList(desired.tags);
  files.push_back({"files/provider.json", text::pretty(provider)});
  files.push_back({"files/tags.json", text::pretty(tagList(desired.tags))});
  std::string repair =
      "  aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn \"$provider\" \\\n"
      "    --client-id " +
      audience +
      "\n  aws iam tag-open-id-connect-provider --open-id-connect-provider-arn \"$provider\" \\\n    --tags " +
      fileArgument("tags.json") + "\n";
  if (!desired.thumbprints.empty()) {
    repair +=
        "  aws iam update-open-id-connect-provider-thumbprint --open-id-connect-provider-arn \"$provider\" \\\n"
        "    --thumbprint-list";
    for (const std::string& thumbprint : desired.thumbprints) repair += " " + thumbprint;
    repair += "\n";
  }
  return "\n# the OIDC provider\nif there aws iam get-open-id-connect-provider --open-id-connect-provider-arn "
         "\"$provider\"; then\n" +
         repair + "else\n  aws iam create-open-id-connect-provider --cli-input-json " + fileArgument("provider.json") +
         " > /dev/null\nfi\n";
}

constexpr std::string_view kRoleFunctions = R"sh(
# in JMESPath, the statements of a trust policy that are not for our provider
others="to_array(Statement)[?Effect!='Allow' || (Principal!=\`{\"Federated\":\"$provider\"}\` &&
  Principal!=\`{\"Federated\":[\"$provider\"]}\`)]"

# make_role NAME PATH SECONDS [BOUNDARY]: makes a role, or sets right what differs. Statements of its trust policy that
# are not for our provider stay.
make_role() {
  local trust at=$files/roles/$1
  if ! there aws iam get-role --role-name "$1"; then
    aws iam create-role --role-name "$1" --path "$2" --description "$comment" --max-session-duration "$3" \
      --assume-role-policy-document "file://$at/trust.json" --tags "file://$at/tags.json" \
      ${4:+--permissions-boundary "$4"} > /dev/null
    return
  fi
  trust=$(cat "$at/trust.json")
  there aws iam get-role --role-name "$1" --output json \
    --query "Role.AssumeRolePolicyDocument | merge(@, \`$trust\`, {Statement: [$others, \`$trust\`.Statement][]})"
  aws iam update-assume-role-policy --role-name "$1" --policy-document "$found"
  aws iam update-role --role-name "$1" --description "$comment" --max-session-duration "$3"
  aws iam tag-role --role-name "$1" --tags "file://$at/tags.json"
  if [ -n "${4:-}" ]; then
    aws iam put-role-permissions-boundary --role-name "$1" --permissions-boundary "$4"
  else
    there aws iam get-role --role-name "$1" --query Role.PermissionsBoundary --output text
    [ "$found" = None ] || aws iam delete-role-permissions-boundary --role-name "$1"
  fi
}

# attach_only NAME [ARN...]: these managed policies and no others.
attach_only() {
  local role=$1 arn attached
  shift
  for arn in "$@"; do
    aws iam attach-role-policy --role-name "$role" --policy-arn "$arn"
  done
  attached=$(aws iam list-attached-role-policies --role-name "$role" --query 'AttachedPolicies[].PolicyArn' --output text)
  for arn in $attached; do
    case " $* " in
      *" $arn "*) ;;
      *) aws iam detach-role-policy --role-name "$role" --policy-arn "$arn" ;;
    esac
  done
}

# inline_only NAME [POLICY FILE]: this inline policy and no other.
inline_only() {
  local policy inlined
  [ $# = 1 ] || aws iam put-role-policy --role-name "$1" --policy-name "$2" --policy-document "file://$3"
  inlined=$(aws iam list-role-policies --role-name "$1" --query 'PolicyNames' --output text)
  for policy in $inlined; do
    [ "$policy" = "${2:-}" ] || aws iam delete-role-policy --role-name "$1" --policy-name "$policy"
  done
}
)sh";

constexpr std::string_view kDroppedRoles = R"sh(
made=$(aws iam list-roles --output text --query "join(' ', Roles[?
  Description=='$comment' || contains(to_string(AssumeRolePolicyDocument), '$provider')].RoleName)" | xargs)
for role in $made; do
  case " $wanted_roles " in *" $role "*) continue ;; esac
  there aws iam get-role --role-name "$role" --query "Role.Tags | $owner" --output text || continue
  [ "${found%%$'\t'*}" = "$name" ] || continue
  there aws iam get-role --role-name "$role" --output text --query "length(Role.AssumeRolePolicyDocument | $others)"
  if [ "$found" != 0 ]; then
    echo "role $role stays with its permissions: it also trusts others; when nobody needs it, delete it yourself"
    there aws iam get-role --role-name "$role" --output json \
      --query "Role.AssumeRolePolicyDocument | merge(@, {Statement: $others})"
    aws iam update-assume-role-policy --role-name "$role" --policy-document "$found"
    continue
  fi
  echo "removing role $role, which irsa.yaml does not name"
  attach_only "$role"
  inline_only "$role"
  aws iam delete-role --role-name "$role"
done
)sh";

std::string rolePart(const DesiredRole& role, std::vector<EmittedFile>& files) {
  const RoleSettings& settings = role.settings;
  const std::string word = quotedForShell(settings.name), folder = "roles/" + settings.name;
  files.push_back({"files/" + folder + "/trust.json", readablePolicy(role.trustPolicy)});
  files.push_back({"files/" + folder + "/tags.json", text::pretty(tagList(role.tags))});
  std::string part = "\n# role " + settings.name + "\nmake_role " + word + " " + quotedForShell(settings.path) + " " +
                     std::to_string(settings.maxSessionDuration.count());
  if (!settings.boundary.empty()) part += " " + quotedForShell(settings.boundary);
  part += "\nattach_only " + word;
  for (const std::string& arn : settings.policies) part += " " + quotedForShell(arn);
  part += "\ninline_only " + word;
  if (settings.inlinePolicy.empty()) return part + "\n";
  files.push_back({"files/" + folder + "/policy.json", readablePolicy(settings.inlinePolicy)});
  return part + " " + std::string(kInlinePolicyName) + " \"$files/" + folder + "/policy.json\"\n";
}

std::string rolesPart(const EmitSubject& subject, std::vector<EmittedFile>& files) {
  std::string part(kRoleFunctions), names;
  for (const DesiredRole& role : subject.desired.roles) {
    part += rolePart(role, files);
    names += (names.empty() ? "" : " ") + role.settings.name;
  }
  return part + "\n# roles that were made for this and that irsa.yaml does not name any more\nwanted_roles=" +
         quotedForShell(names) + std::string(kDroppedRoles);
}

}  // namespace

std::vector<EmittedFile> emitAwsCli(const EmitSubject& subject) {
  std::vector<EmittedFile> files;
  std::string script = scriptHead(subject, "The AWS side");
  script += "comment=" + quotedForShell(roleDescription(subject.desired.name)) + "\n";
  if (subject.hasFront()) script += "origin=" + subject.desired.front.origin + "\n";
  if (subject.hasBucket()) script += bucketCheck(subject);
  if (subject.hasFront()) script += frontCheck(subject);
  script += iamCheck(subject) + "stop_if_foreign\n";
  if (subject.hasBucket()) script += keysCheck(subject);
  if (subject.hasBucket()) script += bucketPart(subject, files);
  if (subject.hasFront()) script += frontPart(subject, files);
  if (subject.hasBucket()) script += policyPart(subject, files) + putDocuments(subject, files);
  if (subject.hasFront())
    script +=
        "[ -z \"$replaced\" ] ||\n  aws cloudfront create-invalidation --distribution-id \"$distribution\" --paths "
        "$replaced > /dev/null\naws cloudfront wait distribution-deployed --id \"$distribution\"\n";
  script += providerPart(subject, files) + rolesPart(subject, files);
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
