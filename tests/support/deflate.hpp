#pragma once
// permessage-deflate by hand (RFC 7692, 7.2): what is compressed ends with an empty block, whose last four bytes are not sent.

#include <cstddef>
#include <string>
#include <string_view>

namespace support {

std::string deflate(std::string_view text);

/// deflate() of so many zero bytes, without having them all at once.
std::string deflated_zeros(std::size_t count);

/// Back again, where it is no more than `most` bytes.
std::string inflate(std::string_view bytes, std::size_t most);

}  // namespace support
