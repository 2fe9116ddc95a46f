#include "bench/result.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>

namespace bench {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::int64_t version = 2;

fs::path summary_of(const fs::path& directory, Suite suite) { return directory / file_of(suite); }

fs::path samples_of(const fs::path& directory, const Run& run) {
  return directory / "samples" / fmt::format("{}-{}.txt", run.cell, run.repetition);
}

[[noreturn]] void fail(const fs::path& path, const std::string& why) {
  throw std::runtime_error(path.string() + ": " + why);
}

// Under another name first: whoever is interrupted leaves the old file, not half of the new one.
void write(const fs::path& path, const std::string& text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  const fs::path half = path.string() + ".new";
  std::ofstream out(half, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) {
    fs::remove(half, error);
    fail(path, "cannot be written");
  }
  fs::rename(half, path, error);
  if (error) fail(path, "cannot be written: " + error.message());
}

std::optional<std::string> read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string quoted(const std::string& text) { return json::serialize(json::string_view(text)); }

// Boost.JSON would write 61.25 as 6.125E1; people read these files.
std::string numbers(const std::map<std::string, double>& values, const Run& run) {
  std::string text;
  for (const auto& [name, value] : values) {
    if (!std::isfinite(value)) {
      throw std::runtime_error(fmt::format("{}: {} is {}, expected a number", run.cell, name, value));
    }
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", quoted(name), value);
  }
  return '{' + text + '}';
}

std::map<std::string, double> numbers(const json::value& value) {
  std::map<std::string, double> values;
  for (const auto& [name, member] : value.as_object()) values.emplace(name, member.to_number<double>());
  return values;
}

std::string text_of(const Run& run) {
  std::string gates;
  for (const Gate& gate : run.gates) {
    gates += fmt::format(R"({}{{"name":{},"passed":{},"detail":{}}})", gates.empty() ? "" : ",",
                         quoted(gate.name), gate.passed, quoted(gate.detail));
  }
  return fmt::format(
      R"({{"cell":{},"experiment":{},"arm":{},"parameters":{},"repetition":{},"order":{},"seed":{},)"
      R"("figures":{},"predicted":{},"gates":[{}],"quantiles_us":[{}],"samples":{}}})",
      quoted(run.cell), quoted(run.experiment), quoted(run.arm), numbers(run.parameters, run), run.repetition,
      run.order, run.seed, numbers(run.figures, run), numbers(run.predicted, run), gates,
      fmt::join(run.quantiles_us, ","), std::max(run.samples, run.samples_ns.size()));
}

// Each name and value, with `separator` between them.
std::string text_of(const Provenance& provenance, std::string_view separator) {
  std::string text;
  for (const auto& [name, value] : provenance)
    text += fmt::format("{}{}:{}", text.empty() ? "" : separator, quoted(name), quoted(value));
  return text;
}

Provenance decode_provenance(const json::object& object) {
  Provenance provenance;
  for (const auto& [name, value] : object) provenance.emplace(name, json::value_to<std::string>(value));
  return provenance;
}

Run decode(const json::object& object) {
  Run run;
  run.cell = json::value_to<std::string>(object.at("cell"));
  run.experiment = json::value_to<std::string>(object.at("experiment"));
  run.arm = json::value_to<std::string>(object.at("arm"));
  run.parameters = numbers(object.at("parameters"));
  run.repetition = object.at("repetition").to_number<unsigned>();
  run.order = object.at("order").to_number<unsigned>();
  run.seed = object.at("seed").to_number<std::uint64_t>();
  run.figures = numbers(object.at("figures"));
  run.predicted = numbers(object.at("predicted"));
  for (const json::value& gate : object.at("gates").as_array()) {
    run.gates.push_back({json::value_to<std::string>(gate.at("name")), gate.at("passed").as_bool(),
                         json::value_to<std::string>(gate.at("detail"))});
  }
  for (const json::value& value : object.at("quantiles_us").as_array())
    run.quantiles_us.push_back(value.to_number<double>());
  run.samples = object.at("samples").to_number<std::size_t>();
  return run;
}

json::value parse_line(const std::string& line, const std::string& where) {
  boost::system::error_code error;
  json::value value = json::parse(line, error);
  if (error) fail(where, "holds a line that is cut short or not JSON: " + error.message());
  return value;
}

std::string encode(const std::vector<std::int64_t>& samples) {
  std::string text;
  text.reserve(samples.size() * 8);
  for (const std::int64_t sample : samples) fmt::format_to(std::back_inserter(text), "{}\n", sample);
  return text;
}

std::vector<std::int64_t> decode_samples(const fs::path& path, const std::string& text,
                                         std::size_t expected) {
  std::vector<std::int64_t> samples;
  samples.reserve(expected);
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    std::int64_t value = 0;
    const auto [rest, error] = std::from_chars(at, end, value);
    if (error != std::errc() || rest == end || *rest != '\n') {
      fail(path, fmt::format("line {} is cut short or not a number", samples.size() + 1));
    }
    samples.push_back(value);
    at = rest + 1;
  }
  if (samples.size() != expected)
    fail(path, fmt::format("has {} samples, expected {}", samples.size(), expected));
  return samples;
}

}  // namespace

