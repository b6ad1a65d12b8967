#include "cluster/flavour.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace cluster {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace fs = std::filesystem;

constexpr std::string_view kIssuer = "https://edge-prod.s3.us-west-2.amazonaws.com";
constexpr Phase kPhases[] = {Phase::Accept, Phase::Switch, Phase::Finish};

std::string contentsOf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<fs::path> golden() {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator("flavours")) folders.push_back(entry.path());
  std::ranges::sort(folders);
  return folders;
}

// A folder is named after its flavour, and what it is a case of.
const Flavour& flavourOfFolder(const fs::path& folder) {
  const Flavour* found = nullptr;
  for (const Flavour& flavour : flavours()) {
    if (folder.filename().string().starts_with(flavour.name) && (!found || flavour.name.size() > found->name.size()))
      found = &flavour;
  }
  EXPECT_TRUE(found) << folder;
  return *found;
}

IssuerWish wishOf(const fs::path& folder, Phase phase) {
  IssuerWish wish{std::string(kIssuer), "", phase, ""};
  std::istringstream words(contentsOf(folder / "wish"));
  for (std::string name, value; words >> name >> value;) (name == "--former" ? wish.former : wish.version) = value;
  return wish;
}

std::vector<std::string> issuersOf(const Flavour& flavour, const Sources& sources, const IssuerWish& wish) {
  const base::Result<Survey> seen = flavour.survey(sources, wish.version);
  EXPECT_TRUE(seen) << (seen ? "" : seen.error().message);
  return seen ? valuesOf(seen->issuers) : std::vector<std::string>();
}

Edit edited(const Flavour& flavour, const Sources& sources, const IssuerWish& wish) {
  base::Result<Edit> edit = flavour.edit(sources, wish);
  EXPECT_TRUE(edit) << (edit ? "" : edit.error().message);
  return edit ? std::move(*edit) : Edit{sources, {}, {}};
}

TEST(Flavours, TakeEachFileThroughThePhasesAsItsGoldenCaseSays) {
  for (const fs::path& folder : golden()) {
    SCOPED_TRACE(folder.filename().string());
    const Flavour& flavour = flavourOfFolder(folder);
    Sources sources{contentsOf(folder / "before"), ""};
    for (const Phase phase : kPhases) {
      const std::string name(nameOf(phase));
      SCOPED_TRACE(name);
      const IssuerWish wish = wishOf(folder, phase);
      const base::Result<Edit> edit = flavour.edit(sources, wish);
      if (fs::exists(folder / (name + ".refused"))) {
        ASSERT_FALSE(edit);
        EXPECT_EQ(edit.error().message + "\n", contentsOf(folder / (name + ".refused")));
        continue;
      }
      ASSERT_TRUE(edit) << edit.error().message;
      EXPECT_EQ(edit->sources.file, contentsOf(folder / name));
      EXPECT_EQ(edit->sources.patch, contentsOf(folder / (name + ".patch")));
      const Edit again = edited(flavour, edit->sources, wish);
      EXPECT_EQ(again.sources.file, edit->sources.file) << "twice is not once";
      EXPECT_EQ(again.sources.patch, edit->sources.patch) << "twice is not once";
      sources = edit->sources;
    }
  }
  EXPECT_GE(golden().size(), 18U);
}

TEST(Flavours, SignAsThePhaseSaysAndKeepTheFormerIssuerUntilTheEnd) {
  for (const fs::path& folder : golden()) {
    SCOPED_TRACE(folder.filename().string());
    const Flavour& flavour = flavourOfFolder(folder);
    Sources sources{contentsOf(folder / "before"), ""};
    for (const Phase phase : kPhases) {
      SCOPED_TRACE(nameOf(phase));
      if (fs::exists(folder / (std::string(nameOf(phase)) + ".refused")) || flavour.name == "openshift") continue;
      sources = edited(flavour, sources, wishOf(folder, phase)).sources;
      const std::vector<std::string> issuers = issuersOf(flavour, sources, wishOf(folder, phase));
      ASSERT_FALSE(issuers.empty());
      EXPECT_EQ(issuers.front() == kIssuer, phase != Phase::Accept);
      EXPECT_THAT(issuers, Contains(std::string(kIssuer)));
      if (phase == Phase::Finish) {
        EXPECT_EQ(issuers.size(), 1U);
      }
    }
  }
}

TEST(Flavours, GoBackFromTheSwitchByOrder) {
  for (const char* name : {"kubeadm-v1beta3", "kubeadm-v1beta4", "cluster-api-v1beta2", "kind-1.35", "kind-1.36", "k3s",
                           "k3s-explicit", "talos-1.14", "microk8s", "kops", "gardener", "static-pod"}) {
    SCOPED_TRACE(name);
    const fs::path folder = fs::path("flavours") / name;
    const Flavour& flavour = flavourOfFolder(folder);
    const Sources before{contentsOf(folder / "before"), ""};
    const Sources accepted = edited(flavour, before, wishOf(folder, Phase::Accept)).sources;
    const Sources switched = edited(flavour, accepted, wishOf(folder, Phase::Switch)).sources;
    const Sources back = edited(flavour, switched, wishOf(folder, Phase::Accept)).sources;
    EXPECT_EQ(issuersOf(flavour, back, wishOf(folder, Phase::Accept)).back(), kIssuer);
    EXPECT_EQ(issuersOf(flavour, back, wishOf(folder, Phase::Accept)).size(), 2U);
  }
}

