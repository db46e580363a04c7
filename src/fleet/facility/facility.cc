#include "fleet/facility/facility.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "fleet/facility/cooling.h"
#include "fleet/facility/findings.h"
#include "fleet/facility/limits.h"
#include "fleet/facility/overhead.h"
#include "fleet/facility/space.h"
#include "fleet/facility/stranded.h"

namespace freehold::fleet::facility {
namespace {

// Looked up and never walked through, so that its order does not show.
struct Use {
  int64_t mw = 0;
  std::vector<std::string_view> devices;
};
using UseByNode = std::unordered_map<std::string_view, Use>;

UseByNode use_of(const Estate& estate) {
  UseByNode out;
  for (const api::AllocationSpec* allocation : estate.allocations)
    for (const api::AllocatedMember& member : allocation->members) {
      Use& use = out[member.node];
      use.mw = std::min(most_machine_mw,
                        use.mw + std::clamp<int64_t>(member.power.value(), 0, most_machine_mw));
      for (const std::string& device : member.devices) use.devices.push_back(device);
    }
  return out;
}

std::vector<api::Feed> even(const std::vector<std::string>& domains) {
  std::vector<api::Feed> out;
  for (const std::string& domain : domains) out.push_back({domain, 1, api::FeedFailure::shift});
  return out;
}

// Its own feeds, else its rack's with even shares, else what feeds the whole site.
std::vector<api::Feed> feeds_of(const api::Node& node, const RackView* rack, const Estate& estate) {
  if (!node.spec.feeds.empty()) return node.spec.feeds;
  if (rack != nullptr && rack->rack != nullptr && !rack->rack->spec.feeds.empty())
    return even(rack->rack->spec.feeds);
  const auto site =
      estate.sites.find(node.spec.site.empty() && rack != nullptr ? rack->site : node.spec.site);
  if (site == estate.sites.end() || site->second->spec.power_domain.empty()) return {};
  return even({site->second->spec.power_domain});
}

int64_t meter_of(const api::PowerDomain& domain) {
  const Quantity& shown = domain.status.meter.measured;
  return shown.is_set() ? std::clamp<int64_t>(shown.value(), 0, most_capacity_mw) : -1;
}

class Survey {
 public:
  Survey(const Estate& estate, Footing footing, const Supply* before = nullptr)
      : estate_(estate), before_(before), models_(estate.models), use_(use_of(estate)) {
    out_.footing = footing;
  }

  Facility run_power() {
    list_racks();
    list_machines();
    measure_domains();
    return std::move(out_);
  }

  Facility run() {
    list_racks();
    list_machines();
    measure_domains();
    measure_rooms();
    for (RackView& rack : out_.racks) measure_space(rack, out_.machines, out_.findings);
    const Cooling cooling(estate_, out_.racks, out_.findings);
    out_.cooling = cooling.units();
    for (RackView& rack : out_.racks) {
      const CoolingRoom room = cooling.room(rack);
      rack.cooling_room_mw = room.mw;
      rack.cooling_by = room.by;
    }
    find_networks();
    find_stranded(out_);
    find_power_faults(out_);
    find_unknown_racks(estate_, out_);
    find_places_taken_twice(out_);
    find_feeds_of_other_sites(estate_, out_);
    find_machines_of_other_sites(out_);
    find_broken_limits(out_);
    find_gaps(estate_, out_);
    find_network_and_storage_faults(estate_, out_);
    order_findings(out_);
    return std::move(out_);
  }

