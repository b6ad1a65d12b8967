// What the shell scripts of several forms have in common: how they begin, whose things are, and the documents.
#include "setup/documents.h"
#include "setup/emit_forms.h"
#include "setup/names.h"

namespace setup {
namespace {

constexpr std::string_view kFunctions = R"sh(fail() {
  echo "error: $*" >&2
  exit 1
}

# Runs a command and keeps what it prints in $found. False when what it asks about does not exist; the script ends when
# it fails otherwise.
there() {
  if found=$("$@" 2> "$work/error"); then return 0; fi
  if grep -q -e '(NoSuch' -e '(404)' "$work/error"; then return 1; fi
  cat "$work/error" >&2
  exit 1
}

# claim WHAT NAME CLUSTER: notes a thing that is in the way when its tags name another set-up than this.
owner="[[?Key=='irsa-anywhere/name'].Value | [0], [?Key=='irsa-anywhere/cluster'].Value | [0]]"
foreign=
claim() {
  if [ "${2:-}" != "$name" ]; then
    foreign="$foreign
  $1"
  elif [ -n "$cluster" ] && [ "${3:-None}" != None ] && [ "$3" != "$cluster" ]; then
    fail "$1 belongs to another cluster (uid $3, this one is $cluster)"
  fi
}

stop_if_foreign() {
  [ -z "$foreign" ] || fail "these exist and were not made for $name, so nothing was done:$foreign
  choose other names in irsa.yaml, or let irsa apply --adopt take them over"
}

account=$(aws sts get-caller-identity --query Account --output text)
)sh";

constexpr std::string_view kBucketCheck = R"sh(
# whose the bucket is
if there aws s3api head-bucket --bucket "$bucket" --expected-bucket-owner "$account"; then
  found=@untagged@
  there aws s3api get-bucket-tagging --bucket "$bucket" --expected-bucket-owner "$account" \
    --query "TagSet | $owner" --output text || found=@untagged@
  claim "bucket $bucket" $found
fi
)sh";

constexpr std::string_view kPutDocument = R"sh(
# the documents; put_document KEY TYPE CACHE-CONTROL writes one unless it is there as it should be
replaced=
put_document() {
  if there aws s3api get-object --bucket "$bucket" --expected-bucket-owner "$account" --key "$1" \
    --query '[ContentType, CacheControl]' --output text "$work/document"; then
    if [ "$found" = "$2"$'\t'"$3" ] && cmp -s "$work/document" "$files/documents/$1"; then return; fi
    replaced="$replaced /$1"
  fi
  aws s3api put-object --bucket "$bucket" --expected-bucket-owner "$account" --key "$1" \
    --body "$files/documents/$1" --content-type "$2" --cache-control "$3" > /dev/null
}
)sh";

// Without GNU's tools and jq. A kid of ours has no quotation mark.
constexpr std::string_view kKeysCheck = R"sh(
# the keys that are published and would not be any more: tokens that they signed would be refused
kids() { grep -o '"kid"[[:space:]]*:[[:space:]]*"[^"]*"' "$1" | sed 's/^.*"\([^"]*\)"$/\1/'; }
lost=
for key in @keys@; do
  there aws s3api get-object --bucket "$bucket" --expected-bucket-owner "$account" --key "$key" "$work/published" || continue
  while IFS= read -r kid; do
    grep -q -x -F -e "$kid" <(kids "$files/documents/$key") || lost="$lost
  s3://$bucket/$key: $kid"
  done < <(kids "$work/published")
done
if [ -n "$lost" ] && [ -z "$yes" ]; then
  echo "these keys are published and would not be any more, so that every token of theirs would be refused:$lost" >&2
  [ -t 0 ] || fail "nothing was done, as there is no terminal to ask on; $0 --yes does it"
  read -r -p 'Go on? [y/N] ' answer
  case $answer in [yY] | [yY][eE][sS]) ;; *) fail "nothing was done: the answer was not yes" ;; esac
fi
)sh";

// A bucket without tags is ours if nobody but irsa can have thought of its name: a run ended before it was tagged.
bool isNameDerived(const EmitSubject& subject) {
  const Desired& desired = subject.desired;
  return desired.bucket == bucketName(subject.account, desired.region, desired.name) ||
         desired.bucket == accountRegionalBucketName(subject.account, desired.region, desired.name);
}

}  // namespace

std::string scriptHead(const EmitSubject& subject, std::string_view what) {
  const Desired& desired = subject.desired;
  const auto cluster = desired.tags.find(std::string(kClusterTag));
  return "#!/bin/bash\n# " + std::string(what) + " of the set-up " + desired.name +
         ", with the AWS CLI. Safe to repeat: what differs is set right.\n# Nothing is done when something is in the "
         "way that was not made for " +
         desired.name + " (tag " + std::string(kNameTag) +
         ").\n# It asks before it takes a published key away; --yes answers.\nset -euo pipefail\n"
         "export AWS_PAGER= AWS_REGION=" +
         desired.region + " AWS_DEFAULT_REGION=" + desired.region + "\nyes=\ncase ${1:-} in\n  '') ;;\n" +
         "  --yes) yes=1 ;;\n  *) echo \"usage: $0 [--yes]\" >&2; exit 3 ;;\nesac\nname=" + desired.name +
         "\ncluster=" + (cluster == desired.tags.end() ? "" : quotedForShell(cluster->second)) +
         (subject.hasBucket() ? "\nbucket=" + desired.bucket : "") +
         "\nfiles=$(cd \"$(dirname \"$0\")\" && pwd)/files\nwork=$(mktemp -d)\ntrap 'rm -rf \"$work\"' EXIT\n\n" +
         std::string(kFunctions) + "[ \"$account\" = " + subject.account +
         " ] || fail \"the credentials belong to account $account, this is for " + subject.account + "\"\n";
}

std::string bucketCheck(const EmitSubject& subject) {
  return replaced(std::string(kBucketCheck), "@untagged@", isNameDerived(subject) ? "$name" : "None");
}

std::string keysCheck(const EmitSubject& subject) {
  std::string keys;
  for (const DesiredDocument& document : subject.desired.documents)
    if (!document.key.ends_with(kDiscoveryKey)) keys += (keys.empty() ? "" : " ") + quotedForShell(document.key);
  return replaced(std::string(kKeysCheck), "@keys@", keys);
}

std::string putDocuments(const EmitSubject& subject, std::vector<EmittedFile>& files) {
  std::string part(kPutDocument);
  for (const DesiredDocument& document : subject.desired.documents) {
    files.push_back({"files/documents/" + document.key, document.object.body});
    part += "put_document " + quotedForShell(document.key) + " " + document.object.contentType + " " +
            quotedForShell(document.object.cacheControl) + "\n";
  }
  return part;
}

}  // namespace setup