TEST(Flavours, RefuseTheWayBackFromTheEndWithoutTheFormerIssuersName) {
  for (const fs::path& folder : golden()) {
    SCOPED_TRACE(folder.filename().string());
    const Flavour& flavour = flavourOfFolder(folder);
    const Sources finished{contentsOf(folder / "finish"), contentsOf(folder / "finish.patch")};
    for (const Phase phase : {Phase::Accept, Phase::Switch}) {
      if (flavour.name == "openshift") continue;  // its operator keeps the former one
      SCOPED_TRACE(nameOf(phase));
      const base::Result<Edit> edit =
          flavour.edit(finished, {std::string(kIssuer), "", phase, wishOf(folder, phase).version});
      ASSERT_FALSE(edit);
      EXPECT_EQ(edit.error().code, "ISSUER_ORDER");
    }
  }
}

TEST(Flavours, GoBackFromTheEndToTheFormerIssuerThatIsNamed) {
  int cases = 0;
  for (const fs::path& folder : golden()) {
    SCOPED_TRACE(folder.filename().string());
    const Flavour& flavour = flavourOfFolder(folder);
    if (!fs::exists(folder / "accept") || flavour.name == "openshift") continue;
    const Sources finished{contentsOf(folder / "finish"), contentsOf(folder / "finish.patch")};
    for (const std::string former : {"https://former.example.com", "https://kubernetes.default.svc.cluster.local"}) {
      IssuerWish wish{std::string(kIssuer), former, Phase::Switch, wishOf(folder, Phase::Switch).version};
      const Sources switched = edited(flavour, finished, wish).sources;
      EXPECT_THAT(issuersOf(flavour, switched, wish), ElementsAre(kIssuer, former));
      EXPECT_EQ(edited(flavour, switched, wish).sources.file, switched.file);
      wish.phase = Phase::Accept;
      const Sources back = edited(flavour, switched, wish).sources;
      EXPECT_THAT(issuersOf(flavour, back, wish), ElementsAre(former, kIssuer));
      EXPECT_EQ(back.file, edited(flavour, finished, wish).sources.file);
      const base::Result<Survey> seen = flavour.survey(back, wish.version);
      if (seen && !seen->audiences.empty()) {
        EXPECT_THAT(valuesOf(seen->audiences), Contains(former));
      }
    }
    ++cases;
  }
  EXPECT_GE(cases, 15);
}

TEST(Flavours, WriteAFormerIssuerThatIsNotTheDefaultAndNoOtherThanTheFileNames) {
  int cases = 0;
  for (const fs::path& folder : golden()) {
    SCOPED_TRACE(folder.filename().string());
    const Flavour& flavour = flavourOfFolder(folder);
    if (!fs::exists(folder / "accept") || flavour.name == "openshift") continue;
    ++cases;
    const Sources before{contentsOf(folder / "before"), ""};
    IssuerWish wish{std::string(kIssuer), "", Phase::Accept, wishOf(folder, Phase::Accept).version};
    const base::Result<Survey> seen = flavour.survey(before, wish.version);
    ASSERT_TRUE(seen);
    const bool isFree = seen->issuers.empty() || seen->beginsWithDefault;
    const auto edit = [&](std::string former) {
      wish.former = std::move(former);
      return flavour.edit(before, wish);
    };
    EXPECT_FALSE(edit(wish.issuer));
    EXPECT_FALSE(edit("notaurl"));
    EXPECT_FALSE(edit("https://former.example.com/"));
    const base::Result<Edit> named = edit("https://former.example.com");
    ASSERT_EQ(bool(named), isFree);
    if (!named) {
      EXPECT_EQ(named.error().code, "ISSUER_ORDER");
      continue;
    }
    EXPECT_THAT(issuersOf(flavour, named->sources, wish), ElementsAre("https://former.example.com", kIssuer));
  }
  EXPECT_GE(cases, 15);
}

TEST(Flavours, DoNotLetTheNewIssuerStandForTheFormerOne) {
  const std::string kops_ = "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nspec: {}\n",
                    shoot = "apiVersion: core.gardener.cloud/v1beta1\nkind: Shoot\nspec: {}\n";
  for (const Phase phase : kPhases) {
    const IssuerWish wish{std::string(kIssuer), std::string(kIssuer), phase, ""};
    EXPECT_FALSE(kops().edit({kops_, ""}, wish));
    EXPECT_FALSE(gardener().edit({shoot, ""}, wish));
  }
}

