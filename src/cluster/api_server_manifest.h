// The static-pod manifest of a kubeadm kube-apiserver: reading its flags, and making our issuer the first one.
//
// Edits are splices of bytes: comments, order, indentation, quoting and line ends stay as they were, and the result is
// parsed again and compared with the wish before anybody may write it. A shape that is not understood is refused.
//
// https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/ (--service-account-issuer: may be
// given several times; the first signs, all are accepted; a comma does not separate).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cluster/issuer.h"
#include "text/yaml_text.h"

namespace cluster {

struct Flag {
  std::string name;   // without dashes; '_' counts as '-', as in kube-apiserver
  std::string value;  // of --name=value or of the item after --name; empty for a bare switch
  bool operator==(const Flag&) const = default;
};

// A flag and its words [first, last] of a command line.
struct FlagWords {
  Flag flag;
  bool hasValue = false;
  std::size_t first = 0, last = 0;
};
// --name=value, or --name and the word after it unless that is a flag, too; what belongs to no flag is passed over.
std::vector<FlagWords> flagsIn(const std::vector<std::string>& words);

// What the one container `kube-apiserver` is started with: the flags of `command`, then those of `args`.
struct ApiServerFlags {
  std::vector<Flag> flags;

  std::vector<std::string> issuers() const;    // in their order: the first one signs
  std::vector<std::string> audiences() const;  // empty when --api-audiences is not set: then they are the issuers
};

// A flag and where it stands: items [first, last] of the list at `list`.
struct LocatedFlag {
  Flag flag;
  text::YamlPath list;  // spec.containers[N].command or .args
  std::size_t first = 0, last = 0;
  text::Position at;
};

inline constexpr std::string_view kApiServerContainer = "kube-apiserver";

// The place of the one container of this name of the one Pod. Invalid, with a sentence that says why, for any other
// text.
base::Result<text::YamlPath> containerOf(const text::YamlText& manifest, std::string_view name = kApiServerContainer);
// The flags of `command`, then those of `args`.
base::Result<std::vector<LocatedFlag>> locateFlags(const text::YamlText& manifest,
                                                   std::string_view container = kApiServerContainer);
// Values of the flags named `name`; audiences are split at commas.
std::vector<Located> valuesOf(const std::vector<LocatedFlag>& flags, std::string_view name);

// Brings the issuers and the audiences that are set to what `wish` wants. Refuses, with line and column, what the edit
// could not keep apart, and a manifest without --service-account-issuer.
base::Result<void> arrangeIssuers(text::YamlText& manifest, const IssuerWish& wish);

// What containerOf() refuses is refused.
base::Result<ApiServerFlags> readApiServerFlags(std::string_view manifest);

struct IssuerEdit {
  std::string manifest;               // afterwards
  std::string signer;                 // the first issuer before the edit
  std::vector<std::string> warnings;  // sentences about flags that were left alone but deserve a look
};

// Adds --service-account-issuer=`issuer` before the first one that is there, or moves it there. The other issuers and
// the keys stay; audiences that are set get `issuer` beside the old. Editing twice is editing once.
//
// Refuses (Invalid) an issuer that is no plain https URL, that has a comma or a trailing slash, and a manifest of
// unknown shape: several containers, no issuer flag, an issuer twice or joined by a comma, an item the splice cannot
// keep apart. The message of the latter ends with a unified diff of what would have been done.
base::Result<IssuerEdit> putIssuerFirst(std::string_view manifest, std::string_view issuer);

}  // namespace cluster
