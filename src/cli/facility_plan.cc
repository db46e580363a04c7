// A facility as a floor plan: one block per room, one band per row, one box per rack where it
// stands.
#include <algorithm>
#include <map>
#include <tuple>

#include "base/strings.h"
#include "cli/facility.h"

namespace freehold::cli {

namespace {

using namespace fleet::facility;  // NOLINT: every name here is of it

constexpr int box_width = 116, box_height = 86, gap = 8, label_width = 70, margin = 24;
constexpr int most_columns = 16;        // boxes side by side; a longer row goes on below
constexpr int64_t widest_numbers = 64;  // beyond, positions are no plan of a row

struct Shade {
  std::string_view fill, edge, text;
};
constexpr Shade plenty{"#cfe8d5", "#2f7d4b", "at least half of its feeds is left"};
constexpr Shade some{"#e6efc2", "#7d8b1f", "a fifth to a half"};
constexpr Shade little{"#fbe3b4", "#b7791f", "less than a fifth"};
constexpr Shade nothing{"#f6c9c4", "#b3261e", "less than a twentieth, or beyond a limit"};
constexpr Shade unknown{"#e5e7eb", "#6b7280", "not known"};

const Shade& shade_of(const RackView& rack) {
  if (rack.power.mw < 0 || rack.capacity_mw <= 0) return unknown;
  const bool is_hot = rack.cooling_room_mw == 0;
  const double share = static_cast<double>(rack.power.mw) / static_cast<double>(rack.capacity_mw);
  if (is_hot || share < 0.05) return nothing;
  return share < 0.2 ? little : share < 0.5 ? some : plenty;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  return out;
}

// What fits in a box; the rest is in its title.
std::string shortened(const std::string& text, size_t width) {
  if (display_width(text) <= width) return text;
  std::string out;
  size_t at = 0;
  while (display_width(out) + 1 < width) {
    const size_t length = std::max<size_t>(1, utf8_sequence(std::string_view(text).substr(at)));
    out += text.substr(at, length);
    at += length;
  }
  return out + "…";
}

class Page {
 public:
  void text(int x, int y, std::string_view cls, std::string_view words) {
    body_ += "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" class=\"" +
             std::string(cls) + "\">" + escaped(words) + "</text>\n";
    reach(x + static_cast<int>(display_width(words)) * 6, y);
  }
  void box(int x, int y, int width, int height, const std::string& style) {
    body_ += "<rect x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" width=\"" +
             std::to_string(width) + "\" height=\"" + std::to_string(height) + "\" rx=\"4\" " +
             style + "/>\n";
    reach(x + width, y + height);
  }
  void open(std::string_view title) { body_ += "<g><title>" + escaped(title) + "</title>\n"; }
  void close() { body_ += "</g>\n"; }

  std::string finish() const {
    const std::string width = std::to_string(std::max(width_ + margin, 720)),
                      height = std::to_string(height_ + margin);
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + width + "\" height=\"" + height +
           "\" viewBox=\"0 0 " + width + " " + height +
           "\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\">\n<style>"
           "text{fill:#1f2937;font-size:11px}.site{font-size:18px;font-weight:600}"
           ".room{font-size:13px;font-weight:600}.row{font-size:12px;fill:#4b5563}"
           ".rack{font-size:12px;font-weight:600}.dim{fill:#4b5563}.bad{fill:#b3261e}</style>\n"
           "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n" +
           body_ + "</svg>\n";
  }

