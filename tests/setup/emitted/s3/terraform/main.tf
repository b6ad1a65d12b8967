# Written by irsa apply --emit terraform, which writes it anew: what is changed here is lost.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.81"
    }
  }
}

provider "aws" {
  region = "us-west-2"
  allowed_account_ids = ["111122223333"]
}

resource "aws_s3_bucket" "issuer" {
  bucket = "edge-prod-dde12af32e9f"
  tags = {
    "irsa-anywhere/name" = "edge-prod"
    "team" = "edge"
  }
}

resource "aws_s3_bucket_public_access_block" "issuer" {
  bucket = aws_s3_bucket.issuer.id
  block_public_acls = true
  ignore_public_acls = true
  block_public_policy = false
  restrict_public_buckets = false
}

resource "aws_s3_bucket_policy" "issuer" {
  bucket = aws_s3_bucket.issuer.id
  policy = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"IssuerDocuments\",\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"s3:GetObject\",\"Resource\":[\"arn:aws:s3:::edge-prod-dde12af32e9f/keys.json\",\"arn:aws:s3:::edge-prod-dde12af32e9f/openid/v1/jwks\",\"arn:aws:s3:::edge-prod-dde12af32e9f/.well-known/openid-configuration\"]}]}"
  depends_on = [aws_s3_bucket_public_access_block.issuer]
}

resource "aws_s3_object" "document_1" {
  bucket = aws_s3_bucket.issuer.id
  key = "keys.json"
  content_type = "application/json"
  cache_control = "public, max-age=300"
  content = <<EOT
{
  "keys": [
    {
      "use": "sig",
      "kty": "EC",
      "kid": "sQRnsP8cKMoGbGrARH_0k_VzAWxaGihTa_OYoqqobc4",
      "alg": "ES256",
      "crv": "P-256",
      "x": "43-ke4lgY8tQz4lm4mFZx3G7ykcHB7_hrgep9ISd8p8",
      "y": "P7JJFA2WggMtjOZUpw5gQY8QIYuszsExqX50expoFnM"
    }
  ]
}
EOT
}

resource "aws_s3_object" "document_2" {
  bucket = aws_s3_bucket.issuer.id
  key = "openid/v1/jwks"
  content_type = "application/json"
  cache_control = "public, max-age=300"
  content = <<EOT
{
  "keys": [
    {
      "use": "sig",
      "kty": "EC",
      "kid": "sQRnsP8cKMoGbGrARH_0k_VzAWxaGihTa_OYoqqobc4",
      "alg": "ES256",
      "crv": "P-256",
      "x": "43-ke4lgY8tQz4lm4mFZx3G7ykcHB7_hrgep9ISd8p8",
      "y": "P7JJFA2WggMtjOZUpw5gQY8QIYuszsExqX50expoFnM"
    }
  ]
}
EOT
}

resource "aws_s3_object" "document_3" {
  bucket = aws_s3_bucket.issuer.id
  key = ".well-known/openid-configuration"
  content_type = "application/json"
  cache_control = "public, max-age=300"
  content = <<EOT
{
  "issuer": "https://edge-prod-dde12af32e9f.s3.us-west-2.amazonaws.com",
  "jwks_uri": "https://edge-prod-dde12af32e9f.s3.us-west-2.amazonaws.com/keys.json",
  "response_types_supported": [
    "id_token"
  ],
  "subject_types_supported": [
    "public"
  ],
  "id_token_signing_alg_values_supported": [
    "ES256"
  ],
  "claims_supported": [
    "sub",
    "iss"
  ]
}
EOT
}

resource "aws_iam_openid_connect_provider" "issuer" {
  url = "https://edge-prod-dde12af32e9f.s3.us-west-2.amazonaws.com"
  client_id_list = ["sts.amazonaws.com"]
  tags = {
    "irsa-anywhere/name" = "edge-prod"
    "team" = "edge"
  }
  depends_on = [aws_s3_bucket_policy.issuer, aws_s3_object.document_1, aws_s3_object.document_2, aws_s3_object.document_3]
}

resource "aws_iam_role" "r_s3-echoer" {
  name = "s3-echoer"
  path = "/"
  description = "irsa-anywhere edge-prod"
  max_session_duration = 7200
  assume_role_policy = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Federated\":\"arn:aws:iam::111122223333:oidc-provider/edge-prod-dde12af32e9f.s3.us-west-2.amazonaws.com\"},\"Action\":\"sts:AssumeRoleWithWebIdentity\",\"Condition\":{\"StringEquals\":{\"edge-prod-dde12af32e9f.s3.us-west-2.amazonaws.com:aud\":\"sts.amazonaws.com\"},\"StringLike\":{\"edge-prod-dde12af32e9f.s3.us-west-2.amazonaws.com:sub\":[\"system:serviceaccount:default:s3-echoer\",\"system:serviceaccount:tools:job-*\"]}}}]}"
  permissions_boundary = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
  tags = {
    "irsa-anywhere/name" = "edge-prod"
    "team" = "edge"
  }
  depends_on = [aws_iam_openid_connect_provider.issuer]
}

resource "aws_iam_role_policy_attachment" "r_s3-echoer_1" {
  role = aws_iam_role.r_s3-echoer.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
}

resource "aws_iam_role_policy" "r_s3-echoer" {
  name = "irsa-anywhere"
  role = aws_iam_role.r_s3-echoer.name
  policy = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::home/$${aws:username}/*\"}}"
}

resource "aws_iam_role" "r_Plain_One" {
  name = "Plain_One"
  path = "/team/"
  description = "irsa-anywhere edge-prod"
  max_session_duration = 3600
  assume_role_policy = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Federated\":\"arn:aws:iam::111122223333:oidc-provider/edge-prod-dde12af32e9f.s3.us-west-2.amazonaws.com\"},\"Action\":\"sts:AssumeRoleWithWebIdentity\",\"Condition\":{\"StringEquals\":{\"edge-prod-dde12af32e9f.s3.us-west-2.amazonaws.com:aud\":\"sts.amazonaws.com\",\"edge-prod-dde12af32e9f.s3.us-west-2.amazonaws.com:sub\":\"system:serviceaccount:other:plain\"}}}]}"
  tags = {
    "irsa-anywhere/name" = "edge-prod"
    "owner" = "priya@example.com"
    "team" = "edge"
  }
  depends_on = [aws_iam_openid_connect_provider.issuer]
}
