#include "fleet/fleet.h"

#include <algorithm>
#include <set>

#include "api/catalog.h"
#include "api/site.h"
#include "api/storage.h"
#include "base/check.h"
#include "base/strings.h"
#include "fleet/facility/overhead.h"
#include "fleet/hash.h"

namespace freehold::fleet {
namespace {

const std::string no_name;

int64_t mbps_or_unknown(const Quantity& rate) {
  return rate.is_set() ? rate.value() / 1'000'000 : -1;
}

uint64_t site_hash(std::string_view name, const SiteFacts& facts) {
  Hash h;
  h.add(name).add(facts.country).add(facts.subdivision);
  if (!facts.power_domain.empty()) h.add(facts.power_domain);
  for (const std::string& regime : facts.regimes) h.add(regime);
  for (const SiteLinkFacts& link : facts.links)
    h.add(link.site).add(link.mbps).add(link.latency_ns).add(link.price_per_gb_micros);
  return h.value();
}

void hash_feeds(Hash& h, const std::vector<api::Feed>& feeds) {
  for (const api::Feed& feed : feeds)
    h.add(feed.domain).add(feed.share_percent).add(static_cast<uint64_t>(feed.on_failure));
}

uint64_t facts_hash(const NodeFacts& facts) {
  Hash h;
  h.add(facts.name).add(facts.site).add(facts.rack).add(facts.profile);
  for (const auto& [key, value] : facts.labels) h.add(key).add(value);
  hash_feeds(h, facts.feeds);
  h.add(uint64_t{facts.is_ready}).add(uint64_t{facts.is_schedulable});
  h.add(static_cast<uint64_t>(facts.lifecycle)).add(facts.available_from.us);
  h.add(facts.interior->hash()).add(facts.cpus.hash()).add(facts.devices.hash());
  for (const int64_t bytes : facts.memory) h.add(bytes);
  if (facts.overlay) h.add(facts.overlay->hash());
  return h.add(facts.power_mw).add(facts.scale_up_domain).value();
}

// What is not known adds nothing, so that a node that came and went leaves no trace.
uint64_t visible_hash(const NodeState& node) { return node.facts().is_known ? node.hash() : 0; }

// Stands for a node that is only named: it has nothing, and keeps what is held on it.
std::shared_ptr<const NodeFacts> placeholder(std::string_view name) {
  auto facts = std::make_shared<NodeFacts>();
  facts->name = name;
  facts->name_hash = name_hash(name);
  facts->interior = std::make_shared<const Interior>(api::Allocatable{});
  return facts;
}

std::set<std::string> nodes_of(const api::AllocationSpec& spec) {
  std::set<std::string> names;
  for (const api::AllocatedMember& member : spec.members) names.insert(member.node);
  return names;
}

}  // namespace

// ---- nodes

uint32_t Fleet::slot_for(std::string_view name) {
  if (const uint32_t* slot = slots_.find(name)) return *slot;
  uint32_t slot = 0;
  if (!unused_->empty()) {
    slot = unused_->back();
    unused_.write().pop_back();
    nodes_.write(slot) = NodeState(placeholder(name));
  } else {
    slot = static_cast<uint32_t>(nodes_.size());
    nodes_.push_back(NodeState(placeholder(name)));
  }
  slots_.write(name) = slot;
  return slot;
}

void Fleet::change(uint32_t slot, const std::function<void(NodeState&)>& how) {
  nodes_hash_ -= visible_hash(nodes_[slot]);
  how(nodes_.write(slot));
  nodes_hash_ += visible_hash(nodes_[slot]);
}

void Fleet::install(uint32_t slot, std::shared_ptr<const NodeFacts> facts) {
  const bool was_known = nodes_[slot].facts().is_known, is_known = facts->is_known;
  if (power_.put_names(facts->feeds)) is_power_settled_ = false;
  uncharge(nodes_[slot], nullptr);
  change(slot, [&](NodeState& node) { node.set_facts(std::move(facts)); });
  charge(nodes_[slot], nullptr);
  if (was_known == is_known) return;
  std::vector<uint32_t>& order = by_name_.write();
  const auto at = std::lower_bound(order.begin(), order.end(), slot, [&](uint32_t a, uint32_t b) {
    return nodes_[a].name() < nodes_[b].name();
  });
  if (is_known)
    order.insert(at, slot);
  else
    order.erase(at);
}

void Fleet::retire_if_idle(uint32_t slot) {
  const NodeState& node = nodes_[slot];
  if (node.facts().is_known || !node.holdings().empty()) return;
  slots_.erase(std::string(node.name()));
  unused_.write().push_back(slot);
}

void Fleet::resolve(NodeFacts& facts) const {
  const auto* profile = profiles_.find(facts.profile);
  facts.interior =
      profile != nullptr ? *profile : std::make_shared<const Interior>(facts.allocatable);
  const Interior& interior = *facts.interior;
  facts.cpus = Bits::of_list(facts.allocatable.cpus) & interior.cpus();
  facts.memory.assign(interior.cells().size(), 0);
  for (const api::MemoryShare& share : facts.allocatable.memory)
    if (const auto cell = interior.find_cell(share.node))
      facts.memory[*cell] = std::max<int64_t>(0, share.bytes);
  facts.devices = {};
  for (const std::string& id : facts.allocatable.devices)
    if (const auto device = interior.find_device(id)) facts.devices.add(*device);
  facts.overlay.reset();
  if (facts.now && interior.machine() != nullptr)
    facts.overlay = PathOverlay::make(*interior.machine(), *interior.paths(), *facts.now);
  facts.power_mw = facts.allocatable.power.is_set() ? facts.allocatable.power.value() : -1;
  facts.hash = facts_hash(facts);
}

void Fleet::put(const api::Node& node) {
  auto facts = std::make_shared<NodeFacts>();
  facts->name = node.metadata.name;
  facts->name_hash = name_hash(facts->name);
  facts->is_known = true;
  facts->site = node.spec.site;
  facts->rack = node.spec.rack;
  facts->labels = node.metadata.labels;
  facts->feeds = node.spec.feeds;
  facts->is_ready = api::is_true(node.status.conditions, "Ready");
  facts->is_schedulable = node.spec.schedulable;
  facts->lifecycle = node.spec.lifecycle;
  facts->available_from = node.spec.available_from;
  facts->profile = node.status.profile;
  facts->allocatable = node.status.allocatable;
  facts->scale_up_domain = node.status.scale_up_domain;
  facts->now = machine_now(node.status);
  facts->place_said = api::said_of(node, "spec.rack");
  facts->feeds_said = api::said_of(node, "spec.feeds");
  resolve(*facts);
  const uint32_t slot = slot_for(facts->name);
  install(slot, std::move(facts));
}

void Fleet::remove_node(std::string_view name) {
  const uint32_t* found = slots_.find(name);
  if (found == nullptr) return;
  const uint32_t slot = *found;
  install(slot, placeholder(name));
  retire_if_idle(slot);
}

const NodeState* Fleet::find(std::string_view name) const {
  const uint32_t* slot = slots_.find(name);
  if (slot == nullptr || !nodes_[*slot].facts().is_known) return nullptr;
  return &nodes_[*slot];
}

// ---- what nodes refer to

void Fleet::rebuild_nodes_with(std::string_view profile) {
  for (const uint32_t slot : *by_name_) {
    if (nodes_[slot].facts().profile != profile) continue;
    auto facts = std::make_shared<NodeFacts>(nodes_[slot].facts());
    resolve(*facts);
    install(slot, std::move(facts));
  }
}

void Fleet::put(const api::HardwareProfile& profile) {
  auto interior = std::make_shared<const Interior>(profile);
  const auto* known = profiles_.find(profile.metadata.name);
  if (known != nullptr && (*known)->hash() == interior->hash()) return;
  profiles_.write(profile.metadata.name) = std::move(interior);
  rebuild_nodes_with(profile.metadata.name);
}

void Fleet::remove_profile(std::string_view name) {
  if (profiles_.erase(name)) rebuild_nodes_with(name);
}

void Fleet::put(const api::Site& site) {
  const SiteFacts* known = sites_.find(site.metadata.name);
  const int64_t pue_milli = facility::pue_milli_of(site);
  const bool watts_as_before =
      (known == nullptr ? std::string() : known->power_domain) == site.spec.power_domain &&
      power_.pue_milli_of_site(site.metadata.name) == pue_milli;
  const bool was_settled = is_power_settled_;
  remove_site(site.metadata.name);
  SiteFacts facts;
  facts.country = site.spec.jurisdiction.country;
  facts.subdivision = site.spec.jurisdiction.subdivision;
  facts.regimes = site.spec.jurisdiction.regimes;
  facts.power_domain = site.spec.power_domain;
  facts.said = api::said_of(site.metadata);
  if (!facts.power_domain.empty())
    facts.feeds.push_back({facts.power_domain, 100, api::FeedFailure::shift});
  power_.put_names(facts.feeds);
  power_.put_pue(site.metadata.name, pue_milli);
  is_power_settled_ = was_settled && watts_as_before;
  for (const api::SiteLink& link : site.spec.links)
    facts.links.push_back({link.site, mbps_or_unknown(link.bandwidth),
                           link.latency.is_set() ? link.latency.value() : -1,
                           link.price_per_gb.is_set() ? link.price_per_gb.value() : -1});
  for (const api::CoolingUnit& unit : site.spec.cooling)
    facts.cooling.push_back(
        {unit.name, unit.supplied_by, unit.capacity.is_set() ? unit.capacity.value() : -1});
  places_hash_ += site_hash(site.metadata.name, facts);
  sites_.write(site.metadata.name) = std::move(facts);
  wan_.reset();
}

void Fleet::remove_site(std::string_view name) {
  const SiteFacts* facts = sites_.find(name);
  if (facts == nullptr) return;
  places_hash_ -= site_hash(name, *facts);
  if (power_.put_pue(name, 1'000) || !facts->power_domain.empty()) is_power_settled_ = false;
  sites_.erase(name);
  wan_.reset();
}

void Fleet::put(const api::Rack& rack) {
  RackFacts facts;
  facts.site = rack.spec.site;
  facts.room = rack.spec.room;
  facts.row = rack.spec.row;
  facts.cooling_unit = rack.spec.cooling.unit;
  facts.said = api::said_of(rack.metadata);
  if (rack.spec.cooling.limit.is_set()) facts.cooling_mw = rack.spec.cooling.limit.value();
  const auto count = static_cast<int64_t>(rack.spec.feeds.size());
  for (const std::string& domain : rack.spec.feeds)
    facts.feeds.push_back({domain, (99 + count) / count, api::FeedFailure::shift});
  Hash h;
  hash_feeds(h.add("rack").add(rack.metadata.name).add(facts.site), facts.feeds);
  facts.hash = h.value();
  const RackFacts* known = racks_.find(rack.metadata.name);
  const bool is_same = known != nullptr && known->hash == facts.hash;
  if (known != nullptr) places_hash_ -= known->hash;
  places_hash_ += facts.hash;
  power_.put_names(facts.feeds);
  racks_.write(rack.metadata.name) = std::move(facts);
  if (!is_same) is_power_settled_ = false;
}

void Fleet::remove_rack(std::string_view name) {
  const RackFacts* facts = racks_.find(name);
  if (facts == nullptr) return;
  places_hash_ -= facts->hash;
  racks_.erase(name);
  is_power_settled_ = false;
}

void Fleet::put(const api::PowerDomain& domain) {
  if (power_.put(domain)) is_power_settled_ = false;
}

void Fleet::remove_power_domain(std::string_view name) {
  if (power_.remove(name)) is_power_settled_ = false;
}

void Fleet::put(const api::DeviceModel& model) {
  remove_device_model(model.metadata.name);
  ModelFacts facts;
  facts.names = {to_lower(model.metadata.name), to_lower(model.spec.model)};
  Hash h;
  h.add("model").add(facts.names[0]).add(facts.names[1]);
  for (const std::string& text : model.spec.matches)
    h.add(facts.matches.emplace_back(to_lower(text)));
  facts.hash = h.value();
  places_hash_ += facts.hash;
  models_.write(model.metadata.name) = std::move(facts);
}

void Fleet::remove_device_model(std::string_view name) {
  if (const ModelFacts* facts = models_.find(name)) places_hash_ -= facts->hash;
  models_.erase(name);
}

void Fleet::put(const api::Fabric& fabric) {
  auto facts = std::make_shared<const FabricFacts>(fabric);
  const auto* known = fabrics_.find(facts->name);
  if (known != nullptr && (*known)->hash == facts->hash) {
    if ((*known)->said != facts->said) fabrics_.write(fabric.metadata.name) = std::move(facts);
    return;
  }
  if (known != nullptr) places_hash_ -= (*known)->hash;
  places_hash_ += facts->hash;
  network_.reset();
  fabrics_.write(fabric.metadata.name) = std::move(facts);
}

void Fleet::remove_fabric(std::string_view name) {
  const auto* known = fabrics_.find(name);
  if (known == nullptr) return;
  places_hash_ -= (*known)->hash;
  network_.reset();
  fabrics_.erase(name);
}

void Fleet::put(const api::StoragePool& pool) {
  remove_storage_pool(pool.metadata.name);
  auto facts = std::make_shared<PoolFacts>();
  const api::StoragePoolSpec& spec = pool.spec;
  facts->name = pool.metadata.name;
  facts->site = spec.site;
  facts->fabric = spec.fabric;
  facts->nodes = spec.nodes;
  facts->said = api::said_of(pool.metadata);
  if (spec.capacity.is_set()) facts->capacity_bytes = spec.capacity.value();
  facts->read_mbps = mbps_or_unknown(spec.read_throughput);
  facts->write_mbps = mbps_or_unknown(spec.write_throughput);
  const auto add = [](int64_t& sum, int64_t part) {
    constexpr int64_t most = INT64_MAX / 4;  // far from the end of the range
    sum = std::min(most, sum + std::clamp<int64_t>(part, 0, most));
  };
  for (const api::StorageCommitment& promised : spec.commitments) {
    add(facts->promised_bytes, promised.capacity.value());
    add(facts->promised_read_mbps, mbps_or_unknown(promised.read_throughput));
    add(facts->promised_write_mbps, mbps_or_unknown(promised.write_throughput));
  }
  Hash h;
  h.add("pool").add(facts->name).add(facts->site).add(facts->fabric).add(facts->capacity_bytes);
  h.add(facts->read_mbps).add(facts->write_mbps).add(facts->promised_bytes);
  h.add(facts->promised_read_mbps).add(facts->promised_write_mbps);
  for (const std::string& node : facts->nodes) h.add(node);
  facts->hash = h.value();
  places_hash_ += facts->hash;
  pools_.write(pool.metadata.name) = std::move(facts);
}

void Fleet::remove_storage_pool(std::string_view name) {
  const auto* known = pools_.find(name);
  if (known == nullptr) return;
  places_hash_ -= (*known)->hash;
  pools_.erase(name);
}

const PoolFacts* Fleet::storage_pool(std::string_view name) const {
  const auto* known = pools_.find(name);
  return known == nullptr ? nullptr : known->get();
}

const std::string& Fleet::site_of(const NodeState& node) const {
  if (!node.facts().site.empty()) return node.facts().site;
  const RackFacts* rack = racks_.find(node.facts().rack);
  return rack == nullptr ? no_name : rack->site;
}

const std::vector<api::Feed>& Fleet::feeds_of(const NodeState& node) const {
  if (!node.facts().feeds.empty()) return node.facts().feeds;
  const RackFacts* rack = racks_.find(node.facts().rack);
  if (rack != nullptr && !rack->feeds.empty()) return rack->feeds;
  const SiteFacts* site = sites_.find(site_of(node));
  return site == nullptr ? node.facts().feeds : site->feeds;
}

std::vector<std::string> Fleet::model_names(std::string_view model) const {
  const std::string wanted = to_lower(model);
  std::vector<std::string> names{wanted};
  for (const std::string& key : models_.keys()) {
    const ModelFacts& facts = *models_.find(key);
    if (std::find(facts.names.begin(), facts.names.end(), wanted) == facts.names.end()) continue;
    names.insert(names.end(), facts.matches.begin(), facts.matches.end());
  }
  return names;
}

// ---- what is taken

void Fleet::charge(const NodeState& node, const Occupant* only) {
  if (!is_power_settled_) return;  // all are charged once it is
  for (const Holding& holding : node.holdings())
    if (holding.taken.power_mw > 0 && (only == nullptr || holding.occupant.get() == only))
      power_.add(power_.flow(feeds_of(node), holding.taken.power_mw));
}

void Fleet::uncharge(const NodeState& node, const Occupant* only) {
  if (!is_power_settled_) return;
  for (const Holding& holding : node.holdings())
    if (holding.taken.power_mw > 0 && (only == nullptr || holding.occupant.get() == only))
      power_.subtract(power_.flow(feeds_of(node), holding.taken.power_mw));
}

// Not at once when the way of the watts changes: whole sets of domains and racks come together.
void Fleet::settle_power() const {
  power_.settle();
  std::set<std::string> names;
  for (const std::string& key : occupants_.keys())
    names.merge(nodes_of((*occupants_.find(key))->spec));
  for (const std::string& name : names) {
    const NodeState& node = nodes_[*slots_.find(name)];
    for (const Holding& holding : node.holdings())
      if (holding.taken.power_mw > 0)
        power_.add(power_.flow(feeds_of(node), holding.taken.power_mw));
  }
  is_power_settled_ = true;
}

void Fleet::occupy(std::string_view key, const api::AllocationSpec& spec) {
  release(key);
  auto occupant = std::make_shared<const Occupant>(Occupant{std::string(key), spec});
  occupants_.write(key) = occupant;
  for (uint32_t i = 0; i < spec.members.size(); ++i) {
    const uint32_t slot = slot_for(spec.members[i].node);
    change(slot, [&](NodeState& node) { node.hold(occupant, i); });
  }
  for (const std::string& name : nodes_of(spec)) charge(nodes_[*slots_.find(name)], occupant.get());
}

void Fleet::release(std::string_view key) {
  const auto* found = occupants_.find(key);
  if (found == nullptr) return;
  const std::shared_ptr<const Occupant> occupant = *found;
  for (const std::string& name : nodes_of(occupant->spec)) {
    const uint32_t slot = *slots_.find(name);
    uncharge(nodes_[slot], occupant.get());
    change(slot, [&](NodeState& node) { node.drop(occupant->key); });
    retire_if_idle(slot);
  }
  occupants_.erase(occupant->key);
}

void Fleet::release_all() {
  for (const std::string& key : occupants_.keys()) release(key);
}

const api::AllocationSpec* Fleet::allocation(std::string_view key) const {
  const auto* occupant = occupants_.find(key);
  return occupant == nullptr ? nullptr : &(*occupant)->spec;
}

// ---- reading

std::vector<std::string> Fleet::over_occupied() const {
  std::vector<std::string> names;
  for (size_t rank = 0; rank < size(); ++rank)
    if (node(rank).is_over_occupied()) names.push_back(node(rank).name());
  return names;
}

uint64_t Fleet::hash() const {
  return Hash(nodes_hash_).add(places_hash_).add(power().hash()).value();
}

}  // namespace freehold::fleet
