// A Terraform configuration in HCL, for the provider hashicorp/aws.
#include "setup/emit_forms.h"
#include "setup/names.h"

namespace setup {
namespace {

constexpr std::string_view kDomainReference = "${aws_cloudfront_distribution.issuer.domain_name}";
constexpr std::string_view kDistributionReference = "${aws_cloudfront_distribution.issuer.id}";

// Template text of HCL: what would begin a template is doubled, and names that AWS gives become references.
std::string asTemplate(std::string text) {
  text = replaced(replaced(std::move(text), "${", "$${"), "%{", "%%{");
  return replaced(replaced(std::move(text), kUnknownDomain, kDomainReference), kUnknownDistribution,
                  kDistributionReference);
}

std::string quoted(const std::string& value) {
  std::string text = replaced(replaced(value, "\\", "\\\\"), "\"", "\\\"");
  return "\"" + asTemplate(replaced(replaced(std::move(text), "\n", "\\n"), "\t", "\\t")) + "\"";
}

// Several lines as they are, if the text ends with a line's end as a heredoc does.
std::string document(const std::string& body) {
  if (!body.ends_with('\n')) return quoted(body);
  return "<<EOT\n" + asTemplate(body) + "EOT";
}

class Block {
 public:
  explicit Block(const std::string& head, int depth = 0) : indent_(std::size_t(depth) * 2, ' ') {
    out_ = indent_ + head + " {\n";
  }
  Block& set(const std::string& name, const std::string& expression) {
    out_ += indent_ + "  " + name + " = " + expression + "\n";
    return *this;
  }
  Block& map(const std::string& name, const Tags& values) {
    out_ += indent_ + "  " + name + " = {\n";
    for (const auto& [key, value] : values) out_ += indent_ + "    " + quoted(key) + " = " + quoted(value) + "\n";
    out_ += indent_ + "  }\n";
    return *this;
  }
  Block& add(const std::string& inner) {
    out_ += inner;
    return *this;
  }
  std::string text() const { return out_ + indent_ + "}\n"; }

