// How k3s and RKE2 read kube-apiserver-arg from config.yaml and the drop-ins of config.yaml.d: in the order of their
// names a list replaces the one before it, unless its key ends in "+"; so it is within one file too.
//
// https://docs.k3s.io/installation/configuration (Multiple Config Files, Value Merge Behavior)
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "cluster/flavour.h"

namespace cluster {

inline constexpr std::string_view kServerArguments = "kube-apiserver-arg", kAddedArguments = "kube-apiserver-arg+";

struct RancherEntry {
  std::string name;          // '_' counts as '-', as in kube-apiserver
  char sign = 0;             // '+', '-' or none
  std::string value;         // behind the first '='
  std::string dashes;        // "--" where the user wrote it
  bool underscored = false;  // k3s takes such a name for another one, so that its own default stays beside it
  std::size_t index = 0;     // in its list
  text::Position at;
  std::string file = {};  // as in RancherList
};

// One list, as it is written: a single string is one, too.
struct RancherList {
  std::string file;  // the name of a file beside; empty: the file itself
  std::string key;
  text::Position at;
  std::vector<RancherEntry> entries;
};

// The lists of one text in its order, the ones that a later one replaces included. Invalid for another shape.
base::Result<std::vector<RancherList>> rancherListsIn(const text::YamlText& file, const std::string& name);

// Of all the files, those that count.
base::Result<std::vector<RancherList>> rancherLists(const text::YamlText& file, const Sources& sources);

std::vector<RancherEntry> entriesNamed(const std::vector<RancherList>& lists, std::string_view name);

// What k3s makes of the entries of one name. A default that no "+" or "-" has taken in by then is gone.
std::vector<Located> foldedEntries(const std::vector<RancherEntry>& entries, const std::string& initial);

}  // namespace cluster
