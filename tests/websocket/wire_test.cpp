#include "websocket/wire.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>

namespace websocket {
namespace {

using namespace std::string_literals;

TEST(TextFrame, SaysItsLengthInTheShortestForm) {
  // RFC 6455, 5.2
  EXPECT_EQ(text_frame(""), "\x81\x00"s);
  EXPECT_EQ(text_frame("Hello"), "\x81\x05Hello");  // RFC 6455, 5.7
  EXPECT_EQ(text_frame(std::string(125, 'x')), "\x81\x7d" + std::string(125, 'x'));
  EXPECT_EQ(text_frame(std::string(126, 'x')), "\x81\x7e\x00\x7e"s + std::string(126, 'x'));
  EXPECT_EQ(text_frame(std::string(65535, 'x')), "\x81\x7e\xff\xff"s + std::string(65535, 'x'));
  EXPECT_EQ(text_frame(std::string(65536, 'x')),
            "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s + std::string(65536, 'x'));
}

TEST(Hello, IsWrappedInItsName) {
  EXPECT_EQ(encode_hello({{"k3f9", 17}, {}}), R"({"hello":{"cursor":"k3f9.17"}})");
  EXPECT_EQ(encode_gap({{"k3f9", 17}, feed::Gap{feed::Gap::Reason::forgotten, 3}}),
            R"({"gap":{"cursor":"k3f9.17","gap":{"reason":"forgotten","missed":3}}})");
}

TEST(Post, IsADraftWithARef) {
  EXPECT_EQ(encode_post(1, {"ada", "hi"}), R"({"ref":1,"author":"ada","text":"hi"})");
  const Post post = parse_post(R"({"ref":1,"author":"ada","text":"hi"})", "guest");
  EXPECT_EQ(post.ref, "1");
  EXPECT_EQ(post.draft->author, "ada");
  EXPECT_EQ(post.draft->text, "hi");
}

TEST(Post, HasARefOfANumberOrAString) {
  EXPECT_EQ(parse_post(R"({"ref":-5,"text":"hi"})", "guest").ref, "-5");
  EXPECT_EQ(parse_post(R"({"ref":18446744073709551615,"text":"hi"})", "guest").ref, "18446744073709551615");
  EXPECT_EQ(parse_post(R"({"ref":"a\"b\n","text":"hi"})", "guest").ref, R"("a\"b\n")");
  EXPECT_EQ(parse_post(R"({"ref":null,"text":"hi"})", "guest").ref, "null");
  EXPECT_EQ(parse_post(R"({"text":"hi"})", "guest").ref, "null");
}

TEST(Post, WithAnotherRefIsRefusedWithoutIt) {
  for (const std::string_view ref : {"[]", "{}", "true", "1.5"}) {
    const Post post = parse_post(R"({"text":"hi","ref":)" + std::string(ref) + "}", "guest");
    EXPECT_EQ(post.ref, "null") << ref;
    ASSERT_FALSE(post.draft) << ref;
    EXPECT_EQ(post.draft.error().detail, "expected \"ref\" to be a whole number or a string");
  }
}

TEST(Post, ThatIsRefusedKeepsItsRef) {
  const Post post = parse_post(R"({"ref":7,"text":5})", "guest");
  EXPECT_EQ(post.ref, "7");
  EXPECT_EQ(post.draft.error().detail, "\"text\" is of type int64, expected a string");
}

TEST(Answer, IsThePlaceOrTheReason) {
  EXPECT_EQ(encode_answer("1", feed::Cursor{"k3f9", 19}), R"({"ref":1,"cursor":"k3f9.19"})");
  EXPECT_EQ(encode_answer("\"a\"", feed::invalid("got \"x\"")), R"({"ref":"a","error":"got \"x\""})");
}

TEST(Incoming, IsAHelloAGapAMessageOrAnAnswer) {
  EXPECT_EQ(std::get<Begin>(parse_incoming(R"({"hello":{"cursor":"k3f9.17"}})").value()).hello,
            (feed::Hello{{"k3f9", 17}, {}}));
  EXPECT_EQ(
      std::get<Begin>(
          parse_incoming(R"({"gap":{"cursor":"k3f9.17","gap":{"reason":"forgotten","missed":3}}})").value())
          .hello,
      (feed::Hello{{"k3f9", 17}, feed::Gap{feed::Gap::Reason::forgotten, 3}}));
  EXPECT_EQ(std::get<feed::Message>(parse_incoming(R"({"seq":1,"at":2,"author":"ada","text":"hi"})").value()),
            (feed::Message{1, 2, "ada", "hi"}));
  const auto answer = std::get<Answer>(parse_incoming(R"({"ref":5,"cursor":"k3f9.19"})").value());
  EXPECT_EQ(answer.ref, 5u);
  EXPECT_EQ(answer.place.value(), (feed::Cursor{"k3f9", 19}));
  const auto refusal = std::get<Answer>(parse_incoming(R"({"ref":5,"error":"no"})").value());
  EXPECT_EQ(refusal.place.error(), (feed::Error{feed::Errc::refused, "no"}));
}

TEST(Incoming, ThatIsMalformedIsRefused) {
  for (const std::string_view text :
       {"", "x", "[]", "{}", R"({"hello":1})", R"({"hello":{}})", R"({"gap":[]})", R"({"ref":1})",
        R"({"ref":"x","cursor":"k3f9.1"})", R"({"ref":null,"error":"no"})", R"({"ref":1,"cursor":"x"})",
        R"({"seq":1})"}) {
    const auto incoming = parse_incoming(text);
    ASSERT_FALSE(incoming) << text;
    EXPECT_EQ(incoming.error().code, feed::Errc::invalid);
  }
}

TEST(Key, IsTheBase64Of16Bytes) {
  EXPECT_TRUE(is_key("dGhlIHNhbXBsZSBub25jZQ=="));  // RFC 6455, 1.3
  EXPECT_TRUE(is_key("AAAAAAAAAAAAAAAAAAAAAA=="));
  EXPECT_TRUE(is_key("//////////////////+++w=="));
  for (const std::string_view key :
       {"", "==", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25jZR==", "dGhlIHNhbXBsZSBub25jZ-==", "dGhlIHNhbXBsZSBub2=jZQ==",
        " dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ==\n", "dGhlIHNhbXBsZSBub25jZWE="}) {
    EXPECT_FALSE(is_key(key)) << key;
  }
}

TEST(Text, ThatEndsInACharacterIsNotWhole) {
  for (const std::string_view text :
       {"", "a", "\xc3\xa9", "\xed\x95\x9c", "\xf0\x9f\x98\x80", "a\xf0\x9f\x98\x80"})
    EXPECT_TRUE(ends_whole(text)) << text;
  for (const std::string_view text :
       {"\xc3", "\xed\x95", "\xed", "\xf0\x9f\x98", "\xf0\x9f", "\xf0", "aaaa\xf0\x9f\x98"})
    EXPECT_FALSE(ends_whole(text)) << text;
}

TEST(List, NamesATokenInAnyCase) {
  for (const std::string_view field :
       {"upgrade", "Upgrade", "keep-alive, Upgrade", "a,b ,\tUPGRADE", "upgrade,"})
    EXPECT_TRUE(lists(field, "upgrade")) << field;
  for (const std::string_view field : {"", ",", "upgrades", "up grade", "keep-alive", "x-upgrade"})
    EXPECT_FALSE(lists(field, "upgrade")) << field;
}

}  // namespace
}  // namespace websocket
