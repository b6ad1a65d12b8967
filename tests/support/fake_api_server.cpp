#include "support/fake_api_server.h"

#include <algorithm>
#include <vector>

#include "text/uri.h"

namespace support {
namespace {

using text::Json;

void answer(http::Response& response, int status, const Json& body) {
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  response.body = text::compact(body);
}

void refuse(http::Response& response, int status, std::string_view reason, const std::string& message) {
  answer(response, status,
         {{"kind", "Status"},
          {"apiVersion", "v1"},
          {"status", "Failure"},
          {"reason", reason},
          {"message", message},
          {"code", status}});
}

// A list whose items have names is a map by name to the API server (x-kubernetes-list-type: map); here always.
bool isListMap(const Json& json) {
  auto hasName = [](const Json& item) { return item.is_object() && item.contains("name"); };
  return json.is_array() && !json.empty() && std::all_of(json.begin(), json.end(), hasName);
}

Json* itemNamed(Json& list, const Json& name) {
  for (Json& item : list)
    if (item["name"] == name) return &item;
  return nullptr;
}

// Takes out of `live` what `before` set and `after` no longer does.
void removeAbandoned(Json& live, const Json& before, const Json& after) {
  if (isListMap(live) && isListMap(before) && isListMap(after)) {
    for (Json item : before) {
      Json *found = itemNamed(live, item["name"]), wanted = after, *still = itemNamed(wanted, item["name"]);
      if (found && still) removeAbandoned(*found, item, *still);
      if (found && !still) live.erase(live.begin() + (found - &live[0]));
    }
  }
  if (!before.is_object() || !live.is_object()) return;
  for (const auto& [name, value] : before.items()) {
    if (!live.contains(name)) continue;
    if (!after.contains(name))
      live.erase(name);
    else
      removeAbandoned(live[name], value, after[name]);
  }
}

void merge(Json& live, const Json& wanted) {
  if (isListMap(live) && isListMap(wanted)) {
    for (const Json& item : wanted)
      if (Json* found = itemNamed(live, item["name"]))
        merge(*found, item);
      else
        live.push_back(item);
    return;
  }
  if (!wanted.is_object() || !live.is_object()) {
    live = wanted;
    return;
  }
  for (const auto& [name, value] : wanted.items())
    if (live.contains(name))
      merge(live[name], value);
    else
      live[name] = value;
}

// The first field that somebody else set to another value, or empty.
std::string conflictOf(const Json& live, const Json& wanted, const Json& mine, const std::string& path) {
  if (!wanted.is_object() || !live.is_object()) return live == wanted || live == mine ? "" : path;
  for (const auto& [name, value] : wanted.items()) {
    if (!live.contains(name)) continue;
    std::string found = conflictOf(live[name], value, text::at(mine, name), path + "." + name);
    if (!found.empty()) return found;
  }
  return "";
}

void patchMerge(Json& live, const Json& patch) {
  for (const auto& [name, value] : patch.items()) {
    if (value.is_null())
      live.erase(name);
    else if (value.is_object() && live.contains(name) && live[name].is_object())
      patchMerge(live[name], value);
    else
      live[name] = value;
  }
}

void addDefaults(Json& object) {
  Json& metadata = object["metadata"];
  for (const char* map : {"annotations", "labels"})
    if (metadata.contains(map) && metadata[map].empty()) metadata.erase(map);
  if (object.value("kind", "") == "Deployment") {
    object["spec"]["progressDeadlineSeconds"] = 600;
    for (Json& container : object["spec"]["template"]["spec"]["containers"])
      container["terminationMessagePath"] = "/dev/termination-log";
  }
}

std::string namespaceOf(const std::string& path) {
  std::size_t start = path.find("/namespaces/");
  if (start == std::string::npos) return "";
  start += 12;
  std::size_t end = path.find('/', start);
  return end == std::string::npos ? "" : path.substr(start, end - start);
}

// What a path below the API server means; no name: a list, over all namespaces when there is no namespace either.
struct Resource {
  std::string group, nameSpace, plural, name;
};

Resource resourceOf(std::string_view path) {
  std::vector<std::string> parts;
  for (std::size_t at = 1; at <= path.size();) {
    std::size_t end = std::min(path.find('/', at), path.size());
    parts.emplace_back(path.substr(at, end - at));
    at = end + 1;
  }
  Resource found;
  std::size_t next = std::min<std::size_t>(parts.front() == "api" ? 2 : 3, parts.size());
  for (std::size_t i = 0; i < next; ++i) found.group += "/" + parts[i];
  if (parts.size() - next >= 3 && parts[next] == "namespaces") {
    found.nameSpace = parts[next + 1];
    next += 2;
  }
  if (next < parts.size()) found.plural = parts[next];
  if (next + 1 < parts.size()) found.name = parts[next + 1];
  return found;
}

bool matches(const Json& object, std::string_view selector) {
  const Json& labels = text::at(text::at(object, "metadata"), "labels");
  while (!selector.empty()) {
    std::string_view term = selector.substr(0, selector.find(','));
    selector.remove_prefix(std::min(term.size() + 1, selector.size()));
    std::size_t equals = term.find('=');
    if (text::stringAt(labels, term.substr(0, equals)) != term.substr(equals + 1)) return false;
  }
  return true;
}

}  // namespace

FakeApiServer::FakeApiServer() {
  for (std::string name : {"kube-system", "default"})
    put("/api/v1/namespaces/" + name,
        {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}, {"uid", "uid-of-" + name}}}});
  put("/api/v1/namespaces/default/serviceaccounts/default",
      {{"apiVersion", "v1"},
       {"kind", "ServiceAccount"},
       {"metadata", {{"name", "default"}, {"namespace", "default"}}}});
}

