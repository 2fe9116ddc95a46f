#include "feed/message.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace feed {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

TEST(Cursor, IsEpochAndSeqWithADot) {
  EXPECT_EQ(to_string(Cursor{"k3f9", 17}), "k3f9.17");
  EXPECT_EQ(parse_cursor("k3f9.17").value(), (Cursor{"k3f9", 17}));
}

TEST(Cursor, OfEverySizeComesBack) {
  for (const std::string_view epoch : {"0000", "zzzz", "k3f9k3f9", "0123456789abcdef"}) {
    for (const Seq seq : {Seq{0}, Seq{1}, Seq{10}, Seq{9007199254740993}, Seq{18446744073709551615u}}) {
      const Cursor cursor{std::string(epoch), seq};
      EXPECT_EQ(parse_cursor(to_string(cursor)).value(), cursor);
    }
  }
}

TEST(Cursor, ThatIsMalformedIsRefusedWithWhatWasGotAndExpected) {
  const std::string all[] = {"",
                             ".",
                             "k3f9",
                             "k3f9.",
                             ".17",
                             "17",
                             "k3f.1",
                             "0123456789abcdefg.1",
                             "K3F9.1",
                             "k3-9.1",
                             "k3 9.1",
                             " k3f9.1",
                             "k3f9.1 ",
                             "k3f9.-1",
                             "k3f9.+1",
                             "k3f9.01",
                             "k3f9.00",
                             "k3f9.1x",
                             "k3f9.x1",
                             "k3f9.1.2",
                             "k3f9..1",
                             "k3f9. 1",
                             "k3f9.0x1",
                             "k3f9.1e3",
                             "k3f9.18446744073709551616",
                             "k3f9.99999999999999999999999999",
                             "k3f9.1\n",
                             "k3f9\n.1",
                             "k3f9.1\0"s,
                             "\0"s,
                             "k3f9.\xef\xbc\x91",
                             "서울.1",
                             std::string(1000, 'a') + ".1"};
  for (const std::string& text : all) {
    const auto cursor = parse_cursor(text);
    ASSERT_FALSE(cursor) << testing::PrintToString(text);
    EXPECT_EQ(cursor.error().code, Errc::invalid);
    EXPECT_THAT(cursor.error().detail, testing::StartsWith("cursor is \""));
    EXPECT_THAT(cursor.error().detail, testing::EndsWith("\", expected epoch.seq like \"k3f9.17\""));
    EXPECT_LT(cursor.error().detail.size(), 120u);
    EXPECT_EQ(cursor.error().detail.find_first_of("\n\r\0"s), std::string::npos);
  }
}

TEST(After, IsZeroLatestOrACursor) {
  EXPECT_EQ(parse_after("0").value(), After::everything());
  EXPECT_EQ(parse_after("latest").value(), After::latest());
  EXPECT_EQ(parse_after("k3f9.17").value(), After::at({"k3f9", 17}));
  for (const std::string_view text : {"0", "latest", "k3f9.17"})
    EXPECT_EQ(to_string(parse_after(text).value()), text);
}

TEST(After, AnythingElseIsRefused) {
  for (const std::string_view text :
       {"", "1", "00", "-0", "Latest", "LATEST", "latest ", "everything", "k3f9"}) {
    const auto after = parse_after(text);
    ASSERT_FALSE(after) << text;
    EXPECT_EQ(after.error().detail, "cursor is \"" + std::string(text) +
                                        "\", expected \"0\", \"latest\" or epoch.seq like \"k3f9.17\"");
  }
}

TEST(Message, IsOneLineOfJson) {
  const Message message{17, 1763780000123, "ada", "hi"};
  EXPECT_EQ(encode(message), R"({"seq":17,"at":1763780000123,"author":"ada","text":"hi"})");
  EXPECT_EQ(parse_message(encode(message)).value(), message);
}

TEST(Message, WithControlCharactersStaysOneLine) {
  const Message message{1, 0, "a\"b\\c", "\x01\b\t\n\f\r\x1f\x7f/\0."s};
  EXPECT_EQ(encode(message), R"({"seq":1,"at":0,"author":"a\"b\\c","text":"\u0001\b\t\n\f\r\u001f)"
                             "\x7f/"
                             R"(\u0000."})");
  EXPECT_EQ(parse_message(encode(message)).value(), message);
}

