#pragma once
// The directory of a test, by its short name.

#include "support/directory.hpp"

using support::content_of;
using support::Directory;
using support::put;
