// A profile of the files that the AWS CLI and the SDKs share: ~/.aws/config and ~/.aws/credentials.
//
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "aws/environment.h"
#include "base/files.h"
#include "base/result.h"

namespace aws {

// One profile: the settings of ~/.aws/config overlaid by those of ~/.aws/credentials.
using Profile = std::map<std::string, std::string>;

// Empty when the profile has no such setting.
std::string settingOf(const Profile& profile, std::string_view name);

// AWS_CONFIG_FILE, else ~/.aws/config.
std::string configPath(const Environment& environment);

// `chosen` empty: AWS_PROFILE, else "default". A missing "default" is an empty profile; a missing chosen one is
// NotFound. AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name other files.
base::Result<Profile> readProfile(const base::Files& files, const Environment& environment, std::string_view chosen);

// AWS_REGION, AWS_DEFAULT_REGION, then the profile's region; empty when there is none.
std::string regionOf(const Environment& environment, const Profile& profile);

}  // namespace aws
