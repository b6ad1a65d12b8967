// What a program that has built the world hands down to look at it and to act on it.
#pragma once
#include "aws/client.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/side_by_side.h"
#include "http/client.h"
#include "kube/client.h"

namespace setup {

// Everything must outlive the calls it is handed to.
struct World {
  aws::Client& aws;              // for Configuration::aws
  kube::Client* kube = nullptr;  // for Configuration::cluster; null: day 0
  base::Files& files;
  base::Clock& clock;
  kube::Client* keys = nullptr;  // for KeySettings::kubeconfig; null: `kube`
  http::Client* web = nullptr;   // to read an issuer as everybody does; null: it is not looked at
  base::SideBySide sideBySide = base::oneByOne;
};

}  // namespace setup
