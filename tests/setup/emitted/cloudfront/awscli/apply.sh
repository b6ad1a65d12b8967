#!/bin/bash
# Written by irsa apply --emit awscli, which writes it anew: what is changed here is lost.
# The AWS side of the set-up edge-prod, with the AWS CLI. Safe to repeat: what differs is set right.
# Nothing is done when something is in the way that was not made for edge-prod (tag irsa-anywhere/name).
# It asks before it takes a published key away; --yes answers.
set -euo pipefail
export AWS_PAGER= AWS_REGION=us-west-2 AWS_DEFAULT_REGION=us-west-2
yes=
case ${1:-} in
  '') ;;
  --yes) yes=1 ;;
  *) echo "usage: $0 [--yes]" >&2; exit 3 ;;
esac
name=edge-prod
cluster=
bucket=edge-prod-dde12af32e9f
files=$(cd "$(dirname "$0")" && pwd)/files
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
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
[ "$account" = 111122223333 ] || fail "the credentials belong to account $account, this is for 111122223333"
comment='irsa-anywhere edge-prod'
origin=edge-prod-dde12af32e9f.s3.us-west-2.amazonaws.com

# whose the bucket is
if there aws s3api head-bucket --bucket "$bucket" --expected-bucket-owner "$account"; then
  found=$name
  there aws s3api get-bucket-tagging --bucket "$bucket" --expected-bucket-owner "$account" \
    --query "TagSet | $owner" --output text || found=$name
  claim "bucket $bucket" $found
fi

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
  Comment=='$comment' || contains(Origins.Items[].DomainName, '$origin')
  ].Id, \`[]\`))" | xargs)
for id in $candidates; do
  there aws cloudfront list-tags-for-resource --resource "arn:aws:cloudfront::$account:distribution/$id" \
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

# whose provider and roles are, and whether their policies exist; check_role NAME ARN
provider=
[ -z "$domain" ] || provider="arn:aws:iam::111122223333:oidc-provider/$domain"
arns=$(aws iam list-open-id-connect-providers --query 'OpenIDConnectProviderList[].Arn' --output text)
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
check_role 's3-echoer' arn:aws:iam::111122223333:role/s3-echoer
check_role 'Plain_One' arn:aws:iam::111122223333:role/team/Plain_One
check_policy 'arn:aws:iam::aws:policy/AmazonS3FullAccess'
check_policy 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
stop_if_foreign

# the keys that are published and would not be any more: tokens that they signed would be refused
kids() { grep -o '"kid"[[:space:]]*:[[:space:]]*"[^"]*"' "$1" | sed 's/^.*"\([^"]*\)"$/\1/'; }
lost=
for key in 'keys.json' 'openid/v1/jwks'; do
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

# the bucket of the issuer's documents
there aws s3api head-bucket --bucket "$bucket" --expected-bucket-owner "$account" ||
  aws s3api create-bucket --bucket "$bucket" --create-bucket-configuration LocationConstraint=us-west-2 > /dev/null
wanted=$(cat "$files/bucket-tags.json")
there aws s3api get-bucket-tagging --bucket "$bucket" --expected-bucket-owner "$account" --output json \
  --query "{TagSet: [TagSet[?!contains(\`$wanted\`.TagSet[].Key, Key)], \`$wanted\`.TagSet][]}" || found=$wanted
aws s3api put-bucket-tagging --bucket "$bucket" --expected-bucket-owner "$account" --tagging "$found"
aws s3api put-public-access-block --bucket "$bucket" --expected-bucket-owner "$account" \
  --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true

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
  aws cloudfront tag-resource --resource "arn:aws:cloudfront::$account:distribution/$distribution" \
    --tags "file://$files/distribution-tags.json"
  etag=$(aws cloudfront get-distribution --id "$distribution" --query ETag --output text)
  live=$(aws cloudfront get-distribution --id "$distribution" --output json --query Distribution.DistributionConfig)
  wanted=$(aws cloudfront get-distribution --id "$distribution" --output json \
    --query "Distribution.DistributionConfig | $(cat "$files/distribution.query")")
  [ "$live" = "$wanted" ] || aws cloudfront update-distribution --id "$distribution" --if-match "$etag" \
    --distribution-config "$wanted" > /dev/null
fi
fill "s|@distribution@|$distribution|g; s|@domain@|$domain|g"
provider="arn:aws:iam::111122223333:oidc-provider/$domain"
aws s3api put-bucket-policy --bucket "$bucket" --expected-bucket-owner "$account" --policy "file://$files/bucket-policy.json"

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
put_document 'keys.json' application/json 'public, max-age=300'
put_document 'openid/v1/jwks' application/json 'public, max-age=300'
put_document '.well-known/openid-configuration' application/json 'public, max-age=300'
[ -z "$replaced" ] ||
  aws cloudfront create-invalidation --distribution-id "$distribution" --paths $replaced > /dev/null
aws cloudfront wait distribution-deployed --id "$distribution"

# the OIDC provider
if there aws iam get-open-id-connect-provider --open-id-connect-provider-arn "$provider"; then
  aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn "$provider" \
    --client-id sts.amazonaws.com
  aws iam tag-open-id-connect-provider --open-id-connect-provider-arn "$provider" \
    --tags "file://$files/tags.json"
else
  aws iam create-open-id-connect-provider --cli-input-json "file://$files/provider.json" > /dev/null
fi

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

# role s3-echoer
make_role 's3-echoer' '/' 7200 'arn:aws:iam::aws:policy/AmazonS3FullAccess'
attach_only 's3-echoer' 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
inline_only 's3-echoer' irsa-anywhere "$files/roles/s3-echoer/policy.json"

# role Plain_One
make_role 'Plain_One' '/team/' 3600
attach_only 'Plain_One'
inline_only 'Plain_One'

# roles that were made for this and that irsa.yaml does not name any more
wanted_roles='s3-echoer Plain_One'
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