std::string encode_run(const Run& run) { return text_of(run); }

std::string encode_provenance(const Provenance& provenance) { return '{' + text_of(provenance, ",") + '}'; }

Run decode_run(const std::string& line, const std::string& where) {
  const json::value value = parse_line(line, where);
  try {
    return decode(value.as_object());
  } catch (const std::exception& other) {
    fail(where, "holds a line that is no run: " + std::string(other.what()));
  }
}

Provenance decode_provenance(const std::string& line, const std::string& where) {
  const json::value value = parse_line(line, where);
  try {
    return decode_provenance(value.as_object());
  } catch (const std::exception& other) {
    fail(where, "holds a line that is no provenance: " + std::string(other.what()));
  }
}

void save_samples(const Run& run, const std::string& directory) {
  if (!run.samples_ns.empty()) write(samples_of(directory, run), encode(run.samples_ns));
}

void load_samples(Run& run, const std::string& directory) {
  const fs::path path = samples_of(directory, run);
  const auto text = read(path);
  if (!text) fail(path, "cannot be read");
  run.samples_ns = decode_samples(path, *text, run.samples);
}

void save(const Results& results, const std::string& directory, Suite suite) {
  if (!results.others.empty())
    throw std::invalid_argument(
        "results of several suites were to be saved in one file, expected those of one");
  // A line for each run, so that a difference between two files can be read.
  std::string text = fmt::format("{{\n\"version\":{},\n\"provenance\":{{\n{}\n}},\n", version,
                                 text_of(results.provenance, ",\n"));
  std::string_view separator;
  for (const Provenance& sitting : results.sittings) {
    text +=
        fmt::format("{}{{{}}}", separator.empty() ? "\"sittings\":[\n" : separator, text_of(sitting, ","));
    separator = ",\n";
  }
  if (!separator.empty()) text += "\n],\n";
  text += "\"runs\":[";
  separator = "\n";
  for (const Run& run : results.runs) {
    text += fmt::format("{}{}", separator, text_of(run));
    separator = ",\n";
  }
  text += "\n]\n}\n";
  for (const Run& run : results.runs) save_samples(run, directory);
  write(summary_of(directory, suite), text);
}

Results load(const std::string& directory, Suite suite) {
  const fs::path path = summary_of(directory, suite);
  const auto text = read(path);
  if (!text) fail(path, fmt::format("cannot be read; {} makes it", command_of(suite)));
  boost::system::error_code error;
  const json::value file = json::parse(*text, error);
  if (error) fail(path, "cut short or not JSON: " + error.message());
  Results results;
  try {
    const std::int64_t got = file.at("version").to_number<std::int64_t>();
    if (got != version)
      fail(path,
           fmt::format("is of version {}, expected {}; {} makes it anew", got, version, command_of(suite)));
    results.provenance = decode_provenance(file.at("provenance").as_object());
    if (const json::value* sittings = file.as_object().if_contains("sittings")) {
      for (const json::value& sitting : sittings->as_array())
        results.sittings.push_back(decode_provenance(sitting.as_object()));
    }
    for (const json::value& value : file.at("runs").as_array()) {
      results.runs.push_back(decode(value.as_object()));
    }
  } catch (const boost::system::system_error& missing) {
    fail(path, "is not a result file of this program: " + std::string(missing.code().message()));
  } catch (const std::out_of_range&) {
    fail(path, "is not a result file of this program: a member is missing");
  } catch (const std::invalid_argument&) {
    fail(path, "is not a result file of this program: a member is of another type");
  }
  return results;
}

Results with_others(Results results, Suite suite, const std::string& directory) {
  Results all;
  std::map<std::string, Suite> owners;
  for (const Suite one : suites) {
    if (one != suite && !fs::exists(summary_of(directory, one))) continue;
    Results next = one == suite ? std::move(results) : load(directory, one);
    for (Run& run : next.runs) {
      if (const Suite owner = owners.emplace(run.cell, one).first->second; owner != one)
        fail(summary_of(directory, one),
             fmt::format("has the cell {}, and so has {}", run.cell, file_of(owner)));
      all.runs.push_back(std::move(run));
    }
    Made made{std::move(next.provenance), std::move(next.sittings)};
    if (one == Suite::main) {
      all.provenance = std::move(made.provenance);
      all.sittings = std::move(made.sittings);
    } else {
      all.others.emplace(one, std::move(made));
    }
  }
  return all;
}

Results load_all(const std::string& directory) {
  const auto there = std::find_if(suites.begin(), suites.end(), [&directory](Suite suite) {
    return fs::exists(summary_of(directory, suite));
  });
  const Suite first = there == suites.end() ? Suite::main : *there;
  return with_others(load(directory, first), first, directory);
}

}  // namespace bench
