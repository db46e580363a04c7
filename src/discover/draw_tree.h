// The picture's lines before they are painted: a tree of rows made of cells with a style each.
// Internal to draw.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "discover/draw.h"

namespace freehold::discover {

enum class Style : uint8_t {
  plain,
  strong,
  dim,
  good,
  warning,
  bad,
  gpu,
  network,
  storage,
  memory
};

struct Cell {
  std::string text;
  Style style = Style::plain;
};

// One line and what hangs below it. A heading runs freely; the cells of all other rows stand in
// columns.
struct Row {
  std::vector<Cell> cells;
  bool heading = false;
  std::vector<Row> below{};
};

// What the tree is made of, as one row per memory node (and one for devices that belong to none).
std::vector<Row> machine_rows(const Machine& machine, bool is_seen);

// Paints a tree: branches, columns, colours; cuts lines at the width.
std::string paint(const std::vector<Row>& rows, const DrawOptions& options);
// One free line, with the same cuts and colours.
std::string paint_line(const std::vector<Cell>& cells, const DrawOptions& options);

// "1.5 TiB", "80 GiB": memory as it is sold.
std::string memory_text(int64_t bytes);
// "3.84 TB": disks as they are sold.
std::string disk_text(int64_t bytes);
// "gen5 x16", from "32GT/s" and 16; what is unknown is left out.
std::string link_text(const std::string& speed, int64_t width);

}  // namespace freehold::discover