TEST(Flavours, RefuseToFinishBeforeTheSwitch) {
  for (const char* name : {"kubeadm-v1beta3", "cluster-api-v1beta1", "kind-1.36", "rke2", "talos-1.14", "microk8s",
                           "openshift", "kops", "gardener", "static-pod"}) {
    SCOPED_TRACE(name);
    const fs::path folder = fs::path("flavours") / name;
    const base::Result<Edit> edit =
        flavourOfFolder(folder).edit({contentsOf(folder / "before"), ""}, wishOf(folder, Phase::Finish));
    ASSERT_FALSE(edit);
    EXPECT_EQ(edit.error().code, "ISSUER_ORDER");
  }
}

TEST(Flavours, KeepLineEndsOfWindows) {
  for (const fs::path& folder : golden()) {
    SCOPED_TRACE(folder.filename().string());
    const auto windows = [](std::string text) {
      for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) text.insert(at, 1, '\r');
      return text;
    };
    if (!fs::exists(folder / "switch")) continue;
    const Flavour& flavour = flavourOfFolder(folder);
    const Sources plain = edited(flavour, {contentsOf(folder / "before"), ""}, wishOf(folder, Phase::Switch)).sources;
    const Sources both =
        edited(flavour, {windows(contentsOf(folder / "before")), ""}, wishOf(folder, Phase::Switch)).sources;
    EXPECT_EQ(both.file, windows(plain.file));
  }
}

TEST(Flavours, AreKnownByTheirFiles) {
  for (const fs::path& folder : golden()) {
    SCOPED_TRACE(folder.filename().string());
    if (folder.filename() == "rke2") continue;  // without arguments it could be anything
    const std::string before = contentsOf(folder / "before");
    EXPECT_EQ(isArgumentFile(before), folder.filename() == "microk8s");
    if (isArgumentFile(before)) continue;
    const base::Result<text::YamlText> file = text::YamlText::parse(before);
    ASSERT_TRUE(file);
    const Flavour* flavour = flavourOf(*file);
    ASSERT_TRUE(flavour);
    EXPECT_EQ(flavour->name, flavourOfFolder(folder).name);
  }
}

TEST(Flavours, NeverWriteAPrivateKeyNorAnAudienceOfSts) {
  for (const fs::path& folder : golden()) {
    for (const auto& file : fs::directory_iterator(folder)) {
      EXPECT_THAT(contentsOf(file.path()), Not(HasSubstr("PRIVATE"))) << file.path();
      EXPECT_THAT(contentsOf(file.path()), Not(HasSubstr("sts."))) << file.path();
    }
  }
}

TEST(Flavours, AddTheIssuerBesideTheAudiencesThatAreSetAndNoneWhereStsIsOne) {
  const IssuerWish wish{"https://new.example.com", "", Phase::Accept, ""};
  const auto patched = [&](const std::string& audiences) {
    return edited(staticPod(),
                  {"kind: Pod\nspec:\n  containers:\n  - name: kube-apiserver\n    command:\n    - --api-audiences=" +
                       audiences + "\n    - --service-account-issuer=https://old.example.com\n",
                   ""},
                  wish);
  };
  EXPECT_THAT(patched("https://old.example.com,vault").sources.file,
              HasSubstr("--api-audiences=https://old.example.com,https://new.example.com,vault\n"));
  EXPECT_THAT(patched("vault").sources.file, HasSubstr("--api-audiences=vault,https://new.example.com\n"));
  EXPECT_THAT(patched("sts.amazonaws.com").sources.file, HasSubstr("--api-audiences=sts.amazonaws.com\n"));
  EXPECT_THAT(patched("sts.amazonaws.com").warnings, Contains(HasSubstr("AUDIENCE_BOUNDARY")));
}

TEST(Flavours, SayThatTheJwksUriIsLeftBelowTheFormerIssuer) {
  const std::string old = "https://old.example.com";
  const std::string file =
      "kind: Pod\nspec:\n  containers:\n  - name: kube-apiserver\n    command:\n"
      "    - --service-account-issuer=" +
      old + "\n    - --service-account-jwks-uri=" + old + "/keys.json\n";
  Sources sources{file, ""};
  for (const Phase phase : kPhases) {
    SCOPED_TRACE(nameOf(phase));
    const Edit edit = edited(staticPod(), sources, {std::string(kIssuer), "", phase, ""});
    const std::vector<std::string> left = leftWarnings(staticPod(), sources, edit, "");
    sources = edit.sources;
    EXPECT_EQ(left.size(), phase == Phase::Accept ? 0U : 1U);
    if (!left.empty()) {
      EXPECT_THAT(left[0], HasSubstr("JWKS_URI"));
    }
  }
}

