// kube-apiserver-arg of k3s and RKE2: "name=value" replaces the default, and repeats keep their order; "name+=value"
// comes after the default, "name-=value" before it. Which lists count: rancher_lists.h.
#pragma once
#include "cluster/flavour.h"

namespace cluster {

bool hasRancherArguments(const text::YamlText& file);

// `program`, k3s or rke2, is an audience by default.
base::Result<Survey> surveyRancher(const Sources& sources, std::string_view program);
base::Result<Edit> editRancher(const Sources& sources, const IssuerWish& wish, std::string_view program);

}  // namespace cluster
