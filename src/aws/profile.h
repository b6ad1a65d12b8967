// A profile of the files that the AWS CLI and the SDKs share: ~/.aws/config and ~/.aws/credentials.
//
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "aws/client.h"
#include "aws/environment.h"
#include "base/files.h"
#include "base/result.h"

namespace aws {

// One profile: the settings of ~/.aws/config overlaid by those of ~/.aws/credentials, names in lower case. Nested ones
// are there as "s3.addressing_style", those of the section that `services` names as "services.s3.endpoint_url".
using Profile = std::map<std::string, std::string>;

// Empty when the profile has no such setting.
std::string settingOf(const Profile& profile, std::string_view name);

// AWS_CONFIG_FILE, else ~/.aws/config.
std::string configPath(const Environment& environment);

// `chosen` empty: AWS_PROFILE, else "default". One that nobody names and that is missing is empty; a missing
// one with a name is NotFound, and so is a section that `services` names. AWS_CONFIG_FILE and
// AWS_SHARED_CREDENTIALS_FILE name other files.
base::Result<Profile> readProfile(const base::Files& files, const Environment& environment, std::string_view chosen);

// AWS_REGION, AWS_DEFAULT_REGION, then the profile's region; empty when there is none.
std::string regionOf(const Environment& environment, const Profile& profile);

// AWS_CA_BUNDLE, then the profile's ca_bundle; empty when there is none.
std::string caBundlePath(const Environment& environment, const Profile& profile);

// The first there is of AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, endpoint_url of the service in the profile's
// services, the profile's endpoint_url. None with AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true or the setting of that name.
//
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
Endpoints configuredEndpoints(const Environment& environment, const Profile& profile);

// AWS_USE_FIPS_ENDPOINT, else the profile's use_fips_endpoint.
bool wantsFips(const Environment& environment, const Profile& profile);

}  // namespace aws
