#include "text/xml.h"

#include <gmock/gmock.h>

namespace {

using testing::HasSubstr;
using testing::SizeIs;

std::string refusal(std::string_view document) {
  auto parsed = text::parseXml(document);
  return parsed ? "accepted" : parsed.error().message;
}

TEST(Xml, ReadsAnAnswerOfAws) {
  auto root = text::parseXml(R"(<?xml version="1.0" encoding="UTF-8"?>
<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error>
    <Type>Sender</Type><Code>AccessDenied</Code>
    <Message>Not &quot;authorized&quot; &amp; &#x41;&#228; <![CDATA[<raw>]]></Message>
  </Error>
  <RequestId/>
</ErrorResponse>
)");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->name, "ErrorResponse");
  const text::XmlElement* error = root->find("Error");
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->textOf("Code"), "AccessDenied");
  EXPECT_EQ(error->textOf("Message"), "Not \"authorized\" & A\xc3\xa4 <raw>");
  EXPECT_EQ(error->textOf("None"), "");
  EXPECT_EQ(root->text, "");
  EXPECT_EQ(root->find("None"), nullptr);
}

TEST(Xml, FindsAllOfOneNameAndDropsPrefixes) {
  auto root = text::parseXml("<s:List xmlns:s='urn:x'><s:member>a</s:member><x/><s:member>b</s:member></s:List>");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->name, "List");
  ASSERT_THAT(root->all("member"), SizeIs(2));
  EXPECT_EQ(root->all("member")[1]->text, "b");
}

TEST(Xml, KeepsWhiteSpaceThatIsTheWholeText) { EXPECT_EQ(text::parseXml("<a><b> </b></a>")->textOf("b"), " "); }

TEST(Xml, J07_RefusesDocumentTypes) {
  EXPECT_THAT(refusal("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"), HasSubstr("DOCTYPE"));
  EXPECT_THAT(refusal("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"), HasSubstr("DOCTYPE"));
}

TEST(Xml, J07_RefusesWhatIsNoSingleElement) {
  for (std::string_view document :
       {"", "  ", "text", "<a/>text", "text<a/>", "<a/><b/>", "<a>", "<a></b>", "</a>", "<a", "<a x=1/>", "<a>&#0;"})
    EXPECT_NE(refusal(document), "accepted") << document;
  EXPECT_NE(refusal(std::string_view("<a>\0</a>", 8)), "accepted");
}

TEST(Xml, J07_RefusesDepthAndSizeBeyondTheLimits) {
  auto nested = [](int depth) {
    std::string out;
    for (int i = 0; i < depth; ++i) out += "<a>";
    for (int i = 0; i < depth; ++i) out += "</a>";
    return out;
  };
  EXPECT_EQ(refusal(nested(32)), "accepted");
  EXPECT_THAT(refusal(nested(33)), HasSubstr("deeper"));
  EXPECT_THAT(refusal(nested(100000)), HasSubstr("deeper"));
  EXPECT_THAT(refusal("<a>" + std::string(1 << 20, 'x') + "</a>"), HasSubstr("1 MiB"));
}

TEST(Xml, WritesWhatItReads) {
  text::XmlWriter xml;
  xml.open("AssumeRoleResponse", "https://sts.amazonaws.com/doc/2011-06-15/").open("Result");
  xml.leaf("Token", "a<b>&\"'\r").leaf("Empty", "").close().leaf("RequestId", "1");
  std::string out = std::move(xml).take();
  EXPECT_EQ(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Result>"
            "<Token>a&lt;b&gt;&amp;&quot;&apos;&#13;</Token><Empty></Empty></Result>"
            "<RequestId>1</RequestId></AssumeRoleResponse>");
  auto root = text::parseXml(out);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->find("Result")->textOf("Token"), "a<b>&\"'\r");
}

TEST(Xml, NeverWritesControlCharacters) {
  EXPECT_EQ(text::escapeXml(std::string_view("a\0\x1f\t\n", 5)), "a\xef\xbf\xbd\xef\xbf\xbd\t\n");
}

TEST(XmlWriter, WritesATreeAsItWasRead) {
  constexpr std::string_view kDocument = "<A><B><C>1 &lt; 2</C><D></D></B><C>x</C></A>";
  auto tree = text::parseXml(kDocument);
  ASSERT_TRUE(tree);
  text::XmlWriter writer;
  writer.element(*tree);
  std::string text = std::move(writer).take();
  EXPECT_EQ(text.substr(text.find('\n') + 1), kDocument);
}

}  // namespace
