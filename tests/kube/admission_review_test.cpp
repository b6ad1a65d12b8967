#include "kube/admission_review.h"

#include <gmock/gmock.h>

#include <array>

#include "text/json.h"

namespace {

using kube::Review;
using kube::ReviewReader;
using testing::ElementsAre;

class Reading : public testing::Test {
 protected:
  const Review& read(std::string body) {
    body_ = std::move(body);
    EXPECT_TRUE(reader_.read(body_)) << reader_.reason();
    return reader_.review();
  }
  const Review& readObject(const std::string& object) {
    return read(R"({"request":{"uid":"u","object":)" + object + "}}");
  }
  bool refuses(std::string body) {
    body_ = std::move(body);
    return !reader_.read(body_) && !reader_.reason().empty();
  }
  std::vector<std::string> env(const Review& review, std::size_t index) {
    auto names = review.envOf(review.containers[index]);
    return {names.begin(), names.end()};
  }
  std::string body_;
  ReviewReader reader_{"eks.amazonaws.com/"};
};

TEST_F(Reading, TakesWhatADecisionNeeds) {
  const Review& review = read(
      R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","kind":{"kind":"Pod"},)"
      R"("namespace":"ns","name":"p0","operation":"CREATE","subResource":"s","dryRun":true,"object":{"kind":"Pod",)"
      R"("metadata":{"name":"p","generateName":"p-","labels":{},"annotations":{"x":"y","eks.amazonaws.com/a":"b"}},)"
      R"("spec":{"serviceAccountName":"sa","nodeSelector":{"kubernetes.io/os":"linux","beta.kubernetes.io/os":"b"},)"
      R"("volumes":[{"name":"v","projected":{}},{"name":"w"}],"initContainers":[{"name":"i"}],)"
      R"("containers":[{"name":"c","env":[{"name":"A","value":"1"},{"name":"B"}],"volumeMounts":[{"name":"v","mountPath":"/v"}]}]}}}})");
  EXPECT_EQ(review.kind, "AdmissionReview");
  EXPECT_EQ(review.apiVersion, "admission.k8s.io/v1");
  EXPECT_EQ(review.uid, "u");
  EXPECT_EQ(review.requestKind, "Pod");
  EXPECT_EQ(review.requestNamespace, "ns");
  EXPECT_EQ(review.requestName, "p0");
  EXPECT_EQ(review.operation, "CREATE");
  EXPECT_EQ(review.subResource, "s");
  EXPECT_TRUE(review.dryRun && review.hasObject && review.hasLabels && review.hasVolumes && review.hasContainers);
  EXPECT_EQ(review.objectKind, "Pod");
  EXPECT_EQ(review.name, "p");
  EXPECT_EQ(review.generateName, "p-");
  EXPECT_EQ(review.serviceAccountName, "sa");
  EXPECT_EQ(review.os, "linux");
  EXPECT_EQ(review.betaOs, "b");
  ASSERT_TRUE(review.annotation("a"));
  EXPECT_EQ(*review.annotation("a"), "b");
  EXPECT_EQ(review.annotation("x"), nullptr);
  ASSERT_EQ(review.volumes.size(), 2u);
  EXPECT_TRUE(review.volumes[0].projected && !review.volumes[1].projected);
  EXPECT_EQ(review.initContainers[0].name, "i");
  EXPECT_THAT(env(review, 0), ElementsAre("A", "B"));
  EXPECT_EQ(review.mountsOf(review.containers[0])[0].mountPath, "/v");
}

TEST_F(Reading, MatchesThePodsMembersInAnyCaseAndTheReviewsToTheLetter) {
  const Review& review =
      readObject(R"({"SPEC":{"ServiceAccountName":"sa","\u017fervice":1,"Container\u017f":[{"NAME":"c"}]}})");
  EXPECT_EQ(review.serviceAccountName, "sa");
  ASSERT_EQ(review.containers.size(), 1u);
  EXPECT_EQ(review.containers[0].name, "c");
  EXPECT_TRUE(refuses(R"({"Request":{"object":{}}})"));
  EXPECT_EQ(readObject(R"({"spec":{"no\u212aSelector":1,"nodeſelector":{"kubernetes.io/os":"windows"}}})").os,
            "windows");
}

TEST_F(Reading, LetsTheLaterOfTwoMembersCountAndMergesArrays) {
  EXPECT_EQ(read(R"({"request":{"uid":"a","uid":"b"}})").uid, "b");
  const Review& review =
      readObject(R"({"spec":{"containers":[{"name":"a","env":[{"name":"X"},{"name":"Y"}]},{"name":"b"}],)"
                 R"("containers":[{"volumeMounts":[],"env":[{"value":"1"}]}]}})");
  ASSERT_EQ(review.containers.size(), 1u);
  EXPECT_EQ(review.containers[0].name, "a");
  EXPECT_THAT(env(review, 0), ElementsAre("X"));
  EXPECT_TRUE(review.containers[0].mounts.present);
}

TEST_F(Reading, TakesANullForEachMemberOfTheRequest) {
  for (const char* member : {"uid", "kind", "resource", "namespace", "name", "operation", "subResource", "dryRun",
                             "object", "oldObject", "options", "userInfo"}) {
    const Review& review = read(std::string(R"({"request":{"requestKind":null,")") + member + R"(":null}})");
    EXPECT_FALSE(review.hasObject) << member;
  }
}

TEST_F(Reading, ReplacesTheWholeObjectByALaterOne) {
  const Review& review =
      read(R"({"request":{"object":{"spec":{"serviceAccountName":"a","volumes":[]}},"object":{},"object":null}})");
  EXPECT_TRUE(review.hasObject);
  EXPECT_EQ(review.serviceAccountName, "");
  EXPECT_FALSE(review.hasVolumes);
}

TEST_F(Reading, TellsNullFromEmptyAsGoDoes) {
  const Review& review = readObject(
      R"({"metadata":{"labels":null,"annotations":null},"spec":{"serviceAccountName":"a","serviceAccountName":null,)"
      R"("volumes":null,"containers":[null,{"env":null,"volumeMounts":[null]}],"initContainers":null}})");
  EXPECT_FALSE(review.hasLabels || review.hasVolumes);
  EXPECT_EQ(review.serviceAccountName, "a");
  ASSERT_EQ(review.containers.size(), 2u);
  EXPECT_TRUE(review.containers[0].isNull);
  EXPECT_FALSE(review.containers[1].env.present);
  EXPECT_EQ(review.containers[1].mounts.count, 1u);
  EXPECT_FALSE(read(R"({"request":{"object":null}})").hasObject);
  EXPECT_FALSE(read(R"({"request":{}})").hasObject);
  EXPECT_EQ(readObject(R"({"spec":null,"metadata":null})").containers.size(), 0u);
}

TEST_F(Reading, ForgetsTheReviewBefore) {
  readObject(R"({"metadata":{"labels":{},"annotations":{"eks.amazonaws.com/a":"b"}},"spec":{"volumes":[{"name":"v"}],)"
             R"("containers":[{"name":"c","env":[{"name":"A"}]}]}})");
  const Review& review = readObject(R"({"spec":{"containers":[{}],"volumes":[{}]}})");
  EXPECT_EQ(review.annotation("a"), nullptr);
  EXPECT_FALSE(review.hasLabels);
  EXPECT_EQ(review.containers[0].name, "");
  EXPECT_FALSE(review.containers[0].env.present);
  EXPECT_EQ(review.volumes[0].name, "");
}

TEST_F(Reading, RefusesWhatIsNoReview) {
  for (const char* body :
       {"", " ", "null", "[]", "5", "{}", "{", R"({"request":null})", R"({"request":5})", R"({"request":{"uid":5}})",
        "{}{}", R"({"request":{"object":[]}})", R"({"request":{"object":{"spec":{"volumes":{}}}}})",
        R"({"request":{"object":{"metadata":{"labels":[]}}}})", R"({"request":{"object":{"spec":{"containers":[5]}}}})",
        R"({"request":{"object":{"spec":{"containers":[{"env":[{"name":1}]}]}}}})",
        R"({"request":{"object":{"x":tru}}})", "{\"request\":{\"uid\":\"\xc3\"}}", R"({"request":{"dryRun":1}})"})
    EXPECT_TRUE(refuses(body)) << body;
}

// `count` times `element`, as the elements of the array that `before` and `after` stand around.
std::string many(const std::string& before, const std::string& element, std::size_t count, const std::string& after) {
  std::string body = R"({"request":{"object":)" + before;
  for (std::size_t i = 0; i < count; ++i) body.append(i == 0 ? "" : ",").append(element);
  return body + after + "}}";
}

TEST_F(Reading, O04_RefusesMoreElementsThanAnyPodHas) {
  const std::size_t most = ReviewReader::kMostElements;
  for (const auto& [before, element, after] : std::vector<std::array<const char*, 3>>{
           {R"({"spec":{"containers":[)", "{}", "]}}"},
           {R"({"spec":{"initContainers":[)", "null", "]}}"},
           {R"({"spec":{"volumes":[)", "{}", "]}}"},
           {R"({"spec":{"containers":[{"env":[)", "{}", "]}]}}"},
           {R"({"spec":{"containers":[{"volumeMounts":[)", "{}", "]}]}}"},
           {R"({"metadata":{"annotations":{)", R"("eks.amazonaws.com/":"")", "}}}"}}) {
    EXPECT_EQ(read(many(before, element, most - 1, after)).hasObject, true) << before;
    EXPECT_TRUE(refuses(many(before, element, most + 1, after))) << before;
    EXPECT_THAT(reader_.reason(), testing::HasSubstr("more than 131072"));
  }
  EXPECT_EQ(readObject(R"({"spec":{"containers":[{}]}})").containers.size(), 1u);
}

TEST_F(Reading, O04_RefusesALongTextThatItWouldHaveToSendBack) {
  const std::string longest(ReviewReader::kLongestEcho, '<');
  for (const std::string member : {"uid", "apiVersion", "kind"}) {
    const bool isOfRequest = member == "uid";
    auto body = [&](const std::string& value) {
      const std::string field = "\"" + member + "\":\"" + value + "\"";
      return isOfRequest ? R"({"request":{)" + field + "}}" : "{" + field + R"(,"request":{}})";
    };
    read(body(longest));
    EXPECT_TRUE(refuses(body(longest + "<"))) << member;
  }
}

TEST_F(Reading, TakesAByteOrderMark) { EXPECT_EQ(read("\xef\xbb\xbf{\"request\":{\"uid\":\"u\"}}").uid, "u"); }

TEST(Answer, EchoesTheEnvelope) {
  std::string out;
  kube::appendAnswer(out, {.apiVersion = "admission.k8s.io/v1", .kind = "AdmissionReview", .uid = "u-1"});
  EXPECT_EQ(out,
            R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"u-1","allowed":true}})");
  out.clear();
  kube::appendAnswer(out, {.uid = ""});
  EXPECT_EQ(out, R"({"response":{"uid":"","allowed":true}})");
}

TEST(Answer, CarriesPatchReasonAndWarnings) {
  std::string out;
  const std::pair<std::string_view, std::string_view> audit[] = {{"reason", "Injected"}, {"k", "v"}};
  const std::vector<std::string> warnings = {"one", "two <&>"};
  kube::appendAnswer(out, {.uid = "u", .patch = "[]", .auditAnnotations = audit, .warnings = warnings});
  EXPECT_EQ(out, R"({"response":{"uid":"u","allowed":true,"patch":"W10=","patchType":"JSONPatch",)"
                 R"("auditAnnotations":{"reason":"Injected","k":"v"},"warnings":["one","two \u003c\u0026\u003e"]}})");
}

TEST(JsonString, EscapesAsGoDoes) {
  std::string out;
  kube::appendJsonString(out, std::string_view("a\"\\\b\f\n\r\t\x01\x1f<>&/\x7f\u00e9\u2028\u2029\u2027"));
  EXPECT_EQ(out, "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\\u003c\\u003e\\u0026/\x7f\u00e9\\u2028\\u2029\u2027\"");
}

}  // namespace
