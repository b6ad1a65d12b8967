#include "sim/answer.h"

#include "text/encoding.h"

namespace sim {
namespace {

std::string_view namespaceOf(Service service) {
  if (service == Service::CloudFront) return "http://cloudfront.amazonaws.com/doc/2020-05-31/";
  return service == Service::Iam ? "https://iam.amazonaws.com/doc/2010-05-08/"
                                 : "https://sts.amazonaws.com/doc/2011-06-15/";
}

std::string hostId(const std::string& requestId) { return text::base64(requestId + requestId + requestId); }

}  // namespace

std::string requestIdFor(Service service, const base::RandomBytes& random) {
  if (service == Service::S3) return makeId(random, "", 16);
  std::string id = text::hex(random(16));  // as a UUID of version 4 (RFC 9562)
  id[12] = '4';
  id[16] = "89ab"[(id[16] <= '9' ? id[16] - '0' : id[16] - 'a') & 3];
  for (std::size_t at : {8u, 13u, 18u, 23u}) id.insert(at, 1, '-');
  return id;
}

void openEnvelope(Call& call, Service service, const Operation& operation) {
  std::string name(operation.name);
  call.xml.open(name + "Response", namespaceOf(service));
  if (operation.hasResult) call.xml.open(name + "Result");
}

void answerQuery(Call& call, const Operation& operation, const std::string& requestId, http::Response& response) {
  if (operation.hasResult) call.xml.close();
  call.xml.open("ResponseMetadata").leaf("RequestId", requestId).close();
  response.headers.set("x-amzn-RequestId", requestId);
  response.headers.set("Content-Type", "text/xml");
  response.body = std::move(call.xml).take();
}

void finishS3(const std::string& requestId, http::Response& response) {
  response.headers.set("x-amz-request-id", requestId);
  response.headers.set("x-amz-id-2", hostId(requestId));
  response.headers.set("Server", "AmazonS3");
}

void answerError(Service service, const Call& call, const base::Error& error, const std::string& requestId,
                 http::Response& response) {
  response.clear();
  response.status = statusOf(service, error.code);
  text::XmlWriter xml;
  if (service == Service::S3) {
    xml.open("Error").leaf("Code", error.code).leaf("Message", error.message);
    for (const auto& [name, value] : call.errorDetails) xml.leaf(name, value);
    xml.leaf("RequestId", requestId).leaf("HostId", hostId(requestId));
    finishS3(requestId, response);
    response.headers.set("Content-Type", "application/xml");
    auto bucket = call.state.buckets.find(call.bucket);
    if (bucket != call.state.buckets.end() && call.request.method == "HEAD")
      response.headers.set("x-amz-bucket-region", bucket->second.region);
  } else {
    xml.open("ErrorResponse", namespaceOf(service)).open("Error");
    xml.leaf("Type", response.status < 500 ? "Sender" : "Receiver")
        .leaf("Code", error.code)
        .leaf("Message", error.message);
    xml.close().leaf("RequestId", requestId);
    response.headers.set("x-amzn-RequestId", requestId);
    response.headers.set("Content-Type", "text/xml");
  }
  if (call.request.method != "HEAD") response.body = std::move(xml).take();
}

}  // namespace sim
