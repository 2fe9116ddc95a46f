#include "bench/svg.hpp"

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace bench {
namespace {

struct Arm {
  std::string_view name;
  Colour colour;
};

constexpr std::array<Arm, 6> arms{{{"poll", {"#d55e00", "#ff8b3d"}},
                                   {"longpoll", {"#c2609a", "#e79ac6"}},
                                   {"sse", {"#00916a", "#2fc79c"}},
                                   {"ws", {"#0072b2", "#4cb0ef"}},
                                   {"tcp", {"#7a7f87", "#a3a9b2"}},
                                   {"null", {"#a88600", "#d9bd3f"}}}};

// An element as the file has it; only <text> and <title> hold text.
struct Element {
  std::string name;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::string text;
  std::vector<Element> children;

  std::string* find(std::string_view attribute) {
    for (auto& [key, value] : attributes) {
      if (key == attribute) return &value;
    }
    return nullptr;
  }
  std::string get(std::string_view attribute) const {
    for (const auto& [key, value] : attributes) {
      if (key == attribute) return value;
    }
    return {};
  }
  void drop(std::string_view attribute) {
    std::erase_if(attributes, [attribute](const auto& pair) { return pair.first == attribute; });
  }
};

namespace pt = boost::property_tree;

Element element_of(const std::string& name, const pt::ptree& tree) {
  Element element{name, {}, tree.data(), {}};
  for (const auto& [child, subtree] : tree) {
    if (child == "<xmlattr>") {
      for (const auto& [key, value] : subtree) element.attributes.emplace_back(key, value.data());
    } else if (child == "<xmltext>") {
      element.text += subtree.data();
    } else {
      element.children.push_back(element_of(child, subtree));
    }
  }
  return element;
}

Element parse(const std::string& svg) {
  std::istringstream in(svg);
  pt::ptree tree;
  try {
    pt::read_xml(in, tree, pt::xml_parser::trim_whitespace | pt::xml_parser::no_comments);
  } catch (const pt::xml_parser_error& error) {
    throw std::runtime_error(fmt::format("gnuplot's picture is no XML: {}", error.message()));
  }
  const auto root = tree.find("svg");
  if (root == tree.not_found()) throw std::runtime_error("gnuplot's picture has no <svg>");
  return element_of("svg", root->second);
}

// `rgb(  0, 114, 178)` as `#0072b2`; gnuplot's own black, grey and white are ours.
std::string hexadecimal(const std::string& colour) {
  unsigned red = 0, green = 0, blue = 0;
  if (std::sscanf(colour.c_str(), "rgb( %u , %u , %u )", &red, &green, &blue) == 3)
    return fmt::format("#{:02x}{:02x}{:02x}", red, green, blue);
  if (colour == "black") return std::string(ink.light);
  if (colour == "gray") return std::string(grid.light);
  if (colour == "white") return std::string(paper.light);
  return colour;
}

std::string trimmed(std::string text) {
  text.erase(0, std::min(text.find_first_not_of(" \n\t"), text.size()));
  text.erase(text.find_last_not_of(" \n\t") + 1);
  return text;
}

// The ids that an element and what is in it refer to.
void gather_references(const Element& element, std::set<std::string>& ids) {
  const std::string reference = element.get("href");
  if (reference.starts_with('#')) ids.insert(reference.substr(1));
  for (const Element& child : element.children) gather_references(child, ids);
}

void shorten(Element& element, std::string_view attribute) {  // 13.00 to 13
  std::string* const number = element.find(attribute);
  if (number && number->ends_with(".00")) number->resize(number->size() - 3);
}

void tidy_attributes(Element& element) {
  for (auto& [key, value] : element.attributes) {
    value = trimmed(std::move(value));
    if (key == "stroke" || key == "fill" || key == "color") value = hexadecimal(value);
    if (key == "xlink:href") key = "href";
  }
  if (element.get("font-family").ends_with(":Bold")) element.attributes.emplace_back("font-weight", "bold");
  // Crisp edges make slanted ones jagged.
  for (const char* never : {"font-family", "class", "shape-rendering"}) element.drop(never);
  shorten(element, "font-size");
  shorten(element, "stroke-width");
  if (element.get("font-size") == "13") element.drop("font-size");  // as the root says
}

bool is_empty(const Element& element) { return element.name == "g" && element.children.empty(); }

// gnuplot puts a <text> into a group that says where and how; the text can say so itself.
bool holds_one_text(const Element& element) {
  return element.name == "g" && element.children.size() == 1 && element.children[0].name == "text" &&
         element.children[0].attributes.empty();
}

// From the inside out: no group that is empty or says nothing, no title that names a gnuplot command.
void tidy(Element& element) {
  tidy_attributes(element);
  std::vector<Element> kept;
  for (Element& child : element.children) {
    tidy(child);
    if (child.name == "title" || child.name == "desc" || is_empty(child)) continue;
    if (child.name == "g" && !child.get("id").empty()) child.drop("id");
    if (holds_one_text(child)) {
      Element text = std::move(child.children[0]);
      child.drop("stroke");  // "none": our style gives text a halo
      text.attributes = std::move(child.attributes);
      kept.push_back(std::move(text));
    } else if (child.name == "g" && child.attributes.empty()) {
      std::move(child.children.begin(), child.children.end(), std::back_inserter(kept));
    } else if (child.name == "g" && !kept.empty() && kept.back().name == "g" &&
               kept.back().attributes == child.attributes) {
      std::move(child.children.begin(), child.children.end(), std::back_inserter(kept.back().children));
    } else {
      kept.push_back(std::move(child));
    }
  }
  element.children = std::move(kept);
}

// Unused definitions out, the others under names that no other picture in the page has.
void rename_definitions(Element& root, const std::string& name) {
  std::set<std::string> used;
  std::size_t before = 0;
  for (Element& child : root.children) {
    if (child.name != "defs") gather_references(child, used);
  }
  do {  // a definition may refer to another
    before = used.size();
    for (const Element& child : root.children) {
      if (child.name != "defs") continue;
      for (const Element& definition : child.children) {
        if (used.contains(definition.get("id"))) gather_references(definition, used);
      }
    }
  } while (used.size() != before);
  for (Element& child : root.children) {
    if (child.name != "defs") continue;
    std::erase_if(child.children,
                  [&](const Element& definition) { return !used.contains(definition.get("id")); });
  }
  std::erase_if(root.children,
                [](const Element& child) { return child.name == "defs" && child.children.empty(); });
  const auto rename = [&](auto& self, Element& element) -> void {
    if (std::string* const id = element.find("id")) *id = name + '-' + *id;
    std::string* const reference = element.find("href");
    if (reference && reference->starts_with('#')) *reference = '#' + name + '-' + reference->substr(1);
    for (Element& child : element.children) self(self, child);
  };
  rename(rename, root);
}

std::string style() {
  std::string css = fmt::format(
      ".picture text{{paint-order:stroke;stroke:{};stroke-width:3px;stroke-linejoin:round}}", paper.light);
  std::string dark = fmt::format(".picture text{{stroke:{}}}", paper.dark);
  std::vector<Colour> all{paper, ink, faint, grid};
  for (const Arm& arm : arms) all.push_back(arm.colour);
  for (const Colour& colour : all) {
    for (const char* property : {"fill", "stroke", "color"})
      dark += fmt::format(".picture [{}='{}']{{{}:{}}}", property, colour.light, property, colour.dark);
  }
  return css + "@media (prefers-color-scheme:dark){" + dark + "}";
}

void print(const Element& element, std::string& out) {
  out += '<' + element.name;
  for (const auto& [key, value] : element.attributes) out += fmt::format(" {}=\"{}\"", key, escaped(value));
  if (element.children.empty() && element.text.empty()) {
    out += "/>\n";
    return;
  }
  out += '>' + escaped(element.text);
  if (!element.children.empty()) out += '\n';
  for (const Element& child : element.children) print(child, out);
  out += "</" + element.name + ">\n";
}

constexpr std::string_view mark_attribute = "data-made-from=\"";

}  // namespace

Colour colour_of(std::string_view arm) {
  for (const Arm& known : arms) {
    if (known.name == arm) return known.colour;
  }
  return ink;
}

std::string mark_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{:016x}", hash);
}

