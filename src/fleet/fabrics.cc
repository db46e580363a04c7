#include "fleet/fabrics.h"

#include <algorithm>

#include "base/strings.h"
#include "fleet/hash.h"

namespace freehold::fleet {
namespace {

// A rate in Mbit/s that is sure to fit and to be safe to multiply; -1 when it is not said.
int64_t mbps_of(const Quantity& rate) {
  if (!rate.is_set()) return -1;
  return std::clamp<int64_t>(rate.value() / 1'000'000, 0, int64_t{1} << 30);
}

EdgeKind technology_of(const api::FabricSpec& spec) {
  const std::string text = to_lower(spec.technology);
  if (text.find("infiniband") != text.npos) return EdgeKind::infiniband;
  if (text.find("ethernet") != text.npos || text == "roce" || text == "efa")
    return EdgeKind::ethernet;
  if (text.find("nvlink") != text.npos) return EdgeKind::nvlink;
  if (text.find("xgmi") != text.npos) return EdgeKind::xgmi;
  if (text.find("cxl") != text.npos) return EdgeKind::cxl;
  return spec.kind == api::FabricKind::wan ? EdgeKind::wan : EdgeKind::link;
}

class Names {
 public:
  explicit Names(std::vector<std::string>& all) : all_(all) {}
  uint32_t operator()(const std::string& name) {
    const auto [at, is_new] = index_.try_emplace(name, static_cast<uint32_t>(all_.size()));
    if (is_new) all_.push_back(name);
    return at->second;
  }

 private:
  std::vector<std::string>& all_;
  std::unordered_map<std::string, uint32_t> index_;
};

int32_t narrow(int64_t mbps) { return static_cast<int32_t>(std::min<int64_t>(mbps, INT32_MAX)); }

void add_end(Hash& h, const FabricFacts& facts, const FabricFacts::End& end) {
  h.add(static_cast<uint64_t>(end.kind));
  h.add(end.kind == FabricFacts::EndKind::here ? facts.switches[end.index].name
                                               : facts.names[end.index]);
}

}  // namespace

FabricFacts::FabricFacts(const api::Fabric& fabric)
    : name(fabric.metadata.name),
      site(fabric.spec.site),
      kind(fabric.spec.kind),
      technology(technology_of(fabric.spec)),
      said(api::said_of(fabric.metadata)) {
  const api::FabricSpec& spec = fabric.spec;
  for (const api::FabricTier& tier : spec.tiers)
    tiers.push_back(
        {tier.name, mbps_of(tier.bandwidth),
         static_cast<int32_t>(std::clamp(tier.oversubscription, 0.0, 1'000.0) * 1'000)});
  std::unordered_map<std::string, uint32_t> known;
  for (const api::FabricSwitch& s : spec.switches) {
    Switch& there = switches.emplace_back(Switch{s.name, s.rack, -1});
    for (size_t t = 0; t < tiers.size() && t < 127; ++t)
      if (!s.tier.empty() && tiers[t].name == s.tier) there.tier = static_cast<int8_t>(t);
    known.try_emplace(s.name, static_cast<uint32_t>(switches.size() - 1));
  }
  add_links(spec, known);
  Hash h;
  h.add(name).add(site).add(static_cast<uint64_t>(kind)).add(static_cast<uint64_t>(technology));
  for (const Tier& tier : tiers)
    h.add(tier.name).add(tier.mbps).add(int64_t{tier.oversubscription_permille});
  for (const Switch& s : switches) h.add(s.name).add(s.rack).add(int64_t{s.tier});
  for (const Link& link : links) {
    add_end(h, *this, link.from);
    add_end(h, *this, link.to);
    h.add(int64_t{link.count}).add(link.now).add(link.max);
  }
  for (const Port& port : ports) {
    h.add(names[port.node]).add(switches[port.at].name).add(port.device);
    h.add(int64_t{port.now}).add(int64_t{port.max});
  }
  hash = h.value();
}

void FabricFacts::add_links(const api::FabricSpec& spec,
                            std::unordered_map<std::string, uint32_t>& known) {
  Names intern(names);
  // A link is of the level of its upper end.
  const auto tier_rate = [&](int8_t tier) {
    return tier < 0 ? int64_t{-1} : tiers[static_cast<size_t>(tier)].mbps;
  };
  const auto port_on = [&](const std::string& node, uint32_t at, const std::string& device,
                           int64_t now, int64_t max) {
    if (max < 0) max = tier_rate(switches[at].tier);
    if (now < 0) now = max;
    ports.push_back({intern(node), at, device.empty() ? 0 : name_hash(device), narrow(now),
                     narrow(std::max(now, max))});
  };
  for (size_t s = 0; s < spec.switches.size(); ++s)
    for (const std::string& node : spec.switches[s].nodes)
      port_on(node, static_cast<uint32_t>(s), {}, -1, -1);
  for (const api::FabricAdapter& adapter : spec.adapters) {
    const auto at = known.find(adapter.at);
    if (at == known.end() || adapter.node.empty() || adapter.is_aggregation) continue;
    port_on(adapter.node, at->second, adapter.device, mbps_of(adapter.bandwidth), -1);
  }
  for (const api::FabricLink& link : spec.links) {
    int8_t tier = -1;
    const auto end_of = [&](const std::string& text) -> End {
      if (const auto at = known.find(text); at != known.end()) {
        tier = std::max(tier, switches[at->second].tier);
        return {EndKind::here, at->second};
      }
      const bool is_elsewhere = text.find('/') != text.npos;
      return {is_elsewhere ? EndKind::elsewhere : EndKind::node, intern(text)};
    };
    Link there{end_of(link.from), end_of(link.to), narrow(link.count), mbps_of(link.bandwidth),
               mbps_of(link.maximum)};
    if (there.from.kind == EndKind::node || there.to.kind == EndKind::node) {
      const End& machine = there.from.kind == EndKind::node ? there.from : there.to;
      const End& at = there.from.kind == EndKind::node ? there.to : there.from;
      if (at.kind == EndKind::here)
        port_on(names[machine.index], at.index, {}, there.now, there.max);
      continue;
    }
    if (there.max < 0 && tier_rate(tier) >= 0) there.max = tier_rate(tier) * link.count;
    if (there.now < 0) there.now = there.max;
    there.max = std::max(there.now, there.max);
    links.push_back(there);
  }
}

}  // namespace freehold::fleet
