#include "aws/query_protocol.h"

namespace aws {

Operation queryOperation(std::string_view service, std::string_view version, std::string_view name,
                         std::string_view subject, text::FormFields fields) {
  text::FormFields form{{"Action", std::string(name)}, {"Version", std::string(version)}};
  for (auto& field : fields)
    if (!field.second.empty()) form.push_back(std::move(field));
  Operation operation{std::string(service), std::string(name), std::string(subject)};
  operation.headers.set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  operation.body = text::formEncode(form);
  return operation;
}

void appendList(text::FormFields& fields, std::string_view name, const std::vector<std::string>& values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    fields.emplace_back(std::string(name) + ".member." + std::to_string(i + 1), values[i]);
}

base::Result<text::XmlElement> resultOf(std::string_view operation, const http::Response& response) {
  auto document = text::parseXml(response.body);
  if (!document) return std::move(document).error().during(std::string(operation) + ": reading the answer");
  const text::XmlElement* result = document->find(std::string(operation) + "Result");
  if (!result)
    return base::internal(std::string(operation) + ": the answer has no " + std::string(operation) + "Result");
  return *result;
}

std::vector<std::string> membersOf(const text::XmlElement& result, std::string_view list) {
  std::vector<std::string> members;
  if (const text::XmlElement* found = result.find(list))
    for (const text::XmlElement* member : found->all("member")) members.push_back(member->text);
  return members;
}

}  // namespace aws