std::string mark_in(std::string_view svg) {
  const std::size_t at = svg.find(mark_attribute);
  if (at == std::string_view::npos) return {};
  svg.remove_prefix(at + mark_attribute.size());
  return std::string(svg.substr(0, svg.find('"')));
}

std::string polished(const std::string& svg, const Caption& caption) {
  Element root = parse(svg);
  const std::string width = root.get("width"), height = root.get("height");
  tidy(root);
  // The canvas, which is transparent.
  std::erase_if(root.children, [&](const Element& child) {
    return child.name == "rect" && child.get("fill") == "none" && child.get("width") == width;
  });
  rename_definitions(root, caption.name);
  const std::string title = caption.name + "-title", description = caption.name + "-description";
  root.attributes = {{"xmlns", "http://www.w3.org/2000/svg"},
                     {"class", "picture"},
                     {"width", width},
                     {"height", height},
                     {"viewBox", fmt::format("0 0 {} {}", width, height)},
                     {"role", "img"},
                     {"aria-labelledby", title + ' ' + description},
                     {"font-family", "sans-serif"},
                     {"font-size", "13"},
                     {"data-made-from", caption.mark}};
  std::vector<Element> before;
  before.push_back({"title", {{"id", title}}, caption.title, {}});
  before.push_back({"desc", {{"id", description}}, caption.description, {}});
  before.push_back({"style", {}, style(), {}});
  before.push_back(
      {"rect", {{"width", width}, {"height", height}, {"fill", std::string(paper.light)}}, "", {}});
  root.children.insert(root.children.begin(), std::make_move_iterator(before.begin()),
                       std::make_move_iterator(before.end()));
  std::string out;
  print(root, out);
  return out;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace bench
