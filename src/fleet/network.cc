// Network: all fabrics as one graph of switches, and the ways between those that machines hang on.
#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <tuple>

#include "base/check.h"
#include "fleet/fabrics.h"
#include "fleet/hash.h"

namespace freehold::fleet {
namespace {

// Different rates that are told apart among the links of one island; more count as the lowest.
constexpr size_t most_levels = 32;

struct Union {
  explicit Union(size_t size) : above(size) { std::iota(above.begin(), above.end(), 0u); }
  uint32_t find(uint32_t v) {
    while (above[v] != v) v = above[v] = above[above[v]];
    return v;
  }
  void join(uint32_t a, uint32_t b) {
    a = find(a), b = find(b);
    above[std::max(a, b)] = std::min(a, b);
  }
  std::vector<uint32_t> above;
};

}  // namespace

// Switches that have the same neighbours over the same links are alike: every way from one of them
// is a way from the other. So they are taken as one, and the tables hold groups, not switches.
class Network::Builder {
 public:
  Builder(Network& out, size_t places) : out_(out), most_places_(places) {}

  void build() {
    number_switches();
    add_links();
    add_ports();
    find_levels();
    group();
    make_islands();
    place_ports();
  }

 private:
  struct Group {
    uint32_t first = 0;  // a switch that stands for all
    uint32_t members = 0;
    std::vector<Link> links;  // to groups, each once
    uint8_t level = 0;
    bool has_ports = false;
    uint32_t island = 0, place = no_place;
  };

  void number_switches() {
    uint32_t next = 0;
    for (size_t f = 0; f < out_.fabrics_.size(); ++f) {
      const FabricFacts& facts = *out_.fabrics_[f];
      first_.push_back(next);
      fabric_index_.emplace(facts.name, f);
      next += static_cast<uint32_t>(facts.switches.size());
      fabric_of_.resize(next, static_cast<uint16_t>(f));
    }
    links_.resize(next);
    has_ports_.resize(next);
  }

  // A switch of another fabric; none while that is not there.
  std::optional<uint32_t> find_switch(const std::string& name) {
    const size_t slash = name.find('/');
    const auto fabric = fabric_index_.find(name.substr(0, slash));
    if (slash == name.npos || fabric == fabric_index_.end()) return std::nullopt;
    auto& known = foreign_[fabric->second];
    if (known.empty()) {
      const auto& switches = out_.fabrics_[fabric->second]->switches;
      for (uint32_t s = 0; s < switches.size(); ++s) known.try_emplace(switches[s].name, s);
    }
    const auto at = known.find(name.substr(slash + 1));
    if (at == known.end()) return std::nullopt;
    return first_[fabric->second] + at->second;
  }

  void add_link(uint32_t a, uint32_t b, int64_t now, int64_t max, bool is_inferred) {
    if (a == b) return;
    links_[a].push_back({b, static_cast<int32_t>(now), static_cast<int32_t>(max), is_inferred});
    links_[b].push_back({a, static_cast<int32_t>(now), static_cast<int32_t>(max), is_inferred});
  }

  void add_links() {
    for (size_t f = 0; f < out_.fabrics_.size(); ++f) {
      const FabricFacts& facts = *out_.fabrics_[f];
      const auto vertex_of = [&](const FabricFacts::End& end) -> std::optional<uint32_t> {
        if (end.kind == FabricFacts::EndKind::here) return first_[f] + end.index;
        return find_switch(facts.names[end.index]);
      };
      for (const FabricFacts::Link& link : facts.links) {
        const auto from = vertex_of(link.from), to = vertex_of(link.to);
        if (from && to) add_link(*from, *to, link.now, link.max, false);
      }
      if (facts.links.empty() && facts.switches.size() > 1) add_unknown_way(facts);
    }
    for (std::vector<Link>& links : links_) merge(links);
  }

