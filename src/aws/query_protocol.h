// AWS's query protocol, spoken by IAM and STS: a form goes out, XML comes back.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "aws/client.h"
#include "base/result.h"
#include "text/uri.h"
#include "text/xml.h"

namespace aws {

// Fields with an empty value are left out: the protocol has no other way to say "not given".
Operation queryOperation(std::string_view service, std::string_view version, std::string_view name,
                         std::string_view subject, text::FormFields fields);

// Name.member.1=..., Name.member.2=...
void appendList(text::FormFields& fields, std::string_view name, const std::vector<std::string>& values);

// The <OpResult> in <OpResponse>; Internal when the answer is something else.
base::Result<text::XmlElement> resultOf(std::string_view operation, const http::Response& response);

std::vector<std::string> membersOf(const text::XmlElement& result, std::string_view list);

}  // namespace aws
