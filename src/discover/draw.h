// The machine as a picture for the terminal: a tree of memory nodes, cores, caches, PCI bridges and
// devices with their links. Bridges that only pass through are left out, equal siblings are
// counted, degraded links are marked. Pure.
#pragma once

#include <string>

#include "discover/machine.h"

namespace freehold::discover {

struct DrawOptions {
  bool colour = false;
  int width = 100;      // columns; longer lines are cut
  bool unicode = true;  // else plain ASCII
  // Whether somebody has looked at the devices; else nothing is said of how they are.
  bool is_seen = true;
};

// Lines, each with its line end.
std::string draw(const Machine& machine, const DrawOptions& options = {});

}  // namespace freehold::discover