void FakeApiServer::put(const std::string& path, Json object) {
  object["metadata"]["resourceVersion"] = std::to_string(++version_);
  objects_[path] = {std::move(object), Json::object()};
}

std::string FakeApiServer::dump() const {
  Json all = Json::object();
  for (const auto& [path, object] : objects_) {
    all[path] = object.live;
    all[path]["metadata"].erase("resourceVersion");
  }
  return nlohmann::json::parse(all.dump()).dump(1);  // sorted
}

void FakeApiServer::apply(const std::string& path, const http::Request& request, http::Response& response) {
  std::string space = namespaceOf(path);
  if (!space.empty() && !has("/api/v1/namespaces/" + space))
    return refuse(response, 404, "NotFound", "namespaces \"" + space + "\" not found");
  Json wanted = text::parseJson(request.body).value();
  bool isThere = has(path);
  Object& object = objects_[path];
  if (isThere && request.query().find("force=true") == std::string_view::npos) {
    std::string field = conflictOf(object.live, wanted, object.applied, "");
    if (!field.empty()) return refuse(response, 409, "Conflict", "Apply failed with 1 conflict: " + field);
  }
  if (!isThere) object.live = Json::object();
  removeAbandoned(object.live, object.applied, wanted);
  merge(object.live, wanted);
  object.applied = wanted;
  addDefaults(object.live);
  object.live["metadata"]["resourceVersion"] = std::to_string(++version_);
  answer(response, isThere ? 200 : 201, object.live);
}

void FakeApiServer::create(const std::string& list, const http::Request& request, http::Response& response) {
  Json object = text::parseJson(request.body).value();
  const std::string path = list + "/" + text::stringAt(text::at(object, "metadata"), "name");
  if (has(path)) return refuse(response, 409, "AlreadyExists", path + " already exists");
  put(path, std::move(object));
  answer(response, 201, at(path));
}

