// How answers look on the wire: the envelopes of the query protocol and of S3, with errors in each one's form.
#pragma once
#include <string>

#include "base/random.h"
#include "http/message.h"
#include "sim/operation.h"

namespace sim {

// A random id in the service's form: a UUID, or S3's 16 letters and digits.
std::string requestIdFor(Service service, const base::RandomBytes& random);

// <OpResponse xmlns><OpResult>: opens the envelope in call.xml; answerQuery() ends it.
void openEnvelope(Call& call, Service service, const Operation& operation);
void answerQuery(Call& call, const Operation& operation, const std::string& requestId, http::Response& response);

// Adds x-amz-request-id and the like; for S3's good answers.
void finishS3(const std::string& requestId, http::Response& response);

// Replaces whatever is in `response` by the error.
void answerError(Service service, const Call& call, const base::Error& error, const std::string& requestId,
                 http::Response& response);

}  // namespace sim
