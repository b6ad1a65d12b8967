#include "policy/arn.h"

#include <gmock/gmock.h>

namespace policy {
namespace {

TEST(Arn, IsTakenApartAndPutTogether) {
  for (const char* text : {"arn:aws:iam::111122223333:role/path/s3-echoer", "arn:aws:s3:::bucket/a:b/c",
                           "arn:aws-cn:sts:cn-north-1:1:x"}) {
    auto arn = parseArn(text);
    ASSERT_TRUE(arn) << text;
    EXPECT_EQ(arn->text(), text);
  }
  EXPECT_EQ(*parseArn("arn:aws:iam::111122223333:role/path/s3-echoer"),
            (Arn{"aws", "iam", "", "111122223333", "role/path/s3-echoer"}));
  EXPECT_EQ(parseArn("arn:aws:s3:::bucket/a:b")->resource, "bucket/a:b");
}

TEST(Arn, HasSixParts) {
  for (const char* text : {"", "arn", "arn:aws:iam::1", "arn:aws:iam::1:", "arn::iam::1:x", "arn:aws:::1:x",
                           "ARN:aws:iam::1:x", "urn:aws:iam::1:x"})
    EXPECT_FALSE(parseArn(text)) << text;
}

}  // namespace
}  // namespace policy
