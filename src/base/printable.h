// Printable: which characters of a text that nobody vouches for may be shown. What could steer a
// terminal, turn the order of a line around or make a picture malformed is not. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace freehold {

// Length of the character that `text` begins with, 1 to 4, when it may be shown; 0 for bad UTF-8,
// controls (of ASCII, with tabs and line ends; of Latin-1; those that set the direction of writing)
// and U+FFFE and U+FFFF, which XML 1.0 forbids (section 2.2).
size_t printable_sequence(std::string_view text);

// The text with a "?" for each character that may not be shown, but tabs.
std::string printable(std::string_view text);

}  // namespace freehold