TEST(Message, KeepsEveryLengthOfUtf8AsItIs) {
  const Message message{1, 0, "에이다", "z\u00e9\u20ac\U0001f389"};
  EXPECT_EQ(
      encode(message),
      "{\"seq\":1,\"at\":0,\"author\":\"\xec\x97\x90\xec\x9d\xb4\xeb\x8b\xa4\",\"text\":\"z\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\x89\"}");
  EXPECT_EQ(parse_message(encode(message)).value(), message);
}

TEST(Message, IsReadWhateverTheOrderOfItsMembersAndWithOthers) {
  const auto message =
      parse_message(R"( {"image":"/images/1.gif", "text":"hi","author":"ada", "at":5,"seq":2} )");
  EXPECT_EQ(message.value(), (Message{2, 5, "ada", "hi", "/images/1.gif"}));
}

TEST(Message, SaysItsPictureBehindItsText) {
  const Message message{17, 1763780000123, "ada", "", "/images/0123456789abcdef0123456789abcdef.gif"};
  EXPECT_EQ(encode(message), R"({"seq":17,"at":1763780000123,"author":"ada","text":"",)"
                             R"("image":"/images/0123456789abcdef0123456789abcdef.gif"})");
  EXPECT_EQ(parse_message(encode(message)).value(), message);
}

TEST(Message, SaysItsUserAtItsEnd) {
  Message message{17, 1763780000123, "ada", "hi", "", "mnkmmz"};
  EXPECT_EQ(encode(message), R"({"seq":17,"at":1763780000123,"author":"ada","text":"hi","user":"mnkmmz"})");
  EXPECT_EQ(parse_message(encode(message)).value(), message);
  message.image = "/images/1.gif";
  EXPECT_EQ(encode(message), R"({"seq":17,"at":1763780000123,"author":"ada","text":"hi",)"
                             R"("image":"/images/1.gif","user":"mnkmmz"})");
  EXPECT_EQ(parse_message(encode(message)).value(), message);
}

TEST(ImageIn, FindsThePathAndNothingThatLooksLikeIt) {
  const std::string lie = R"(","image":"/images/2.gif"})";
  for (const std::string& user : {""s, "mnkmmz"s}) {
    EXPECT_EQ(image_in(encode(Message{1, 2, lie, lie, "/images/1.gif", user})), "/images/1.gif");
    EXPECT_EQ(image_in(encode(Message{1, 2, lie, lie, "", user})), "");
  }
}

TEST(Message, WithAMissingOrWrongMemberIsRefused) {
  EXPECT_EQ(parse_message(R"({"at":1,"author":"a","text":"t"})").error().detail,
            "expected \"seq\" to be a whole number");
  EXPECT_EQ(parse_message(R"({"seq":-1,"at":1,"author":"a","text":"t"})").error().detail,
            "expected \"seq\" to be a whole number");
  EXPECT_EQ(parse_message(R"({"seq":1.0,"at":1,"author":"a","text":"t"})").error().detail,
            "expected \"seq\" to be a whole number");
  EXPECT_EQ(parse_message(R"({"seq":"1","at":1,"author":"a","text":"t"})").error().detail,
            "expected \"seq\" to be a whole number");
  EXPECT_EQ(parse_message(R"({"seq":1,"author":"a","text":"t"})").error().detail,
            "expected \"at\" to be a whole number");
  EXPECT_EQ(parse_message(R"({"seq":1,"at":1,"text":"t"})").error().detail,
            "got no \"author\", expected a string");
  EXPECT_EQ(parse_message(R"({"seq":1,"at":1,"author":"a","text":null})").error().detail,
            "\"text\" is of type null, expected a string");
  EXPECT_EQ(parse_message(R"({"seq":1,"at":1,"author":"a","text":"t","image":null})").error().detail,
            "\"image\" is of type null, expected a string");
  EXPECT_EQ(parse_message(R"({"seq":1,"at":1,"author":"a","text":"t","user":7})").error().detail,
            "\"user\" is of type int64, expected a string");
}

TEST(Hello, SaysWhereTheFeedBegins) {
  const Hello hello{{"k3f9", 17}, {}};
  EXPECT_EQ(encode(hello), R"({"cursor":"k3f9.17"})");
  EXPECT_EQ(parse_hello(encode(hello)).value(), hello);
}