TEST(StaticPod, RefusesToBuildOnAnIssuerWithQuotesInIt) {
  const std::string file =
      "kind: Pod\nspec:\n  containers:\n  - name: kube-apiserver\n    command:\n"
      "    - --service-account-issuer='https://a.example.com'\n";
  for (const Phase phase : kPhases) {
    const base::Result<Edit> edit = staticPod().edit({file, ""}, {std::string(kIssuer), "", phase, ""});
    ASSERT_FALSE(edit);
    EXPECT_THAT(edit.error().message, HasSubstr("line 6, column 7: ISSUER_FORM"));
  }
}

TEST(Kubeadm, ComesBackFromAKillBetweenItsTwoFiles) {
  const fs::path folder = "flavours/kubeadm-v1beta4-bare";
  const Flavour flavour = kubeadm();
  const Sources before{contentsOf(folder / "before"), ""};
  const Sources accepted = edited(flavour, before, wishOf(folder, Phase::Accept)).sources;
  const Sources switched = edited(flavour, accepted, wishOf(folder, Phase::Switch)).sources;
  const Sources killed{accepted.file, switched.patch};
  EXPECT_EQ(edited(flavour, killed, wishOf(folder, Phase::Switch)).sources.file, switched.file);
  const Sources killedOnTheWayBack{accepted.file, switched.patch};
  const Sources back = edited(flavour, killedOnTheWayBack, wishOf(folder, Phase::Accept)).sources;
  EXPECT_EQ(back.patch, accepted.patch);
}

TEST(Kubeadm, MakesOneArgumentOfTwoThatItWouldSort) {
  const Sources sources{
      "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\napiServer:\n  extraArgs:\n"
      "  - name: service-account-issuer\n    value: https://z.example.com\n"
      "  - name: service-account-issuer\n    value: https://a.example.com\n",
      ""};
  const base::Result<Survey> seen = kubeadm().survey(sources, "1.33");
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->findings.size(), 1U);
  EXPECT_EQ(seen->findings[0].code, "ISSUER_ORDER");
  EXPECT_EQ(seen->findings[0].line, 6U);
  const Sources after = edited(kubeadm(), sources, {"https://z.example.com", "", Phase::Switch, ""}).sources;
  EXPECT_THAT(after.file, Not(HasSubstr("a.example.com")));
  EXPECT_THAT(after.patch, HasSubstr("value: --service-account-issuer=https://a.example.com\n"));
}

TEST(Kubeadm, RefusesAnApiServerThatIsNoMapping) {
  const std::string file = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\napiServer: []\n";
  const base::Result<Edit> edit = kubeadm().edit({file, ""}, {std::string(kIssuer), "", Phase::Accept, ""});
  ASSERT_FALSE(edit);
  EXPECT_THAT(edit.error().message, HasSubstr("line 3, column 12: ARGS_SHAPE"));
}

TEST(EksAnywhere, RefusesWhatItWouldJoinByAComma) {
  const std::string file =
      "apiVersion: anywhere.eks.amazonaws.com/v1alpha1\nkind: Cluster\nspec:\n  podIamConfig:\n"
      "    serviceAccountIssuer: https://a.example.com\n  controlPlaneConfiguration:\n    apiServerExtraArgs:\n"
      "      service-account-issuer: https://b.example.com\n";
  const base::Result<Edit> edit = eksAnywhere().edit({file, ""}, {std::string(kIssuer), "", Phase::Finish, ""});
  ASSERT_FALSE(edit);
  EXPECT_THAT(edit.error().message, HasSubstr("line 8, column 31: ISSUER_JOINED"));
  const base::Result<Survey> seen = eksAnywhere().survey({file, ""}, "");
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->findings.size(), 1U);
  EXPECT_EQ(seen->findings[0].code, "ISSUER_JOINED");
  EXPECT_THAT(seen->findings[0].why, HasSubstr("https://b.example.com,https://a.example.com"));
}

TEST(K3s, FollowsPlusAndMinusInTheirOrder) {
  const auto issuers = [](const std::string& list) {
    return issuersOf(k3s(), {"kube-apiserver-arg: [" + list + "]\n", ""}, {});
  };
  const std::string initial = "https://kubernetes.default.svc.cluster.local";
  EXPECT_THAT(issuers("'service-account-issuer+=https://n'"), ElementsAre(initial, "https://n"));
  EXPECT_THAT(issuers("'service-account-issuer-=https://n'"), ElementsAre("https://n", initial));
  EXPECT_THAT(issuers("'service-account-issuer=https://n', '--service-account-issuer+=https://m'"),
              ElementsAre("https://n", "https://m"));
  EXPECT_THAT(issuers("audit-log-maxage=3"), ElementsAre(initial));
}

TEST(K3s, RefusesAMixtureThatItCannotOrder) {
  const base::Result<Edit> edit = k3s().edit({"kube-apiserver-arg:\n- service-account-issuer+=https://a.example.com\n"
                                              "- service-account-issuer-=https://b.example.com\n",
                                              ""},
                                             {std::string(kIssuer), "", Phase::Accept, ""});
  ASSERT_FALSE(edit);
  EXPECT_THAT(edit.error().message, HasSubstr("line 2, column 3: ISSUER_ORDER"));
}