 private:
  // Racks that are there, and those that machines name.
  void list_racks() {
    std::map<std::string, RackView, std::less<>> racks;
    for (const auto& [name, rack] : estate_.racks) {
      RackView& view = racks[std::string(name)];
      view.rack = rack;
      view.site = rack->spec.site;
      view.room = rack->spec.room;
      view.row = rack->spec.row;
      view.position = rack->spec.position;
      view.units = std::clamp<int64_t>(rack->spec.units, 1, 100);
      if (rack->spec.cooling.limit.is_set())
        view.cooling_limit_mw =
            std::clamp<int64_t>(rack->spec.cooling.limit.value(), 0, most_capacity_mw);
    }
    for (const auto& [name, node] : estate_.nodes) {
      if (node->spec.rack.empty()) continue;
      RackView& view = racks[node->spec.rack];
      if (view.site.empty()) view.site = node->spec.site;
    }
    for (auto& [name, view] : racks) {
      view.name = name;
      out_.racks.push_back(std::move(view));
    }
    // "R2" stands before "R10".
    const auto key = [](const RackView& r) {
      return std::tuple(std::string_view(r.site), std::string_view(r.room), r.row.size(),
                        std::string_view(r.row), r.position.size(), std::string_view(r.position),
                        std::string_view(r.name));
    };
    std::sort(out_.racks.begin(), out_.racks.end(),
              [&](const RackView& a, const RackView& b) { return key(a) < key(b); });
    for (uint32_t i = 0; i < out_.racks.size(); ++i) rack_at_[out_.racks[i].name] = i;
  }

  struct TypeFacts {
    const api::DeviceModel* type = nullptr;
    Watts plate;
    bool has_profile = false;            // so that its GPUs are known, also when there are none
    std::vector<std::string_view> gpus;  // ids, ascending
    int64_t gpus_by_parts = 0;           // of the model
  };

  // What machines with one expected model and one profile have in common.
  const TypeFacts& facts_of(const api::Node& node) {
    const std::string& profile_name =
        node.status.profile.empty() ? node.spec.expected_profile : node.status.profile;
    const auto [at, is_new] = facts_.try_emplace(
        std::pair<std::string_view, std::string_view>(node.spec.expected_model, profile_name));
    TypeFacts& facts = at->second;
    if (!is_new) return facts;
    facts.type = type_of(node, estate_, models_);
    if (facts.type != nullptr)
      for (const api::ModelPart& part : facts.type->spec.parts)
        if (part.cls == "gpu") facts.gpus_by_parts += part.count;
    api::Node bare;
    bare.status.profile = profile_name;
    facts.plate = watts_of(bare, facts.type, 0, estate_, models_).nameplate;
    const auto profile = estate_.profiles.find(profile_name);
    facts.has_profile = profile != estate_.profiles.end();
    if (facts.has_profile)
      for (const api::Device& device : profile->second->spec.devices)
        if (device.cls == api::DeviceClass::gpu) facts.gpus.push_back(device.id);
    std::sort(facts.gpus.begin(), facts.gpus.end());
    return facts;
  }

  static void count_gpus(Machine& machine, const TypeFacts& facts, const Use* use) {
    machine.gpus =
        facts.has_profile ? static_cast<int64_t>(facts.gpus.size()) : facts.gpus_by_parts;
    const auto is_gpu = [&](std::string_view id) {
      return !facts.has_profile || std::binary_search(facts.gpus.begin(), facts.gpus.end(), id);
    };
    std::set<std::string_view> taken;
    if (use != nullptr)
      for (const std::string_view id : use->devices)
        if (is_gpu(id)) taken.insert(id);
    for (const std::string& id : machine.node->status.allocatable.devices)
      if (facts.has_profile && is_gpu(id) && !taken.contains(id)) ++machine.free_gpus;
    // Where no agent has reported yet, as in a plan, all that are not taken count as free.
    const bool is_reported = !machine.node->status.allocatable.cpus.empty() ||
                             !machine.node->status.allocatable.devices.empty();
    if (!is_reported)
      machine.free_gpus = std::max<int64_t>(0, machine.gpus - static_cast<int64_t>(taken.size()));
  }

