// Imported or stored objects as a graph for Graphviz: switches and what hangs on them; inside of a
// machine its memory nodes, devices and links, where no fabric joins several. Pure.
#pragma once

#include <span>
#include <string>

#include "api/object.h"

namespace freehold::discover {

std::string draw_dot(std::span<const api::Object> objects);

}  // namespace freehold::discover