TEST(K3s, KnowsWhichOfItsListsCount) {
  const std::string plain = "kube-apiserver-arg:\n- service-account-issuer=https://a.example.com\n",
                    added = "kube-apiserver-arg+:\n- service-account-issuer=https://b.example.com\n";
  const IssuerWish wish{std::string(kIssuer), "", Phase::Accept, ""};
  const auto issuers = [&](const Sources& sources) { return issuersOf(k3s(), sources, wish); };
  EXPECT_THAT(issuers({plain + added, ""}), ElementsAre("https://a.example.com", "https://b.example.com"));
  EXPECT_THAT(issuers({added + plain, ""}), ElementsAre("https://a.example.com"));
  EXPECT_THAT(issuers({"", "", {{"config.yaml", plain}}, {{"2.yaml", added}}}),
              ElementsAre("https://a.example.com", "https://b.example.com"));
  EXPECT_THAT(issuers({added, "", {}, {{"2.yaml", plain}}}), ElementsAre("https://a.example.com"));
  const base::Result<Edit> edit = k3s().edit({added + plain, ""}, wish);
  ASSERT_FALSE(edit);
  EXPECT_THAT(edit.error().message, HasSubstr("line 3, column 1: ARGS_TWICE"));
  const base::Result<Survey> seen = k3s().survey({added + plain, ""}, "");
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->findings.size(), 1U);
  EXPECT_EQ(seen->findings[0].code, "ISSUER_CONFLICT");
  EXPECT_EQ(seen->findings[0].line, 2U);
}

TEST(K3s, MakesAListOfASingleStringAndRefusesNamesWithUnderscores) {
  const IssuerWish wish{std::string(kIssuer), "", Phase::Switch, ""};
  EXPECT_EQ(edited(k3s(), {"kube-apiserver-arg: audit-log-maxage=3 # days\ntoken: x\n", ""}, wish).sources.file,
            "kube-apiserver-arg: [audit-log-maxage=3, service-account-issuer-=" + std::string(kIssuer) +
                ", api-audiences+=" + std::string(kIssuer) + "] # days\ntoken: x\n");
  const Sources underscored{"kube-apiserver-arg:\n- --service_account_issuer=https://a.example.com\n", ""};
  EXPECT_THAT(issuersOf(k3s(), underscored, wish),
              ElementsAre("https://kubernetes.default.svc.cluster.local", "https://a.example.com"));
  const base::Result<Edit> edit = k3s().edit(underscored, wish);
  ASSERT_FALSE(edit);
  EXPECT_THAT(edit.error().message, HasSubstr("line 2, column 3: ARGS_SHAPE"));
}

TEST(ClusterApi, SeesTheIssuersOfOthersPatchesAndRefusesTwoFolders) {
  const auto plane = [](const std::string& argument, const std::string& value, const std::string& folder = "/patches") {
    return "apiVersion: controlplane.cluster.x-k8s.io/v1beta2\nkind: KubeadmControlPlane\nspec:\n"
           "  kubeadmConfigSpec:\n    files:\n    - path: /patches/kube-apiserver0+json.yaml\n      content: |\n"
           "        - {op: add, path: /spec/containers/0/command/-, value: \"" +
           value + "\"}\n    initConfiguration: {patches: {directory: /patches}}\n" +
           "    joinConfiguration: {patches: {directory: " + folder + "}}\n" +
           "    clusterConfiguration:\n      apiServer:\n        extraArgs: [{name: service-account-issuer, value: " +
           argument + "}]\n";
  };
  const std::string ours(kIssuer), old = "https://old.example.com", flag = "--service-account-issuer=";
  const auto done = [&](const std::string& file, Phase phase) {
    const base::Result<Edit> edit = clusterApi().edit({file, ""}, {ours, "", phase, ""});
    return edit ? edit->sources.file : edit.error().message;
  };
  const std::string accepted = plane(old, flag + ours), switched = plane(ours, flag + old);
  EXPECT_THAT(issuersOf(clusterApi(), {accepted, ""}, {}), ElementsAre(old, ours));
  EXPECT_EQ(done(accepted, Phase::Accept), accepted);
  EXPECT_THAT(done(accepted, Phase::Switch), HasSubstr("ISSUER_TWICE: /patches/kube-apiserver0+json.yaml, line 8: "));
  EXPECT_EQ(done(switched, Phase::Switch), switched);
  EXPECT_THAT(done(switched, Phase::Accept), HasSubstr("ISSUER_TWICE"));
  EXPECT_THAT(done(switched, Phase::Finish), HasSubstr("ISSUER_CONFLICT"));
  EXPECT_THAT(done(plane(ours, flag + ours), Phase::Switch), HasSubstr("comes a second time here"));
  EXPECT_THAT(done(plane(old, "--v=2"), Phase::Accept), HasSubstr("kube-apiserver-irsa+json.yaml"));
  EXPECT_THAT(done(plane(old, "--v=2 --service_account_issuer=x"), Phase::Accept), HasSubstr("PATCH_SHAPE"));
  EXPECT_THAT(done(plane(old, "--v=2", "/b"), Phase::Accept), HasSubstr("line 10, column 46: PATCH_SHAPE"));
}

