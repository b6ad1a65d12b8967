#include "setup/emit.h"

#include <algorithm>
#include <array>

#include "crypto/digest.h"
#include "setup/emit_forms.h"
#include "text/encoding.h"

namespace setup {
namespace {

constexpr std::array<std::string_view, 6> kForms{"kustomize",      "helm-values", "terraform",
                                                 "cloudformation", "ack",         "awscli"};

base::Result<void> checkSayable(const EmitSubject& subject, Form form) {
  const std::string name(kForms[std::size_t(form)]);
  if (subject.desired.dialect == Dialect::Ceph && form != Form::Kustomize && form != Form::HelmValues)
    return base::invalid("--emit " + name + " is for AWS, and aws.dialect is ceph")
        .withHint("irsa apply sets Ceph up; --emit kustomize and helm-values write the cluster's side");
  if (form == Form::Ack && subject.hasFront())
    return base::Error{base::ErrorKind::Invalid, "",
                       "--emit ack cannot say issuer.hosting cloudfront: its objects cannot name each other's hosts in "
                       "policies",
                       "use --emit terraform, cloudformation or awscli"};
  const bool isByName = form == Form::Terraform || form == Form::CloudFormation || form == Form::Ack;
  if (isByName && subject.hasBucket() && subject.desired.isAccountRegional)
    return base::Error{base::ErrorKind::Invalid, "",
                       "--emit " + name + " cannot say issuer.bucketNamespace account-regional",
                       "use --emit awscli, or let irsa apply --only issuer make the bucket"};
  return {};
}

constexpr std::string_view kMark = "Written by irsa apply --emit ";
constexpr std::size_t kMarkIsWithin = 400;  // bytes of the file's begin

// As a comment in the first line, of a program in the second.
void mark(EmittedFile& file, Form form) {
  const std::string comment = "# " + markOf(form) + "\n";
  if (file.isProgram)
    file.body.insert(file.body.find('\n') + 1, comment);
  else if (file.path.ends_with(".tf") || file.path.ends_with(".yaml"))
    file.body.insert(0, comment);
}

base::Result<std::vector<EmittedFile>> emitted(const EmitSubject& subject, Form form) {
  switch (form) {
    case Form::Kustomize: return emitKustomize(subject);
    case Form::HelmValues: return emitHelmValues(subject);
    case Form::Terraform: return emitTerraform(subject);
    case Form::CloudFormation: return emitCloudFormation(subject);
    case Form::Ack: return emitAck(subject);
    case Form::AwsCli: return emitAwsCli(subject);
  }
  return base::internal("no such form");
}

}  // namespace

std::span<const std::string_view> formNames() { return kForms; }

std::optional<Form> formNamed(std::string_view name) {
  const auto* found = std::find(kForms.begin(), kForms.end(), name);
  if (found == kForms.end()) return std::nullopt;
  return Form(found - kForms.begin());
}

base::Result<std::vector<EmittedFile>> emit(const Desired& desired, const Identifiers& names, std::string_view account,
                                            Form form) {
  const EmitSubject subject{desired, names, std::string(account)};
  TRY(checkSayable(subject, form));
  std::vector<EmittedFile> files = TRY(emitted(subject, form));
  for (EmittedFile& file : files) mark(file, form);
  return files;
}

bool isMarkedAsEmitted(std::string_view contents) {
  return contents.substr(0, kMarkIsWithin).find(kMark) != contents.npos;
}

std::string markOf(Form form) {
  return std::string(kMark) + std::string(kForms[std::size_t(form)]) +
         ", which writes it anew: what is changed here is lost.";
}

void addFolder(const EmitSubject& subject, std::vector<EmittedFile>& files) {
  if (subject.desired.hosting != Hosting::Directory) return;
  for (const DesiredDocument& document : subject.desired.documents)
    files.push_back({"documents/" + document.key, document.object.body});
}

std::string ownName(std::string_view role, std::string written, std::string_view separator) {
  if (written == role) return written;
  return written + std::string(separator) + text::hex(crypto::sha256(role)).substr(0, 8);
}

text::Json tagList(const Tags& tags, const char* key, const char* value) {
  text::Json list = text::Json::array();
  for (const auto& [name, text] : tags) list.push_back({{key, name}, {value, text}});
  return list;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

std::string onOff(bool value) { return value ? "true" : "false"; }

std::string quotedForShell(std::string_view word) { return "'" + replaced(std::string(word), "'", "'\\''") + "'"; }

}  // namespace setup
