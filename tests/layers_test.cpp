// The layers are directories: polling, sse and websocket stand on feed and know nothing of each other, and the part of
// feed that is pure knows no network.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path source_directory = SOURCE_DIRECTORY;
constexpr std::string_view transports[] = {"polling", "sse", "websocket"};

struct Include {
  std::string file;  // who includes, from the top: "feed/room.cpp"
  std::string name;  // what: "feed/bell.hpp", "boost/asio/post.hpp"
};

std::vector<Include> includes_in(std::string_view directory) {
  std::vector<Include> includes;
  for (const auto& entry : fs::directory_iterator(source_directory / directory)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".hpp" && extension != ".cpp") continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with("#include ")) continue;
      const std::size_t begin = line.find_first_of("<\"");
      const std::size_t end = line.find_first_of(">\"", begin + 1);
      includes.push_back({std::string(directory) + '/' + entry.path().filename().string(),
                          line.substr(begin + 1, end - begin - 1)});
    }
  }
  EXPECT_FALSE(includes.empty()) << directory;
  return includes;
}

bool is_in(std::string_view name, std::string_view directory) {
  return name.starts_with(directory) && name.substr(directory.size()).starts_with('/');
}

TEST(Layers, FeedKnowsNoTransport) {
  for (const auto& [file, name] : includes_in("feed")) {
    if (file == "feed/chat.cpp") continue;  // the program that chooses one
    for (const std::string_view transport : transports)
      EXPECT_FALSE(is_in(name, transport)) << file << " includes " << name;
  }
}

TEST(Layers, NoTransportKnowsAnother) {
  for (const std::string_view transport : transports) {
    for (const auto& [file, name] : includes_in(transport)) {
      for (const std::string_view other : transports) {
        EXPECT_FALSE(other != transport && is_in(name, other)) << file << " includes " << name;
      }
    }
  }
}

TEST(Layers, NothingThatIsServedKnowsTheBenchOrTheTests) {
  for (const std::string_view directory : {"feed", "polling", "sse", "websocket"}) {
    for (const auto& [file, name] : includes_in(directory)) {
      EXPECT_FALSE(is_in(name, "bench") || is_in(name, "tests") || is_in(name, "support"))
          << file << " includes " << name;
    }
  }
}

// Whatever a file includes, also by way of our own headers.
std::set<std::string> reached_from(const std::string& file,
                                   const std::multimap<std::string, std::string>& includes) {
  std::set<std::string> reached;
  std::vector<std::string> open{file};
  while (!open.empty()) {
    const std::string next = open.back();
    open.pop_back();
    const auto [begin, end] = includes.equal_range(next);
    for (auto at = begin; at != end; ++at) {
      if (reached.insert(at->second).second) open.push_back(at->second);
    }
  }
  return reached;
}

TEST(Layers, WhatIsPureReachesNoNetwork) {
  std::multimap<std::string, std::string> includes;
  for (const std::string_view directory : {"feed", "polling", "sse", "websocket"}) {
    for (const auto& [file, name] : includes_in(directory)) includes.emplace(file, name);
  }
  for (const std::string pure :
       {"feed/error.hpp",    "feed/message.cpp", "feed/message.hpp", "feed/picture.cpp", "feed/picture.hpp",
        "feed/tape.cpp",     "feed/tape.hpp",    "feed/log.cpp",     "feed/log.hpp",     "feed/store.cpp",
        "feed/store.hpp",    "feed/record.cpp",  "feed/record.hpp",  "polling/wire.cpp", "polling/wire.hpp",
        "sse/wire.cpp",      "sse/wire.hpp",     "sse/parser.cpp",   "sse/parser.hpp",   "websocket/wire.cpp",
        "websocket/wire.hpp"}) {
    for (const std::string& name : reached_from(pure, includes)) {
      // beast/core/string.hpp compares without case, and brings no socket.
      const bool is_network = is_in(name, "boost/asio") ||
                              (is_in(name, "boost/beast") && name != "boost/beast/core/string.hpp") ||
                              is_in(name, "curl") || is_in(name, "sys") || is_in(name, "netinet");
      EXPECT_FALSE(is_network) << pure << " reaches " << name;
    }
  }
}

TEST(Layers, OnlyTheWebSocketIncludesBeastsWebSocket) {
  for (const std::string_view directory : {"feed", "polling", "sse"}) {
    for (const auto& [file, name] : includes_in(directory)) {
      EXPECT_FALSE(name.starts_with("boost/beast/websocket") || name == "boost/beast.hpp")
          << file << " includes " << name;
    }
  }
}

TEST(Layers, TheThreeTransportsHaveTheSameFiles) {
  for (const std::string_view name :
       {"wire.hpp", "wire.cpp", "server.hpp", "server.cpp", "client.hpp", "client.cpp", "main.cpp", "run"}) {
    for (const std::string_view transport : transports)
      EXPECT_TRUE(fs::exists(source_directory / transport / name)) << transport << '/' << name;
  }
}

TEST(Layers, EveryFileSaysFirstWhyItExists) {
  for (const std::string_view directory : {"feed", "polling", "sse", "websocket"}) {
    for (const auto& entry : fs::directory_iterator(source_directory / directory)) {
      if (entry.path().extension() != ".hpp") continue;
      std::ifstream file(entry.path());
      std::string first;
      std::string second;
      std::getline(file, first);
      std::getline(file, second);
      EXPECT_EQ(first, "#pragma once") << entry.path();
      EXPECT_TRUE(second.starts_with("// ")) << entry.path();
    }
  }
}

}  // namespace
