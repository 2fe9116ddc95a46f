#pragma once
// What connections cost besides the memory of the programs: the kernel's own, for sockets, files and what waits in them.

#include <cstdint>
#include <string>

namespace bench {

/// Bytes that the kernel holds now for its own objects (Slab of /proc/meminfo) and for what waits in TCP's buffers ("mem" of
/// /proc/net/sockstat, pages): of the whole machine, so that only differences say anything. On loopback both ends of a connection are in it. Throws
/// std::runtime_error where the system does not say.
std::uint64_t kernel_memory_bytes();

/// The bytes behind `name` in the text of /proc/meminfo, which has kB; the pages behind "mem" of TCP in that of /proc/net/sockstat. Both
/// throw std::runtime_error where it is not there.
std::uint64_t meminfo_bytes(const std::string& meminfo, const std::string& name);
std::uint64_t tcp_pages(const std::string& sockstat);

}  // namespace bench
