// The pieces that the objects of our own pods share: names and labels, rights, and how a pod of ours runs.
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "setup/webhook_objects.h"

namespace setup {

inline constexpr int kMetricsPort = 9999;

// Whose the objects are.
struct ObjectOwner {
  std::string_view app;        // the label app.kubernetes.io/name, and the name of most objects
  std::string name = {};       // Configuration::name; empty: no label says whose they are
  std::string nameSpace = {};  // of the pods, and of their account
};

// Of the API group under `api` ("/api/v1", "/apis/apps/v1"), in a namespace or in none.
enum class Scope { Namespace, Cluster };
struct ObjectType {
  std::string_view api, plural, kind;
  Scope scope = Scope::Namespace;
};

// Labelled as ours; fields beside kind and metadata are the caller's. `name` empty: owner.app.
KubernetesObject newObject(const ObjectOwner& owner, const ObjectType& type, std::string_view name = "");

void append(std::vector<KubernetesObject>& objects, std::vector<KubernetesObject> more);

// One entry of a role's rules.
text::Json rule(std::string_view group, std::string_view resource, std::initializer_list<std::string_view> verbs);
// The same for the one object of that name.
text::Json namedRule(std::string_view group, std::string_view resource, std::string_view name,
                     std::initializer_list<std::string_view> verbs);

// A ServiceAccount with the owner's name, whose token is in no pod that does not ask for it.
KubernetesObject podAccountObject(const ObjectOwner& owner);

// A role with these rules that is given to the owner's account, and the binding that gives it. Namespace: in
// `nameSpace`, empty: the owner's.
std::vector<KubernetesObject> roleObjects(const ObjectOwner& owner, Scope scope, text::Json rules,
                                          std::string_view nameSpace = "");

text::Json selectorOf(const ObjectOwner& owner);  // of the owner's pods: a LabelSelector

// Of pod and container: what the Pod Security Standard "restricted" asks, and a root file system that is read-only.
text::Json podSecurity();
text::Json containerSecurity();
text::Json controlPlaneTolerations();
// An HTTP probe of the port "metrics"; times in seconds.
text::Json probe(std::string_view path, int period, int timeout, int failures);

// What a pod needs to talk to the API server: a projected volume, and where programs look for it.
text::Json apiVolume();
text::Json apiMount();

// Who may be talked to, by ports alone: the API server and the kubelet are no pods, and where they are seen to come
// from is the network's secret.
KubernetesObject networkPolicyOf(const ObjectOwner& owner, text::Json portsIn, text::Json portsOut);
text::Json tcpPort(int port);

}  // namespace setup
