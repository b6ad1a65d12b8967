#include "cluster/api_server_manifest.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace cluster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kIssuer = "https://edge-prod.s3.us-west-2.amazonaws.com";

std::string contentsOf(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string kubeadm() { return contentsOf("data/kubeadm/before.yaml"); }

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

base::Error refusalOf(const std::string& manifest, std::string_view issuer = kIssuer) {
  base::Result<IssuerEdit> edit = putIssuerFirst(manifest, issuer);
  EXPECT_FALSE(edit);
  return edit ? base::Error() : edit.error();
}

std::string pod(std::string_view container) {
  return "kind: Pod\nspec:\n  containers:\n  - name: kube-apiserver\n" + std::string(container);
}

TEST(ApiServerManifest, J08_PutsTheIssuerFirstInEveryGoldenCase) {
  int cases = 0;
  for (const auto& folder : std::filesystem::directory_iterator("data")) {
    SCOPED_TRACE(folder.path().filename().string());
    std::string issuer = contentsOf(folder.path() / "issuer.txt");
    issuer.pop_back();
    const std::string after = contentsOf(folder.path() / "after.yaml");
    base::Result<IssuerEdit> edit = putIssuerFirst(contentsOf(folder.path() / "before.yaml"), issuer);
    ASSERT_TRUE(edit) << edit.error().message;
    EXPECT_EQ(edit->manifest, after);
    base::Result<IssuerEdit> again = putIssuerFirst(after, issuer);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->manifest, after);
    base::Result<ApiServerFlags> flags = readApiServerFlags(after);
    ASSERT_TRUE(flags) << flags.error().message;
    ASSERT_GE(flags->issuers().size(), 2u);
    EXPECT_EQ(flags->issuers()[0], issuer);
    ++cases;
  }
  EXPECT_GE(cases, 17);
}

TEST(ApiServerManifest, NamesTheIssuerThatSignedBefore) {
  base::Result<IssuerEdit> edit = putIssuerFirst(kubeadm(), kIssuer);
  ASSERT_TRUE(edit);
  EXPECT_EQ(edit->signer, "https://kubernetes.default.svc.cluster.local");
  EXPECT_THAT(edit->warnings, IsEmpty());
}

TEST(ApiServerManifest, LeavesKeysAndAudiencesAlone) {
  base::Result<ApiServerFlags> before = readApiServerFlags(kubeadm());
  base::Result<IssuerEdit> edit = putIssuerFirst(kubeadm(), kIssuer);
  ASSERT_TRUE(before && edit);
  base::Result<ApiServerFlags> after = readApiServerFlags(edit->manifest);
  ASSERT_TRUE(after);
  std::erase_if(before->flags, [](const Flag& flag) { return flag.name == "service-account-issuer"; });
  std::erase_if(after->flags, [](const Flag& flag) { return flag.name == "service-account-issuer"; });
  EXPECT_EQ(before->flags, after->flags);
}

TEST(ApiServerManifest, ReadsFlagsOfCommandAndArgsInTheirOrder) {
  base::Result<ApiServerFlags> flags = readApiServerFlags(
      pod("    command: [kube-apiserver, --a=1, --b, two, --switch]\n    args: [--c_d=x=y, positional, --, -v]\n"));
  ASSERT_TRUE(flags) << flags.error().message;
  EXPECT_THAT(flags->flags, ElementsAre(Flag{"a", "1"}, Flag{"b", "two"}, Flag{"switch", ""}, Flag{"c-d", "x=y"}));
}

