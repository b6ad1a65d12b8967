// The forms emit() is put together from.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "setup/emit.h"
#include "text/json.h"

namespace setup {

struct EmitSubject {
  const Desired& desired;
  const Identifiers& names;
  std::string account;

  bool hasBucket() const { return !desired.bucket.empty(); }
  const aws::PublicAccessBlock& publicAccess() const { return *desired.publicAccess; }  // REQUIRES: of AWS
  bool hasFront() const { return desired.hosting == Hosting::CloudFront; }
};

std::vector<EmittedFile> emitKustomize(const EmitSubject& subject);
std::vector<EmittedFile> emitHelmValues(const EmitSubject& subject);
std::vector<EmittedFile> emitTerraform(const EmitSubject& subject);
// Invalid when it is more than CloudFormation takes.
base::Result<std::vector<EmittedFile>> emitCloudFormation(const EmitSubject& subject);
std::vector<EmittedFile> emitAck(const EmitSubject& subject);
std::vector<EmittedFile> emitAwsCli(const EmitSubject& subject);

// The files of Hosting::Directory: below documents/, for whatever serves them.
void addFolder(const EmitSubject& subject, std::vector<EmittedFile>& files);
// The script's part that writes the documents into the bucket, and the documents beside it.
std::string putDocuments(const EmitSubject& subject, std::vector<EmittedFile>& files);
// Asks before published keys go that the documents do not have any more; without a terminal --yes is the answer.
std::string keysCheck(const EmitSubject& subject);
// What every script begins with: the account is the right one, and functions for the rest.
std::string scriptHead(const EmitSubject& subject, std::string_view what);
// Notes the bucket as in the way when it is somebody else's; stop_if_foreign then ends the script.
std::string bucketCheck(const EmitSubject& subject);

// What a tool calls a role: `written` is its name in the letters that the tool takes. Where that is not the name
// itself, eight digits of the name's digest stand behind `separator`. The name alone decides, so that nothing in a live
// stack is made anew when bindings come, go or change places.
std::string ownName(std::string_view role, std::string written, std::string_view separator = "");

std::string markOf(Form form);  // "Written by irsa apply --emit terraform: …"

// [{"Key": …, "Value": …}], the members named `key` and `value`.
text::Json tagList(const Tags& tags, const char* key = "Key", const char* value = "Value");
std::string replaced(std::string text, std::string_view what, std::string_view by);
std::string quotedForShell(std::string_view word);
std::string onOff(bool value);  // "true" or "false"

}  // namespace setup