std::string planeWithFile(const std::string& entry) {
  return "apiVersion: controlplane.cluster.x-k8s.io/v1beta2\nkind: KubeadmControlPlane\nspec:\n  kubeadmConfigSpec:\n"
         "    files:\n    - " +
         entry + "\n    clusterConfiguration: {}\n";
}

TEST(ClusterApi, SaysThatItDoesNotSeeAPatchWhoseContentsLieElsewhere) {
  const IssuerWish wish{std::string(kIssuer), "", Phase::Accept, ""};
  const std::string secret = "contentFrom: {secret: {name: patches, key: issuer}}",
                    others = planeWithFile("path: /patches/kube-apiserver0+json.yaml\n      " + secret);
  for (const std::string& file : {others, planeWithFile("{path: /patches/kube-apiserver1.yaml, encoding: gzip+base64, "
                                                        "content: H4sI}")}) {
    const base::Result<Survey> seen = clusterApi().survey({file, ""}, "");
    ASSERT_TRUE(seen);
    ASSERT_EQ(seen->findings.size(), 1U);
    EXPECT_EQ(seen->findings[0].code, "PATCH_UNSEEN");
    EXPECT_EQ(seen->findings[0].line, 6U);
    const Edit edit = edited(clusterApi(), {file, ""}, wish);
    EXPECT_THAT(edit.warnings, Contains(HasSubstr("PATCH_UNSEEN")));
    EXPECT_THAT(edit.sources.file, HasSubstr("kube-apiserver-irsa+json.yaml"));
  }
  for (const char* harmless : {"/etc/audit.yaml", "/patches/etcd+json.yaml", "/etc/kubernetes/manifests/vip.yaml"}) {
    const std::string file = planeWithFile("path: " + std::string(harmless) + "\n      " + secret);
    EXPECT_THAT(edited(clusterApi(), {file, ""}, wish).warnings, IsEmpty());
  }
  const std::string ours = planeWithFile("path: /patches/kube-apiserver-irsa+json.yaml\n      " + secret);
  const base::Result<Edit> edit = clusterApi().edit({ours, ""}, wish);
  ASSERT_FALSE(edit);
  EXPECT_THAT(edit.error().message, HasSubstr("line 6, column 7: PATCH_SHAPE"));
}

TEST(ClusterApi, MissesTheObjectThatItIsAbout) {
  const base::Result<Edit> edit =
      clusterApi().edit({"kind: List\n", ""}, {std::string(kIssuer), "", Phase::Accept, ""});
  ASSERT_FALSE(edit);
  EXPECT_THAT(edit.error().message, HasSubstr("holds no KubeadmControlPlane of"));
}

TEST(ClusterApi, ReadsAPatchInBase64) {
  const std::string file = planeWithFile(  // appends https://old.example.com
      "{path: /patches/kube-apiserver0+json.yaml, encoding: base64, content: "
      "W3tvcDogYWRkLCBwYXRoOiAvc3BlYy9jb250YWluZXJzLzAvY29tbWFuZC8tLCB2YWx1ZTogIi0tc2VydmljZS1hY2NvdW50LWlzc3Vlcj1odHRw"
      "czovL29sZC5leGFtcGxlLmNvbSJ9XQ==}");
  EXPECT_THAT(issuersOf(clusterApi(), {file, ""}, {}),
              ElementsAre("https://kubernetes.default.svc.cluster.local", "https://old.example.com"));
}

TEST(Kind, RefusesNodesWhoseKubeadmKnowsNoPatches) {
  const std::string file =
      "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n- role: control-plane\n  image: "
      "kindest/node:v1.22.0\n";
  const base::Result<Edit> edit = kind().edit({file, ""}, {std::string(kIssuer), "", Phase::Switch, ""});
  ASSERT_FALSE(edit);
  EXPECT_EQ(edit.error().code, "PATCH_SHAPE");
}

const std::string kKindHead = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n";

TEST(Kind, TakesTheLastOfSeveralPatchesForTheOneThatDecides) {
  const auto patch = [](const std::string& arguments, const std::string& indent) {
    return indent + "- |\n" + indent + "  kind: ClusterConfiguration\n" + indent + "  apiServer:\n" + indent +
           "    extraArgs:\n" + indent + "      " + arguments + "\n";
  };
  const std::string audit = "audit-log-maxage: '3'", old = "https://old.example.com",
                    issuer = "service-account-issuer: " + old;
  const IssuerWish wish{std::string(kIssuer), "", Phase::Switch, "1.35"};
  const std::string two = kKindHead + "kubeadmConfigPatches:\n" + patch(audit, "") + patch(issuer, ""),
                    node = kKindHead + "kubeadmConfigPatches:\n" + patch(audit, "") +
                           "nodes:\n- role: control-plane\n  kubeadmConfigPatches:\n" + patch(issuer, "  ");
  for (const std::string& file : {two, node}) {
    EXPECT_THAT(issuersOf(kind(), {file, ""}, wish), ElementsAre(old));
    const Sources after = edited(kind(), {file, ""}, wish).sources;
    EXPECT_THAT(issuersOf(kind(), after, wish), ElementsAre(kIssuer, old));
    EXPECT_THAT(after.file, Not(HasSubstr(old)));
    EXPECT_EQ(edited(kind(), after, wish).sources.file, after.file);
  }
  const base::Result<Survey> seen = kind().survey({node, ""}, "1.35");
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->issuers[0].at.line, 16U);
  EXPECT_EQ(seen->issuers[0].at.column, 33U);
}

