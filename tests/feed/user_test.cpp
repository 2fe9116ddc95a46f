// The cookie that names a user: what is believed, and what is passed over.
#include "feed/user.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>
#include <string_view>

namespace feed {
namespace {

constexpr std::string_view ada = "AAAAAAAAAAAAAAAAAAAAAA";
constexpr std::string_view bob = "abcdefghijklmnopqr-_09";

Request with_cookies(std::initializer_list<std::string> fields) {
  Request request(http::verb::get, "/", 11);
  for (const std::string& field : fields) request.insert(http::field::cookie, field);
  return request;
}

TEST(UserCookie, IsFoundAmongOthers) {
  EXPECT_EQ(user_in("user=AAAAAAAAAAAAAAAAAAAAAA"), ada);
  EXPECT_EQ(user_in("a=b; user=AAAAAAAAAAAAAAAAAAAAAA; c=d"), ada);
  EXPECT_EQ(user_in("a=b;user=AAAAAAAAAAAAAAAAAAAAAA;c"), ada);
  EXPECT_EQ(user_in("  user=AAAAAAAAAAAAAAAAAAAAAA\t ;"), ada);
  EXPECT_EQ(user_in("user=abcdefghijklmnopqr-_09"), bob);
}

TEST(UserCookie, IsNotSomethingThatLooksLikeIt) {
  EXPECT_EQ(user_in(""), std::nullopt);
  EXPECT_EQ(user_in(";;; ;"), std::nullopt);
  EXPECT_EQ(user_in("user"), std::nullopt);
  EXPECT_EQ(user_in("user="), std::nullopt);
  EXPECT_EQ(user_in("=AAAAAAAAAAAAAAAAAAAAAA"), std::nullopt);
  EXPECT_EQ(user_in("User=AAAAAAAAAAAAAAAAAAAAAA"), std::nullopt) << "names of cookies have a case";
  EXPECT_EQ(user_in("xuser=AAAAAAAAAAAAAAAAAAAAAA"), std::nullopt);
  EXPECT_EQ(user_in("user2=AAAAAAAAAAAAAAAAAAAAAA"), std::nullopt);
  EXPECT_EQ(user_in("user =AAAAAAAAAAAAAAAAAAAAAA"), std::nullopt);
  EXPECT_EQ(user_in("a=user=AAAAAAAAAAAAAAAAAAAAAA"), std::nullopt);
}

TEST(UserCookie, IsNotOneOfAnotherShape) {
  EXPECT_EQ(user_in("user=AAAAAAAAAAAAAAAAAAAAA"), std::nullopt) << "21";
  EXPECT_EQ(user_in("user=AAAAAAAAAAAAAAAAAAAAAAA"), std::nullopt) << "23";
  EXPECT_EQ(user_in("user=\"AAAAAAAAAAAAAAAAAAAAAA\""), std::nullopt) << "quotes are a part of the value";
  EXPECT_EQ(user_in("user=\"AAAAAAAAAAAAAAAAAAAA\""), std::nullopt);
  EXPECT_EQ(user_in("user=AAAAAAAAAAA AAAAAAAAAA"), std::nullopt);
  EXPECT_EQ(user_in("user=AAAAAAAAAAAAAAAAAAAA=="), std::nullopt);
  EXPECT_EQ(user_in("user=AAAAAAAAAAAAAAAAAAAA+/"), std::nullopt) << "base64 is not base64url";
  EXPECT_EQ(user_in("user=<script>alert(1)</scri"), std::nullopt);
  EXPECT_EQ(user_in("user=" + std::string(22, '\0')), std::nullopt);
  EXPECT_EQ(user_in("user=" + std::string(8000, 'A')), std::nullopt);
  EXPECT_EQ(user_in(std::string(8000, ';') + "user=AAAAAAAAAAAAAAAAAAAAAA"), ada);
}

TEST(UserCookie, IsTheFirstOfTheRightShape) {
  EXPECT_EQ(user_in("user=AAAAAAAAAAAAAAAAAAAAAA; user=abcdefghijklmnopqr-_09"), ada);
  EXPECT_EQ(user_in("user=forged; user=abcdefghijklmnopqr-_09"), bob);
}

TEST(User, IsRandomAndOfTheShapeThatIsBelieved) {
  std::set<std::string> made;
  for (int n = 0; n < 100; ++n) {
    const std::string user = make_user();
    EXPECT_EQ(user_in("user=" + user), user);
    made.insert(user);
  }
  EXPECT_EQ(made.size(), 100u);
}

TEST(PublicId, IsTheSameForTheSameUserAndShowsNothingOfTheCookie) {
  // Of SHA-256("AAAAAAAAAAAAAAAAAAAAAA") and SHA-256("abcdefghijklmnopqr-_09").
  EXPECT_EQ(public_id(ada), "mnkmmz");
  EXPECT_EQ(public_id(bob), "9oj5r7");
  for (int n = 0; n < 100; ++n)
    EXPECT_TRUE(std::regex_match(public_id(make_user()), std::regex("[0-9a-z]{6}")));
}

TEST(PublicId, IsOfTheRequestsUser) {
  EXPECT_EQ(public_id(with_cookies({})), "");
  EXPECT_EQ(public_id(with_cookies({"user=forged"})), "");
  EXPECT_EQ(public_id(with_cookies({"a=b; user=" + std::string(ada)})), "mnkmmz");
  EXPECT_EQ(public_id(with_cookies({"a=b", "user=" + std::string(ada)})), "mnkmmz") << "two fields";
}

TEST(GuestName, IsTheAuthorOfWhatNamesNone) {
  EXPECT_EQ(guest_name("mnkmmz"), "guest-mnkmmz");
  EXPECT_EQ(guest_name(""), "guest");
}

TEST(SetUser, NamesWhoHasNoName) {
  for (const Request& request :
       {with_cookies({}), with_cookies({"user=forged"}), with_cookies({"a=b", "user="})}) {
    const std::string field = set_user(request, false);
    EXPECT_TRUE(std::regex_match(field, std::regex("Set-Cookie: user=[A-Za-z0-9_-]{22}; Path=/; HttpOnly; "
                                                   "SameSite=Strict; Max-Age=31536000\r\n")))
        << field;
  }
}

TEST(SetUser, SendsTheCookieByHttpsAloneToWhoCameByIt) {
  EXPECT_THAT(set_user(with_cookies({}), true), testing::EndsWith("; Max-Age=31536000; Secure\r\n"));
}

TEST(SetUser, LeavesWhoHasAName) {
  EXPECT_EQ(set_user(with_cookies({"user=" + std::string(ada)}), false), "");
  EXPECT_EQ(set_user(with_cookies({"user=" + std::string(ada)}), true), "");
}

}  // namespace
}  // namespace feed
