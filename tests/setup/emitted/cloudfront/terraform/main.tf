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
  block_public_policy = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "issuer" {
  bucket = aws_s3_bucket.issuer.id
  policy = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"IssuerDocuments\",\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"cloudfront.amazonaws.com\"},\"Action\":\"s3:GetObject\",\"Resource\":[\"arn:aws:s3:::edge-prod-dde12af32e9f/keys.json\",\"arn:aws:s3:::edge-prod-dde12af32e9f/openid/v1/jwks\",\"arn:aws:s3:::edge-prod-dde12af32e9f/.well-known/openid-configuration\"],\"Condition\":{\"StringEquals\":{\"aws:SourceArn\":\"arn:aws:cloudfront::111122223333:distribution/${aws_cloudfront_distribution.issuer.id}\"}}}]}"
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
  "issuer": "https://${aws_cloudfront_distribution.issuer.domain_name}",
  "jwks_uri": "https://${aws_cloudfront_distribution.issuer.domain_name}/keys.json",
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

resource "aws_cloudfront_origin_access_control" "issuer" {
  name = "edge-prod-dde12af32e9f"
  description = "irsa-anywhere edge-prod"
  origin_access_control_origin_type = "s3"
  signing_behavior = "always"
  signing_protocol = "sigv4"
}

resource "aws_cloudfront_distribution" "issuer" {
  comment = "irsa-anywhere edge-prod"
  enabled = true
  is_ipv6_enabled = true
  tags = {
    "irsa-anywhere/name" = "edge-prod"
    "team" = "edge"
  }
  origin {
    origin_id = "bucket"
    domain_name = "edge-prod-dde12af32e9f.s3.us-west-2.amazonaws.com"
    origin_access_control_id = aws_cloudfront_origin_access_control.issuer.id
  }
  default_cache_behavior {
    target_origin_id = "bucket"
    viewer_protocol_policy = "https-only"
    cache_policy_id = "658327ea-f89d-4fab-a63d-7e88639e58f6"
    allowed_methods = ["GET", "HEAD"]
    cached_methods = ["GET", "HEAD"]
  }
  viewer_certificate {
    cloudfront_default_certificate = true
  }
  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }
}

resource "aws_iam_openid_connect_provider" "issuer" {
  url = "https://${aws_cloudfront_distribution.issuer.domain_name}"
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
  assume_role_policy = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Federated\":\"arn:aws:iam::111122223333:oidc-provider/${aws_cloudfront_distribution.issuer.domain_name}\"},\"Action\":\"sts:AssumeRoleWithWebIdentity\",\"Condition\":{\"StringEquals\":{\"${aws_cloudfront_distribution.issuer.domain_name}:aud\":\"sts.amazonaws.com\"},\"StringLike\":{\"${aws_cloudfront_distribution.issuer.domain_name}:sub\":[\"system:serviceaccount:default:s3-echoer\",\"system:serviceaccount:tools:job-*\"]}}}]}"
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
  assume_role_policy = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Federated\":\"arn:aws:iam::111122223333:oidc-provider/${aws_cloudfront_distribution.issuer.domain_name}\"},\"Action\":\"sts:AssumeRoleWithWebIdentity\",\"Condition\":{\"StringEquals\":{\"${aws_cloudfront_distribution.issuer.domain_name}:aud\":\"sts.amazonaws.com\",\"${aws_cloudfront_distribution.issuer.domain_name}:sub\":\"system:serviceaccount:other:plain\"}}}]}"
  tags = {
    "irsa-anywhere/name" = "edge-prod"
    "owner" = "priya@example.com"
    "team" = "edge"
  }
  depends_on = [aws_iam_openid_connect_provider.issuer]
}