void FakeApiServer::update(const std::string& path, const http::Request& request, http::Response& response) {
  if (!has(path)) return refuse(response, 404, "NotFound", path + " not found");
  Json wanted = text::parseJson(request.body).value();
  if (text::stringAt(wanted["metadata"], "resourceVersion") != text::stringAt(at(path)["metadata"], "resourceVersion"))
    return refuse(response, 409, "Conflict",
                  "the object has been modified; please apply your changes to the latest version");
  at(path) = std::move(wanted);
  at(path)["metadata"]["resourceVersion"] = std::to_string(++version_);
  answer(response, 200, at(path));
}

// The kinds of an API group, as far as set-up asks.
void FakeApiServer::describeGroup(http::Response& response) const {
  Json resources = Json::array({{{"name", "mutatingwebhookconfigurations"}}});
  if (servesGuard) resources.push_back({{"name", "validatingadmissionpolicies"}});
  answer(response, 200, {{"kind", "APIResourceList"}, {"resources", std::move(resources)}});
}

void FakeApiServer::mergePatch(const std::string& path, const http::Request& request, http::Response& response) {
  if (!has(path)) return refuse(response, 404, "NotFound", path + " not found");
  patchMerge(at(path), text::parseJson(request.body).value());
  addDefaults(at(path));
  answer(response, 200, at(path));
}

void FakeApiServer::list(std::string_view path, std::string_view query, http::Response& response) const {
  const Resource wanted = resourceOf(path);
  text::FormFields fields = text::formDecode(query).value();
  std::string selector;
  for (const auto& [name, value] : fields)
    if (name == "labelSelector") selector = value;
  Json items = Json::array();
  std::string kind;
  for (const auto& [place, object] : objects_) {
    const Resource found = resourceOf(place);
    if (found.group != wanted.group || found.plural != wanted.plural || !matches(object.live, selector)) continue;
    if (!wanted.nameSpace.empty() && found.nameSpace != wanted.nameSpace) continue;
    items.push_back(object.live);
    kind = object.live.value("kind", "");
    items.back().erase("kind");  // as the API server does in lists
    items.back().erase("apiVersion");
  }
  answer(response, 200,
         {{"kind", kind + "List"},
          {"apiVersion", wanted.group.substr(wanted.group.starts_with("/apis/") ? 6 : 5)},
          {"items", std::move(items)}});
}

void FakeApiServer::remove(const std::string& path, http::Response& response) {
  if (objects_.erase(path) == 0) return refuse(response, 404, "NotFound", path + " not found");
  std::erase_if(objects_, [&](const auto& entry) { return entry.first.starts_with(path + "/"); });
  answer(response, 200, {{"kind", "Status"}, {"status", "Success"}});
}

http::Answer FakeApiServer::handle(const http::Request& request, http::Response& response) {
  std::string path(request.path());
  const bool isGet = request.method == "GET";
  const auto hidden = forbidden.find(path);
  if (hidden != forbidden.end()) {
    refuse(response, 403, "Forbidden", path + " is forbidden");
  } else if (path == unavailable) {
    refuse(response, 503, "ServiceUnavailable", "etcd is away");
  } else if (!servesGuard && path.find("/validatingadmissionpolic") != std::string::npos) {
    refuse(response, 404, "NotFound", "the server could not find the requested resource");
  } else if (path == "/openid/v1/jwks") {
    response.body = jwks;
  } else if (path == "/apis/admissionregistration.k8s.io/v1") {
    describeGroup(response);
  } else if (isGet && resourceOf(path).name.empty()) {
    list(path, request.query(), response);
  } else if (isGet) {
    has(path) ? answer(response, 200, at(path)) : refuse(response, 404, "NotFound", path + " not found");
  } else if (request.method == "PATCH" && request.headers.get("Content-Type") == "application/apply-patch+yaml") {
    apply(path, request, response);
  } else if (request.method == "POST") {
    create(path, request, response);
  } else if (request.method == "PUT") {
    update(path, request, response);
  } else if (request.method == "PATCH") {
    mergePatch(path, request, response);
  } else if (request.method == "DELETE") {
    remove(path, response);
  } else {
    refuse(response, 405, "MethodNotAllowed", request.method);
  }
  co_return;
}

}  // namespace support
