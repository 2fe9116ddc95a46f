#include "bench/chatter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace bench {
namespace {

// By how often they are said, roughly.
constexpr std::string_view vocabulary =
    "the i to you a it and is that of in for on have but not be this me do what so with we can just are my if no was at "
    "like they or your all there know get up out don't how about it's yeah think one from when will now good some go time "
    "would as well i'm see right them why he she did here want then more really need that's should could who got too ok "
    "make let only work where any into back does say had still much way been because us thing thanks than people going "
    "today day look very new other over after sure take first down her his our man lol two off something maybe can't "
    "please tomorrow never their has these were anyone said tell again last point week next try nice love always better "
    "which things try help same come even fine place great long before bit home hope though anything old night already "
    "every yes code found morning keep done those being friend everyone mean problem year another might actually talk "
    "room read wrong best game real big pretty idea play late thought cool call feel haha bad since while start weekend "
    "until show stuff put hour enough around part left meeting someone run change little guess remember lunch name give "
    "through whole guys question made went few team try both line else end free probably phone later soon hey wait most "
    "used watch different without wrote using open server picture build test check reply issue nothing week sounds "
    "person sorry happy coffee finally ask answer far minute kind many house school working train early dinner write "
    "music weird life car city ready funny movie agree once also money music send book water page list file number "
    "break release version link update error message worked broke fixed trying moved weather rain sunny cold warm "
    "branch deploy review merge ticket plan draft report deadline customer invoice budget travel flight hotel airport "
    "birthday party garden kitchen window street corner station ticket doctor holiday summer winter market bread "
    "cheese apple lemon pepper onion garlic chicken pasta salad pizza burger soup breakfast recipe taste spicy sweet "
    "guitar piano concert ticket album singer drummer band festival stage camera lens photo sunset mountain river lake "
    "forest trail hike tent bike helmet brake engine battery charger cable screen keyboard mouse laptop desktop router "
    "password account login profile setting button menu search filter column table chart graph figure average median "
    "percent double triple quarter million thousand hundred dozen couple single empty full heavy light quick slow "
    "strange perfect terrible awesome horrible amazing boring exciting quiet loud bright dark narrow wide";

constexpr std::array<std::string_view, 12> people{"ada",     "grace",   "linus",  "edsger",
                                                  "barbara", "ken",     "donald", "margaret",
                                                  "alan",    "frances", "dennis", "radia"};
constexpr std::array<std::string_view, 8> endings{".", ".", ".", "!", "?", "?", "...", " :)"};
constexpr double mean_gap_ms = 2300;  // between two messages
constexpr std::size_t least = 20;

std::vector<std::string> words() {
  std::istringstream in{std::string(vocabulary)};
  std::vector<std::string> all;
  for (std::string word; in >> word;) all.push_back(word);
  return all;
}

// The k-th is as likely as 1/k says.
std::discrete_distribution<std::size_t> zipf(std::size_t n) {
  std::vector<double> weights(n);
  for (std::size_t i = 0; i < n; ++i) weights[i] = 1.0 / static_cast<double>(i + 1);
  return {weights.begin(), weights.end()};
}

class Talk {
 public:
  explicit Talk(std::uint64_t seed) : engine_(seed) {}

  // A sentence or more, cut where the bytes are used up.
  std::string text(std::size_t bytes) {
    std::string out;
    while (out.size() < bytes) {
      if (!out.empty()) out += ' ';
      const std::size_t begin = out.size();
      const std::size_t length = 3 + below(10);
      for (std::size_t i = 0; i < length; ++i) out += (i > 0 ? " " : "") + word();
      if (below(2) == 0 && out[begin] >= 'a' && out[begin] <= 'z')
        out[begin] = static_cast<char>(out[begin] - 'a' + 'A');
      out += endings[below(endings.size())];
    }
    out.resize(bytes);
    return out;
  }
  std::string_view author() { return people[author_(engine_)]; }
  std::int64_t gap_ms() { return static_cast<std::int64_t>(gap_(engine_)); }

 private:
  std::size_t below(std::size_t n) { return engine_() % n; }
  std::string word() {
    switch (below(40)) {
      case 0:
        return std::to_string(below(1000));
      case 1:
        return fmt::format("{}:{:02}", below(24), below(60));
      case 2:
        return fmt::format("https://example.org/{:06x}", below(1 << 24));
      case 3:
        return std::string(people[below(people.size())]);
      default:
        return words_[word_(engine_)];
    }
  }

  std::mt19937_64 engine_;
  std::vector<std::string> words_ = words();
  std::discrete_distribution<std::size_t> word_ = zipf(words_.size()), author_ = zipf(people.size());
  std::exponential_distribution<double> gap_{1 / mean_gap_ms};
};

}  // namespace

std::vector<std::string> chatter(std::size_t count, std::size_t text_bytes, std::uint64_t seed) {
  if (text_bytes < least)
    throw std::invalid_argument(
        fmt::format("a chat message has {} bytes of text, expected {} at least", text_bytes, least));
  Talk talk(seed);
  std::vector<std::string> messages;
  std::int64_t at = 1'763'780'000'123;
  for (std::size_t i = 0; i < count; ++i) {
    at += talk.gap_ms();
    const std::string_view author = talk.author();
    messages.push_back(fmt::format(R"({{"seq":{},"at":{},"author":"{}","text":"{}"}})", i + 1, at, author,
                                   talk.text(text_bytes)));
  }
  return messages;
}

}  // namespace bench