 private:
  void reach(int x, int y) {
    width_ = std::max(width_, x);
    height_ = std::max(height_, y);
  }
  std::string body_;
  int width_ = 0, height_ = 0;
};

void draw_rack(Page& page, const RackView& rack, const Supply& supply, int x, int y) {
  const Shade& shade = shade_of(rack);
  std::string title = rack.name + ": " + watts_text(rack.load_mw) + " of " +
                      watts_text(rack.capacity_mw) + ", " + watts_text(rack.power.mw) + " left";
  if (rack.power.domain != none)
    title += ", limited by " + supply.domains()[rack.power.domain].name;
  if (rack.power.failed != none)
    title += " if " + supply.domains()[rack.power.failed].name + " fails";
  if (rack.stranded_mw > 0 || rack.stranded_units > 0)
    title += "; stranded " + watts_text(rack.stranded_mw) + " and " +
             std::to_string(rack.stranded_units) + " units by " + why_text(rack.why);
  page.open(title);
  page.box(x, y, box_width, box_height,
           "fill=\"" + std::string(shade.fill) + "\" stroke=\"" + std::string(shade.edge) + "\"");
  page.text(x + 7, y + 16, "rack", shortened(rack.name, 14));
  // The part of its feeds that is used.
  page.box(x + 7, y + 22, box_width - 14, 6, "fill=\"#ffffff\"");
  if (rack.capacity_mw > 0) {
    const double share = std::clamp(
        static_cast<double>(rack.load_mw) / static_cast<double>(rack.capacity_mw), 0.0, 1.0);
    page.box(x + 7, y + 22, static_cast<int>(share * (box_width - 14)), 6,
             "fill=\"" + std::string(shade.edge) + "\"");
  }
  page.text(x + 7, y + 42, "", watts_text(rack.load_mw) + " of " + watts_text(rack.capacity_mw));
  page.text(x + 7, y + 55, "dim", watts_text(rack.power.mw) + " left");
  page.text(x + 7, y + 68, "dim",
            std::to_string(rack.free_units) + "U, GPU " + std::to_string(rack.free_gpus) + "/" +
                std::to_string(rack.gpus));
  if (rack.stranded_mw > 0)
    page.text(x + 7, y + 80, "bad", shortened("stranded " + watts_text(rack.stranded_mw), 17));
  else if (rack.stranded_units > 0)
    page.text(x + 7, y + 80, "bad", std::to_string(rack.stranded_units) + "U stranded");
  page.close();
}

// Where each rack of a row goes: by its number when all have one, else one after the other.
std::vector<int64_t> columns_of(const std::vector<const RackView*>& racks) {
  std::vector<int64_t> numbers;
  for (const RackView* rack : racks)
    if (const auto n = parse_int(rack->position)) numbers.push_back(*n);
  std::vector<int64_t> sorted = numbers;
  std::sort(sorted.begin(), sorted.end());
  const bool are_all = numbers.size() == racks.size() && !racks.empty();
  const bool are_apart = std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
  if (are_all && are_apart && sorted.front() >= 0 && sorted.back() < 1'000'000 &&
      sorted.back() - sorted.front() < widest_numbers) {
    for (int64_t& n : numbers) n -= sorted.front();
    return numbers;
  }
  numbers.clear();
  for (size_t i = 0; i < racks.size(); ++i) numbers.push_back(static_cast<int64_t>(i));
  return numbers;
}

int draw_row(Page& page, const std::vector<const RackView*>& racks, const Supply& supply, int y) {
  page.text(margin, y + box_height / 2, "row",
            racks.front()->row.empty()              ? "no row"
            : racks.front()->row.starts_with("row") ? shortened(racks.front()->row, 10)
                                                    : shortened("row " + racks.front()->row, 10));
  const std::vector<int64_t> columns = columns_of(racks);
  int lines = 1;
  std::vector<int64_t> taken = columns;
  for (size_t i = 0; i < racks.size(); ++i) {
    const auto column = static_cast<int>(columns[i]);
    lines = std::max(lines, column / most_columns + 1);
    draw_rack(page, *racks[i], supply,
              margin + label_width + column % most_columns * (box_width + gap),
              y + column / most_columns * (box_height + gap));
  }
  std::sort(taken.begin(), taken.end());
  for (int64_t c = 0; c < taken.back(); ++c)
    if (!std::binary_search(taken.begin(), taken.end(), c)) {
      const auto column = static_cast<int>(c);
      const int x = margin + label_width + column % most_columns * (box_width + gap);
      const int top = y + column / most_columns * (box_height + gap);
      page.box(x, top, box_width, box_height,
               "fill=\"none\" stroke=\"#9ca3af\" stroke-dasharray=\"4 4\"");
      page.text(x + 7, top + 16, "dim", "free");
    }
  return y + lines * (box_height + gap);
}

int draw_legend(Page& page, int y) {
  page.text(margin, y + 11, "dim", "Power that may be added while any one feed fails:");
  int x = margin;
  for (const Shade* shade : {&plenty, &some, &little, &nothing, &unknown}) {
    page.box(
        x, y + 20, 14, 14,
        "fill=\"" + std::string(shade->fill) + "\" stroke=\"" + std::string(shade->edge) + "\"");
    page.text(x + 20, y + 31, "", shade->text);
    x += 44 + static_cast<int>(shade->text.size()) * 6;
  }
  return y + 52;
}

}  // namespace

std::string facility_plan(const Facility& facility, const FacilityView& view) {
  using Room = std::map<std::tuple<size_t, std::string>, std::vector<const RackView*>>;
  std::map<std::string, std::map<std::string, Room>> sites;
  for (const RackView& rack : facility.racks)
    if ((view.site.empty() || rack.site == view.site) &&
        (view.rack.empty() || rack.name == view.rack))
      sites[rack.site][rack.room][{rack.row.size(), rack.row}].push_back(&rack);
  Page page;
  int y = draw_legend(page, margin);
  for (const auto& [site, rooms] : sites) {
    page.text(margin, y + 16, "site", site.empty() ? "no site" : site);
    y += 30;
    for (const auto& [room, rows] : rooms) {
      page.text(margin, y + 12, "room", room.empty() ? "no room" : room);
      y += 22;
      for (const auto& [row, racks] : rows) y = draw_row(page, racks, *facility.supply, y);
      y += gap;
    }
    y += gap;
  }
  if (sites.empty()) page.text(margin, y + 12, "dim", "No racks found.");
  return page.finish();
}

}  // namespace freehold::cli
