#include "cli/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace freehold::cli {

namespace {

struct Paint {
  std::string_view fill, stroke;
};

Paint paint_of(Look look) {
  switch (look) {
    case Look::place:
      return {"#eef1f5", "#8a94a6"};
    case Look::memory:
      return {"#ece7fb", "#7b61c9"};
    case Look::bridge:
      return {"#f1f3f5", "#9aa3ad"};
    case Look::hub:
      return {"#e3f5e6", "#3b9b52"};
    case Look::gpu:
      return {"#d3f1d9", "#2b8a43"};
    case Look::network:
      return {"#dcebfb", "#2f6fb5"};
    case Look::storage:
      return {"#fdeed6", "#c07f1d"};
    case Look::other:
      return {"#ffffff", "#9aa3ad"};
  }
  return {"#ffffff", "#9aa3ad"};
}

constexpr std::string_view bad = "#c92a2a", quiet = "#aab2bd", strong = "#3b9b52";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (static_cast<uint8_t>(c) < 0x20)
      out += '?';
    else
      out += c;
  }
  return out;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<uint8_t>(c) < 0x20 ? '?' : c;
  }
  return out + '"';
}

// Where every box stands: those without a box below them side by side, all others over the middle
// of theirs.
class Layout {
 public:
  static constexpr double width = 96, height = 38, gap_x = 12, gap_y = 58, margin = 28, head = 64;

  explicit Layout(const Picture& picture) : picture_(picture), x_(picture.boxes.size(), -1) {
    children_.resize(picture.boxes.size());
    for (size_t i = 0; i < picture.boxes.size(); ++i)
      if (has_parent(i)) children_[static_cast<size_t>(picture.boxes[i].parent)].push_back(i);
    const bool has_trees = std::any_of(children_.begin(), children_.end(),
                                       [](const auto& below) { return !below.empty(); });
    for (size_t i = 0; i < picture.boxes.size(); ++i)
      if (!has_parent(i) && (!has_trees || !children_[i].empty())) place(i);
    for (size_t i = 0; i < picture.boxes.size(); ++i)
      if (x_[i] < 0) floating_[picture.boxes[i].layer].push_back(i);
    for (const auto& [layer, boxes] : floating_) centre(layer, boxes);
    spread();
  }

  double x(size_t box) const { return margin + x_[box]; }  // left edge
  double y(size_t box) const { return head + picture_.boxes[box].layer * (height + gap_y); }
  double full_width() const {
    double most = 360;
    for (const double x : x_) most = std::max(most, x + width);
    return most + 2 * margin;
  }
  double full_height() const {
    int layers = 0;
    for (const auto& box : picture_.boxes) layers = std::max(layers, box.layer + 1);
    return head + layers * (height + gap_y) + margin;
  }

 private:
  // Parents stand before their children; anything else counts as having none.
  bool has_parent(size_t box) const {
    const int parent = picture_.boxes[box].parent;
    return parent >= 0 && static_cast<size_t>(parent) < box;
  }

  void place(size_t root) {
    if (children_[root].empty()) {
      x_[root] = next_;
      next_ += width + gap_x;
      return;
    }
    for (const size_t child : children_[root]) place(child);
    x_[root] = (x_[children_[root].front()] + x_[children_[root].back()]) / 2;
  }

  // Boxes that belong to no tree: in the middle where the layer is theirs, else beside the others.
  void centre(int layer, const std::vector<size_t>& boxes) {
    double from = 0, all = -gap_x;
    for (size_t i = 0; i < x_.size(); ++i) {
      all = std::max(all, x_[i] + width);
      if (picture_.boxes[i].layer == layer) from = std::max(from, x_[i] + width + gap_x);
    }
    const double taken = static_cast<double>(boxes.size()) * (width + gap_x) - gap_x;
    if (from == 0) from = std::max(0.0, (all - taken) / 2);
    for (const size_t box : boxes) {
      x_[box] = from;
      from += width + gap_x;
    }
  }

  // Boxes of one layer never overlap: a later one moves right. A lonely layer is centred.
  void spread() {
    std::vector<size_t> order(x_.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return std::pair(picture_.boxes[a].layer, x_[a]) < std::pair(picture_.boxes[b].layer, x_[b]);
    });
    for (size_t i = 1; i < order.size(); ++i) {
      const size_t before = order[i - 1], at = order[i];
      if (picture_.boxes[before].layer == picture_.boxes[at].layer)
        x_[at] = std::max(x_[at], x_[before] + width + gap_x);
    }
  }

  const Picture& picture_;
  std::vector<std::vector<size_t>> children_;
  std::vector<double> x_;
  std::map<int, std::vector<size_t>> floating_;  // by layer
  double next_ = 0;
};

