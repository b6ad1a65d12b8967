#include "cluster/issuer_fields.h"

#include <algorithm>

namespace cluster {
namespace {

using text::YamlNode;
using text::YamlText;

std::vector<Located> listAt(const YamlText& file, std::size_t document, const text::YamlPath& path) {
  std::vector<Located> found;
  const YamlNode* list = path.empty() ? nullptr : file.find(document, path);
  for (std::size_t i = 0; list && i < list->items.size(); ++i)
    found.push_back({list->items[i].scalar, list->items[i].start});
  return found;
}

text::YamlPath parentOf(text::YamlPath path) {
  path.pop_back();
  return path;
}

std::string nameIn(const text::YamlPath& path) { return std::get<std::string>(path.back()); }

bool contains(const std::vector<std::string>& list, const std::string& value) {
  return std::ranges::find(list, value) != list.end();
}

}  // namespace

base::Result<void> arrangeList(YamlText& file, std::size_t document, const text::YamlPath& path,
                               const std::vector<std::string>& wanted) {
  const YamlNode* list = file.find(document, path);
  if (list && list->kind == YamlNode::Kind::Scalar)
    return base::invalid(text::place(list->start) + ": a list is wanted here");
  if (wanted.empty()) return list ? file.removeMember(document, parentOf(path), nameIn(path)) : base::Result<void>();
  if (!list || list->kind == YamlNode::Kind::Null)
    return file.putMember(document, parentOf(path), nameIn(path), text::Json(wanted));
  for (const std::string& value : wanted) {
    const std::vector<std::string> there = valuesOf(listAt(file, document, path));
    if (!contains(there, value)) TRY(file.insertItem(document, path, there.size(), value));
  }
  const std::vector<std::string> there = valuesOf(listAt(file, document, path));
  for (std::size_t i = there.size(); i > 0; --i) {
    if (!contains(wanted, there[i - 1])) TRY(file.removeItem(document, path, i - 1));
  }
  return {};
}

Survey surveyFields(const YamlText& file, const IssuerFields& fields) {
  Survey seen;
  const YamlNode* signer = file.find(fields.document, fields.signer);
  if (signer && signer->kind == YamlNode::Kind::Scalar) {
    seen.issuers.push_back({signer->scalar, signer->start});
  } else if (!fields.fallback.empty()) {
    seen.issuers.push_back({fields.fallback, file.documents()[fields.document].start});
    seen.beginsWithDefault = true;
  }
  for (Located& issuer : listAt(file, fields.document, fields.accepted)) seen.issuers.push_back(std::move(issuer));
  seen.audiences = listAt(file, fields.document, fields.audiences);
  return seen;
}

base::Result<void> arrangeFields(YamlText& file, const IssuerFields& fields, const IssuerWish& wish) {
  Survey seen = surveyFields(file, fields);
  const YamlNode* signer = file.find(fields.document, fields.signer);
  const bool isSet = signer && signer->kind == YamlNode::Kind::Scalar;
  const bool isKnown = isSet || seen.beginsWithDefault || !wish.former.empty();
  if (!isKnown && wish.phase == Phase::Switch) {
    return refusal("ISSUER_ORDER", file.documents()[fields.document].start,
                   "the file does not say which issuer signs now, and it has to stay accepted")
        .withHint("kubectl get --raw /.well-known/openid-configuration shows it; name it with --former");
  }
  if (!isSet && !seen.beginsWithDefault) {
    seen.issuers.insert(seen.issuers.begin(), Located{"(the-default)", {}});
    seen.beginsWithDefault = true;
  }
  seen = TRY(withFormer(std::move(seen), wish));
  const std::vector<std::string> wanted = TRY(wantedIssuers(seen.issuers, wish));
  if (isSet || !wish.former.empty() || wanted.front() != seen.issuers.front().value)
    TRY(file.putMember(fields.document, parentOf(fields.signer), nameIn(fields.signer), wanted.front()));
  TRY(arrangeList(file, fields.document, fields.accepted, {wanted.begin() + 1, wanted.end()}));
  if (fields.audiences.empty() || seen.audiences.empty()) return {};
  const std::vector<std::string> audiences =
      wantedAudiences(valuesOf(seen.audiences), valuesOf(seen.issuers), wanted, wish.issuer);
  return arrangeList(file, fields.document, fields.audiences, audiences);
}

}  // namespace cluster
