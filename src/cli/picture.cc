#include "cli/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include "base/printable.h"
#include "base/strings.h"

namespace freehold::cli {

namespace {

struct Paint {
  std::string_view fill, stroke, name;
};

constexpr std::array<Paint, 9> paints{{
    {"#ece7fb", "#7b61c9", "memory node"},
    {"#f1f3f5", "#9aa3ad", "PCI root or switch"},
    {"#e6f4c8", "#7a9a1f", "scale-up switch"},
    {"#d3f1d9", "#2b8a43", "GPU"},
    {"#dcebfb", "#2f6fb5", "network adapter"},
    {"#fdeed6", "#c07f1d", "storage"},
    {"#ffffff", "#9aa3ad", "other part"},
    {"#dcebfb", "#2f6fb5", "switch"},
    {"#eef1f5", "#6b7788", "what hangs on it"},
}};
const Paint& paint_of(Look look) { return paints[static_cast<size_t>(look)]; }

constexpr std::string_view bad = "#c92a2a", quiet = "#aab2bd", strong = "#3b9b52";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

// A string of Graphviz, whose lines are told apart by "\\n".
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const std::string_view line : split(text, '\n')) {
    if (line.data() != text.data()) out += "\\n";
    for (const char c : printable(line)) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

// The bytes of one character from `at` on.
size_t step(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) ++end;
  return end - at;
}
size_t characters(std::string_view text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size(); at += step(text, at)) ++count;
  return count;
}

// As much as fits into a box. Names of one kind differ at their ends, so what is cut is the middle.
std::string shortened(std::string_view text, size_t most) {
  const size_t all = characters(text);
  if (all <= most || most < 3) return escaped(text);
  const size_t back = (most - 1) * 3 / 5, front = most - 1 - back;
  std::string out;
  size_t at = 0;
  for (size_t n = 0; n < front; ++n) {
    const size_t bytes = step(text, at);
    out += text.substr(at, bytes);
    at += bytes;
  }
  for (size_t n = front; n < all - back; ++n) at += step(text, at);
  return escaped(out) + "…" + escaped(text.substr(at));
}

constexpr double label_character = 6.8, detail_character = 5.2;  // as wide as most are

// Where every box stands: those without a box below them side by side, all others over the middle
// of theirs.
class Layout {
 public:
  static constexpr double height = 38, gap_x = 12, gap_y = 58, margin = 28, head = 64;
  static constexpr double legend_height = 34;
  static constexpr size_t least_characters = 13, most_characters = 26;

  explicit Layout(const Picture& picture) : picture_(picture), x_(picture.boxes.size(), -1) {
    for (const auto& box : picture.boxes) fits_ = std::max(fits_, characters(box.label));
    fits_ = std::min(fits_, most_characters);
    width_ = static_cast<double>(fits_) * label_character + 12;
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

  double width() const { return width_; }                  // of every box
  size_t fits() const { return fits_; }                    // characters of a label
  double x(size_t box) const { return margin + x_[box]; }  // left edge
  double y(size_t box) const { return head + picture_.boxes[box].layer * (height + gap_y); }
  double full_width() const {
    double most = 560;  // room for titles and the legend
    for (const double x : x_) most = std::max(most, x + width_);
    return most + 2 * margin;
  }
  double full_height() const {
    int layers = 0;
    for (const auto& box : picture_.boxes) layers = std::max(layers, box.layer + 1);
    return head + layers * (height + gap_y) - gap_y / 2 + legend_height + margin;
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
      next_ += width_ + gap_x;
      return;
    }
    for (const size_t child : children_[root]) place(child);
    x_[root] = (x_[children_[root].front()] + x_[children_[root].back()]) / 2;
  }

  // Boxes that belong to no tree: in the middle where the layer is theirs, else beside the others.
  void centre(int layer, const std::vector<size_t>& boxes) {
    double from = 0, all = 0;
    for (size_t i = 0; i < x_.size(); ++i) {
      if (x_[i] < 0) continue;
      all = std::max(all, x_[i] + width_);
      if (picture_.boxes[i].layer == layer) from = std::max(from, x_[i] + width_ + gap_x);
    }
    const double taken = static_cast<double>(boxes.size()) * (width_ + gap_x) - gap_x;
    if (from == 0) from = std::max(0.0, (all - taken) / 2);
    for (const size_t box : boxes) {
      x_[box] = from;
      from += width_ + gap_x;
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
        x_[at] = std::max(x_[at], x_[before] + width_ + gap_x);
    }
  }

  const Picture& picture_;
  std::vector<std::vector<size_t>> children_;
  std::vector<double> x_;
  std::map<int, std::vector<size_t>> floating_;  // by layer
  double next_ = 0, width_ = 0;
  size_t fits_ = least_characters;
};

