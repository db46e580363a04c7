// topology of a fabric, and of the way between two machines.
#include <algorithm>
#include <map>
#include <set>

#include "base/quantity.h"
#include "base/strings.h"
#include "cli/topology.h"

namespace freehold::cli {

namespace {

int64_t mbps_of(const Quantity& rate) { return rate.is_set() ? rate.value() / 1'000'000 : -1; }

std::string counted(size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

// One switch with all that hangs on it, and where it stands in the tree.
struct SwitchView {
  const api::FabricSwitch* at = nullptr;
  int level = -1;  // 0 is nearest to machines; -1: unknown
  std::set<std::string> machines;
  size_t adapters = 0, units = 0;         // ports of machines; reduction units inside
  int64_t down = 0, up = 0;               // Mbit/s
  bool has_down = false, has_up = false;  // whether anything is known to lead there
  bool down_known = true, up_known = true;
  std::map<std::string, int64_t> neighbours;  // by cables
};

class FabricView {
 public:
  explicit FabricView(const api::Fabric& fabric, const Fabrics& others = {}) : fabric_(fabric) {
    for (const auto& at : fabric.spec.switches) {
      SwitchView& view = views_[at.name];
      view.at = &at;
      view.machines.insert(at.nodes.begin(), at.nodes.end());
    }
    add_adapters();
    set_levels();
    add_links();
    for (const api::Fabric* other : others)
      if (other->metadata.name != fabric.metadata.name) add_links_of(*other);
  }

  int64_t cables_of_others() const { return cables_of_others_; }
  const std::map<std::string, SwitchView>& switches() const { return views_; }
  bool is_named(const std::string& name) const { return views_.contains(name); }
  int levels() const { return levels_; }
  size_t machines() const {
    std::set<std::string> all;
    for (const auto& [name, view] : views_) all.insert(view.machines.begin(), view.machines.end());
    return all.size();
  }

 private:
  void add_adapters() {
    for (const auto& adapter : fabric_.spec.adapters) {
      SwitchView& view = views_[adapter.at];
      if (adapter.is_aggregation) {
        ++view.units;
        continue;
      }
      ++view.adapters;
      view.has_down = true;
      if (!adapter.node.empty()) view.machines.insert(adapter.node);
      const int64_t rate = mbps_of(adapter.bandwidth);
      if (rate < 0)
        view.down_known = false;
      else
        view.down += rate;
    }
    for (auto& [name, view] : views_)
      if (view.at != nullptr && !view.at->nodes.empty()) {
        view.has_down = true;
        view.down_known = false;
      }
  }

  // As the fabric's tiers say; else by how many links a switch is away from machines.
  void set_levels() {
    const auto& tiers = fabric_.spec.tiers;
    for (auto& [name, view] : views_) {
      if (view.at == nullptr) continue;
      const auto tier = std::find_if(tiers.begin(), tiers.end(), [&](const api::FabricTier& t) {
        return t.name == view.at->tier;
      });
      if (tier != tiers.end())
        view.level = static_cast<int>(tier - tiers.begin());
      else if (view.adapters > 0 || !view.machines.empty())
        view.level = 0;
    }
    for (int level = 0; level < 8; ++level)
      for (const auto& link : fabric_.spec.links)
        for (const auto& [from, to] : {std::pair(link.from, link.to), {link.to, link.from}}) {
          const auto a = views_.find(from), b = views_.find(to);
          if (a != views_.end() && b != views_.end() && a->second.level == level &&
              b->second.level < 0)
            b->second.level = level + 1;
        }
    for (const auto& [name, view] : views_) levels_ = std::max(levels_, view.level + 1);
  }

  void add_links() {
    for (const auto& link : fabric_.spec.links)
      for (const auto& [from, to] : {std::pair(link.from, link.to), {link.to, link.from}}) {
        const auto a = views_.find(from);
        if (a == views_.end()) continue;
        const auto b = views_.find(to);
        const int64_t rate = mbps_of(link.bandwidth);
        const bool is_elsewhere = b == views_.end() && to.find('/') != to.npos;
        if (b == views_.end() && !is_elsewhere) {  // a machine
          a->second.machines.insert(to);
          add_down(a->second, rate);
          continue;
        }
        a->second.neighbours[to] += link.count;
        written_.emplace(from, to);
        if (is_elsewhere || b->second.level > a->second.level)
          add_up(a->second, rate);
        else if (b->second.level < a->second.level)
          add_down(a->second, rate);
      }
  }

  // A fabric writes the links that lead out of it and up, so they come to this one from below.
  void add_links_of(const api::Fabric& other) {
    const std::string here = fabric_.metadata.name + "/";
    for (const auto& link : other.spec.links)
      for (const auto& [from, to] : {std::pair(link.from, link.to), {link.to, link.from}}) {
        if (!to.starts_with(here)) continue;
        const auto at = views_.find(to.substr(here.size()));
        const std::string neighbour = other.metadata.name + "/" + from;
        // What this one writes itself is counted already.
        if (at == views_.end() || written_.contains({at->first, neighbour})) continue;
        at->second.neighbours[neighbour] += link.count;
        cables_of_others_ += link.count;
        add_down(at->second, mbps_of(link.bandwidth));
      }
  }

  static void add_down(SwitchView& view, int64_t rate) {
    view.has_down = true;
    view.down_known = view.down_known && rate >= 0;
    view.down += std::max<int64_t>(rate, 0);
  }
  static void add_up(SwitchView& view, int64_t rate) {
    view.has_up = true;
    view.up_known = view.up_known && rate >= 0;
    view.up += std::max<int64_t>(rate, 0);
  }

  const api::Fabric& fabric_;
  std::map<std::string, SwitchView> views_;
  std::set<std::pair<std::string, std::string>> written_;  // switch and its neighbour
  int64_t cables_of_others_ = 0;
  int levels_ = 0;
};

std::string tier_text(const SwitchView& view) {
  if (view.at != nullptr && !view.at->tier.empty()) return printable(view.at->tier);
  return view.level < 0 ? "?" : std::to_string(view.level);
}

// "1.03:1"; at least one digit after the point, at most two.
std::string ratio_text(int64_t down, int64_t up) {
  const int64_t hundredths = (down * 100 + up / 2) / up;
  std::string text = std::to_string(hundredths / 100) + "." + std::to_string(hundredths / 10 % 10);
  if (hundredths % 10 != 0) text += std::to_string(hundredths % 10);
  return text + ":1";
}

std::string share_text(const SwitchView& view) {
  if (!view.up_known || !view.down_known || view.up == 0 || view.down == 0) return "-";
  return ratio_text(view.down, view.up);
}

// Above the highest switches there is nothing; of one that nothing is known of, that neither.
std::string up_text(const SwitchView& view) {
  if (!view.has_up) return view.has_down ? "-" : "?";
  return view.up_known ? rate_text(view.up) : "?";
}

bool is_weak(const api::FabricLink& link) {
  return link.bandwidth.is_set() && link.maximum.is_set() &&
         link.bandwidth.value() < link.maximum.value();
}

std::string summary(const api::Fabric& fabric, const FabricView& view) {
  const auto& spec = fabric.spec;
  size_t cables = 0, adapters = 0, units = 0;
  for (const auto& link : spec.links) cables += static_cast<size_t>(link.count);
  for (const auto& adapter : spec.adapters) ++(adapter.is_aggregation ? units : adapters);
  std::string out = api::enum_text(spec.kind);
  if (!spec.technology.empty()) out += ", " + printable(spec.technology);
  if (!spec.site.empty()) out += ", site " + printable(spec.site);
  out += ": " + counted(spec.switches.size(), "switch", "switches") + ", " +
         counted(cables, "cable", "cables") + " between them";
  if (const int64_t more = view.cables_of_others(); more > 0)
    out += ", " + counted(static_cast<size_t>(more), "cable", "cables") + " from other fabrics";
  if (adapters > 0) out += ", " + counted(adapters, "adapter", "adapters");
  if (units > 0) out += ", " + counted(units, "reduction unit", "reduction units");
  if (const size_t machines = view.machines(); machines > 0)
    out += ", " + counted(machines, "machine", "machines");
  return out;
}

}  // namespace

std::string rate_text(int64_t mbps) {
  if (mbps < 0) return "?";
  constexpr int64_t tera = 1'000'000, giga = 1'000;
  const auto in = [&](int64_t unit, std::string_view name) {
    const int64_t tenths = (mbps * 10 + unit / 2) / unit;
    const std::string whole = std::to_string(tenths / 10);
    return whole + (tenths % 10 == 0 ? "" : "." + std::to_string(tenths % 10)) + std::string(name);
  };
  return mbps >= tera ? in(tera, "Tbps") : mbps >= giga ? in(giga, "Gbps") : in(1, "Mbps");
}

std::string fabric_table(const api::Fabric& fabric, const Fabrics& others,
                         const Terminal& terminal) {
  const FabricView view(fabric, others);
  std::string out =
      paint(fabric.metadata.name, Colour::bold, terminal) + "  " + summary(fabric, view) + "\n\n";
  std::vector<const std::pair<const std::string, SwitchView>*> order;
  for (const auto& item : view.switches()) order.push_back(&item);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return a->second.level > b->second.level; });
  Table table(
      {"SWITCH", "TIER", "RACK", "MACHINES", "ADAPTERS", "NEIGHBOURS", "DOWN", "UP", "DOWN:UP"});
  for (const auto* item : order) {
    const SwitchView& one = item->second;
    const bool has_rack = one.at != nullptr && !one.at->rack.empty();
    table.add({printable(item->first), tier_text(one), has_rack ? printable(one.at->rack) : "-",
               std::to_string(one.machines.size()), std::to_string(one.adapters),
               std::to_string(one.neighbours.size()),
               one.has_down && one.down_known ? rate_text(one.down) : "?", up_text(one),
               share_text(one)});
  }
  out += table.text(terminal);
  std::string weak;
  for (const auto& link : fabric.spec.links)
    if (is_weak(link))
      weak +=
          paint("▲ " + printable(link.from) + " – " + printable(link.to) + ": " +
                    rate_text(mbps_of(link.bandwidth)) + " of " + rate_text(mbps_of(link.maximum)),
                Colour::bad, terminal) +
          "\n";
  return weak.empty() ? out : out + "\n" + weak;
}

