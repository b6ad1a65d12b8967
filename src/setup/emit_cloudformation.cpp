// A CloudFormation template. It has no resource for objects of S3: a function that the template brings writes them.
#include <algorithm>
#include <cctype>
#include <iterator>

#include "setup/emit_forms.h"
#include "setup/names.h"

namespace setup {
namespace {

using text::Json;

// Of a template (AWS CloudFormation quotas), wherever it lies.
constexpr std::size_t kMostResources = 500, kMostBytes = 1'048'576;

base::Error tooMuch(const std::string& has, const std::string& most) {
  return {base::ErrorKind::Invalid, "", "the template has " + has + ", CloudFormation takes " + most,
          "use --emit terraform or awscli, or share the bindings out among several irsa.yaml with names of their own"};
}

constexpr std::string_view kWriter = R"(import boto3
import cfnresponse


def handler(event, context):
    try:
        given = event["ResourceProperties"]
        for document in given["Documents"] if event["RequestType"] != "Delete" else []:
            boto3.client("s3").put_object(
                Bucket=given["Bucket"], Key=document["Key"], Body=document["Body"].encode(),
                ContentType=document["ContentType"], CacheControl=document["CacheControl"])
        cfnresponse.send(event, context, cfnresponse.SUCCESS, {}, "documents")
    except Exception as error:
        cfnresponse.send(event, context, cfnresponse.FAILED, {}, "documents", reason=str(error))
)";

Json reference(const char* resource) { return {{"Ref", resource}}; }
Json attribute(const char* resource, const char* name) { return {{"Fn::GetAtt", {resource, name}}}; }

// Text with names that AWS gives as references to them.
Json text(const std::string& value) {
  if (!isUnnamed(value) && value.find(kUnknownDistribution) == std::string::npos) return value;
  std::string made = replaced(value, "${", "${!");
  made = replaced(replaced(std::move(made), kUnknownDomain, "${Distribution.DomainName}"), kUnknownDistribution,
                  "${Distribution}");
  return {{"Fn::Sub", std::move(made)}};
}

// A policy, as an object where it can be one.
Json policy(const std::string& document) {
  Json asText = text(document);
  if (asText.is_object()) return asText;
  auto parsed = text::parseJson(document);
  return parsed ? *std::move(parsed) : Json(document);
}

Json resource(const char* type, Json properties, const Json& dependsOn = nullptr) {
  Json made = {{"Type", type}};
  if (!dependsOn.is_null()) made["DependsOn"] = dependsOn;
  made["Properties"] = std::move(properties);
  return made;
}

// Kept when the stack goes, as irsa destroy keeps it.
Json kept(Json resource) {
  resource["DeletionPolicy"] = "Retain";
  resource["UpdateReplacePolicy"] = "Retain";
  return resource;
}

void addBucket(const EmitSubject& subject, Json& resources) {
  const Desired& desired = subject.desired;
  const aws::PublicAccessBlock& block = subject.publicAccess();
  const Json access = {{"BlockPublicAcls", block.blockPublicAcls},
                       {"IgnorePublicAcls", block.ignorePublicAcls},
                       {"BlockPublicPolicy", block.blockPublicPolicy},
                       {"RestrictPublicBuckets", block.restrictPublicBuckets}};
  resources["Bucket"] = kept(resource(
      "AWS::S3::Bucket",
      {{"BucketName", desired.bucket}, {"PublicAccessBlockConfiguration", access}, {"Tags", tagList(desired.tags)}}));
  resources["BucketPolicy"] = kept(resource(
      "AWS::S3::BucketPolicy", {{"Bucket", reference("Bucket")}, {"PolicyDocument", policy(desired.bucketPolicy)}}));
}

void addDocuments(const EmitSubject& subject, Json& resources) {
  const Desired& desired = subject.desired;
  const std::string arn = "arn:" + subject.names.partition + ":s3:::" + desired.bucket + "/";
  Json documents = Json::array(), arns = Json::array();
  for (const DesiredDocument& document : desired.documents) {
    documents.push_back({{"Key", document.key},
                         {"Body", text(document.object.body)},
                         {"ContentType", document.object.contentType},
                         {"CacheControl", document.object.cacheControl}});
    arns.push_back(arn + document.key);
  }
  const Json trust = {
      {"Version", "2012-10-17"},
      {"Statement",
       {{{"Effect", "Allow"}, {"Principal", {{"Service", "lambda.amazonaws.com"}}}, {"Action", "sts:AssumeRole"}}}}};
  const Json rights = {{"Version", "2012-10-17"},
                       {"Statement", {{{"Effect", "Allow"}, {"Action", "s3:PutObject"}, {"Resource", arns}}}}};
  const std::string logs =
      "arn:" + subject.names.partition + ":iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
  resources["WriterRole"] =
      resource("AWS::IAM::Role", {{"AssumeRolePolicyDocument", trust},
                                  {"ManagedPolicyArns", {logs}},
                                  {"Policies", {{{"PolicyName", "documents"}, {"PolicyDocument", rights}}}}});
  resources["Writer"] = resource("AWS::Lambda::Function", {{"Description", "Writes the documents of the issuer"},
                                                           {"Runtime", "python3.13"},
                                                           {"Handler", "index.handler"},
                                                           {"Timeout", 60},
                                                           {"Role", attribute("WriterRole", "Arn")},
                                                           {"Code", {{"ZipFile", kWriter}}}});
  resources["Documents"] = resource("AWS::CloudFormation::CustomResource",
                                    {{"ServiceToken", attribute("Writer", "Arn")},
                                     {"ServiceTimeout", 120},
                                     {"Bucket", reference("Bucket")},
                                     {"Documents", std::move(documents)}},
                                    "BucketPolicy");
}

void addFront(const EmitSubject& subject, Json& resources) {
  const Desired& desired = subject.desired;
  const DistributionWish& wish = desired.front;
  const Json control = {{"Name", desired.bucket},
                        {"Description", wish.comment},
                        {"OriginAccessControlOriginType", "s3"},
                        {"SigningBehavior", "always"},
                        {"SigningProtocol", "sigv4"}};
  resources["OriginAccessControl"] =
      kept(resource("AWS::CloudFront::OriginAccessControl", {{"OriginAccessControlConfig", control}}));
  Json origin = {{"Id", "bucket"},
                 {"DomainName", wish.origin},
                 {"OriginAccessControlId", attribute("OriginAccessControl", "Id")},
                 {"S3OriginConfig", Json::object()}};
  Json config = {{"Comment", wish.comment}, {"Enabled", true}, {"IPV6Enabled", true}};
  if (!wish.domain.empty()) config["Aliases"] = Json::array({wish.domain});
  config["Origins"] = Json::array({std::move(origin)});
  config["DefaultCacheBehavior"] = {
      {"TargetOriginId", "bucket"}, {"ViewerProtocolPolicy", "https-only"}, {"CachePolicyId", kCachingOptimized}};
  if (!wish.certificate.empty())
    config["ViewerCertificate"] = {{"AcmCertificateArn", wish.certificate},
                                   {"SslSupportMethod", "sni-only"},
                                   {"MinimumProtocolVersion", "TLSv1.2_2021"}};
  resources["Distribution"] = kept(resource(
      "AWS::CloudFront::Distribution", {{"DistributionConfig", std::move(config)}, {"Tags", tagList(desired.tags)}}));
}

void addProvider(const EmitSubject& subject, Json& resources) {
  const Desired& desired = subject.desired;
  Json properties = {{"Url", text(desired.issuer)}, {"ClientIdList", Json::array({std::string(kAudience)})}};
  if (!desired.thumbprints.empty()) properties["ThumbprintList"] = desired.thumbprints;
  properties["Tags"] = tagList(desired.tags);
  resources["Provider"] = resource("AWS::IAM::OIDCProvider", std::move(properties),
                                   subject.hasBucket() ? Json("Documents") : Json(nullptr));
}

// Logical IDs have letters and digits only.
std::string logicalId(const std::string& role) {
  std::string written;
  std::ranges::copy_if(role, std::back_inserter(written), [](unsigned char c) { return std::isalnum(c) != 0; });
  return "Role" + ownName(role, std::move(written));
}

Json roleOf(const DesiredRole& role) {
  const RoleSettings& settings = role.settings;
  Json properties = {{"RoleName", settings.name},
                     {"Path", settings.path},
                     {"Description", role.description},
                     {"MaxSessionDuration", settings.maxSessionDuration.count()},
                     {"AssumeRolePolicyDocument", policy(role.trustPolicy)}};
  if (!settings.boundary.empty()) properties["PermissionsBoundary"] = settings.boundary;
  if (!settings.policies.empty()) properties["ManagedPolicyArns"] = settings.policies;
  if (!settings.inlinePolicy.empty())
    properties["Policies"] = Json::array(
        {{{"PolicyName", std::string(kInlinePolicyName)}, {"PolicyDocument", policy(settings.inlinePolicy)}}});
  properties["Tags"] = tagList(role.tags);
  return resource("AWS::IAM::Role", std::move(properties), "Provider");
}

}  // namespace