  // A fabric is one network, also where nobody says how its switches hang together.
  void add_unknown_way(const FabricFacts& facts) {
    const auto hub = static_cast<uint32_t>(links_.size());
    links_.emplace_back();
    has_ports_.push_back(false);
    const uint32_t first = first_[fabric_index_[facts.name]];
    fabric_of_.push_back(fabric_of_[first]);
    const int64_t rate = facts.tiers.size() > 1 ? facts.tiers[1].mbps : -1;
    for (uint32_t s = 0; s < facts.switches.size(); ++s) add_link(first + s, hub, rate, rate, true);
  }

  // Links side by side are one that carries what they carry together; one of unknown rate makes all
  // of them unknown.
  static void merge(std::vector<Link>& links) {
    std::sort(links.begin(), links.end());
    size_t kept = 0;
    for (const Link& link : links) {
      if (kept > 0 && links[kept - 1].to == link.to) {
        const auto add = [](int32_t a, int32_t b) {
          return a < 0 || b < 0
                     ? -1
                     : static_cast<int32_t>(std::min<int64_t>(int64_t{a} + b, INT32_MAX));
        };
        links[kept - 1].now = add(links[kept - 1].now, link.now);
        links[kept - 1].max = add(links[kept - 1].max, link.max);
      } else {
        links[kept++] = link;
      }
    }
    links.resize(kept);
  }

  void add_ports() {
    std::map<std::string_view, std::vector<Port>> machines;
    for (size_t f = 0; f < out_.fabrics_.size(); ++f) {
      const FabricFacts& facts = *out_.fabrics_[f];
      for (const FabricFacts::Port& port : facts.ports) {
        Port there;
        there.at = first_[f] + port.at;
        there.device = port.device;
        there.now = port.now;
        there.max = port.max;
        there.fabric = static_cast<uint16_t>(f);
        there.kind = facts.kind;
        machines[facts.names[port.node]].push_back(there);
        has_ports_[there.at] = true;
      }
    }
    out_.machines_ = HashIndex<std::pair<uint32_t, uint32_t>>(machines.size());
    for (auto& [name, ports] : machines) {
      // Known ones first; a machine that a switch only lists is there already when a port says
      // more.
      std::stable_sort(ports.begin(), ports.end(), [](const Port& a, const Port& b) {
        return std::pair(a.at, a.device == 0) < std::pair(b.at, b.device == 0);
      });
      const auto begin = static_cast<uint32_t>(out_.ports_.size());
      for (const Port& port : ports) {
        const bool is_said = out_.ports_.size() > begin && out_.ports_.back().at == port.at;
        if (port.device == 0 && is_said) continue;
        out_.ports_.push_back(port);
      }
      out_.machines_.add(name_hash(name),
                         {begin, static_cast<uint32_t>(out_.ports_.size()) - begin});
    }
  }

  // 0 where machines hang, or by the tier that the fabric gives; then by the distance from there.
  void find_levels() {
    level_.assign(links_.size(), UINT8_MAX);
    std::vector<uint32_t> at, next;
    for (uint32_t v = 0; v < links_.size(); ++v)
      if (has_ports_[v]) level_[v] = 0, at.push_back(v);
    for (uint8_t level = 1; !at.empty() && level < UINT8_MAX; ++level) {
      next.clear();
      for (const uint32_t v : at)
        for (const Link& link : links_[v])
          if (level_[link.to] == UINT8_MAX) level_[link.to] = level, next.push_back(link.to);
      std::swap(at, next);
    }
    for (size_t f = 0; f < out_.fabrics_.size(); ++f) {
      const FabricFacts& facts = *out_.fabrics_[f];
      for (uint32_t s = 0; s < facts.switches.size(); ++s) {
        uint8_t& level = level_[first_[f] + s];
        if (level == UINT8_MAX) level = 0;
        if (facts.switches[s].tier > level) level = static_cast<uint8_t>(facts.switches[s].tier);
      }
      std::vector<int32_t>& up_to = out_.oversubscription_.emplace_back();
      int64_t product = 1'000;
      for (const FabricFacts::Tier& tier : facts.tiers) {
        up_to.push_back(static_cast<int32_t>(product));
        product = std::min<int64_t>(product * std::max(tier.oversubscription_permille, 1) / 1'000,
                                    INT32_MAX);
      }
      if (!facts.tiers.empty()) up_to.push_back(static_cast<int32_t>(product));
    }
  }

