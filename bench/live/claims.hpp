#pragma once
// The claims behind the buttons of the page: what is said, and what it came to when it was measured. From the notes, as they are.

#include <filesystem>
#include <string>

namespace live {

/// The claims of `notes`/claims.json with the verdicts of the table in `notes`/claims.md, for the page:
/// `{"claims":[{"id":"R4","claim":"…","source":"…","experiment":"…","says":"…","verdict":"confirmed","because":"…"}]}`. `verdict` and `because` are
/// empty where the table has none. Throws std::runtime_error with the path where a file cannot be read or is not as expected.
std::string claims_json(const std::filesystem::path& notes);

}  // namespace live
