#include "place/field.h"

#include <algorithm>

#include "base/strings.h"

namespace freehold::place {
namespace {

using fleet::NodeState;

// Numbers beyond all domains of a level, for nodes of which the level is not known.
constexpr int64_t unknown_domain = int64_t{1} << 32;

bool has_labels(const NodeState& node, const schema::StringMap& wanted) {
  const schema::StringMap& labels = node.facts().labels;
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& label) {
    const auto at = labels.find(label.first);
    return at != labels.end() && at->second == label.second;
  });
}

bool is_under(const fleet::SiteFacts* site, const std::vector<std::string>& jurisdictions) {
  if (jurisdictions.empty()) return true;
  if (site == nullptr) return false;
  auto is_wanted = [&](const std::string& name) {
    const std::string lower = to_lower(name);
    return std::find(jurisdictions.begin(), jurisdictions.end(), lower) != jurisdictions.end();
  };
  return is_wanted(site->country) || (!site->subdivision.empty() && is_wanted(site->subdivision)) ||
         std::any_of(site->regimes.begin(), site->regimes.end(), is_wanted);
}

}  // namespace

// ---- Gate

bool is_only_cordoned(const NodeState& node, Time now) {
  return node.readiness(now) == fleet::Readiness::unschedulable && node.facts().is_ready &&
         node.interior().is_complete();
}

Ruled Gate::rule_site(const std::string& site) const {
  if (!ask_.sites.empty() &&
      std::find(ask_.sites.begin(), ask_.sites.end(), site) == ask_.sites.end())
    return Ruled::site;
  return is_under(fleet_.site(site), ask_.jurisdictions) ? Ruled::no : Ruled::jurisdiction;
}

Ruled Gate::rule(const NodeState& node) {
  if (premise_ == Premise::ideal) {
    if (node.facts().lifecycle == api::Lifecycle::end_of_life || !node.interior().is_complete())
      return Ruled::readiness;
  } else if (node.readiness(now_) != fleet::Readiness::ready &&
             !(ask_.uncordoned.contains(node.name()) && is_only_cordoned(node, now_))) {
    return Ruled::readiness;
  }
  if (!ask_.sites.empty() || !ask_.jurisdictions.empty()) {
    const std::string& site = fleet_.site_of(node);
    if (!has_last_ || site != last_site_) {
      last_site_ = site;
      last_ruled_ = rule_site(site);
      has_last_ = true;
    }
    if (last_ruled_ != Ruled::no) return last_ruled_;
  }
  if (!has_labels(node, ask_.node_labels)) return Ruled::labels;
  return ask_.avoid_nodes.contains(node.name()) ? Ruled::avoided : Ruled::no;
}

// ---- Field

Field::Field(const fleet::Fleet& fleet, const Ask& ask, Premise premise, Time now)
    : fleet_(fleet), ask_(ask) {
  spots_.reserve(fleet.size());
  packings_.reserve(fleet.size());
  size_t slots = 16;
  while (slots < 2 * fleet.size()) slots *= 2;
  slots_.assign(slots, 0);
  looks_at_rack_ = looks_at(Level::rack);
  looks_at_site_ = looks_at(Level::site);
  asks_power_ = ask.asks_power();
  Gate gate(fleet, ask, premise, now);
  for (size_t rank = 0; rank < fleet.size(); ++rank) {
    const NodeState& node = fleet.node(rank);
    if (gate.rule(node) == Ruled::no) add(node, premise);
  }
  limit_power(premise);
}

bool Field::looks_at(Level level) const {
  return std::any_of(ask_.roles.begin(), ask_.roles.end(), [&](const RoleAsk& role) {
    return (role.together && role.together->level == level) ||
           (role.apart && role.apart->level == level);
  });
}

void Field::add(const NodeState& node, Premise premise) {
  Spot spot;
  spot.node = &node;
  if (premise == Premise::now) {
    spot.packing = packing_for(node.facts().interior, node.room());
  } else {
    supposed_rooms_.push_back(supposed_room(node, premise));
    spot.packing = packing_for(node.facts().interior, supposed_rooms_.back());
  }
  if (looks_at_rack_ && !node.facts().rack.empty()) spot.rack = number(racks_, node.facts().rack);
  if (looks_at_site_) {
    const std::string& site = fleet_.site_of(node);
    if (!site.empty()) spot.site = number(sites_, site);
  }
  if (asks_power_) {
    spot.feed = feed_for(node);
    spot.has_power = node.facts().power_mw >= 0 || is_fed_[static_cast<size_t>(spot.feed)];
  }
  spots_.push_back(spot);
}

fleet::Room Field::supposed_room(const NodeState& node, Premise premise) const {
  const fleet::NodeFacts& facts = node.facts();
  fleet::Bits cpus = facts.cpus, devices = facts.devices;
  std::vector<int64_t> memory = facts.memory;
  int64_t power = facts.power_mw;
  if (premise == Premise::ideal)
    for (size_t d = 0; d < facts.interior->devices().size(); ++d) devices.add(d);
  for (const api::AllocatedMember& member : ask_.kept) {
    if (member.node != node.name()) continue;
    const fleet::Taken taken = compile(*facts.interior, member);
    cpus -= taken.cpus;
    devices -= taken.devices;
    for (size_t c = 0; c < memory.size(); ++c) memory[c] -= taken.memory[c];
    if (power >= 0) power = std::max<int64_t>(0, power - taken.power_mw);
  }
  return {*facts.interior, cpus, memory, devices, power};
}

