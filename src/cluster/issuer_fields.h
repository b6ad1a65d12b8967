// Distributions whose API has fields of its own for issuers: one that signs, a list of those accepted beside it, and
// perhaps a list of audiences.
#pragma once
#include <string>

#include "cluster/flavour.h"

namespace cluster {

struct IssuerFields {
  std::size_t document = 0;
  text::YamlPath signer;     // ends in the field's name
  text::YamlPath accepted;   // likewise
  text::YamlPath audiences;  // likewise; empty: the flavour has none
  std::string fallback;      // who signs when `signer` is absent; empty: not known from the file
};

Survey surveyFields(const text::YamlText& file, const IssuerFields& fields);

// Brings the fields to what `wish` wants. Refuses the switch when it is not known who signs now.
base::Result<void> arrangeFields(text::YamlText& file, const IssuerFields& fields, const IssuerWish& wish);

// Makes the list `path` hold `wanted`: what is new is added behind, what is no longer wanted goes, and so does a list
// that would be empty.
base::Result<void> arrangeList(text::YamlText& file, std::size_t document, const text::YamlPath& path,
                               const std::vector<std::string>& wanted);

}  // namespace cluster
