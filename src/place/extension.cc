#include "place/extension.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "api/site.h"
#include "base/strings.h"
#include "fleet/hash.h"
#include "place/field.h"
#include "place/reasons.h"
#include "place/search.h"

namespace freehold::place {
namespace {

// More kinds of machine than this are not compared, and more copies of one are not proposed.
constexpr size_t most_examples = 8;
constexpr int64_t most_copies = 64;

void make_ready(api::Node& node) {
  api::Condition& ready = node.status.conditions.emplace_back();
  ready.type = "Ready";
  ready.status = api::ConditionStatus::true_;
}

api::Node copy_of(const fleet::NodeState& example) {
  const fleet::NodeFacts& facts = example.facts();
  api::Node node;
  node.metadata.labels = facts.labels;
  node.spec.site = facts.site;
  node.spec.rack = facts.rack;
  node.spec.feeds = facts.feeds;
  node.status.profile = facts.profile;
  node.status.allocatable = facts.allocatable;
  make_ready(node);
  return node;
}

class Extension {
 public:
  Extension(const fleet::Fleet& fleet, const Ask& ask, Time now, Meter& meter)
      : fleet_(fleet), ask_(ask), now_(now), meter_(meter) {}

  std::string describe() {
    std::string text = more_of_a_known_one();
    return text.empty() ? made_to_measure() : text;
  }

 private:
  bool fits(const fleet::Fleet& fleet) {
    Meter part(meter_.left() / 4);
    Field field(fleet, ask_, Premise::now, now_);
    const Outcome outcome = search(field, part);
    meter_.charge(part.steps() + 1);
    return outcome.assignment.has_value();
  }

  bool fits_with(const api::Node& node, int64_t copies) {
    fleet::Fleet fork = fleet_.fork();
    add(fork, node, copies);
    return fits(fork);
  }

  void add(fleet::Fleet& fleet, api::Node node, int64_t copies) {
    // A name that no node of the API can have, so none is replaced.
    for (int64_t i = 0; i < copies; ++i) {
      node.metadata.name = "+" + std::to_string(++added_);
      fleet.put(node);
    }
  }

  // ---- more of what there is

  std::string more_of_a_known_one() {
    std::set<uint64_t> seen;
    int64_t fewest = most_copies + 1;
    std::string like;
    const int64_t limit = std::min(most_copies, ask_.members());
    for (size_t rank = 0; rank < fleet_.size() && seen.size() < most_examples; ++rank) {
      const fleet::NodeState& example = fleet_.node(rank);
      const fleet::NodeFacts& facts = example.facts();
      fleet::Hash h(facts.interior->hash());
      h.add(facts.cpus.hash()).add(facts.devices.hash()).add(facts.power_mw);
      for (const int64_t bytes : facts.memory) h.add(bytes);
      if (!facts.interior->is_complete() || !seen.insert(h.value()).second) continue;
      const int64_t copies = fewest_copies(copy_of(example), std::min(limit, fewest - 1));
      if (copies == 0) continue;
      fewest = copies;
      like = example.name();
    }
    if (like.empty()) return {};
    return "add " + std::to_string(fewest) + (fewest == 1 ? " node like " : " nodes like ") + like;
  }

  // 0 when `limit` copies do not do either.
  int64_t fewest_copies(const api::Node& node, int64_t limit) {
    if (limit < 1 || meter_.is_spent() || !fits_with(node, limit)) return 0;
    int64_t too_few = 0, enough = limit;
    while (enough - too_few > 1 && !meter_.is_spent()) {
      const int64_t middle = too_few + (enough - too_few) / 2;
      (fits_with(node, middle) ? enough : too_few) = middle;
    }
    return enough;
  }

  // ---- a machine for one member of each role that no known node would carry

  std::string made_to_measure() {
    fleet::Fleet fork = fleet_.fork();
    const std::string site = site_for(fork);
    std::vector<std::string> texts;
    Field ideal(fleet_, ask_, Premise::ideal, now_);
    for (size_t r = 0; r < ask_.roles.size(); ++r) {
      const RoleAsk& role = ask_.roles[r];
      if (role.count() == 0 || is_known(ideal, r)) continue;
      api::HardwareProfile profile = profile_for(role);
      fork.put(profile);
      api::Node node = node_for(role, profile);
      node.spec.site = site;
      const int64_t copies = std::min(most_copies, role.count());
      add(fork, std::move(node), copies);
      texts.push_back((copies == 1 ? "a node" : std::to_string(copies) + " nodes, each") +
                      " with " + machine_text(role));
    }
    if (texts.empty() || meter_.is_spent() || !fits(fork)) return {};
    const auto known = static_cast<int64_t>(fleet_.size());
    std::string text = "add " + join(texts, ", and ");
    if (known > 0) text += ": none of the " + std::to_string(known) + " known nodes is like that";
    return text;
  }

