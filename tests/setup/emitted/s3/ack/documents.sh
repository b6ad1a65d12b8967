#!/bin/bash
# The documents, once the bucket is there, of the set-up edge-prod, with the AWS CLI. Safe to repeat.
set -euo pipefail
export AWS_PAGER= AWS_REGION=us-west-2 AWS_DEFAULT_REGION=us-west-2
files=$(cd "$(dirname "$0")" && pwd)/files
account=$(aws sts get-caller-identity --query Account --output text)
if [ "$account" != 111122223333 ]; then
  echo "error: the credentials belong to account $account, this is for 111122223333" >&2
  exit 1
fi

# the documents
aws s3api put-object --bucket edge-prod-dde12af32e9f --expected-bucket-owner 111122223333 --key 'keys.json' --body "$files/documents/keys.json" \
  --content-type application/json --cache-control 'public, max-age=300' > /dev/null
aws s3api put-object --bucket edge-prod-dde12af32e9f --expected-bucket-owner 111122223333 --key 'openid/v1/jwks' --body "$files/documents/openid/v1/jwks" \
  --content-type application/json --cache-control 'public, max-age=300' > /dev/null
aws s3api put-object --bucket edge-prod-dde12af32e9f --expected-bucket-owner 111122223333 --key '.well-known/openid-configuration' --body "$files/documents/.well-known/openid-configuration" \
  --content-type application/json --cache-control 'public, max-age=300' > /dev/null
