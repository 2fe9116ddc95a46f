#include "bench/page.hpp"

#include "bench/pipe.hpp"
#include "bench/svg.hpp"
#include "embedded/notes.css.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace bench {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in) throw std::runtime_error(path.string() + ": cannot be read");
  return text;
}

// --- HTML, as cmark-gfm writes it: every attribute in double quotes ---

// Calls `change` with each tag, comments among them; what it returns stands in its place.
std::string with_tags(std::string_view html, const std::function<std::string(std::string_view)>& change) {
  std::string out;
  while (true) {
    const std::size_t begin = html.find('<');
    if (begin == std::string_view::npos) break;
    const std::string_view closing = html.substr(begin).starts_with("<!--") ? "-->" : ">";
    std::size_t end = html.find(closing, begin);
    end = end == std::string_view::npos ? html.size() : end + closing.size();
    out += html.substr(0, begin);
    out += change(html.substr(begin, end - begin));
    html.remove_prefix(end);
  }
  return out += html;
}

std::optional<std::string> attribute(std::string_view tag, std::string_view name) {
  const std::string opening = fmt::format(" {}=\"", name);
  const std::size_t at = tag.find(opening);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view value = tag.substr(at + opening.size());
  return std::string(value.substr(0, value.find('"')));
}

std::string without_attribute(std::string_view tag, std::string_view name) {
  const std::string opening = fmt::format(" {}=\"", name);
  const std::size_t at = tag.find(opening);
  if (at == std::string_view::npos) return std::string(tag);
  const std::size_t end = tag.find('"', at + opening.size());
  return std::string(tag.substr(0, at)) + std::string(tag.substr(std::min(end + 1, tag.size())));
}

bool is(std::string_view tag, std::string_view name) {
  return tag.starts_with('<') && tag.substr(1).starts_with(name) && tag.size() > name.size() + 1 &&
         std::string_view(" />").find(tag[name.size() + 1]) != std::string_view::npos;
}

// 1 to 6 for <h1> to <h6> and for </h1> to </h6>, else 0.
int level_of(std::string_view tag) {
  const std::size_t at = tag.starts_with("</") ? 2 : 1;
  const bool heading = tag.size() > at + 2 && tag[at] == 'h' && tag[at + 1] >= '1' && tag[at + 1] <= '6' &&
                       (tag[at + 2] == '>' || tag[at + 2] == ' ');
  return heading ? tag[at + 1] - '0' : 0;
}

