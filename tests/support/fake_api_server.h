// A Kubernetes API server in memory: get, list by label, create, server-side apply with conflicts between field
// managers, update with resource versions, merge patch and delete, on any path. Objects get the fields that a real one
// adds.
#pragma once
#include <map>
#include <set>
#include <string>

#include "http/handler.h"
#include "text/json.h"

namespace support {

class FakeApiServer final : public http::Handler {
 public:
  FakeApiServer();  // with the namespaces kube-system and default, and the service account default/default

  std::string jwks;                 // what /openid/v1/jwks answers
  bool servesGuard = true;          // knows the kind ValidatingAdmissionPolicy
  std::set<std::string> forbidden;  // paths that are refused
  std::string unavailable;          // a path that is answered by 503

  http::Answer handle(const http::Request& request, http::Response& response) override;

  // An object as somebody else made or changed it: "irsa" owns none of its fields then.
  void put(const std::string& path, text::Json object);
  bool has(const std::string& path) const { return objects_.contains(path); }
  text::Json& at(const std::string& path) { return objects_.at(path).live; }
  std::string dump() const;  // everything, without resource versions

 private:
  struct Object {
    text::Json live;
    text::Json applied;  // what the manager "irsa" applied last
  };
  void apply(const std::string& path, const http::Request& request, http::Response& response);
  void mergePatch(const std::string& path, const http::Request& request, http::Response& response);
  void create(const std::string& list, const http::Request& request, http::Response& response);
  void update(const std::string& path, const http::Request& request, http::Response& response);
  void describeGroup(http::Response& response) const;
  void list(std::string_view path, std::string_view query, http::Response& response) const;
  void remove(const std::string& path, http::Response& response);

  std::map<std::string, Object> objects_;
  int version_ = 100;
};

}  // namespace support