base::Result<std::vector<EmittedFile>> emitCloudFormation(const EmitSubject& subject) {
  Json resources = Json::object();
  if (subject.hasBucket()) addBucket(subject, resources);
  if (subject.hasFront()) addFront(subject, resources);
  if (subject.hasBucket()) addDocuments(subject, resources);
  addProvider(subject, resources);
  for (const DesiredRole& role : subject.desired.roles) resources[logicalId(role.settings.name)] = roleOf(role);
  const std::size_t count = resources.size();
  if (count > kMostResources) return tooMuch(std::to_string(count) + " resources", std::to_string(kMostResources));
  const Json document = {{"AWSTemplateFormatVersion", "2010-09-09"},
                         {"Description", "IAM roles for service accounts: " + subject.desired.name},
                         {"Metadata", {{"Comment", markOf(Form::CloudFormation)}}},
                         {"Resources", std::move(resources)}};
  std::string body = text::pretty(document);
  if (body.size() > kMostBytes) body = text::compact(document);
  if (body.size() > kMostBytes)
    return tooMuch(std::to_string(body.size()) + " bytes", std::to_string(kMostBytes) + " bytes");
  std::vector<EmittedFile> files{{"template.json", std::move(body)}};
  addFolder(subject, files);
  return files;
}

}  // namespace setup