std::string words_of(std::string_view html) {
  std::string text = with_tags(html, [](std::string_view) { return std::string(); });
  for (const auto& [entity, character] :
       {std::pair<std::string_view, char>{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&amp;", '&'}}) {
    for (std::size_t at = 0; (at = text.find(entity, at)) != std::string::npos; ++at)
      text.replace(at, entity.size(), 1, character);
  }
  return text;
}

// As GitHub names a heading: small letters, digits, - and _, blanks become -, everything else goes. Letters beyond ASCII stay.
std::string slug(std::string_view words) {
  std::string out;
  for (const char c : words) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool kept = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                      static_cast<unsigned char>(c) >= 0x80;
    if (c == ' ') out += '-';
    if (kept) out += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

// --- notes ---

struct Heading {
  int level = 0;
  std::string anchor;  // within its note
  std::string html;
};

struct Note {
  fs::path path;  // relative to the directory
  std::string id;
  std::string html;
  std::vector<Heading> headings;
  std::set<std::string> anchors;  // of headings, and those that the note sets itself
};

using Notes = std::map<std::string, Note>;  // by path

// "results" for notes/results.md, "notes" for notes/README.md, "readme" for README.md.
std::string id_of(const fs::path& path) {
  std::string name;
  for (const fs::path& part : path.parent_path()) {
    if (part != "notes" || path.stem() == "README") name += (name.empty() ? "" : "-") + part.string();
  }
  if (path.stem() != "README") name += (name.empty() ? "" : "-") + path.stem().string();
  return name.empty() ? "readme" : slug(name);
}

std::string html_of(const std::string& markdown) {
  return pipe_through(
      {"cmark-gfm", "--unsafe", "-e", "table", "-e", "strikethrough", "-e", "autolink", "-e", "tagfilter"},
      "cmark-gfm", markdown);
}

void find_anchors(Note& note) {
  std::string_view rest = note.html;
  std::map<std::string, int> times;
  while (true) {
    const std::size_t begin = rest.find('<');
    if (begin == std::string_view::npos) break;
    rest.remove_prefix(begin);
    const std::string_view tag = rest.substr(0, rest.find('>') + 1);
    for (const char* name : {"id", "name"}) {
      if (const auto own = attribute(tag, name)) note.anchors.insert(*own);
    }
    const int level = tag.starts_with("</") ? 0 : level_of(tag);
    if (level > 0) {
      const std::size_t end = std::min(rest.find(fmt::format("</h{}>", level)), rest.size());
      const std::string html(rest.substr(tag.size(), end - tag.size()));
      std::string anchor = slug(words_of(html));
      if (const int before = times[anchor]++; before > 0) anchor += fmt::format("-{}", before);
      note.anchors.insert(anchor);
      note.headings.push_back({level, anchor, html});
    }
    rest.remove_prefix(std::max<std::size_t>(tag.size(), 1));
  }
}

// --- from the notes to the page ---

class Rewriting {
 public:
  Rewriting(const fs::path& directory, const Notes& notes) : directory_(directory), notes_(notes) {}
  std::string section(const Note& note, bool first);

 private:
  std::string tag(const Note& note, std::string_view tag, bool first);
  std::string link(const Note& note, std::string_view tag);
  std::string picture(const Note& note, std::string_view tag);

  const fs::path& directory_;
  const Notes& notes_;
  std::map<std::string, int> shown_;  // pictures, and how often
  std::size_t heading_ = 0;           // the next one's index
  bool dead_link_ = false;            // inside a link that leads nowhere in the page
};

bool leads_outside(std::string_view target) {
  return target.find("://") != std::string_view::npos || target.starts_with("mailto:");
}

// Whether it is the title, whose id is that of the section.
bool is_title(const Note& note, const Heading& heading) {
  return &heading == &note.headings.front() && heading.level == 1;
}

std::string anchor_of(const Note& note, const std::string& within) {
  const bool title = !note.headings.empty() && is_title(note, note.headings.front()) &&
                     note.headings.front().anchor == within;
  return within.empty() || title ? note.id : note.id + "--" + within;
}

std::string Rewriting::link(const Note& note, std::string_view tag) {
  const std::string target = *attribute(tag, "href");
  if (leads_outside(target)) return std::string(tag);
  const std::size_t hash = std::min(target.find('#'), target.size());
  const std::string within = hash < target.size() ? target.substr(hash + 1) : std::string();
  const fs::path path =
      hash == 0 ? note.path : (note.path.parent_path() / target.substr(0, hash)).lexically_normal();
  const auto found = notes_.find(path.string());
  if (found == notes_.end()) {
    dead_link_ = true;
    return fmt::format("<span class=\"file\" title=\"{}\">", escaped(path.string()));
  }
  const bool known = found->second.anchors.contains(within);
  return fmt::format("<a href=\"#{}\">", escaped(anchor_of(found->second, known ? within : std::string())));
}

// The ids of a picture that is shown again are others.
std::string shown_again(std::string svg, const std::string& name, int time) {
  for (const char before : {'"', '#', ' '}) {
    const std::string from = before + name + '-', to = fmt::format("{}{}-{}-", before, name, time);
    for (std::size_t at = 0; (at = svg.find(from, at)) != std::string::npos; at += to.size())
      svg.replace(at, from.size(), to);
  }
  return svg;
}

std::string Rewriting::picture(const Note& note, std::string_view tag) {
  const std::string source = attribute(tag, "src").value_or(""), words = attribute(tag, "alt").value_or("");
  const fs::path path = directory_ / note.path.parent_path() / source;
  // Simplified: one page without anything beside it has no room for screenshots.
  if (path.extension() == ".png" && !leads_outside(source))
    return fmt::format("<em class=\"missing\">A screenshot, {}: {}.</em>", escaped(source), words);
  if (leads_outside(source) || path.extension() != ".svg" || !fs::is_regular_file(path))
    return fmt::format("<em class=\"missing\">The picture is not here: {}.</em>", words);
  std::string svg = read(path);
  const std::size_t begin = svg.find("<svg");
  if (begin == std::string::npos) throw std::runtime_error(path.string() + ": is no SVG");
  svg.erase(0, begin);
  const std::string name = path.stem().string();
  const int time = ++shown_[name];
  if (time > 1) svg = shown_again(std::move(svg), name, time);
  return "<span class=\"scroll\">" + svg + "</span>";
}

std::string Rewriting::tag(const Note& note, std::string_view tag, bool first) {
  if (tag.starts_with("<!--")) return {};
  if (is(tag, "img")) return picture(note, tag);
  if (is(tag, "picture") || is(tag, "source") || tag == "</picture>") return {};
  if (is(tag, "table")) return "<div class=\"scroll\">" + std::string(tag);
  if (tag == "</table>") return "</table></div>";
  if (is(tag, "a") && attribute(tag, "href")) return link(note, tag);
  if (tag == "</a>" && std::exchange(dead_link_, false)) return "</span>";
  if (const int level = level_of(tag); level > 0) {
    const int below = std::min(first ? level : level + 1, 6);  // the page has one <h1>
    if (tag.starts_with("</")) return fmt::format("</h{}>", below);
    const Heading& heading = note.headings.at(heading_++);
    if (is_title(note, heading)) return fmt::format("<h{}>", below);
    return fmt::format("<h{} id=\"{}\">", below, escaped(anchor_of(note, heading.anchor)));
  }
  for (const char* name : {"id", "name"}) {
    if (const auto own = attribute(tag, name)) {
      std::string renamed = without_attribute(tag, name);
      const std::size_t end = renamed.size() - (renamed.ends_with("/>") ? 2 : 1);
      return renamed.insert(end, fmt::format(" {}=\"{}\"", name, anchor_of(note, *own)));
    }
  }
  return std::string(tag);
}

std::string Rewriting::section(const Note& note, bool first) {
  heading_ = 0;
  dead_link_ = false;
  return fmt::format("<section id=\"{}\">\n{}</section>\n", note.id,
                     with_tags(note.html, [&](std::string_view each) { return tag(note, each, first); }));
}

std::string title_of(const Note& note) {
  for (const Heading& heading : note.headings) {
    if (heading.level == 1) return heading.html;
  }
  return escaped(note.path.string());
}

// A line for each note, and under it its parts: but not "Why", which every lesson has.
std::string contents(const std::vector<const Note*>& notes) {
  std::map<std::string, std::set<std::string>> with;
  for (const Note* note : notes) {
    for (const Heading& heading : note->headings) with[heading.html].insert(note->id);
  }
  std::string out = "<nav aria-label=\"Contents\">\n<ul>\n";
  for (const Note* note : notes) {
    out += fmt::format("<li><a href=\"#{}\">{}</a>", note->id, escaped(words_of(title_of(*note))));
    std::string parts;
    for (const Heading& heading : note->headings) {
      if (heading.level != 2 || with[heading.html].size() > 1) continue;
      parts += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", escaped(anchor_of(*note, heading.anchor)),
                           escaped(words_of(heading.html)));
    }
    out += parts.empty() ? "</li>\n" : "\n<ul>\n" + parts + "</ul>\n</li>\n";
  }
  return out + "</ul>\n</nav>\n";
}

}  // namespace

std::vector<std::string> reading_order(const std::string& directory) {
  const fs::path root(directory);
  std::vector<std::string> order;
  const auto add = [&](const fs::path& path) {
    const std::string name = path.lexically_normal().generic_string();
    if (std::find(order.begin(), order.end(), name) == order.end()) order.push_back(name);
  };
  const auto exists = [&](const fs::path& path) { return fs::is_regular_file(root / path); };
  if (exists("README.md")) add("README.md");
  if (exists("notes/README.md")) {
    add("notes/README.md");
    const std::string index = read(root / "notes/README.md");
    const std::regex links(R"(\]\(([^)#:]+\.md)(#[^)]*)?\))");
    for (std::sregex_iterator link(index.begin(), index.end(), links), end; link != end; ++link) {
      const fs::path path = (fs::path("notes") / (*link)[1].str()).lexically_normal();
      if (path.generic_string().starts_with("notes/") && exists(path)) add(path);
    }
  }
  std::vector<fs::path> rest;
  if (fs::is_directory(root / "notes")) {
    for (const auto& entry : fs::recursive_directory_iterator(root / "notes")) {
      if (entry.is_regular_file() && entry.path().extension() == ".md")
        rest.push_back(fs::relative(entry.path(), root));
    }
  }
  std::sort(rest.begin(), rest.end());
  for (const fs::path& path : rest) add(path);
  if (order.empty()) throw std::runtime_error(directory + ": has neither README.md nor Markdown in notes/");
  return order;
}

void write_page(const std::string& directory, const std::string& path) {
  const fs::path root(directory);
  Notes notes;
  std::vector<const Note*> in_order;
  for (const std::string& name : reading_order(directory)) {
    Note note{name, id_of(name), html_of(read(root / name)), {}, {}};
    find_anchors(note);
    in_order.push_back(&notes.emplace(name, std::move(note)).first->second);
  }
  Rewriting rewriting(root, notes);
  std::string sections;
  for (const Note* note : in_order) sections += rewriting.section(*note, note == in_order.front());
  // The policy is for whoever adds an image or a script by mistake: the browser refuses it.
  const std::string page = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
      "<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n{}<main>\n{}</main>\n</body>\n</html>\n",
      escaped(words_of(title_of(*in_order.front()))), embedded::notes_css, contents(in_order), sections);
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << page;
  out.close();
  if (!out) throw std::runtime_error(path + ": cannot be written");
}

}  // namespace bench