  void list_machines() {
    std::vector<Consumer> consumers;
    for (const auto& [name, node] : estate_.nodes) {
      Machine& machine = out_.machines.emplace_back();
      machine.node = node;
      const TypeFacts& facts = facts_of(*node);
      const auto use = use_.find(name);
      machine.type = facts.type;
      machine.watts =
          watts_of(*node, nullptr, use == use_.end() ? 0 : use->second.mw, no_profiles_, models_);
      if (!machine.watts.nameplate.is_known()) machine.watts.nameplate = facts.plate;
      machine.counted = out_.footing == Footing::now ? machine.watts.now() : machine.watts.most();
      machine.height = node->spec.height;
      if (machine.height == 0 && facts.type != nullptr) machine.height = facts.type->spec.height;
      count_gpus(machine, facts, use == use_.end() ? nullptr : &use->second);
      RackView* rack = nullptr;
      if (const auto at = rack_at_.find(node->spec.rack); at != rack_at_.end()) {
        machine.rack = at->second;
        rack = &out_.racks[machine.rack];
        add_to(*rack, machine, static_cast<uint32_t>(out_.machines.size() - 1));
      }
      consumers.push_back({feeds_of(*node, rack, estate_), std::max<int64_t>(0, machine.counted.mw),
                           1, machine.counted.may_be_more()});
    }
    for (RackView& rack : out_.racks)
      std::stable_sort(rack.machines.begin(), rack.machines.end(), [&](uint32_t a, uint32_t b) {
        return out_.machines[a].node->spec.unit < out_.machines[b].node->spec.unit;
      });
    make_supply(consumers);
  }

  void make_supply(const std::vector<Consumer>& consumers) {
    std::vector<const api::PowerDomain*> domains;
    std::vector<int64_t> pue_milli;
    for (const auto& [name, domain] : estate_.domains) {
      domains.push_back(domain);
      pue_milli.push_back(pue_milli_of(*domain, estate_));
    }
    out_.supply = std::make_shared<const Supply>(domains, consumers, before_, pue_milli);
    out_.cases = std::make_shared<const Cases>(out_.supply);
  }

  static void add_to(RackView& rack, const Machine& machine, uint32_t index) {
    rack.basis = rack.machines.empty() ? machine.counted.basis()
                                       : std::min(rack.basis, machine.counted.basis());
    rack.machines.push_back(index);
    rack.load_mw += std::max<int64_t>(0, machine.counted.mw);
    rack.without_watts += machine.counted.is_known() ? 0 : 1;
    rack.gpus += machine.gpus;
    rack.free_gpus += machine.free_gpus;
  }

  void measure_domains() {
    const auto& domains = out_.supply->domains();
    for (uint32_t d = 0; d < domains.size(); ++d) {
      DomainView& view = out_.domains.emplace_back();
      view.name = domains[d].name;
      const auto object = estate_.domains.find(view.name);
      view.domain = object == estate_.domains.end() ? nullptr : object->second;
      view.load_mw = domains[d].load_mw;
      view.pue_milli = domains[d].pue_milli;
      view.meter_mw = view.domain == nullptr ? -1 : meter_of(*view.domain);
      view.worst = out_.cases->worst(d);
      if (view.domain != nullptr) view.headroom_mw = out_.cases->headroom_mw(d);
    }
    find_bases();
  }

  void measure_rooms() {
    const auto& domains = out_.supply->domains();
    std::map<std::vector<std::string>, Room> rooms;  // racks of one row often share their feeds
    for (RackView& rack : out_.racks) {
      const std::vector<std::string> feeds = feeds_of_rack(rack);
      const auto [at, is_new] = rooms.try_emplace(feeds);
      if (is_new && !feeds.empty()) at->second = out_.cases->room(even(feeds));
      rack.power = at->second;
      int64_t sum = 0, largest = 0, known = 0;
      for (const std::string& feed : feeds)
        if (const uint32_t d = out_.supply->find(feed); d != none && domains[d].capacity_mw >= 0) {
          sum += domains[d].capacity_mw;
          largest = std::max(largest, domains[d].capacity_mw);
          rack.capacity_mw = ++known > 1 ? sum - largest : sum;
        }
    }
  }

