// Picture: boxes in layers and lines between them, for people and for Graphviz. What is drawn is
// made elsewhere (topology.h); here is only how it looks. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace freehold::cli {

// What a box is; gives its colour.
enum class Look : uint8_t {
  memory,
  bridge,
  hub,
  gpu,
  network,
  storage,
  other,
  fabric_switch,
  machine
};

struct Picture {
  struct Box {
    std::string label, detail;  // one short line each
    int layer = 0;              // 0 is the top
    Look look = Look::other;
    int parent = -1;  // box above it, for its place in the layer; -1: none
  };
  struct Line {
    size_t from = 0, to = 0;  // indexes into boxes
    std::string label;        // "NVLink ×18, 3.6Tbps"
    bool is_tree = false;     // from a box to its parent
    bool is_degraded = false;
    int weight = 1;  // 1 to 5: how much it carries
  };
  std::string title, subtitle;
  std::vector<Box> boxes;
  std::vector<Line> lines;
};

std::string dot_of(const Picture& picture);  // for Graphviz
std::string svg_of(const Picture& picture);

}  // namespace freehold::cli