  bool is_known(Field& ideal, size_t r) {
    return std::any_of(ideal.spots().begin(), ideal.spots().end(), [&](const Spot& spot) {
      return ideal.packing(spot.packing).most(r, 1, meter_) > 0;
    });
  }

  std::string site_for(fleet::Fleet& fork) {
    if (ask_.sites.empty() && ask_.jurisdictions.empty()) return {};
    Ask anywhere = ask_;
    anywhere.node_labels.clear();
    anywhere.avoid_nodes.clear();
    Gate gate(fleet_, anywhere, Premise::ideal, now_);
    for (size_t rank = 0; rank < fleet_.size(); ++rank)
      if (gate.rule(fleet_.node(rank)) == Ruled::no) return fleet_.site_of(fleet_.node(rank));
    api::Site site;
    site.metadata.name = ask_.sites.empty() ? "+site" : ask_.sites[0];
    if (const fleet::SiteFacts* known = fork.site(site.metadata.name)) {
      site.spec.jurisdiction = {known->country, known->subdivision, known->regimes};
    } else if (!ask_.jurisdictions.empty()) {
      site.spec.jurisdiction.regimes = {ask_.jurisdictions[0]};
    }
    fork.put(site);
    return site.metadata.name;
  }

  api::HardwareProfile profile_for(const RoleAsk& role) const {
    api::HardwareProfile profile;
    profile.metadata.name = "+profile-" + role.name;
    api::HardwareProfileSpec& spec = profile.spec;
    spec.cpus = "0-" + std::to_string(std::max<int64_t>(1, role.cpus) - 1);
    api::NumaNode& numa = spec.numa.emplace_back();
    numa.package = 0;
    numa.cpus = spec.cpus;
    numa.memory_bytes = role.memory_bytes;
    for (const DeviceAsk& ask : role.devices)
      for (int64_t i = 0; i < ask.count; ++i) {
        api::Device& device = spec.devices.emplace_back();
        device.id = ask.name + "-" + std::to_string(i);
        device.cls = ask.cls;
        if (!ask.wanted_models.empty()) device.model = ask.wanted_models[0];
        using Sign = MemoryCondition::Sign;
        device.memory_bytes = ask.memory.bytes + (ask.memory.sign == Sign::more   ? 1
                                                  : ask.memory.sign == Sign::less ? -1
                                                                                  : 0);
        device.address = device.id;
        device.numa = 0;
        spec.pci.push_back({device.address, "pci0000:00", "", "", "", 0, "", 0});
      }
    return profile;
  }

  api::Node node_for(const RoleAsk& role, const api::HardwareProfile& profile) const {
    api::Node node;
    node.metadata.labels = ask_.node_labels;
    node.status.profile = profile.metadata.name;
    api::Allocatable& has = node.status.allocatable;
    has.cpus = profile.spec.cpus;
    has.memory = {{0, role.memory_bytes}};
    for (const api::Device& device : profile.spec.devices) has.devices.push_back(device.id);
    has.power = Quantity::of(role.power_mw, Dimension::power);
    make_ready(node);
    return node;
  }

  static std::string machine_text(const RoleAsk& role) {
    std::vector<std::string> parts;
    for (const DeviceAsk& ask : role.devices)
      if (ask.count > 0) parts.push_back(device_text(ask));
    if (role.cpus > 0)
      parts.push_back(std::to_string(role.cpus) + (role.cpus == 1 ? " CPU" : " CPUs"));
    if (role.memory_bytes > 0) parts.push_back(humanize(role.memory_bytes, Dimension::bytes));
    if (role.power_mw > 0) parts.push_back(humanize(role.power_mw, Dimension::power));
    std::string text;
    for (size_t i = 0; i < parts.size(); ++i)
      text += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
    return text;
  }

  const fleet::Fleet& fleet_;
  const Ask& ask_;
  Time now_;
  Meter& meter_;
  int64_t added_ = 0;
};

}  // namespace

std::string describe_extension(const fleet::Fleet& fleet, const Ask& ask, Time now, Meter& meter) {
  return Extension(fleet, ask, now, meter).describe();
}

}  // namespace freehold::place