  std::vector<std::string> feeds_of_rack(const RackView& rack) const {
    std::vector<std::string> out;
    if (rack.rack != nullptr && !rack.rack->spec.feeds.empty()) {
      out = rack.rack->spec.feeds;
    } else {
      for (const uint32_t machine : rack.machines)
        if (out.empty())
          for (const api::Feed& feed : out_.machines[machine].node->spec.feeds)
            out.push_back(feed.domain);
      const auto site = estate_.sites.find(rack.site);
      if (out.empty() && site != estate_.sites.end() && !site->second->spec.power_domain.empty())
        out.push_back(site->second->spec.power_domain);
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  // A number is as good as the weakest that went into it.
  void find_bases() {
    const auto& domains = out_.supply->domains();
    std::vector<api::PowerBasis> of_group(out_.supply->groups().size(), api::PowerBasis::capped);
    for (size_t i = 0; i < out_.machines.size(); ++i)
      if (const uint32_t g = out_.supply->group_of()[i]; g != none)
        of_group[g] = std::min(of_group[g], out_.machines[i].counted.basis());
    std::vector<uint8_t> is_loaded(domains.size(), 0);
    for (const uint32_t d : out_.supply->order()) {
      DomainView& view = out_.domains[d];
      view.basis = api::PowerBasis::capped;
      for (const uint32_t g : domains[d].groups) {
        view.basis = std::min(view.basis, of_group[g]);
        view.is_used = view.is_used || out_.supply->groups()[g].machines > 0;
        is_loaded[d] = 1;
      }
      for (const uint32_t c : domains[d].consumers) {
        if (is_loaded[c] == 0) continue;
        view.basis = std::min(view.basis, out_.domains[c].basis);
        view.is_used = view.is_used || out_.domains[c].is_used;
        is_loaded[d] = 1;
      }
      if (view.pue_milli != 1'000 && is_loaded[d] != 0)  // a rule of thumb, not what a meter says
        view.basis = std::min(view.basis, api::PowerBasis::model);
      if (domains[d].unseen_mw > 0) {
        view.basis = std::min(view.basis, api::PowerBasis::measured);
        is_loaded[d] = 1;
      }
      if (view.meter_mw >= 0 && view.meter_mw == view.load_mw) {
        view.basis = api::PowerBasis::measured;
        is_loaded[d] = 1;
      }
      if (is_loaded[d] == 0) view.basis = api::PowerBasis::unknown;
    }
  }

  void find_networks() {
    std::set<std::string_view> sites_with_switches, racks;
    std::set<std::string_view> nodes;
    for (const auto& [name, fabric] : estate_.fabrics) {
      if (fabric->spec.kind != api::FabricKind::data && fabric->spec.kind != api::FabricKind::rdma)
        continue;
      if (!fabric->spec.switches.empty()) sites_with_switches.insert(fabric->spec.site);
      for (const api::FabricSwitch& there : fabric->spec.switches) {
        if (!there.rack.empty()) racks.insert(there.rack);
        nodes.insert(there.nodes.begin(), there.nodes.end());
      }
      for (const api::FabricAdapter& adapter : fabric->spec.adapters) nodes.insert(adapter.node);
    }
    for (RackView& rack : out_.racks) {
      const bool has_node = std::ranges::any_of(rack.machines, [&](uint32_t m) {
        return nodes.contains(out_.machines[m].node->metadata.name);
      });
      rack.is_networked =
          !sites_with_switches.contains(rack.site) || racks.contains(rack.name) || has_node;
    }
  }

  const Estate& estate_;
  const Supply* before_;  // of a what-if
  const Models models_;
  const UseByNode use_;
  const Estate no_profiles_;  // so that what a type has in common is looked up once
  Facility out_;
  std::map<std::string, uint32_t, std::less<>> rack_at_;
  std::map<std::pair<std::string_view, std::string_view>, TypeFacts> facts_;
};

}  // namespace

const RackView* Facility::rack(std::string_view name) const {
  const auto at = std::ranges::find(racks, name, &RackView::name);
  return at == racks.end() ? nullptr : &*at;
}

Facility survey(const Estate& estate, Footing footing) { return Survey(estate, footing).run(); }

Facility survey_change(const Estate& estate, const Facility& before) {
  return Survey(estate, before.footing, before.supply.get()).run();
}

Facility survey_power(const Estate& estate, Footing footing) {
  return Survey(estate, footing).run_power();
}

}  // namespace freehold::fleet::facility
