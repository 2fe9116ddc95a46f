#include "feed/images.hpp"

#include "feed/user.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace feed {
namespace {

constexpr std::string_view path = "/images/";

// What is taken from the socket, looked at and stored at once: 0.1 ms at most, then it is the others' turn.
constexpr std::size_t piece_bytes = 16 * 1024;

// "Image/GIF; x=y" is image/gif. Which of the four it is, the content says.
bool is_picture(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  for (const PictureType known : {PictureType::gif, PictureType::png, PictureType::jpeg, PictureType::webp}) {
    const std::string_view name = media_type(known);
    if (beast::iequals({type.data(), type.size()}, {name.data(), name.size()})) return true;
  }
  return false;
}

Response refusal(const Error& error) {
  return problem(static_cast<http::status>(error.status), error.detail,
                 error.status == 415   ? "Accept-Post: image/gif, image/png, image/jpeg, image/webp\r\n"
                 : error.status == 503 ? "Retry-After: 1\r\n"
                                       : "");
}

// Whose picture it is: the query's `author`, or the user.
Result<std::string> author_of(const Exchange& exchange, std::string_view user) {
  auto given = exchange.query("author");
  if (!given) return Error{given.error().code, given.error().detail, 400};
  if (!*given) return guest_name(user);
  const auto checked = check_author(**given);
  if (!checked) return Error{checked.error().code, checked.error().detail, 400};
  return **std::move(given);
}

// All of the body, into the upload. Errors without a status: the client left.
net::awaitable<Result<>> receive(Exchange& exchange, Pictures::Upload& upload) {
  std::array<char, piece_bytes> piece;
  while (exchange.body_left() > 0) {
    const auto some = co_await exchange.read_body(net::buffer(piece));
    if (!some) co_return some.error();
    const auto written = upload.write({piece.data(), *some});
    if (!written) co_return written.error();
  }
  co_return Result<>();
}

// What can be said before a byte of the picture has come: the message, but for the picture.
Result<Draft> admit(const Exchange& exchange, Pictures& pictures, std::uint64_t most_bytes) {
  const std::string type = exchange.field("Content-Type");
  if (!is_picture(type)) {
    return Error{Errc::invalid,
                 (type.empty() ? "got no Content-Type" : "Content-Type is \"" + type + '"') +
                     ", expected image/gif, image/png, image/jpeg or image/webp",
                 415};
  }
  if (exchange.body_left() > most_bytes) {
    return Error{Errc::too_large,
                 fmt::format("the picture is {} bytes, expected {} at most, the limit of --max-image",
                             exchange.body_left(), most_bytes),
                 413};
  }
  Draft draft;
  draft.user = public_id(exchange.request());
  auto author = author_of(exchange, draft.user);
  if (!author) return author.error();
  draft.author = *std::move(author);
  // Room for all of it is made as it comes: at once, it could take long.
  const auto fits = pictures.make_room(std::min<std::uint64_t>(exchange.body_left(), piece_bytes));
  if (!fits) return fits.error();
  return draft;
}

// POST /rooms/{room}/images
net::awaitable<void> upload(Exchange& exchange, Rooms& rooms, Pictures& pictures, std::uint64_t most_bytes) {
  auto draft = admit(exchange, pictures, most_bytes);
  if (!draft) co_return co_await exchange.reply(refusal(draft.error()));

  Pictures::Upload picture(pictures, exchange.body_left());
  const auto received = co_await receive(exchange, picture);
  if (!received && received.error().status == 0) co_return;  // the client left
  if (!received) co_return co_await exchange.reply(refusal(received.error()));
  const auto name = picture.keep();
  if (!name) co_return co_await exchange.reply(refusal(name.error()));

  const auto opened = exchange.open_room(rooms);
  if (!opened) co_return co_await exchange.reply(refusal(opened.error()));
  Room& room = **opened;
  draft->image = std::string(path) + *name;
  const std::string image = draft->image;
  Publication publication = room.publish(*std::move(draft));
  if (!publication.ended()) co_await publication.wait();
  const auto& place = publication.place();
  if (!place) co_return co_await exchange.reply(refusal(place.error()));
  pictures.shown_by(*name, room, place->seq);
  Response created{http::status::created,
                   "application/json",
                   fmt::format(R"({{"cursor":"{}","image":"{}"}})", to_string(*place), image),
                   {}};
  co_await exchange.reply(std::move(created));
}

// GET /images/{name}. Nothing that is served can do anything, should a browser take it for something else than a picture.
net::awaitable<void> send(Exchange& exchange, const Pictures& pictures) {
  const auto opened = pictures.open(exchange.name());
  if (!opened) {
    Response missing =
        problem(http::status::not_found, "there is no picture \"" + exchange.name().substr(0, 80) +
                                             "\", expected a name that a message has");
    co_return co_await exchange.reply(std::move(missing));
  }
  const std::string tag = '"' + exchange.name() + '"';
  const std::string known = exchange.field("If-None-Match");
  const bool unchanged =
      known == "*" || known.find(tag) != std::string::npos;  // a tag holds no quotation mark
  Response head{unchanged ? http::status::not_modified : http::status::ok,
                unchanged ? std::string_view() : media_type(opened->type),
                {},
                "Cache-Control: public, max-age=31536000, immutable\r\nETag: " + tag +
                    "\r\nX-Content-Type-Options: nosniff\r\n"
                    "Content-Security-Policy: default-src 'none'; sandbox\r\n"};
  if (unchanged) co_return co_await exchange.reply(std::move(head));
  co_await exchange.reply(std::move(head), opened->part);
}

}  // namespace

void find_shown(Pictures& pictures, const Rooms& rooms) {
  if (pictures.count() == 0) return;
  for (const auto& [name, room] : rooms.all()) {
    const Log& log = room->log();
    for (Seq seq = log.first(); seq <= log.last(); ++seq) {
      const std::string_view image = image_in(log.at(seq));
      if (image.starts_with(path)) pictures.shown_by(image.substr(path.size()), *room, seq);
    }
  }
}

void mount_images(Routes& routes, Rooms& rooms, Pictures& pictures, std::uint64_t most_bytes) {
  routes.add_upload(http::verb::post, "/rooms/{room}/images",
                    [&rooms, &pictures, most_bytes](Exchange& exchange) {
                      return upload(exchange, rooms, pictures, most_bytes);
                    });
  routes.add(http::verb::get, "/images/{name}",
             [&pictures](Exchange& exchange) { return send(exchange, pictures); });
}

}  // namespace feed
