#include "bench/polled.hpp"

#include "bench/publisher.hpp"
#include "polling/client.hpp"

namespace bench {
namespace {

const polling::Client& poller(const Readers& readers, std::size_t i) {
  return static_cast<const polling::Client&>(readers.client(i));
}

Carried exchange(const Bytes& bytes) { return {bytes, packets_of_exchange(bytes.up, bytes.down)}; }

Carried times(std::uint64_t n, const Carried& once) { return {n * once.bytes, n * once.packets}; }

}  // namespace

std::size_t json_bytes(std::size_t index, std::size_t payload_bytes) {
  return message_bytes(index + 1, author, {}) + payload_bytes;
}

Carried operator-(const Carried& a, const Carried& b) {
  return {{a.bytes.up - b.bytes.up, a.bytes.down - b.bytes.down}, a.packets - b.packets};
}

Polled::Polled(const Readers& readers, std::size_t count) : readers_(readers), seen_(count) {}

void Polled::took(std::size_t reader, std::size_t index) {
  Reader& seen = seen_[reader];
  const polling::Client& client = poller(readers_, reader);
  if (!seen.pages.empty() && seen.pages.back().poll == client.polls()) {
    ++seen.pages.back().count;
    return;
  }
  seen.pages.push_back({client.polls(), client.empty_polls() - seen.empty, index, 1});
  seen.empty = client.empty_polls();
}

std::uint64_t Polled::polls() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < seen_.size(); ++i) sum += poller(readers_, i).polls();
  return sum;
}

std::uint64_t Polled::empty() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < seen_.size(); ++i) sum += poller(readers_, i).empty_polls();
  return sum;
}

Carried Polled::predict(const Target& target, std::size_t epoch_bytes, std::size_t payload_bytes,
                        std::optional<std::chrono::seconds> wait) const {
  Carried sum;
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    std::uint64_t place = 0;  // the seq in the cursor
    for (const Page& page : seen_[i].pages) {
      const std::size_t before = cursor_bytes(epoch_bytes, place);
      place = page.first + page.count;
      std::size_t json = 0;
      for (std::size_t index = page.first; index < place; ++index) json += json_bytes(index, payload_bytes);
      const std::size_t body = page_body_bytes(cursor_bytes(epoch_bytes, place), page.count, json);
      sum += times(page.empty_before, exchange(empty_poll(target, before, wait)));
      sum += exchange({poll_request_bytes(target, before, wait), page_response_bytes(body, wait)});
    }
    sum += times(poller(readers_, i).empty_polls() - seen_[i].empty,
                 exchange(empty_poll(target, cursor_bytes(epoch_bytes, place), wait)));
  }
  return sum;
}

}  // namespace bench
