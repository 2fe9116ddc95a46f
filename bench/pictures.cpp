#include "bench/pictures.hpp"

#include "bench/pipe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace bench {
namespace {

namespace fs = std::filesystem;

std::string file_of(const Picture& picture) { return picture.name + ".svg"; }

std::optional<std::string> read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void write(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) throw std::runtime_error(path.string() + ": cannot be written");
}

}  // namespace

const std::vector<Picture>& pictures() {
  static const std::vector<Picture> all{
      ecdf_picture(),   load_picture(),   spectrum_picture(), bytes_picture(), map_picture(),
      fanout_picture(), memory_picture(), forest_picture(),   peers_picture(), peers_delay_picture()};
  return all;
}

const Picture& find_picture(const std::string& name) {
  std::string known;
  for (const Picture& picture : pictures()) {
    if (picture.name == name) return picture;
    known += (known.empty() ? "" : ", ") + picture.name;
  }
  throw std::invalid_argument(fmt::format("there is no picture \"{}\", expected one of {}", name, known));
}

void draw_pictures(const Results& results, const Ledger& ledger, const std::string& directory) {
  // All of them before the first is written: who has no gnuplot keeps what is there.
  std::vector<std::pair<fs::path, std::string>> files;
  std::vector<fs::path> others;
  for (const Picture& picture : pictures()) {
    const fs::path path = fs::path(directory) / file_of(picture);
    if (const auto drawing = picture.draw(results, ledger)) {
      files.emplace_back(path, drawn(*drawing, {picture.name, picture.title, picture.shows, ""}));
    } else {
      others.push_back(path);
    }
  }
  std::error_code error;
  fs::create_directories(directory, error);
  for (const auto& [path, svg] : files) write(path, svg);
  for (const fs::path& path : others) fs::remove(path, error);
}

std::string picture_difference(const Results& results, const Ledger& ledger, const std::string& directory) {
  for (const Picture& picture : pictures()) {
    const fs::path path = fs::path(directory) / file_of(picture);
    const auto file = read(path);
    if (!file) continue;
    const auto drawing = picture.draw(results, ledger);
    if (!drawing)
      return fmt::format("{}: is there, but its cells were not measured; {} does", path.string(),
                         picture.command);
    const std::string expected = mark_of(drawing->program()), got = mark_in(*file);
    if (got != expected)
      return fmt::format("{}: is made from {}, the results give {}; bench/run --publish draws it anew",
                         path.string(), got.empty() ? "something else" : got, expected);
  }
  return {};
}

}  // namespace bench
