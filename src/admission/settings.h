// What the webhook was told by its flags, and the identity that a ServiceAccount's annotations ask for.
// Names, defaults and odd corners are those of AWS's amazon-eks-pod-identity-webhook, which this replaces.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/object_reader.h"

namespace admission {

constexpr std::int64_t kMinExpiration = 600;    // seconds; the API server refuses less
constexpr std::int64_t kMaxExpiration = 86400;  // seconds; STS refuses older tokens, so more is useless

// Completes bare role names: arn:PARTITION:iam::ACCOUNT:role/NAME.
struct RoleArnParts {
  std::string partition = "aws";
  std::string account;
};

// EKS Pod Identity's way (container credentials): a token for an agent instead of one for STS.
struct ContainerCredentials {
  std::string audience = "pods.eks.amazonaws.com";
  std::string mountPath = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";
  std::string volumeName = "eks-pod-identity-token";
  std::string tokenPath = "eks-pod-identity-token";
  std::string fullUri = "http://169.254.170.23/v1/credentials";
};

struct Settings {
  std::string annotationPrefix = "eks.amazonaws.com";  // without the slash
  std::string tokenAudience = "sts.amazonaws.com";
  std::string tokenMountPath = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
  std::int64_t tokenExpiration = kMaxExpiration;  // seconds
  std::string defaultRegion = {};                 // empty: no region variables
  bool regionalSts = false;
  std::optional<RoleArnParts> composeRoleArn = {};
  ContainerCredentials containerCredentials = {};
};

// What a pod of an account gets. An empty role means: nothing.
struct Identity {
  std::string roleArn;
  std::string audience;                      // empty: the claim is left to the API server's default
  std::int64_t expiration = kMaxExpiration;  // seconds, at least kMinExpiration
  bool regionalSts = false;
  std::vector<std::string> advice = {};  // what the account's author should change about its annotations

  bool operator==(const Identity&) const = default;
};

Identity identityOf(const kube::Object& account, const Settings& settings);

// All service accounts, and of their annotations what identityOf() looks at. `settings` must outlive it.
kube::Selection accountSelection(const Settings& settings);

// arn:aws*:iam::<12 digits>:role/<path and name>. A role that fails this is still injected, with a warning.
bool isRoleArn(std::string_view text);

// Go's path.Join: cleaned of empty parts, "." and "..".
std::string joinPath(std::string_view folder, std::string_view name);

// A path as a container on a Windows node sees it: C:\var\run\...
std::string windowsPath(std::string_view path);

}  // namespace admission