TEST(Hello, SaysWhatIsMissing) {
  const Hello epoch{{"k3f9", 0}, Gap{Gap::Reason::epoch, {}}};
  EXPECT_EQ(encode(epoch), R"({"cursor":"k3f9.0","gap":{"reason":"epoch","missed":null}})");
  const Hello forgotten{{"k3f9", 20}, Gap{Gap::Reason::forgotten, 3}};
  EXPECT_EQ(encode(forgotten), R"({"cursor":"k3f9.20","gap":{"reason":"forgotten","missed":3}})");
  const Hello unknown{{"k3f9", 1}, Gap{Gap::Reason::unknown, {}}};
  EXPECT_EQ(encode(unknown), R"({"cursor":"k3f9.1","gap":{"reason":"unknown","missed":null}})");
  for (const Hello& hello : {epoch, forgotten, unknown}) EXPECT_EQ(parse_hello(encode(hello)).value(), hello);
}

TEST(Hello, ThatIsMalformedIsRefused) {
  EXPECT_EQ(parse_hello("{}").error().detail, "got no \"cursor\", expected a string");
  EXPECT_EQ(parse_hello(R"({"cursor":17})").error().detail, "\"cursor\" is of type int64, expected a string");
  EXPECT_THAT(parse_hello(R"({"cursor":"17"})").error().detail, HasSubstr("cursor is \"17\""));
  EXPECT_EQ(parse_hello(R"({"cursor":"k3f9.1","gap":[]})").error().detail,
            "\"gap\" is of type array, expected an object");
  EXPECT_EQ(parse_hello(R"({"cursor":"k3f9.1","gap":{}})").error().detail,
            "got no \"reason\", expected a string");
}

TEST(Draft, IsWhatAClientSends) {
  const Draft draft{"ada", "say \"hi\""};
  EXPECT_EQ(encode(draft), R"({"author":"ada","text":"say \"hi\""})");
  const auto read = parse_draft(encode(draft), "guest");
  EXPECT_EQ(read->author, "ada");
  EXPECT_EQ(read->text, "say \"hi\"");
}

TEST(Draft, WithoutAnAuthorHasTheDefaultOne) {
  EXPECT_EQ(parse_draft(R"({"text":""})", "guest")->author, "guest");
}

TEST(Draft, CannotNameAPictureOrAUser) {
  const auto draft = parse_draft(
      R"({"text":"hi","image":"/images/0123456789abcdef0123456789abcdef.gif","user":"mnkmmz"})", "guest");
  EXPECT_EQ(draft->image, "");
  EXPECT_EQ(draft->user, "");
}

TEST(Draft, HasAnAuthorOf1To64Bytes) {
  const auto with_author = [](std::size_t size) {
    return parse_draft(R"({"author":")" + std::string(size, 'a') + R"(","text":""})", "guest");
  };
  EXPECT_EQ(with_author(0).error().detail, "author is 0 bytes, expected 1 to 64");
  EXPECT_TRUE(with_author(1));
  EXPECT_TRUE(with_author(64));
  EXPECT_EQ(with_author(65).error().detail, "author is 65 bytes, expected 1 to 64");
  EXPECT_EQ(with_author(1'000'000).error().detail, "author is 1000000 bytes, expected 1 to 64");
}

TEST(Draft, HasAnAuthorThatStaysInItsLine) {
  for (const std::string& bad :
       {"\0"s,     "\x01"s,   "\t"s,     "\n"s,     "\r"s,     "\x1b"s,   "\x1f"s,   "\x7f"s,
        "\u0080"s, "\u0085"s, "\u009f"s, "\u2028"s, "\u2029"s, "\u202a"s, "\u202b"s, "\u202c"s,
        "\u202d"s, "\u202e"s, "\u2066"s, "\u2067"s, "\u2068"s, "\u2069"s}) {
    for (const std::string& author : {bad, "ada" + bad, bad + "ada"}) {
      EXPECT_EQ(parse_draft(encode(Draft{author, "hi"}), "guest").error().detail,
                "author holds a control character, a line separator or a direction override, expected none")
          << testing::PrintToString(author);
    }
  }
  for (const std::string author :
       {"ada", " ", "~", "\u00a0", "안녕", "👩\u200d💻", "\u05d0\u200f!", "\u061c\u0627", "\u200e", "\u2027",
        "\u202f", "\u2065", "\u206a", "\ufeff", "<b>"}) {
    EXPECT_TRUE(parse_draft(encode(Draft{author, "hi"}), "guest")) << author;
  }
}