TEST(Kind, ReadsAJson6902PatchOfTheMapToo) {
  const std::string old = "https://old.example.com",
                    file = kKindHead +
                           "kubeadmConfigPatchesJSON6902:\n- group: kubeadm.k8s.io\n  version: v1beta3\n"
                           "  kind: ClusterConfiguration\n  patch: |\n    - op: add\n"
                           "      path: /apiServer/extraArgs/service-account-issuer\n      value: " +
                           old + "\n";
  const IssuerWish wish{std::string(kIssuer), "", Phase::Switch, "1.35"};
  EXPECT_THAT(issuersOf(kind(), {file, ""}, wish), ElementsAre(old));
  const Sources after = edited(kind(), {file, ""}, wish).sources;
  EXPECT_THAT(issuersOf(kind(), after, wish), ElementsAre(kIssuer, old));
  EXPECT_THAT(after.file, Not(HasSubstr(old)));
}

TEST(Kind, RefusesAnIssuerThatIsSetInAListAndAddedToIt) {
  const std::string file = kKindHead +
                           "kubeadmConfigPatches:\n- |\n  kind: ClusterConfiguration\n  apiServer:\n    extraArgs:\n"
                           "    - {name: service-account-issuer, value: https://a.example.com}\n"
                           "kubeadmConfigPatchesJSON6902:\n- kind: ClusterConfiguration\n  patch: |\n"
                           "    - {op: add, path: /apiServer/extraArgs/-, value: {name: service-account-issuer, value: "
                           "https://b.example.com}}\n";
  const base::Result<Edit> edit = kind().edit({file, ""}, {std::string(kIssuer), "", Phase::Accept, "1.36"});
  ASSERT_FALSE(edit);
  EXPECT_THAT(edit.error().message, HasSubstr("line 12, column 92: ARGS_TWICE"));
}

TEST(K3s, MakesAFileThatIsNotThere) {
  EXPECT_EQ(edited(k3s(), {}, {std::string(kIssuer), "", Phase::Switch, ""}).sources.file,
            "kube-apiserver-arg:\n- service-account-issuer-=" + std::string(kIssuer) +
                "\n- api-audiences+=" + std::string(kIssuer) + "\n");
}

TEST(MicroK8s, ReadsFlagsAsKubeliteHandsThemOverAndEditsThoseThatHaveALineEach) {
  const auto seen = [](const std::string& file) { return issuersOf(microK8s(), {file, ""}, {}); };
  const auto why = [](const std::string& file) {
    const base::Result<Edit> edit = microK8s().edit({file, ""}, {std::string(kIssuer), "", Phase::Accept, ""});
    return edit ? edit->sources.file : edit.error().message;
  };
  const std::string a = "https://a.example.com", next = "--v=2\n--service-account-issuer\n" + a + "\n",
                    shared = "--v=2 --service-account-issuer=" + a + " --x=y\n";
  EXPECT_THAT(seen(next), ElementsAre(a));
  EXPECT_THAT(why(next), HasSubstr("line 2, column 1: ARGS_SHAPE"));
  EXPECT_THAT(seen(shared), ElementsAre(a));
  EXPECT_THAT(why(shared), HasSubstr("line 1, column 7: ARGS_SHAPE"));
  EXPECT_THAT(why("--api-audiences\nvault\n"), HasSubstr("line 1, column 1: ARGS_SHAPE"));
  EXPECT_THAT(why("--v=2\n--api-audiences='a','b'\n"), HasSubstr("line 2, column 1: ARGS_SHAPE"));
  EXPECT_THAT(seen("# --service-account-issuer=x\n  --service-account-issuer \"" + a + "\"\n"), ElementsAre(a));
  EXPECT_EQ(why("--service_account_issuer=" + a + "\n--api_audiences='" + a + "'\n"),
            "--service_account_issuer=" + a + "\n--service-account-issuer=" + std::string(kIssuer) +
                "\n--api_audiences='" + a + "," + std::string(kIssuer) + "'\n");
}

