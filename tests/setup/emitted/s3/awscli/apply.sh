#!/bin/bash
# The AWS side of the set-up edge-prod, with the AWS CLI. Safe to repeat.
set -euo pipefail
export AWS_PAGER= AWS_REGION=us-west-2 AWS_DEFAULT_REGION=us-west-2
files=$(cd "$(dirname "$0")" && pwd)/files
account=$(aws sts get-caller-identity --query Account --output text)
if [ "$account" != 111122223333 ]; then
  echo "error: the credentials belong to account $account, this is for 111122223333" >&2
  exit 1
fi

# the bucket of the issuer's documents
aws s3api head-bucket --bucket edge-prod-dde12af32e9f --expected-bucket-owner 111122223333 > /dev/null 2>&1 ||
  aws s3api create-bucket --bucket edge-prod-dde12af32e9f --create-bucket-configuration LocationConstraint=us-west-2 > /dev/null
aws s3api put-bucket-tagging --bucket edge-prod-dde12af32e9f --expected-bucket-owner 111122223333 --tagging "file://$files/bucket-tags.json"
aws s3api put-public-access-block --bucket edge-prod-dde12af32e9f --expected-bucket-owner 111122223333 \
  --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=false,RestrictPublicBuckets=false
aws s3api put-bucket-policy --bucket edge-prod-dde12af32e9f --expected-bucket-owner 111122223333 --policy "file://$files/bucket-policy.json"

# the documents
aws s3api put-object --bucket edge-prod-dde12af32e9f --expected-bucket-owner 111122223333 --key 'keys.json' --body "$files/documents/keys.json" \
  --content-type application/json --cache-control 'public, max-age=300' > /dev/null
aws s3api put-object --bucket edge-prod-dde12af32e9f --expected-bucket-owner 111122223333 --key 'openid/v1/jwks' --body "$files/documents/openid/v1/jwks" \
  --content-type application/json --cache-control 'public, max-age=300' > /dev/null
aws s3api put-object --bucket edge-prod-dde12af32e9f --expected-bucket-owner 111122223333 --key '.well-known/openid-configuration' --body "$files/documents/.well-known/openid-configuration" \
  --content-type application/json --cache-control 'public, max-age=300' > /dev/null

# the OIDC provider
aws iam get-open-id-connect-provider --open-id-connect-provider-arn "arn:aws:iam::111122223333:oidc-provider/edge-prod-dde12af32e9f.s3.us-west-2.amazonaws.com" > /dev/null 2>&1 ||
  aws iam create-open-id-connect-provider --cli-input-json "file://$files/provider.json" > /dev/null

# role s3-echoer
aws iam get-role --role-name 's3-echoer' > /dev/null 2>&1 ||
  aws iam create-role --cli-input-json "file://$files/roles/s3-echoer/role.json" > /dev/null
aws iam attach-role-policy --role-name 's3-echoer' --policy-arn 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
aws iam put-role-policy --role-name 's3-echoer' --policy-name irsa-anywhere --policy-document "file://$files/roles/s3-echoer/policy.json"

# role Plain_One
aws iam get-role --role-name 'Plain_One' > /dev/null 2>&1 ||
  aws iam create-role --cli-input-json "file://$files/roles/Plain_One/role.json" > /dev/null
