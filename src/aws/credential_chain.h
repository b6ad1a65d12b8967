// The credential provider chain of the SDKs: environment, web identity, profile (a role to assume, single sign-on,
// static keys, credential_process), container, EC2 instance.
//
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "aws/credentials.h"
#include "aws/environment.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/random.h"
#include "base/result.h"
#include "http/client.h"

namespace aws {

// Runs a program without a shell and gives its standard output.
using RunProgram = std::function<base::Result<std::string>(const std::vector<std::string>& argv)>;

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
//
// The first place that says anything of credentials decides: what is broken there is an error, never a reason to look
// further. All errors are Denied, with the profile, the setting and the next command.
CredentialsSource findCredentials(CredentialsSettings settings);

}  // namespace aws
