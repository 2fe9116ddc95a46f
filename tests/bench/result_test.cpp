#include "bench/result.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <string>

namespace {

namespace fs = std::filesystem;

// A directory that is gone after the test.
class Directory {
 public:
  Directory() {
    std::string name = (fs::temp_directory_path() / "bench-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary directory");
    path_ = name;
  }
  ~Directory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  std::string text() const { return path_.string(); }
  fs::path operator/(const std::string& name) const { return path_ / name; }

 private:
  fs::path path_;
};

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

bench::Results some_results() {
  bench::Run run;
  run.cell = "delivery/ws/rate:50/payload:100";
  run.experiment = "delivery";
  run.arm = "ws";
  run.parameters = {{"rate", 50}, {"payload_bytes", 100}};
  run.repetition = 2;
  run.order = 7;
  run.seed = 18446744073709551615U;
  run.figures = {{"p50_us", 61.25}, {"n", 3}, {"share", 1e-9}};
  run.predicted = {{"p50_us", 60}};
  run.gates = {{"every message once and in order", true, "3 of 3"},
               {"bytes as predicted", false, "got 5, expected \"4\""}};
  run.samples_ns = {61250, 59000, -3};
  return {{{"commit", "1234567"}, {"cpu", "a \"quoted\" name"}}, {run}};
}

std::string error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ResultFile, BringsBackWhatWasSaved) {
  const Directory directory;
  const bench::Results saved = some_results();
  bench::save(saved, directory.text());

  const bench::Results loaded = bench::load(directory.text());

  EXPECT_EQ(loaded.provenance, saved.provenance);
  ASSERT_EQ(loaded.runs.size(), 1U);
  const bench::Run& run = loaded.runs[0];
  EXPECT_EQ(run.cell, "delivery/ws/rate:50/payload:100");
  EXPECT_EQ(run.experiment, "delivery");
  EXPECT_EQ(run.arm, "ws");
  EXPECT_EQ(run.parameters, saved.runs[0].parameters);
  EXPECT_EQ(run.repetition, 2U);
  EXPECT_EQ(run.order, 7U);
  EXPECT_EQ(run.seed, 18446744073709551615U);
  EXPECT_EQ(run.figures, saved.runs[0].figures);
  EXPECT_EQ(run.predicted, saved.runs[0].predicted);
  bench::Run with_samples = run;
  bench::load_samples(with_samples, directory.text());
  EXPECT_EQ(with_samples.samples_ns, saved.runs[0].samples_ns);
  ASSERT_EQ(run.gates.size(), 2U);
  EXPECT_TRUE(run.gates[0].passed);
  EXPECT_FALSE(run.gates[1].passed);
  EXPECT_EQ(run.gates[1].detail, "got 5, expected \"4\"");
  EXPECT_FALSE(run.counts());
}

TEST(ResultFile, KeepsTheSittings) {
  const Directory directory;
  bench::Results saved = some_results();
  saved.sittings = {{{"started", "8 o'clock"}, {"runs", "2"}},
                    {{"started", "9 o'clock"}, {"cpu", "a \"b\""}}};
  bench::save(saved, directory.text());
  EXPECT_EQ(bench::load(directory.text()).sittings, saved.sittings);
}

TEST(ResultFile, IsTheSameTextWhenItIsSavedAgain) {
  const Directory first, second;
  bench::save(some_results(), first.text());
  bench::save(bench::load(first.text()), second.text());
  EXPECT_EQ(read(first / "results.json"), read(second / "results.json"));
}

TEST(ResultFile, HasALineForEachRunAndItsVersionFirst) {
  const Directory directory;
  bench::save(some_results(), directory.text());
  const std::string text = read(directory / "results.json");
  EXPECT_TRUE(text.starts_with("{\n\"version\":2,\n")) << text;
  EXPECT_NE(text.find("\n{\"cell\":\"delivery/ws/rate:50/payload:100\","), std::string::npos) << text;
  EXPECT_NE(text.find("\"parameters\":{\"payload_bytes\":100,\"rate\":50}"), std::string::npos) << text;
  EXPECT_NE(text.find("\"p50_us\":61.25,"), std::string::npos) << text;
}

TEST(ResultFile, KeepsTheSamplesBesideItOneToALine) {
  const Directory directory;
  bench::save(some_results(), directory.text());
  EXPECT_EQ(read(directory / "samples/delivery/ws/rate:50/payload:100-2.txt"), "61250\n59000\n-3\n");
}