Picture fabric_picture(const api::Fabric& fabric) {
  const FabricView view(fabric);
  Picture picture;
  picture.title = fabric.metadata.name;
  picture.subtitle = summary(fabric, view);
  std::map<std::string, size_t> boxes;
  const int top = std::max(view.levels() - 1, 0);
  for (int level = top; level >= -1; --level)
    for (const auto& [name, one] : view.switches()) {
      if (one.level != level) continue;
      boxes[name] = picture.boxes.size();
      const int layer = level < 0 ? 0 : top - level;
      picture.boxes.push_back({printable(name), one.at == nullptr ? "" : printable(one.at->rack),
                               layer, Look::fabric_switch, -1});
      if (one.machines.empty() && one.adapters == 0) continue;
      const std::string what = one.machines.empty()
                                   ? counted(one.adapters, "adapter", "adapters")
                                   : counted(one.machines.size(), "machine", "machines");
      const auto below = static_cast<int>(boxes[name]);
      picture.boxes.push_back({what, one.down_known && one.down > 0 ? rate_text(one.down) : "",
                               top + 1, Look::machine, below});
      picture.lines.push_back({boxes[name], picture.boxes.size() - 1, "", true, false, 1});
    }
  for (const auto& link : fabric.spec.links) {
    const auto a = boxes.find(link.from), b = boxes.find(link.to);
    if (a == boxes.end() || b == boxes.end()) continue;
    std::string label = rate_text(mbps_of(link.bandwidth));
    if (link.count > 1) label += ", " + std::to_string(link.count) + " cables";
    picture.lines.push_back({a->second, b->second, label, false, is_weak(link),
                             static_cast<int>(std::clamp<int64_t>(link.count, 1, 3))});
  }
  return picture;
}

