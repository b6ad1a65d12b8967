// Credentials and region as the SDKs find them: environment, web identity, profile (a role to assume, single sign-on,
// static keys, credential_process), container, EC2 instance.
//
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/client.h"
#include "aws/credentials.h"
#include "aws/metadata_credentials.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/random.h"
#include "base/result.h"

namespace aws {

// Runs a program without a shell and gives its standard output.
using RunProgram = std::function<base::Result<std::string>(const std::vector<std::string>& argv)>;

// One profile: the settings of ~/.aws/config overlaid by those of ~/.aws/credentials.
using Profile = std::map<std::string, std::string>;

// `chosen` empty: AWS_PROFILE, else "default". A missing "default" is an empty profile; a missing chosen one is
// NotFound. AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name other files.
base::Result<Profile> readProfile(const base::Files& files, const Environment& environment, std::string_view chosen);

// AWS_REGION, AWS_DEFAULT_REGION, then the profile's region; empty when there is none.
std::string regionOf(const Environment& environment, const Profile& profile);

struct CredentialsSettings {
  std::string profile;  // chosen explicitly: keys in the environment are then passed over, as the SDKs do
  Environment environment;
  const base::Files& files;
  RunProgram run;      // for credential_process, and the AWS CLI for single sign-on
  http::Client& http;  // for STS
  Endpoints endpoints;
  std::string region;
  base::Clock& clock;
  base::RandomBytes random;
  http::Client* metadata = nullptr;  // for containers and instances: no proxy, short time-outs; null: not asked
};

// Looks in the SDKs' order and keeps what it found until five minutes before it expires. Thread-safe.
CredentialsSource findCredentials(CredentialsSettings settings);

}  // namespace aws