std::string line_svg(const Picture& picture, const Picture::Line& line, const Layout& layout) {
  const bool level = picture.boxes[line.from].layer == picture.boxes[line.to].layer;
  size_t upper = line.from, lower = line.to;
  if (picture.boxes[upper].layer > picture.boxes[lower].layer) std::swap(upper, lower);
  const double x1 = layout.x(upper) + layout.width() / 2, x2 = layout.x(lower) + layout.width() / 2;
  const std::string_view colour = line.is_degraded ? bad : line.is_tree ? quiet : strong;
  // Many lines together are a surface; thin ones can be told apart.
  const bool is_dense = picture.lines.size() > 40 && !line.is_tree && !line.is_degraded;
  const double thick = (0.8 + 0.7 * std::clamp(line.weight, 1, 5)) * (is_dense ? 0.5 : 1);
  std::string path;
  if (level) {  // an arc below both, or above those of the top layer
    const bool above = picture.boxes[upper].layer == 0;
    const double y = layout.y(upper) + (above ? 0 : Layout::height);
    const double reach = std::min(46.0, 14 + std::abs(x2 - x1) / 12) * (above ? -1 : 1);
    path = fmt::format("M{:.0f},{:.0f} C{:.0f},{:.0f} {:.0f},{:.0f} {:.0f},{:.0f}", x1, y, x1,
                       y + reach, x2, y + reach, x2, y);
  } else if (const double y1 = layout.y(upper) + Layout::height, y2 = layout.y(lower); is_dense) {
    path = fmt::format("M{:.0f},{:.0f} L{:.0f},{:.0f}", x1, y1, x2, y2);
  } else {
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

std::string box_svg(const Picture::Box& box, const Layout& layout, double x, double y) {
  const Paint& paint = paint_of(box.look);
  const double middle = x + layout.width() / 2;
  std::string out = fmt::format(
      "<g><title>{}{}{}</title><rect x=\"{:.0f}\" y=\"{:.0f}\" width=\"{:.0f}\" height=\"{:.0f}\" "
      "rx=\"6\" fill=\"{}\" stroke=\"{}\"/>\n",
      escaped(box.label), box.detail.empty() ? "" : ": ", escaped(box.detail), x, y, layout.width(),
      Layout::height, paint.fill, paint.stroke);
  const double baseline = box.detail.empty() ? y + 23 : y + 16;
  out += fmt::format(
      "<text x=\"{:.0f}\" y=\"{:.0f}\" font-size=\"11\" font-weight=\"600\" "
      "text-anchor=\"middle\">{}</text>\n",
      middle, baseline, shortened(box.label, layout.fits()));
  if (!box.detail.empty())
    out += fmt::format(
        "<text x=\"{:.0f}\" y=\"{:.0f}\" font-size=\"9\" fill=\"#56606b\" "
        "text-anchor=\"middle\">{}</text>\n",
        middle, y + 30,
        shortened(box.detail, static_cast<size_t>((layout.width() - 8) / detail_character)));
  return out + "</g>\n";
}

// What the colours and lines mean, of those that are there.
std::string legend_svg(const Picture& picture, const Layout& layout) {
  double x = Layout::margin;
  const double y = layout.full_height() - Layout::legend_height;
  std::string out;
  const auto name = [&](std::string_view text) {
    out +=
        fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" font-size=\"10\" fill=\"#56606b\">{}</text>\n",
                    x + 24, y + 10, text);
    x += 24 + static_cast<double>(text.size()) * 5.6 + 16;
  };
  std::set<Look> looks;
  for (const auto& box : picture.boxes) looks.insert(box.look);
  for (const Look look : looks) {
    const Paint& paint = paint_of(look);
    out += fmt::format(
        "<rect x=\"{:.0f}\" y=\"{:.0f}\" width=\"18\" height=\"12\" rx=\"3\" fill=\"{}\" "
        "stroke=\"{}\"/>\n",
        x, y, paint.fill, paint.stroke);
    name(paint.name);
  }
  const auto line = [&](std::string_view colour, std::string_view dash, std::string_view text) {
    out += fmt::format("<path d=\"M{:.0f},{:.0f} h18\" stroke=\"{}\" stroke-width=\"2\"{}/>\n", x,
                       y + 6, colour, dash);
    name(text);
  };
  const auto has = [&](auto fits) { return std::ranges::any_of(picture.lines, fits); };
  if (has([](const auto& l) { return !l.is_tree && !l.is_degraded; }))
    line(strong, "", "link, thicker: more");
  if (has([](const auto& l) { return l.is_degraded; }))
    line(bad, " stroke-dasharray=\"6 4\"", "below its best");
  return out;
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
    const Paint& paint = paint_of(box.look);
    const std::string label =
        quoted(box.detail.empty() ? box.label : box.label + "\n" + box.detail);
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
    out += box_svg(picture.boxes[i], layout, layout.x(i), layout.y(i));
  return out + legend_svg(picture, layout) + "</svg>\n";
}

}  // namespace freehold::cli