std::string transit_price(const std::vector<const api::Site*>& sites) {
  const auto link_of = [](const api::Site& from, const api::Site& to) {
    const auto link = std::ranges::find(from.spec.links, to.metadata.name, &api::SiteLink::site);
    return link == from.spec.links.end() ? nullptr : &*link;
  };
  std::map<std::string, int64_t> sums;
  for (size_t i = 1; i < sites.size(); ++i) {
    // What an end says of itself counts first.
    const api::SiteLink* link = link_of(*sites[i - 1], *sites[i]);
    if (link == nullptr) link = link_of(*sites[i], *sites[i - 1]);
    if (link == nullptr || !link->price_per_gb.is_set()) return "";
    int64_t& sum = sums[link->price_per_gb.currency()];
    sum += std::min(link->price_per_gb.value(), INT64_MAX - sum);
  }
  std::vector<std::string> out;
  for (const auto& [currency, sum] : sums)
    out.push_back(Quantity::of(sum, Dimension::money_per_bytes, currency).text());
  return join(out, " + ");
}

// Of a way that fleet::Network keeps in no table.
constexpr std::string_view too_wide = "joined by more switches than are looked at";

std::string way_text(const fleet::Fleet& fleet, const fleet::NodeState& from,
                     const fleet::NodeState& to, std::string_view price, const Terminal& terminal) {
  const fleet::FleetPath way = fleet.path(from, to);
  std::string out = paint(from.name() + " – " + to.name(), Colour::bold, terminal) + "  " +
                    std::string(fleet::path_word(way.cls));
  if (way.cls == fleet::PathClass::dis) return out + ", not connected\n";
  if (way.cls == fleet::PathClass::unknown)
    return out + (way.is_too_wide ? ", " + std::string(too_wide) + "\n" : ", nobody says how\n");
  out += ", " + rate_text(way.now_mbps);
  if (way.max_mbps > way.now_mbps) out += " of " + rate_text(way.max_mbps);
  out += ", " + counted(way.hops, "link", "links");
  if (way.tiers > 0) out += " over " + counted(way.tiers, "tier", "tiers");
  if (way.oversubscription_permille >= 1005)  // less reads as 1.0:1
    out += ", oversubscribed " + ratio_text(way.oversubscription_permille, 1000);
  if (way.latency_ns >= 0) out += ", " + humanize(way.latency_ns, Dimension::duration);
  if (!price.empty()) out += ", " + std::string(price);
  if (const auto sites = fleet.sites_between(from, to); !sites.empty())
    out += ", over " + join(sites, " – ");
  return out + "\n";
}