uint32_t Field::packing_for(const std::shared_ptr<const fleet::Interior>& interior,
                            const fleet::Room& room) {
  const size_t mask = slots_.size() - 1;  // never full: there are twice as many as nodes
  size_t at = room.hash() & mask;
  for (; slots_[at] != 0; at = (at + 1) & mask) {
    const Packing& known = packings_[slots_[at] - 1];
    if (&known.interior() == interior.get() && known.room() == room) return slots_[at] - 1;
  }
  packings_.emplace_back(room, ask_.roles, choices_for(interior));
  slots_[at] = static_cast<uint32_t>(packings_.size());
  return slots_[at] - 1;
}

// There are few interiors, and neighbours mostly have the same.
const Choices& Field::choices_for(const std::shared_ptr<const fleet::Interior>& interior) {
  for (size_t i = choices_.size(); i-- > 0;)
    if (choices_[i]->interior == interior) return *choices_[i];
  choices_.push_back(std::make_unique<const Choices>(choices_in(interior, ask_.roles)));
  is_complete_ = is_complete_ && choices_.back()->is_complete;
  return *choices_.back();
}

int32_t Field::feed_for(const NodeState& node) {
  const std::vector<api::Feed>& feeds = fleet_.feeds_of(node);
  std::string key;
  for (const api::Feed& feed : feeds)
    key += feed.domain + '=' + std::to_string(feed.share_percent) + ',' +
           std::to_string(static_cast<int>(feed.on_failure)) + ' ';
  const auto [at, is_new] = feeds_.try_emplace(key, static_cast<int32_t>(feeds_.size()));
  if (!is_new) return at->second;
  const fleet::PowerGrid& power = fleet_.power();
  std::vector<fleet::PowerFlow>& flows = flows_.emplace_back();
  bool is_fed = false;
  for (const RoleAsk& role : ask_.roles) {
    flows.push_back(power.flow(feeds, role.power_mw));
    for (const fleet::PowerDraw& draw : flows.back().draws)
      is_fed = is_fed || power.capacity_mw(draw.domain) >= 0;
  }
  is_fed_.push_back(is_fed);
  return at->second;
}

void Field::limit_power(Premise premise) {
  if (premise == Premise::now) {
    power_ = std::make_unique<const PowerLimits>(fleet_.power(), ask_, flows_);
    return;
  }
  fleet::PowerGrid kept = fleet_.power();
  kept.clear_loads();
  for (const api::AllocatedMember& member : ask_.kept)
    if (const NodeState* node = fleet_.find(member.node))
      kept.add(kept.flow(fleet_.feeds_of(*node), member.power.value()));
  power_ = std::make_unique<const PowerLimits>(kept, ask_, flows_);
}

int32_t Field::number(std::map<std::string, int32_t, std::less<>>& names,
                      const std::string& name) const {
  return names.try_emplace(name, static_cast<int32_t>(names.size())).first->second;
}

int64_t Field::together_domain(size_t spot, Level level) const {
  const Spot& at = spots_[spot];
  const int32_t known = level == Level::rack ? at.rack : level == Level::site ? at.site : -1;
  return known >= 0 ? known : unknown_domain + static_cast<int64_t>(spot);
}

int64_t Field::apart_domain(size_t spot, Level level) const {
  if (level == Level::node) return unknown_domain + static_cast<int64_t>(spot);
  const int32_t known = level == Level::rack ? spots_[spot].rack : spots_[spot].site;
  return known >= 0 ? known : unknown_apart;
}

int64_t Field::together_domain_of(std::string_view node, Level level) const {
  const NodeState* state = fleet_.find(node);
  if (state == nullptr) return no_domain;
  const auto& names = level == Level::rack ? racks_ : sites_;
  const std::string& name = level == Level::rack ? state->facts().rack : fleet_.site_of(*state);
  if (level != Level::node && !name.empty()) {
    const auto at = names.find(name);
    return at == names.end() ? no_domain : at->second;
  }
  const auto at =
      std::lower_bound(spots_.begin(), spots_.end(), node,
                       [](const Spot& s, std::string_view n) { return s.node->name() < n; });
  if (at == spots_.end() || at->node != state) return no_domain;
  return unknown_domain + (at - spots_.begin());
}

int64_t Field::apart_domain_of(std::string_view node, Level level) const {
  if (level == Level::node) return together_domain_of(node, level);
  const NodeState* state = fleet_.find(node);
  const std::string* name = nullptr;
  if (state != nullptr)
    name = level == Level::rack ? &state->facts().rack : &fleet_.site_of(*state);
  if (name == nullptr || name->empty()) return unknown_apart;
  const auto& names = level == Level::rack ? racks_ : sites_;
  const auto at = names.find(*name);
  return at == names.end() ? no_domain : at->second;
}

std::string Field::domain_name(size_t spot, Level level) const {
  const NodeState& node = *spots_[spot].node;
  if (level == Level::rack && !node.facts().rack.empty()) return node.facts().rack;
  if (level == Level::site && !fleet_.site_of(node).empty()) return fleet_.site_of(node);
  return node.name();
}

}  // namespace freehold::place
