#pragma once
// What gnuplot writes becomes an SVG file for a note: small, the same bytes for the same picture, legible on light and on dark
// pages, and with words for those who do not see it.

#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// A colour of a picture: what it is on a light page and on a dark one. gnuplot is given the light one.
struct Colour {
  std::string_view light;  ///< "#0072b2"
  std::string_view dark;
};

/// The page itself, what is written on it, axes and what is said in passing, lines of the grid.
constexpr Colour paper{"#ffffff", "#0d1117"}, ink{"#24292f", "#e6edf3"}, faint{"#656d76", "#9198a1"},
    grid{"#d8dee4", "#2b3139"};

/// The colour of an arm, in every picture the same; `ink` for others. Okabe and Ito's palette, which the colour-blind can tell apart, with
/// lighter tones on dark.
Colour colour_of(std::string_view arm);

/// What stands in the file besides the picture.
struct Caption {
  std::string name;         ///< "ecdf": makes the ids unique where several pictures are in one page
  std::string title;        ///< for a tooltip and a screen reader
  std::string description;  ///< the same, longer
  std::string mark;         ///< data-made-from: which program of gnuplot's this is, see mark_of()
};

/// A name for a text: 16 hexadecimal digits, FNV-1a.
std::string mark_of(std::string_view text);

/// The mark in a file of polished(); empty where there is none.
std::string mark_in(std::string_view svg);

/// gnuplot's SVG without its version, empty groups and unused definitions, with a background in the colour of the page, a style for dark pages, a halo around
/// text, and the caption. Throws std::runtime_error where `svg` is no SVG.
std::string polished(const std::string& svg, const Caption& caption);

/// `<`, `>`, `&` and `"` as entities.
std::string escaped(std::string_view text);

}  // namespace bench
