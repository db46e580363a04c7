// Where the parts of a matrix sit. A matrix says how far any two parts are from each other and has
// no addresses; a profile has places and no distances. So roots and switches are made up that put
// any two parts as far apart as the matrix says; their addresses show that they are made up. Pure.
// Internal to this module.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/node.h"

namespace freehold::discover {

// How two parts are joined, nearest first, as nvidia-smi says it.
enum class Near : uint8_t { untold, pix, pxb, phb, node, sys };

struct MatrixParts {
  std::vector<int64_t> numa;  // of each part; -1: not told
  std::vector<Near> near;     // a square, the same from both sides
  size_t count() const { return numa.size(); }
  Near between(size_t a, size_t b) const { return near[a * count() + b]; }
};
struct MatrixPlaces {
  std::vector<std::string> addresses;  // of each part; empty: it has no place
  std::vector<int64_t> numa;           // of each part; also what the words to others say
  std::vector<api::PciFunction> pci;   // ascending by address
  std::vector<Near> shown;             // what the places say; untold: nobody knows
  Near between(size_t a, size_t b) const { return shown[a * addresses.size() + b]; }
};
// Parts have no place where none fits the words about them.
MatrixPlaces place_parts(const MatrixParts& parts);
// Whether a third part tells that two at one memory node share no root: one that is near to the one
// and across roots from the other.
bool is_told_apart(const MatrixParts& parts, size_t a, size_t b);

}  // namespace freehold::discover
