#pragma once
// The headers that take longest to compile, together: precompiled once for all targets. Never included by hand.

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <boost/url/url_view.hpp>
