#include "sse/client.hpp"

#include "sse/stream.hpp"

#include <functional>
#include <optional>
#include <utility>

namespace sse {

// What a parsed event means for the feed.
struct Client::Reading final : Parser::Handler {
  Reading(Client& client, const feed::Events& events) : client(client), events(events) {}

  void on_event(const Event& event) override {
    if (broken || client.is_closed()) return;
    const auto taken = event.type == "message"                        ? take_message(event)
                       : event.type == "hello" || event.type == "gap" ? take_hello(event)
                                                                      : feed::Result<>();
    if (!taken) broken = taken.error();
  }
  feed::Result<> take_hello(const Event& event) {
    const auto hello = feed::parse_hello(event.data);
    return hello ? client.take(*hello, events) : feed::Result<>(hello.error());
  }
  feed::Result<> take_message(const Event& event) {
    const auto message = feed::parse_message(event.data);
    return message ? client.take(*message, events) : feed::Result<>(message.error());
  }

  Client& client;
  const feed::Events& events;
  std::optional<feed::Error> broken;
};

Client::Client(net::any_io_executor executor, const feed::Address& room, std::chrono::seconds silence)
    : feed::Client(executor), agent_(std::move(executor)), url_(room.origin + room.path), silence_(silence) {}

// The stream is the answer to the one request that subscribe() makes.
net::awaitable<feed::Result<>> Client::connect(feed::After after) {
  begin(std::move(after));
  co_return feed::Result<>();
}

net::awaitable<feed::Error> Client::subscribe(const feed::Events& events) {
  Reading reading(*this, events);
  Parser parser(reading);
  feed::Fetch request;
  request.url = url_ + "/events";
  request.fields = fields();
  request.fields.push_back("Accept: text/event-stream");
  if (place().kind == feed::After::Kind::cursor) {
    request.fields.push_back("Last-Event-ID: " + feed::to_string(place()));
  } else if (place().kind == feed::After::Kind::latest) {
    request.url += "?after=latest";
  }
  request.timeout = {};
  request.silence = silence_;
  std::function<bool()> goes_on = [&] { return !reading.broken && !is_closed(); };
  feed::Error ended = co_await read_stream(agent_, std::move(request), parser, std::move(goes_on));
  if (is_closed()) co_return feed::Error{feed::Errc::closed, "closed"};
  if (reading.broken) co_return *reading.broken;
  co_return ended;
}

net::awaitable<feed::Result<feed::Cursor>> Client::publish(std::string author, std::string text) {
  feed::Draft draft{std::move(author), std::move(text)};
  co_return co_await feed::post(agent_, url_, std::move(draft), fields());
}

void Client::close() {
  feed::Client::close();
  agent_.close();
}

}  // namespace sse
