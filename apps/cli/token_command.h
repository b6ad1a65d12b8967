// `irsa token mint` and `irsa token inspect`: web identity tokens as kube-apiserver makes them.
#pragma once
#include <chrono>
#include <string>

#include "console.h"

namespace cli {

struct TokenMintOptions {
  CommonOptions common;
  std::string serviceAccount;  // NAMESPACE/NAME
  std::string key;             // a private key's file; empty: the one that irsa.yaml's keys.directory holds
  std::string issuer;          // empty: the one of irsa.yaml
  std::string audience = "sts.amazonaws.com";
  std::string pod;  // optional: binds the token to a pod of that name
  std::chrono::seconds lifetime{86400};
  std::string write;  // a new file, 0600; empty: standard output
};

struct TokenInspectOptions {
  CommonOptions common;
  std::string path = "-";  // "-": standard input
  std::string jwks;        // a JWKS file: the signature and the times are checked against it
};

// Signs with a key that `keys.source: generate` made: for tests and demonstrations, where no API server signs.
int runTokenMint(const TokenMintOptions& options);

// Header and claims; never the signature, so that what is printed is no credential.
int runTokenInspect(const TokenInspectOptions& options);

// "default/s3-echoer" in two. Invalid with a sentence when it is not.
base::Result<std::pair<std::string, std::string>> splitServiceAccount(const std::string& text);

}  // namespace cli