TEST(Draft, OfADoubledMemberIsWellDefined) {
  // RFC 8259, 4 leaves it open; here the last one counts, as in a browser.
  EXPECT_EQ(parse_draft(R"({"text":"one","text":"two"})", "guest")->text, "two");
}

TEST(Object, EscapesAreDecoded) {
  EXPECT_EQ(parse_draft(R"({"text":"\u00e9\ud83c\udf89\/\u0000"})", "guest")->text, "é🎉/\0"s);
}

TEST(Object, ThatIsNotUtf8IsRefused) {
  for (const std::string_view bytes :
       {"\x80", "\xbf", "\xc0\x80", "\xc0\xaf", "\xc1\xbf", "\xc3", "\xe0\x80\x80", "\xe2\x82",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xef\xbf", "\xf0\x80\x80\x80", "\xf0\x9f\x8e", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xfe", "\xff"}) {
    for (const std::string& json :
         {"{\"text\":\"" + std::string(bytes) + "\"}", "{\"" + std::string(bytes) + "\":1,\"text\":\"\"}"}) {
      const auto draft = parse_draft(json, "guest");
      ASSERT_FALSE(draft) << testing::PrintToString(json);
      EXPECT_THAT(draft.error().detail, testing::StartsWith("not JSON in UTF-8: "));
    }
  }
}

TEST(Object, WithALoneSurrogateIsRefused) {
  for (const std::string_view escape : {R"(\ud800)", R"(\udc00)", R"(\ud800\ud800)", R"(\ud83cx)",
                                        R"(\ud83c\n)", R"(\udf89\ud83c)", R"(\ud83c\u0041)"}) {
    EXPECT_FALSE(parse_draft(R"({"text":")" + std::string(escape) + R"("})", "guest")) << escape;
  }
}