TEST(MicroK8s, RefusesAFlagWithoutAValue) {
  const base::Result<Edit> edit =
      microK8s().edit({"--service-account-issuer\n", ""}, {std::string(kIssuer), "", Phase::Switch, ""});
  ASSERT_FALSE(edit);
  EXPECT_THAT(edit.error().message, HasSubstr("line 1, column 1: ISSUER_FORM"));
}

TEST(Talos, NeedsToKnowWhichOneItIs) {
  const base::Result<Edit> edit = talos().edit({"machine: {}\ncluster:\n  controlPlane: {endpoint: https://a}\n", ""},
                                               {std::string(kIssuer), "", Phase::Switch, ""});
  ASSERT_FALSE(edit);
  EXPECT_THAT(edit.error().hint, HasSubstr("--version"));
}

TEST(Talos, SendsAnIssuerAmongTheArgumentsToItsDocumentFrom114) {
  const std::string before =
      "machine:\n  install: {image: 'example.com/installer:v1.14.0'}\ncluster:\n"
      "  controlPlane: {endpoint: https://192.0.2.20:6443}\n";
  const std::string file =
      before + "  apiServer:\n    extraArgs:\n      service-account-issuer: https://a.example.com\n";
  EXPECT_THAT(issuersOf(talos(), {file, ""}, {}), ElementsAre("https://a.example.com"));
  for (const Phase phase : kPhases) {
    const base::Result<Edit> edit = talos().edit({file, ""}, {std::string(kIssuer), "", phase, ""});
    ASSERT_FALSE(edit);
    EXPECT_THAT(edit.error().message, HasSubstr("line 7, column 31: ISSUER_CONFLICT: https://a.example.com signs"));
    EXPECT_THAT(edit.error().hint, HasSubstr("--former https://a.example.com"));
  }
  const IssuerWish wish{std::string(kIssuer), "https://a.example.com", Phase::Accept, ""};
  EXPECT_THAT(issuersOf(talos(), edited(talos(), {before, ""}, wish).sources, wish),
              ElementsAre("https://a.example.com", kIssuer));
  const std::string both =
      file + "---\napiVersion: v1alpha1\nkind: KubeServiceAccountConfig\nissuer: {issuerURL: https://b.example.com}\n";
  EXPECT_FALSE(talos().edit({both, ""}, {std::string(kIssuer), "", Phase::Accept, ""}));
  const base::Result<Survey> seen = talos().survey({both, ""}, "");
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->findings.size(), 1U);
  EXPECT_EQ(seen->findings[0].code, "ISSUER_CONFLICT");
}

TEST(Talos, ReadsTheVersionOfAnImageWithADigestAndLeavesWorkersAlone) {
  const std::string image = "  install: {image: 'example.com:5000/installer:v1.12.0@sha256:0a14'}\n",
                    file = "machine:\n  type: controlplane\n" + image;
  const base::Result<Edit> edit = talos().edit({file, ""}, {std::string(kIssuer), "", Phase::Accept, ""});
  ASSERT_FALSE(edit);
  EXPECT_THAT(edit.error().message, HasSubstr("Talos up to 1.13 takes one issuer"));
  const std::string worker = "machine:\n  type: worker\n" + image;
  const base::Result<Edit> refused = talos().edit({worker, ""}, {std::string(kIssuer), "", Phase::Finish, ""});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("line 2, column 9: this machine is a worker"));
  EXPECT_THAT(issuersOf(talos(), {worker, ""}, {}), IsEmpty());
}

TEST(Talos, RefusesTheDocumentBesideTheOldKey) {
  const base::Result<Edit> edit = talos().edit({"machine: {}\ncluster:\n  serviceAccount: {}\n", ""},
                                               {std::string(kIssuer), "https://a", Phase::Switch, "v1.14.0"});
  ASSERT_FALSE(edit);
  EXPECT_THAT(edit.error().message, HasSubstr("line 3, column 19: ISSUER_CONFLICT"));
}

TEST(Flavours, RefuseTwoObjectsAMergeKeyAndAnIssuerThatWouldHarm) {
  const std::string cluster = "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {name: a}\n";
  const IssuerWish wish{std::string(kIssuer), "", Phase::Switch, ""};
  const auto why = [](const base::Result<Edit>& edit) { return edit ? "" : edit.error().message; };
  EXPECT_THAT(why(kops().edit({cluster + "---\n" + cluster, ""}, wish)),
              HasSubstr("line 5, column 1: a second Cluster"));
  EXPECT_THAT(why(kops().edit({cluster + "base: &b {}\nspec:\n  <<: *b\n", ""}, wish)), HasSubstr("line 6, column 3"));
  EXPECT_THAT(why(kops().edit({cluster, ""}, {"https://a,https://b", "", Phase::Switch, ""})), HasSubstr("comma"));
  EXPECT_THAT(why(kops().edit({cluster, ""}, {"https://a/", "", Phase::Accept, ""})), HasSubstr("slash"));
  EXPECT_THAT(why(kops().edit({"a: 1\n", ""}, wish)), HasSubstr("holds no Cluster"));
}

}  // namespace
}  // namespace cluster
