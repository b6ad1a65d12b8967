#!/bin/bash
# Written by irsa apply --emit ack, which writes it anew: what is changed here is lost.
# The documents, once the bucket is there, of the set-up edge-prod, with the AWS CLI. Safe to repeat: what differs is set right.
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

# whose the bucket is
if there aws s3api head-bucket --bucket "$bucket" --expected-bucket-owner "$account"; then
  found=$name
  there aws s3api get-bucket-tagging --bucket "$bucket" --expected-bucket-owner "$account" \
    --query "TagSet | $owner" --output text || found=$name
  claim "bucket $bucket" $found
fi
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