 private:
  std::string indent_, out_;
};

std::string labels(std::string_view type, const std::string& name) {
  return "resource \"" + std::string(type) + "\" \"" + name + "\"";
}

std::string list(const std::vector<std::string>& values) {
  std::string out;
  for (const std::string& value : values) out += (out.empty() ? "" : ", ") + quoted(value);
  return "[" + out + "]";
}

// Names in Terraform: letters, digits, _ and -.
std::string identifier(std::string_view name) {
  std::string out(name);
  for (char& c : out)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-') c = '_';
  return "r_" + ownName(name, std::move(out), "_");
}

std::string head(const EmitSubject& subject) {
  std::string aws = "    aws = {\n      source  = \"hashicorp/aws\"\n      version = \">= 5.81\"\n    }\n";
  return Block("terraform").add("  required_providers {\n" + aws + "  }\n").text() + "\n" +
         Block("provider \"aws\"")
             .set("region", quoted(subject.desired.region))
             .set("allowed_account_ids", list({subject.account}))
             .text();
}

std::string bucketPart(const EmitSubject& subject) {
  const Desired& desired = subject.desired;
  const aws::PublicAccessBlock& block = subject.publicAccess();
  std::string out =
      "\n" +
      Block(labels("aws_s3_bucket", "issuer")).set("bucket", quoted(desired.bucket)).map("tags", desired.tags).text();
  out += "\n" + Block(labels("aws_s3_bucket_public_access_block", "issuer"))
                    .set("bucket", "aws_s3_bucket.issuer.id")
                    .set("block_public_acls", onOff(block.blockPublicAcls))
                    .set("ignore_public_acls", onOff(block.ignorePublicAcls))
                    .set("block_public_policy", onOff(block.blockPublicPolicy))
                    .set("restrict_public_buckets", onOff(block.restrictPublicBuckets))
                    .text();
  out += "\n" + Block(labels("aws_s3_bucket_policy", "issuer"))
                    .set("bucket", "aws_s3_bucket.issuer.id")
                    .set("policy", quoted(desired.bucketPolicy))
                    .set("depends_on", "[aws_s3_bucket_public_access_block.issuer]")
                    .text();
  for (std::size_t i = 0; i < desired.documents.size(); ++i) {
    const DesiredDocument& one = desired.documents[i];
    out += "\n" + Block(labels("aws_s3_object", "document_" + std::to_string(i + 1)))
                      .set("bucket", "aws_s3_bucket.issuer.id")
                      .set("key", quoted(one.key))
                      .set("content_type", quoted(one.object.contentType))
                      .set("cache_control", quoted(one.object.cacheControl))
                      .set("content", document(one.object.body))
                      .text();
  }
  return out;
}

std::string viewerCertificate(const DistributionWish& wish) {
  Block block("viewer_certificate", 1);
  if (wish.certificate.empty()) return block.set("cloudfront_default_certificate", "true").text();
  return block.set("acm_certificate_arn", quoted(wish.certificate))
      .set("ssl_support_method", "\"sni-only\"")
      .set("minimum_protocol_version", "\"TLSv1.2_2021\"")
      .text();
}

std::string frontPart(const EmitSubject& subject) {
  const Desired& desired = subject.desired;
  const DistributionWish& wish = desired.front;
  const std::string control = Block(labels("aws_cloudfront_origin_access_control", "issuer"))
                                  .set("name", quoted(desired.bucket))
                                  .set("description", quoted(wish.comment))
                                  .set("origin_access_control_origin_type", "\"s3\"")
                                  .set("signing_behavior", "\"always\"")
                                  .set("signing_protocol", "\"sigv4\"")
                                  .text();
  const std::string origin = Block("origin", 1)
                                 .set("origin_id", "\"bucket\"")
                                 .set("domain_name", quoted(wish.origin))
                                 .set("origin_access_control_id", "aws_cloudfront_origin_access_control.issuer.id")
                                 .text();
  const std::string behavior = Block("default_cache_behavior", 1)
                                   .set("target_origin_id", "\"bucket\"")
                                   .set("viewer_protocol_policy", "\"https-only\"")
                                   .set("cache_policy_id", quoted(std::string(kCachingOptimized)))
                                   .set("allowed_methods", "[\"GET\", \"HEAD\"]")
                                   .set("cached_methods", "[\"GET\", \"HEAD\"]")
                                   .text();
  const std::string restrictions =
      Block("restrictions", 1).add(Block("geo_restriction", 2).set("restriction_type", "\"none\"").text()).text();
  Block distribution(labels("aws_cloudfront_distribution", "issuer"));
  distribution.set("comment", quoted(wish.comment)).set("enabled", "true").set("is_ipv6_enabled", "true");
  if (!wish.domain.empty()) distribution.set("aliases", list({wish.domain}));
  distribution.map("tags", desired.tags).add(origin).add(behavior).add(viewerCertificate(wish)).add(restrictions);
  return "\n" + control + "\n" + distribution.text();
}

std::string providerPart(const EmitSubject& subject) {
  const Desired& desired = subject.desired;
  Block block(labels("aws_iam_openid_connect_provider", "issuer"));
  block.set("url", quoted(desired.issuer)).set("client_id_list", list({std::string(kAudience)}));
  if (!desired.thumbprints.empty()) block.set("thumbprint_list", list(desired.thumbprints));
  block.map("tags", desired.tags);
  if (subject.hasBucket()) {
    std::string documents = "aws_s3_bucket_policy.issuer";
    for (std::size_t i = 0; i < desired.documents.size(); ++i)
      documents += ", aws_s3_object.document_" + std::to_string(i + 1);
    block.set("depends_on", "[" + documents + "]");
  }
  return "\n" + block.text();
}

std::string rolePart(const DesiredRole& role, const std::string& id) {
  const RoleSettings& settings = role.settings;
  const std::string reference = "aws_iam_role." + id + ".name";
  Block block(labels("aws_iam_role", id));
  block.set("name", quoted(settings.name))
      .set("path", quoted(settings.path))
      .set("description", quoted(role.description))
      .set("max_session_duration", std::to_string(settings.maxSessionDuration.count()))
      .set("assume_role_policy", quoted(role.trustPolicy));
  if (!settings.boundary.empty()) block.set("permissions_boundary", quoted(settings.boundary));
  block.map("tags", role.tags).set("depends_on", "[aws_iam_openid_connect_provider.issuer]");
  std::string out = "\n" + block.text();
  for (std::size_t i = 0; i < settings.policies.size(); ++i)
    out += "\n" + Block(labels("aws_iam_role_policy_attachment", id + "_" + std::to_string(i + 1)))
                      .set("role", reference)
                      .set("policy_arn", quoted(settings.policies[i]))
                      .text();
  if (settings.inlinePolicy.empty()) return out;
  return out + "\n" +
         Block(labels("aws_iam_role_policy", id))
             .set("name", quoted(std::string(kInlinePolicyName)))
             .set("role", reference)
             .set("policy", quoted(settings.inlinePolicy))
             .text();
}

}  // namespace

std::vector<EmittedFile> emitTerraform(const EmitSubject& subject) {
  std::string text = head(subject);
  if (subject.hasBucket()) text += bucketPart(subject);
  if (subject.hasFront()) text += frontPart(subject);
  text += providerPart(subject);
  for (const DesiredRole& role : subject.desired.roles) text += rolePart(role, identifier(role.settings.name));
  std::vector<EmittedFile> files{{"main.tf", std::move(text)}};
  addFolder(subject, files);
  return files;
}

}  // namespace setup