TEST(ApiServerManifest, SplitsAudiencesAtCommasAndIssuersNever) {
  base::Result<ApiServerFlags> flags = readApiServerFlags(
      pod("    command: ['--api-audiences=a,b', --api-audiences=c, '--service-account-issuer=x,y']\n"));
  ASSERT_TRUE(flags);
  EXPECT_THAT(flags->audiences(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(flags->issuers(), ElementsAre("x,y"));
}

TEST(ApiServerManifest, WarnsOfAudiencesThatAreSet) {
  base::Result<IssuerEdit> edit = putIssuerFirst(
      replaced(kubeadm(), "    - --secure-port", "    - --api-audiences=sts.amazonaws.com\n    - --secure-port"),
      kIssuer);
  ASSERT_TRUE(edit);
  EXPECT_THAT(edit->warnings,
              ElementsAre(HasSubstr("lists sts.amazonaws.com"), HasSubstr("does not list " + std::string(kIssuer))));
  EXPECT_THAT(edit->manifest, HasSubstr("--api-audiences=sts.amazonaws.com\n"));
}

TEST(ApiServerManifest, RefusesAnIssuerThatWouldHarm) {
  EXPECT_THAT(refusalOf(kubeadm(), "https://a.example.com,https://b.example.com").message, HasSubstr("comma"));
  EXPECT_THAT(refusalOf(kubeadm(), "https://a.example.com/").message, HasSubstr("slash"));
  EXPECT_EQ(refusalOf(kubeadm(), "https://a.example.com//").hint, "write https://a.example.com");
  EXPECT_THAT(refusalOf(kubeadm(), "http://a.example.com").message, HasSubstr("https://"));
  EXPECT_THAT(refusalOf(kubeadm(), "https://").message, HasSubstr("https://"));
  EXPECT_THAT(refusalOf(kubeadm(), "").message, HasSubstr("https://"));
  for (std::string_view bad : {"https://a b", "https://a\n- --x", "https://a\"", "https://a'", "https://$(HOST)",
                               "https://a#b", "https://a?b", "https://a: b", "https://\xc3\xa4"}) {
    EXPECT_THAT(refusalOf(kubeadm(), bad).message, HasSubstr("character")) << bad;
  }
}

TEST(ApiServerManifest, J08_ShowsWhatItWouldHaveDoneToAShapeItDoesNotKnow) {
  const base::Error error = refusalOf(replaced(kubeadm(), "    name: kube-apiserver\n", "    name: apiserver\n"));
  EXPECT_THAT(error.message, HasSubstr("no container named kube-apiserver"));
  EXPECT_THAT(error.message, HasSubstr("Nothing was changed"));
  EXPECT_THAT(error.message, HasSubstr("\n+    - --service-account-issuer=" + std::string(kIssuer) + "\n"));
  EXPECT_THAT(error.hint, HasSubstr("irsa apiserver patch"));
}

TEST(ApiServerManifest, J08_RefusesShapesItDoesNotKnow) {
  const std::string issuers = "    - --service-account-issuer=https://old.example.com\n";
  const std::string known = "    command:\n    - kube-apiserver\n" + issuers;
  ASSERT_TRUE(putIssuerFirst(pod(known), kIssuer));
  EXPECT_THAT(refusalOf(pod(known) + "  - name: kube-apiserver\n").message, HasSubstr("two containers"));
  EXPECT_THAT(refusalOf(pod("    command:\n    - kube-apiserver\n")).message, HasSubstr("no --service-account-issuer"));
  EXPECT_THAT(refusalOf(pod("    image: x\n")).message, HasSubstr("no --service-account-issuer"));
  EXPECT_THAT(refusalOf(pod("    command: kube-apiserver\n")).message, HasSubstr("is no list"));
  EXPECT_THAT(refusalOf(pod("    command: [sh, -c, 'kube-apiserver --service-account-issuer=https://old']\n")).message,
              HasSubstr("no --service-account-issuer"));
  EXPECT_THAT(refusalOf(pod(known + issuers)).message, HasSubstr("twice"));
  EXPECT_THAT(refusalOf(pod(known + "    - --service-account-issuer=https://a,https://b\n")).message,
              HasSubstr("comma"));
  EXPECT_THAT(refusalOf("kind: Deployment\n").message, HasSubstr("line 1, column 7: the manifest is no Pod"));
  EXPECT_THAT(refusalOf("kind: Pod\n").message, HasSubstr("line 1, column 1: the Pod has no list spec.containers"));
  EXPECT_THAT(refusalOf("kind: Pod\nspec:\n  containers: {}\n").message,
              HasSubstr("line 3, column 15: the Pod has no"));
  EXPECT_THAT(refusalOf("kind: Pod\nspec:\n  containers:\n  - name: a\n").message,
              HasSubstr("line 4, column 3: the Pod has no container named kube-apiserver"));
  EXPECT_THAT(
      refusalOf("kind: Pod\nspec:\n  containers:\n  - name: kube-apiserver\n    command: [kube-apiserver]\n").message,
      HasSubstr("line 4, column 5: ISSUER_MISSING"));
  EXPECT_THAT(refusalOf("").message, HasSubstr("Nothing was changed"));
  EXPECT_THAT(refusalOf(pod(known) + "---\nkind: Pod\n").message, HasSubstr("Nothing was changed"));
  EXPECT_THAT(refusalOf(pod("\tcommand:\n")).message, HasSubstr("Nothing was changed"));
}

TEST(ApiServerManifest, J08_RefusesWhatASpliceCouldNotKeepApart) {
  EXPECT_THAT(
      refusalOf(
          pod("    command:\n    - kube-apiserver\n    - &old --service-account-issuer=https://old\n    - *old\n"))
          .message,
      HasSubstr("twice"));
  EXPECT_THAT(refusalOf(pod("    command:\n    - &old --service-account-issuer=https://old\n    livenessProbe: *old\n"))
                  .message,
              HasSubstr("could not keep"));
  EXPECT_THAT(refusalOf("kind: Pod\nspec:\n  containers:\n  - name: other\n    command: &shared\n"
                        "    - --service-account-issuer=https://old\n  - name: kube-apiserver\n    command: *shared\n")
                  .message,
              HasSubstr("could not keep"));
  EXPECT_THAT(
      refusalOf(
          pod("    command:\n    - --service-account-issuer=https://old\n    args:\n    - --service-account-issuer=" +
              std::string(kIssuer) + "\n"))
          .message,
      HasSubstr("could not keep"));
}

}  // namespace
}  // namespace cluster