  bool is_alike(uint32_t a, uint32_t b) const {
    return fabric_of_[a] == fabric_of_[b] && level_[a] == level_[b] &&
           has_ports_[a] == has_ports_[b] && links_[a] == links_[b];
  }

  void group() {
    std::unordered_map<uint64_t, std::vector<uint32_t>> by_hash;  // groups
    group_of_.resize(links_.size());
    for (uint32_t v = 0; v < links_.size(); ++v) {
      Hash h;
      h.add(uint64_t{fabric_of_[v]}).add(uint64_t{level_[v]}).add(uint64_t{has_ports_[v]});
      for (const Link& link : links_[v])
        h.add(uint64_t{link.to}).add(int64_t{link.now}).add(int64_t{link.max});
      std::vector<uint32_t>& same = by_hash[h.value()];
      const auto at = std::find_if(same.begin(), same.end(),
                                   [&](uint32_t g) { return is_alike(groups_[g].first, v); });
      // A switch that hangs on nothing is like no other: there is no way between the two.
      if (at == same.end() || links_[v].empty()) {
        group_of_[v] = static_cast<uint32_t>(groups_.size());
        same.push_back(group_of_[v]);
        groups_.push_back({v, 1, {}, level_[v], has_ports_[v], 0, no_place});
      } else {
        group_of_[v] = *at;
        ++groups_[*at].members;
      }
    }
    for (Group& group : groups_) {
      for (Link link : links_[group.first]) {
        link.to = group_of_[link.to];
        group.links.push_back(link);
      }
      // Of the members of one group, the widest link stands for all.
      std::sort(group.links.begin(), group.links.end(), [](const Link& a, const Link& b) {
        return std::tuple(a.to, -int64_t{a.now}, -int64_t{a.max}) <
               std::tuple(b.to, -int64_t{b.now}, -int64_t{b.max});
      });
      group.links.erase(std::unique(group.links.begin(), group.links.end(),
                                    [](const Link& a, const Link& b) {
                                      return a.to == b.to && a.now == b.now && a.max == b.max;
                                    }),
                        group.links.end());
    }
    out_.groups_ = groups_.size();
  }

  void make_islands() {
    Union joined(groups_.size());
    for (uint32_t g = 0; g < groups_.size(); ++g)
      for (const Link& link : groups_[g].links) joined.join(g, link.to);
    std::map<uint32_t, uint32_t> islands;
    std::vector<std::vector<uint32_t>> sources;
    std::vector<bool> is_below_best;
    for (uint32_t g = 0; g < groups_.size(); ++g) {
      Group& group = groups_[g];
      const auto [at, is_new] =
          islands.try_emplace(joined.find(g), static_cast<uint32_t>(sources.size()));
      if (is_new) sources.emplace_back(), is_below_best.push_back(false);
      group.island = at->second;
      for (const Link& link : group.links)
        if (link.now != link.max) is_below_best[group.island] = true;
      if (!group.has_ports || sources[group.island].size() >= most_places_) continue;
      group.place = static_cast<uint32_t>(sources[group.island].size());
      sources[group.island].push_back(g);
    }
    out_.islands_.resize(sources.size());
    for (size_t i = 0; i < sources.size(); ++i) {
      Island& island = out_.islands_[i];
      island.places = static_cast<uint32_t>(sources[i].size());
      fill(sources[i], &Link::now, island.now);
      if (is_below_best[i]) fill(sources[i], &Link::max, island.max);
    }
  }

