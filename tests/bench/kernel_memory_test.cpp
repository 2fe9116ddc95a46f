#include "bench/kernel_memory.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace {

TEST(KernelMemory, ReadsMeminfoByTheWholeName) {
  const std::string text =
      "MemTotal:       24683940 kB\nSReclaimable:      12345 kB\nSlab:             123456 kB\nHugePages_Total:       0\n";
  EXPECT_EQ(bench::meminfo_bytes(text, "Slab"), 123456u * 1024);
  EXPECT_THROW(bench::meminfo_bytes(text, "Sla"), std::runtime_error);
}

TEST(KernelMemory, ReadsThePagesOfTcpAndNotThoseOfUdp) {
  const std::string text =
      "sockets: used 17\nTCP: inuse 1 orphan 0 tw 0 alloc 1 mem 42\nUDP: inuse 0 mem 7\nRAW: inuse 0\n";
  EXPECT_EQ(bench::tcp_pages(text), 42u);
  EXPECT_THROW(bench::tcp_pages("sockets: used 17\nUDP: inuse 0 mem 7\n"), std::runtime_error);
}

TEST(KernelMemory, IsSomethingHere) { EXPECT_GT(bench::kernel_memory_bytes(), 0u); }

}  // namespace