json::Value way_document(const fleet::Fleet& fleet, const fleet::NodeState& from,
                         const fleet::NodeState& to, std::string_view price) {
  const fleet::FleetPath way = fleet.path(from, to);
  const auto known = [](int64_t value) { return value < 0 ? json::Value() : json::Value(value); };
  json::Object out;
  out["from"] = json::Value(from.name());
  out["to"] = json::Value(to.name());
  out["class"] = json::Value(fleet::path_word(way.cls));
  out["hops"] = json::Value(int64_t{way.hops});
  out["tiers"] = json::Value(int64_t{way.tiers});
  out["bandwidth_mbps"] = known(way.now_mbps);
  out["maximum_mbps"] = known(way.max_mbps);
  out["oversubscription_permille"] = json::Value(int64_t{way.oversubscription_permille});
  out["latency_ns"] = known(way.latency_ns);
  out["price"] = price.empty() ? json::Value() : json::Value(price);
  if (way.is_too_wide) out["note"] = json::Value(too_wide);
  json::Array sites;
  for (const std::string& site : fleet.sites_between(from, to)) sites.emplace_back(site);
  if (!sites.empty()) out["sites"] = std::move(sites);
  out["confidence"] = json::Value(api::enum_text(way.confidence));
  return json::Value(std::move(out));
}

}  // namespace freehold::cli