  void fill(const std::vector<uint32_t>& sources, int32_t Link::* rate, std::vector<Way>& table) {
    table.resize(sources.size() * sources.size());
    if (sources.empty()) return;
    if (sources.size() == 1 && groups_[sources[0]].members == 1) return;
    const std::vector<int32_t> levels = levels_of(groups_[sources[0]].island, rate);
    std::vector<Way> best, ways;
    for (size_t s = 0; s < sources.size(); ++s) {
      const uint32_t start = sources[s];
      best.assign(groups_.size(), {});
      size_t left = sources.size() - 1;
      for (const int32_t level : levels) {
        if (left == 0) break;
        spread(start, level, rate, ways);
        for (const uint32_t g : sources) {
          if (g == start || best[g].hops != 0 || ways[g].hops == 0) continue;
          best[g] = ways[g];
          --left;
        }
      }
      for (size_t t = 0; t < sources.size(); ++t)
        table[s * sources.size() + t] =
            sources[t] == start ? to_twin(start, rate) : best[sources[t]];
    }
  }

  // Different rates in the island, widest first; unknown ones last.
  std::vector<int32_t> levels_of(uint32_t island, int32_t Link::* rate) const {
    std::vector<int32_t> levels;
    for (const Group& group : groups_)
      if (group.island == island)
        for (const Link& link : group.links) levels.push_back(width(link.*rate));
    std::sort(levels.rbegin(), levels.rend());
    levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
    std::erase_if(levels, [](int32_t level) { return level <= 0; });
    if (levels.size() > most_levels) {
      levels[most_levels - 1] = levels.back();
      levels.resize(most_levels);
    }
    return levels;
  }
  // For comparing: what is not known is worse than all that is, and better than what is down.
  static int32_t width(int32_t mbps) { return mbps < 0 ? 1 : mbps; }

  void spread(uint32_t start, int32_t level, int32_t Link::* rate, std::vector<Way>& ways) {
    ways.assign(groups_.size(), {});
    changed_.assign(1, start);
    ways[start].mbps = INT32_MAX;
    ways[start].level = groups_[start].level;
    for (uint8_t hops = 1; !changed_.empty() && hops < UINT8_MAX; ++hops) {
      next_.clear();
      for (const uint32_t at : changed_) {
        for (const Link& link : groups_[at].links) {
          if (width(link.*rate) < level || link.to == start) continue;
          Way& way = ways[link.to];
          const auto climbs = std::max(ways[at].level, groups_[link.to].level);
          if (way.hops != 0 && (way.hops < hops || way.level <= climbs)) continue;
          if (way.hops == 0) next_.push_back(link.to);
          way.hops = hops;
          way.level = climbs;
          way.mbps = ways[at].mbps < 0 || link.*rate < 0 ? -1 : std::min(ways[at].mbps, link.*rate);
          way.is_inferred = ways[at].is_inferred || link.is_inferred;
        }
      }
      std::swap(changed_, next_);
    }
  }

  // Between two switches of one group: through the neighbour that carries most.
  Way to_twin(uint32_t g, int32_t Link::* rate) const {
    Way way;
    if (groups_[g].members < 2) return way;
    for (const Link& link : groups_[g].links) {
      const uint8_t level = std::max(groups_[g].level, groups_[link.to].level);
      if (link.*rate == 0) continue;
      if (way.hops != 0 &&
          std::pair(-width(way.mbps), way.level) <= std::pair(-width(link.*rate), level))
        continue;
      way = {link.*rate, 2, level, link.is_inferred};
    }
    return way;
  }

  void place_ports() {
    for (Port& port : out_.ports_) {
      const Group& group = groups_[group_of_[port.at]];
      port.island = group.island;
      port.place = group.place;
    }
    out_.islands_of_.resize(out_.fabrics_.size());
    for (size_t f = 0; f < out_.fabrics_.size(); ++f) {
      std::vector<uint32_t>& islands = out_.islands_of_[f];
      for (size_t s = 0; s < out_.fabrics_[f]->switches.size(); ++s)
        islands.push_back(groups_[group_of_[first_[f] + s]].island);
      std::sort(islands.begin(), islands.end());
      islands.erase(std::unique(islands.begin(), islands.end()), islands.end());
    }
  }

