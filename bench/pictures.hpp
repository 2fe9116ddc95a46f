#pragma once
// The pictures of the notes: from results to SVG files, by gnuplot. The same results give the same bytes, on any day.

#include "bench/drawing.hpp"
#include "bench/ledger.hpp"
#include "bench/result.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bench {

/// One picture. Each is a file of that name: picture_ecdf.cpp.
struct Picture {
  std::string name;       ///< "ecdf": the file is notes/pictures/ecdf.svg
  std::string title;      ///< what it is called where it is not seen
  std::string shows;      ///< one sentence
  std::string not_shown;  ///< what nobody should read into it; goes on after "It does not show"
  std::string command;    ///< what makes it
  /// Nothing where its cells were not measured.
  std::function<std::optional<Drawing>(const Results&, const Ledger&)> draw;
  bool of_claims = false;  ///< its cells are those of the ledger, of any suite; else of this one
  Suite suite = Suite::main;
};

Picture ecdf_picture();
Picture load_picture();
Picture spectrum_picture();
Picture bytes_picture();
Picture map_picture();
Picture fanout_picture();
Picture memory_picture();
Picture forest_picture();
Picture peers_picture();
Picture peers_delay_picture();

/// All of them, in the order in which they are told about.
const std::vector<Picture>& pictures();

/// Throws std::invalid_argument for a name that does not exist, with those that do.
const Picture& find_picture(const std::string& name);

/// Writes NAME.svg of each picture whose cells were measured into `directory`, and removes those of the others, which are of
/// another run. Throws ProgramMissing where gnuplot is not there, and std::runtime_error with the path where a file cannot be written.
void draw_pictures(const Results& results, const Ledger& ledger, const std::string& directory);

/// The first file in `directory` that is not the picture that these results give, in a sentence; empty where there is none. Asks not gnuplot but the
/// mark of the program that it was given: another version of gnuplot draws other bytes.
std::string picture_difference(const Results& results, const Ledger& ledger, const std::string& directory);

}  // namespace bench