TEST(Object, MayBeNested32DeepAndNoDeeper) {
  const auto nested = [](int depth) {
    std::string json = R"({"text":"","x":)";
    for (int n = 1; n < depth; ++n) json += '[';
    for (int n = 1; n < depth; ++n) json += ']';
    return json + '}';
  };
  const auto hollow = [&](int depth) { return depth == 1 ? std::string(R"({"text":""})") : nested(depth); };
  EXPECT_TRUE(parse_object(hollow(1)));
  EXPECT_TRUE(parse_object(hollow(32)));
  const auto deep = parse_object(hollow(33));
  ASSERT_FALSE(deep);
  EXPECT_THAT(deep.error().detail, HasSubstr("too deep"));
  EXPECT_FALSE(parse_object(hollow(100'000)));
}

TEST(Object, OfAnotherKindOrNotJsonIsRefused) {
  EXPECT_EQ(parse_object("[]").error().detail, "got JSON of type array, expected an object");
  EXPECT_EQ(parse_object("null").error().detail, "got JSON of type null, expected an object");
  EXPECT_EQ(parse_object("{} {}").error().detail, "got more after the JSON value, at byte 3");
  for (const std::string_view text :
       {"", " ", "{", "{\"a\"}", "{\"a\":}", "{a:1}", "{'a':1}", "{\"a\":1,}", "{\"a\":01}", "{\"a\":.5}",
        "{\"a\":NaN}", "{\"a\":\"\t\"}", "{\"a\":\"\\x\"}", "// c\n{}", "\xef\xbb\xbf{}", "{\"a\":1"}) {
    const auto object = parse_object(text);
    ASSERT_FALSE(object) << text;
    EXPECT_THAT(object.error().detail, testing::StartsWith("not JSON in UTF-8: "));
  }
}

TEST(Object, WithAHugeNumberIsNoTrouble) {
  EXPECT_TRUE(parse_object(R"({"text":"","x":)" + std::string(100'000, '9') + "}"));
  EXPECT_TRUE(parse_object(R"({"text":"","x":1e999999999})"));
}

TEST(Quote, IsAJsonString) {
  EXPECT_EQ(quote(""), "\"\"");
  EXPECT_EQ(quote("a\"b\n"), "\"a\\\"b\\n\"");
}

TEST(RoomName, MayBe1To64BytesOfAnyText) {
  for (const std::string& name :
       {"a"s, "lobby"s, "서울"s, "🎉"s, " "s, "a b"s, "?#%&"s, "..."s, std::string(64, 'a'), "\u00a0"s}) {
    EXPECT_TRUE(check_room_name(name)) << name;
  }
}

TEST(RoomName, ThatIsEmptyTooLongOrHoldsWhatItMustNotIsRefused) {
  EXPECT_EQ(check_room_name("").error().detail, "room name is 0 bytes, expected 1 to 64");
  EXPECT_EQ(check_room_name(std::string(65, 'a')).error().detail, "room name is 65 bytes, expected 1 to 64");
  for (const std::string_view dots : {".", ".."})
    EXPECT_FALSE(check_room_name(dots)) << "RFC 3986, 5.2.4 takes it out of a path";
  EXPECT_EQ(check_room_name("a/b").error().detail, "room name holds a \"/\"");
  for (const std::string& name : {"\0"s, "a\nb"s, "\x1f"s, "\x7f"s, "\xc2\x80"s, "\xc2\x9f"s}) {
    EXPECT_EQ(check_room_name(name).error().detail, "room name holds a control character")
        << testing::PrintToString(name);
  }
  for (const std::string& name :
       {"\xff"s, "\xc0\xaf"s, "\xed\xa0\x80"s, "\xea\xb0"s, "a\x80"s, "\xf4\x90\x80\x80"s}) {
    EXPECT_EQ(check_room_name(name).error().detail, "room name is not UTF-8") << testing::PrintToString(name);
  }
}

TEST(Shortened, LeavesWhatIsShortEnough) {
  for (const std::string text : {"", "hi", "12345", "\n\n\n\n\"", "안녕"}) {
    const std::string json = encode(Message{1, 2, "ada", text});
    EXPECT_EQ(shortened(json, 100), json);
  }
  EXPECT_EQ(shortened(R"({"seq":1,"at":2,"author":"a","text":"12345"})", 5),
            R"({"seq":1,"at":2,"author":"a","text":"12345"})");
}

TEST(Shortened, CutsTheText) {
  EXPECT_EQ(shortened(R"({"seq":1,"at":2,"author":"a","text":"123456"})", 5),
            R"({"seq":1,"at":2,"author":"a","text":"12345…"})");
  EXPECT_EQ(shortened(R"({"seq":1,"at":2,"author":"a","text":"123456"})", 0),
            R"({"seq":1,"at":2,"author":"a","text":"…"})");
}

TEST(Shortened, CutsBetweenCharactersAtEveryLength) {
  const std::string text = "a\"\\\n\x01é정🌱b</script>";
  Message message{1, 2, "a\",\"text\":\"x", text + text};
  for (const auto& [image, user] :
       {std::pair{"", ""}, {"/images/0.gif", ""}, {"", "mnkmmz"}, {"/images/0.gif", "mnkmmz"}}) {
    message.image = image;
    message.user = user;
    const std::string json = encode(message);
    for (std::size_t most = 0; most < json.size(); ++most) {
      const auto parsed = parse_message(shortened(json, most));
      ASSERT_TRUE(parsed) << most;
      EXPECT_EQ(parsed->author, "a\",\"text\":\"x");
      EXPECT_EQ(parsed->image, image);
      EXPECT_EQ(parsed->user, user);
      if (parsed->text == text + text) continue;
      ASSERT_TRUE(parsed->text.ends_with("…"));
      EXPECT_TRUE((text + text).starts_with(parsed->text.substr(0, parsed->text.size() - 3)));
    }
  }
}

TEST(Shortened, KeepsWhatIsBehindALongTextThatLooksLikeIt) {
  const std::string lie(2000, '"');
  const Message message{
      1,       2, "ada", lie + R"(","user":"other")" + lie, "/images/0123456789abcdef0123456789abcdef.webp",
      "mnkmmz"};
  const auto parsed = parse_message(shortened(encode(message), 100));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->image, message.image);
  EXPECT_EQ(parsed->user, "mnkmmz");
}

TEST(Numbered, IsTheDraftWithItsPlace) {
  EXPECT_EQ(numbered({"ada", "hi", "/images/0.gif", "mnkmmz"}, 7, 8),
            (Message{7, 8, "ada", "hi", "/images/0.gif", "mnkmmz"}));
}

}  // namespace
}  // namespace feed
