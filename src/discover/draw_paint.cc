#include <algorithm>

#include "base/printable.h"
#include "base/strings.h"
#include "discover/draw_tree.h"

namespace freehold::discover {

namespace {

size_t columns(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

std::string_view code_of(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::strong:
      return "1";
    case Style::dim:
      return "2";
    case Style::good:
      return "32";
    case Style::warning:
      return "33";
    case Style::bad:
      return "1;31";
    case Style::gpu:
      return "1;32";
    case Style::network:
      return "1;36";
    case Style::storage:
      return "1;35";
    case Style::memory:
      return "1;34";
  }
  return "";
}

// Names come from firmware and may hold what a plain terminal cannot show.
std::string in_ascii(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t length = std::max<size_t>(utf8_sequence(text.substr(at)), 1);
    const std::string_view sequence = text.substr(at, length);
    if (length == 1)
      out += text[at];
    else if (sequence == "×")
      out += 'x';
    else if (sequence == "…")
      out += '~';
    else if (sequence == "–")
      out += '-';
    else if (sequence == "●")
      out += '*';
    else if (sequence == "◐" || sequence == "▲")
      out += '!';
    else if (sequence == "✕")
      out += 'X';
    else
      out += '?';
    at += length;
  }
  return out;
}

// Collects the cells of one line; nothing gets in beyond the width.
class LinePainter {
 public:
  explicit LinePainter(const DrawOptions& options)
      : options_(options), left_(static_cast<size_t>(std::max(options.width, 1))) {}

  void add(std::string_view text, Style style) {
    const std::string safe = printable(text);
    const std::string plain = options_.unicode ? safe : in_ascii(safe);
    std::string shown = plain;
    if (cut_ || left_ == 0) return;
    if (columns(plain) > left_) {
      shown = first_columns(plain, left_ - 1) + (options_.unicode ? "…" : "~");
      cut_ = true;
    }
    left_ -= columns(shown);
    const std::string_view code = code_of(style);
    // Blanks at the end of a line are noise, so they wait until something follows.
    const size_t end = shown.find_last_not_of(' ');
    if (end == std::string::npos) {
      blanks_ += shown;
      return;
    }
    line_ += blanks_;
    blanks_ = shown.substr(end + 1);
    shown.resize(end + 1);
    line_ += options_.colour && !code.empty()
                 ? "\x1b[" + std::string(code) + "m" + shown + "\x1b[0m"
                 : shown;
  }
  std::string finish() { return line_ + "\n"; }

 private:
  static std::string first_columns(const std::string& text, size_t count) {
    size_t at = 0;
    while (count > 0 && at < text.size()) {
      at += std::max<size_t>(utf8_sequence(std::string_view(text).substr(at)), 1);
      --count;
    }
    return text.substr(0, at);
  }

  const DrawOptions& options_;
  size_t left_;
  std::string line_, blanks_;
  bool cut_ = false;
};

struct Branches {
  std::string_view item, last, through, gap;
};

// Rows in the order of the lines, with the branches in front.
struct FlatRow {
  std::string prefix;
  const Row* row;
};

void flatten(const std::vector<Row>& rows, const std::string& prefix, const Branches& branches,
             std::vector<FlatRow>& out) {
  for (size_t i = 0; i < rows.size(); ++i) {
    const bool last = i + 1 == rows.size();
    out.push_back({prefix + std::string(last ? branches.last : branches.item), &rows[i]});
    flatten(rows[i].below, prefix + std::string(last ? branches.gap : branches.through), branches,
            out);
  }
}

}  // namespace

std::string paint(const std::vector<Row>& rows, const DrawOptions& options) {
  const Branches branches =
      options.unicode ? Branches{"├─ ", "└─ ", "│  ", "   "} : Branches{"|- ", "`- ", "|  ", "   "};
  std::vector<FlatRow> flat;
  flatten(rows, "", branches, flat);
  // The first column begins with the branches, so that what follows stands in line at every depth.
  std::vector<size_t> widths;
  for (const auto& [prefix, row] : flat) {
    if (row->heading) continue;
    widths.resize(std::max(widths.size(), row->cells.size()));
    for (size_t i = 0; i < row->cells.size(); ++i)
      widths[i] = std::max(widths[i], columns(row->cells[i].text) + (i == 0 ? columns(prefix) : 0));
  }
  std::string out;
  for (const auto& [prefix, row] : flat) {
    LinePainter line(options);
    // Already plain ASCII where that is asked for.
    line.add(prefix, Style::dim);
    for (size_t i = 0; i < row->cells.size(); ++i) {
      const Cell& cell = row->cells[i];
      line.add(cell.text, cell.style);
      if (i + 1 == row->cells.size()) break;
      const size_t taken = columns(cell.text) + (i == 0 ? columns(prefix) : 0);
      line.add(std::string(row->heading     ? 2
                           : widths[i] == 0 ? 0
                                            : widths[i] - taken + 2,
                           ' '),
               Style::plain);
    }
    out += line.finish();
  }
  return out;
}

std::string paint_line(const std::vector<Cell>& cells, const DrawOptions& options) {
  LinePainter line(options);
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line.add("  ", Style::plain);
    line.add(cells[i].text, cells[i].style);
  }
  return line.finish();
}

}  // namespace freehold::discover