  Network& out_;
  const size_t most_places_;
  std::vector<uint32_t> first_;      // by fabric: number of its first switch
  std::vector<uint16_t> fabric_of_;  // by switch
  std::unordered_map<std::string, size_t> fabric_index_;
  std::unordered_map<size_t, std::unordered_map<std::string, uint32_t>> foreign_;
  std::vector<std::vector<Link>> links_;  // by switch
  std::vector<bool> has_ports_;
  std::vector<uint8_t> level_;
  std::vector<uint32_t> group_of_;
  std::vector<Group> groups_;
  std::vector<uint32_t> changed_, next_;
};

Network::Network(std::vector<std::shared_ptr<const FabricFacts>> fabrics, size_t places)
    : fabrics_(std::move(fabrics)) {
  CHECK(fabrics_.size() < UINT16_MAX, "more fabrics than ports can name");
  for (const auto& fabric : fabrics_) kinds_ = kinds_ | kinds_of({fabric->kind});
  Builder(*this, places).build();
}

std::span<const Network::Port> Network::ports_of(uint64_t name_hash) const {
  const auto* at = machines_.find(name_hash);
  if (at == nullptr) return {};
  const std::span<const Port> ports{ports_.data() + at->first, at->second};
  for (size_t p = 0; p < ports.size(); p += 2) __builtin_prefetch(&ports[p]);
  return ports;
}

Network::Ways Network::between(const Port& a, const Port& b) const {
  if (a.at == b.at) {
    const Way one{INT32_MAX, 0, 0, false};
    return {one, one};
  }
  if (a.island != b.island || !a.is_in_table() || !b.is_in_table()) return {};
  const Island& island = islands_[a.island];
  const size_t at = size_t{a.place} * island.places + b.place;
  return {island.now[at], island.max.empty() ? island.now[at] : island.max[at]};
}

bool Network::may_join(std::span<const Port> from, std::span<const Port> to) {
  for (size_t a = 0; a < from.size(); ++a) {
    // In the order of switches: those of one island mostly lie together.
    if (a > 0 && from[a].island == from[a - 1].island) continue;
    for (const Port& b : to)
      if (from[a].island == b.island) return true;
  }
  return false;
}

bool Network::is_too_wide(std::span<const Port> from, std::span<const Port> to, FabricKinds kinds) {
  const auto is_of = [&](const Port& port) { return (kinds & kinds_of({port.kind})) != 0; };
  for (const Port& a : from)
    for (const Port& b : to)
      if (a.island == b.island && !(a.is_in_table() && b.is_in_table()) && is_of(a) && is_of(b))
        return true;
  return false;
}

bool Network::reaches(const Port& port, std::string_view fabric) const {
  if (fabrics_[port.fabric]->name == fabric) return true;
  const auto at =
      std::lower_bound(fabrics_.begin(), fabrics_.end(), fabric,
                       [](const auto& facts, std::string_view name) { return facts->name < name; });
  if (at == fabrics_.end() || (*at)->name != fabric) return false;
  const std::vector<uint32_t>& islands = islands_of_[static_cast<size_t>(at - fabrics_.begin())];
  return std::binary_search(islands.begin(), islands.end(), port.island);
}

namespace {

using Leg = Network::Leg;
using Kept = std::array<const Leg*, Network::most_legs>;

// The smallest: what is not known is -1, and makes all of it unknown.
int64_t narrowest(int64_t a, int64_t b, int64_t c) { return std::min({a, b, c}); }

// Of two ways the one with most bandwidth now, then fewest hops; the rest only makes it certain
// which, whatever the order in which they are looked at.
auto rank(const FleetPath& path) {
  return std::tuple(-path.now_mbps, path.hops, -path.max_mbps, path.tiers,
                    path.oversubscription_permille, path.confidence, path.cls);
}

bool is_no_worse(const Leg& a, const Leg& b) {
  return a.now >= b.now && a.max >= b.max && a.hops <= b.hops;
}

// Legs to alike switches of one fabric go on in the same ways, so that of these only the ones count
// that no other is as good as in everything: mostly one per group of switches, of however many
// ports.
std::span<const Leg* const> best_of(std::span<const Leg> legs, Kept& kept) {
  size_t count = 0;
  for (const Leg& leg : legs) {
    const auto leads_there = [&](const Leg* other) {
      return other->port->place == leg.port->place && other->port->island == leg.port->island &&
             other->port->fabric == leg.port->fabric;
    };
    const auto end = kept.begin() + static_cast<ptrdiff_t>(count);
    if (std::any_of(kept.begin(), end, [&](const Leg* other) {
          return leads_there(other) && is_no_worse(*other, leg);
        }))
      continue;
    const auto left = std::remove_if(kept.begin(), end, [&](const Leg* other) {
      return leads_there(other) && is_no_worse(leg, *other);
    });
    count = static_cast<size_t>(left - kept.begin());
    kept[count++] = &leg;
  }
  // The most promising one first, so that most pairs after it need no closer look.
  const auto end = kept.begin() + static_cast<ptrdiff_t>(count);
  const auto first = std::min_element(kept.begin(), end, [](const Leg* a, const Leg* b) {
    return std::pair(-a->now, a->hops) < std::pair(-b->now, b->hops);
  });
  if (first != end) std::swap(*first, kept[0]);
  return {kept.data(), count};
}

// Whether a way over both may be better than `best`, whatever lies between them.
bool may_beat(const FleetPath& best, const Leg& a, const Leg& b) {
  if (best.cls == PathClass::dis) return true;
  // What is not joined now carries 0, which is more than unknown.
  const int64_t most = std::max<int64_t>(0, std::min(a.now, b.now));
  const int fewest = std::min<int>(UINT8_MAX, a.hops + b.hops + (a.port->at == b.port->at ? 0 : 1));
  return most > best.now_mbps || (most == best.now_mbps && fewest <= best.hops);
}

// The legs of the first switch in `legs`, which are in the order of switches.
std::span<const Leg> first_switch(std::span<const Leg> legs) {
  size_t end = 1;
  while (end < legs.size() && legs[end].port->at == legs[0].port->at) ++end;
  return legs.first(end);
}

}  // namespace

FleetPath Network::join(const Leg& a, const Leg& b, const Ways& ways) const {
  FleetPath path;
  const bool is_one_switch = a.port->at == b.port->at;
  if (!is_one_switch && ways.max.hops == 0) return path;
  const bool is_joined = is_one_switch || ways.now.hops != 0;
  const Way& way = is_joined ? ways.now : ways.max;
  path.cls = a.port->kind == api::FabricKind::scale_up ? PathClass::nvl : PathClass::net;
  path.now_mbps = is_joined ? narrowest(a.now, ways.now.mbps, b.now) : 0;
  path.max_mbps = narrowest(a.max, ways.max.mbps, b.max);
  path.hops = static_cast<uint8_t>(std::min(UINT8_MAX, a.hops + way.hops + b.hops));
  path.tiers = static_cast<uint8_t>(way.level + 1);
  path.oversubscription_permille = oversubscription_permille(a.port->fabric, way.level);
  path.confidence = way.is_inferred ? api::Confidence::inferred : api::Confidence::unknown;
  return path;
}

FleetPath Network::between(std::span<const Leg> from, std::span<const Leg> to) const {
  FleetPath best;
  Kept mine, theirs;
  const auto look_at = [&](std::span<const Leg* const> as, std::span<const Leg* const> bs) {
    for (const Leg* a : as)
      for (const Leg* b : bs) {
        if (!may_beat(best, *a, *b)) continue;
        const FleetPath path = join(*a, *b, between(*a->port, *b->port));
        if (path.cls == PathClass::dis) continue;
        if (best.cls == PathClass::dis || rank(path) < rank(best)) best = path;
      }
  };
  look_at(best_of(from, mine), best_of(to, theirs));
  // On one switch there is no way between; that is never worse than what alike switches have.
  for (std::span<const Leg> as = from, bs = to; !as.empty() && !bs.empty();) {
    const auto here = first_switch(as), there = first_switch(bs);
    const uint32_t a = here[0].port->at, b = there[0].port->at;
    if (a == b) look_at(best_of(here, mine), best_of(there, theirs));
    if (a <= b) as = as.subspan(here.size());
    if (b <= a) bs = bs.subspan(there.size());
  }
  return best;
}

}  // namespace freehold::fleet