TEST(ResultFile, CanBeReadWithoutItsSamples) {
  const Directory directory;
  bench::save(some_results(), directory.text());
  fs::remove_all(directory / "samples");
  bench::Run run = bench::load(directory.text()).runs.at(0);
  EXPECT_EQ(run.samples, 3u);
  EXPECT_TRUE(run.samples_ns.empty());
  EXPECT_EQ(error_of([&] { bench::load_samples(run, directory.text()); }),
            (directory / "samples/delivery/ws/rate:50/payload:100-2.txt").string() + ": cannot be read");
}

TEST(ResultFile, CutShortAnywhereIsAnErrorThatNamesTheFile) {
  const Directory directory;
  bench::save(some_results(), directory.text());
  const fs::path path = directory / "results.json";
  const std::string whole = read(path);
  for (std::size_t length = 0; length + 2 < whole.size(); ++length) {
    write(path, whole.substr(0, length));
    const std::string error = error_of([&] { bench::load(directory.text()); });
    ASSERT_TRUE(error.starts_with(path.string() + ": cut short or not JSON")) << length << ": " << error;
  }
}

TEST(ResultFile, OfAnotherVersionIsAnErrorThatSaysBoth) {
  const Directory directory;
  write(directory / "results.json", R"({"version":1,"provenance":{},"runs":[]})");
  EXPECT_EQ(error_of([&] { bench::load(directory.text()); }),
            (directory / "results.json").string() + ": is of version 1, expected 2; bench/run makes it anew");
}

TEST(ResultFile, WithOtherMembersIsAnErrorThatNamesTheFile) {
  const Directory directory;
  for (const std::string text :
       {R"([])", R"({})", R"({"version":"1"})", R"({"version":2,"provenance":[],"runs":[]})",
        R"({"version":2,"provenance":{},"runs":[{}]})",
        R"({"version":2,"provenance":{"cpu":3},"runs":[]})"}) {
    write(directory / "results.json", text);
    const std::string error = error_of([&] { bench::load(directory.text()); });
    EXPECT_TRUE(error.starts_with((directory / "results.json").string() + ": is not a result file"))
        << text << ": " << error;
  }
}

TEST(ResultFile, ThatIsNotThereIsAnErrorThatNamesIt) {
  const Directory directory;
  EXPECT_EQ(error_of([&] { bench::load(directory.text()); }),
            (directory / "results.json").string() + ": cannot be read; bench/run makes it");
}

TEST(ResultFile, WithSamplesCutShortIsAnErrorThatNamesThem) {
  const Directory directory;
  bench::save(some_results(), directory.text());
  const fs::path path = directory / "samples/delivery/ws/rate:50/payload:100-2.txt";
  bench::Run run = bench::load(directory.text()).runs.at(0);
  bench::load_samples(run, directory.text());
  EXPECT_EQ(run.samples_ns, (std::vector<std::int64_t>{61250, 59000, -3}));
  write(path, "61250\n59000\n");
  EXPECT_EQ(error_of([&] { bench::load_samples(run, directory.text()); }),
            path.string() + ": has 2 samples, expected 3");
  write(path, "61250\n590");
  EXPECT_EQ(error_of([&] { bench::load_samples(run, directory.text()); }),
            path.string() + ": line 2 is cut short or not a number");
}

TEST(ResultFile, ThatCannotBeWrittenIsAnErrorThatNamesIt) {
  const Directory directory;
  write(directory / "file", "");
  const std::string inside = (directory / "file").string();
  const std::string error = error_of([&] { bench::save({}, inside); });
  EXPECT_EQ(error, inside + "/results.json: cannot be written");
}

TEST(ResultFile, RefusesAFigureThatIsNoNumber) {
  const Directory directory;
  bench::Results results = some_results();
  results.runs[0].figures["p50_us"] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(error_of([&] { bench::save(results, directory.text()); }),
            "delivery/ws/rate:50/payload:100: p50_us is nan, expected a number");
  EXPECT_FALSE(fs::exists(directory / "results.json"));
}

TEST(Run, CountsWhereEveryGateWasPassed) {
  bench::Run run;
  EXPECT_TRUE(run.counts());
  run.gates = {{"a", true, ""}, {"b", true, ""}};
  EXPECT_TRUE(run.counts());
  run.gates[1].passed = false;
  EXPECT_FALSE(run.counts());
}

}  // namespace
