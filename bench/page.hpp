#pragma once
// The notes as one page: no other file, no script, no network. Markdown by cmark-gfm, pictures inside.

#include <string>
#include <vector>

namespace bench {

/// The notes of a directory, relative to it, as they are read: README.md, notes/README.md, what that links to in its order, the rest by
/// name. Throws std::runtime_error where there are none.
std::vector<std::string> reading_order(const std::string& directory);

/// Writes README.md and notes/**/*.md of `directory` as one HTML page to `path`. Links from note to note become links inside the page, links to
/// other files become plain words. A picture whose file is not there is a sentence. Throws ProgramMissing where cmark-gfm is not
/// there, and std::runtime_error with the path where a file cannot be read or written.
void write_page(const std::string& directory, const std::string& path);

}  // namespace bench