std::string line_svg(const Picture& picture, const Picture::Line& line, const Layout& layout) {
  const bool level = picture.boxes[line.from].layer == picture.boxes[line.to].layer;
  size_t upper = line.from, lower = line.to;
  if (picture.boxes[upper].layer > picture.boxes[lower].layer) std::swap(upper, lower);
  const double x1 = layout.x(upper) + Layout::width / 2, x2 = layout.x(lower) + Layout::width / 2;
  const std::string_view colour = line.is_degraded ? bad : line.is_tree ? quiet : strong;
  const double thick = 0.8 + 0.7 * std::clamp(line.weight, 1, 5);
  std::string path;
  if (level) {  // an arc below both, or above those of the top layer
    const bool above = picture.boxes[upper].layer == 0;
    const double y = layout.y(upper) + (above ? 0 : Layout::height);
    const double reach = std::min(46.0, 14 + std::abs(x2 - x1) / 12) * (above ? -1 : 1);
    path = fmt::format("M{:.0f},{:.0f} C{:.0f},{:.0f} {:.0f},{:.0f} {:.0f},{:.0f}", x1, y, x1,
                       y + reach, x2, y + reach, x2, y);
  } else {
    const double y1 = layout.y(upper) + Layout::height, y2 = layout.y(lower);
    const double middle = (y1 + y2) / 2;
    path = fmt::format("M{:.0f},{:.0f} C{:.0f},{:.0f} {:.0f},{:.0f} {:.0f},{:.0f}", x1, y1, x1,
                       middle, x2, middle, x2, y2);
  }
  return fmt::format(
      "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{:.1f}\" "
      "stroke-opacity=\"0.7\"{}><title>{} – {}{}{}"
      "</title></path>\n",
      path, colour, thick, line.is_degraded ? " stroke-dasharray=\"6 4\"" : "",
      escaped(picture.boxes[line.from].label), escaped(picture.boxes[line.to].label),
      line.label.empty() ? "" : ": ", escaped(line.label));
}

// As much as fits into a box.
std::string shortened(std::string_view text, size_t most) {
  if (text.size() <= most) return escaped(text);
  size_t end = most - 1;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
  return escaped(text.substr(0, end)) + "…";
}

std::string box_svg(const Picture::Box& box, double x, double y) {
  const Paint paint = paint_of(box.look);
  const double middle = x + Layout::width / 2;
  std::string out = fmt::format(
      "<g><title>{}{}{}</title><rect x=\"{:.0f}\" y=\"{:.0f}\" width=\"{:.0f}\" height=\"{:.0f}\" "
      "rx=\"6\" fill=\"{}\" stroke=\"{}\"/>\n",
      escaped(box.label), box.detail.empty() ? "" : ": ", escaped(box.detail), x, y, Layout::width,
      Layout::height, paint.fill, paint.stroke);
  const double baseline = box.detail.empty() ? y + 23 : y + 16;
  out += fmt::format(
      "<text x=\"{:.0f}\" y=\"{:.0f}\" font-size=\"11\" font-weight=\"600\" "
      "text-anchor=\"middle\">{}</text>\n",
      middle, baseline, shortened(box.label, 15));
  if (!box.detail.empty())
    out += fmt::format(
        "<text x=\"{:.0f}\" y=\"{:.0f}\" font-size=\"9\" fill=\"#56606b\" "
        "text-anchor=\"middle\">{}</text>\n",
        middle, y + 30, shortened(box.detail, 19));
  return out + "</g>\n";
}

}  // namespace

std::string dot_of(const Picture& picture) {
  std::string out = fmt::format(
      "graph {} {{\n  label={}; labelloc=t; rankdir=TB; fontname=\"sans-serif\";\n"
      "  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", fontsize=10];\n"
      "  edge [fontname=\"sans-serif\", fontsize=8];\n",
      quoted(picture.title), quoted(picture.title + "\n" + picture.subtitle));
  for (size_t i = 0; i < picture.boxes.size(); ++i) {
    const auto& box = picture.boxes[i];
    const Paint paint = paint_of(box.look);
    std::string label = quoted(box.label);
    if (!box.detail.empty()) {
      label.pop_back();
      label += "\\n" + quoted(box.detail).substr(1);
    }
    out += fmt::format("  b{} [label={}, fillcolor=\"{}\", color=\"{}\"];\n", i, label, paint.fill,
                       paint.stroke);
  }
  for (const auto& line : picture.lines) {
    const bool level = picture.boxes[line.from].layer == picture.boxes[line.to].layer;
    out += fmt::format("  b{} -- b{} [label={}, penwidth={}, color=\"{}\"{}{}];\n", line.from,
                       line.to, quoted(line.label), std::clamp(line.weight, 1, 5),
                       line.is_degraded ? bad
                       : line.is_tree   ? quiet
                                        : strong,
                       line.is_degraded ? ", style=dashed" : "", level ? ", constraint=false" : "");
  }
  return out + "}\n";
}

std::string svg_of(const Picture& picture) {
  const Layout layout(picture);
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" font-family=\"system-ui, sans-serif\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
      "<text x=\"{2:.0f}\" y=\"26\" font-size=\"16\" font-weight=\"700\">{3}</text>\n"
      "<text x=\"{2:.0f}\" y=\"44\" font-size=\"11\" fill=\"#56606b\">{4}</text>\n",
      layout.full_width(), layout.full_height(), Layout::margin, escaped(picture.title),
      escaped(picture.subtitle));
  for (const auto& line : picture.lines) out += line_svg(picture, line, layout);
  for (size_t i = 0; i < picture.boxes.size(); ++i)
    out += box_svg(picture.boxes[i], layout.x(i), layout.y(i));
  return out + "</svg>\n";
}

}  // namespace freehold::cli
