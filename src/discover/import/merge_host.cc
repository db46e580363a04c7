#include "discover/import/merge_host.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "base/quantity.h"
#include "base/strings.h"
#include "discover/import/host.h"
#include "discover/import/merge_devices.h"
#include "discover/import/merge_distances.h"
#include "discover/import/merge_links.h"
#include "discover/import/text.h"
#include "discover/limits.h"
#include "discover/parse.h"
#include "json/value.h"
#include "schema/scalar.h"

namespace freehold::discover {

namespace {

void lower_addresses(HostFacts& facts) {
  for (api::Device& device : facts.profile.devices) device.address = to_lower(device.address);
  for (api::PciFunction& function : facts.profile.pci) {
    function.address = to_lower(function.address);
    function.parent = to_lower(function.parent);
  }
}

// Whether all places are made up, to say how far parts are from each other.
bool is_made_up(const api::HardwareProfileSpec& profile) {
  return !profile.pci.empty() && std::ranges::all_of(profile.pci, [](const auto& function) {
    return is_invented_address(function.address);
  });
}
void forget_places(api::HardwareProfileSpec& profile) {
  profile.pci.clear();
  for (api::Device& device : profile.devices)
    if (is_invented_address(device.address)) device.address.clear();
}

// A name that the system of a machine gives a device, so that its agent will call it so, too; not
// one that an importer has counted up, nor what NCCL calls several cards together
// ("mlx5_0+mlx5_1").
bool is_system_name(std::string_view id) {
  for (const std::string_view counted : {"nic", "net"})
    if (id.starts_with(counted) && parse_uint(id.substr(counted.size()))) return false;
  return id.find('+') == id.npos;
}

// Whether a machine can be held to a device: to what has a place, an identity or a name of the
// system's. What stands in for devices that nobody saw is expected of nobody. Interfaces without a
// place may be virtual. Accelerators are numbered from 0 by drivers and agents alike, so that
// numbers without a gap say how many there are.
bool is_expected(const api::Device& device, const api::NodeDevice* seen, size_t gpus) {
  if (!device.address.empty() && !is_invented_address(device.address)) return true;
  if (device.cls == api::DeviceClass::nic) return false;
  if (seen != nullptr && !seen->identity.empty()) return true;
  if (device.cls == api::DeviceClass::gpu) {
    const auto number =
        device.id.starts_with("gpu") ? parse_uint(device.id.substr(3)) : std::nullopt;
    return number && *number < gpus;
  }
  return device.cls != api::DeviceClass::nvswitch && device.cls != api::DeviceClass::other &&
         is_system_name(device.id);
}

void forget_stand_ins(api::HardwareProfileSpec& profile, const std::vector<api::NodeDevice>& seen) {
  const auto gpus = static_cast<size_t>(
      std::ranges::count(profile.devices, api::DeviceClass::gpu, &api::Device::cls));
  std::set<std::string> gone, linked;
  for (const api::Device& device : profile.devices)
    for (const api::DeviceLink& link : device.links) linked.insert(link.to);
  std::erase_if(profile.devices, [&](const api::Device& device) {
    const auto at = std::ranges::find(seen, device.id, &api::NodeDevice::id);
    // A switch that nobody saw is what links lead to; no machine is held to it.
    const bool is_end = device.cls == api::DeviceClass::nvswitch && linked.contains(device.id);
    const bool is_kept = is_end || is_expected(device, at == seen.end() ? nullptr : &*at, gpus);
    if (!is_kept) gone.insert(device.id);
    return !is_kept;
  });
  for (api::Device& device : profile.devices)
    std::erase_if(device.links, [&](const auto& link) { return gone.contains(link.to); });
}

// Made-up places yield to real ones; of two sources that make some up the first counts.
void settle_places(std::vector<HostClaim>& claims) {
  bool is_placed = std::ranges::any_of(claims, [](const HostClaim& claim) {
    return !claim.facts.profile.pci.empty() && !is_made_up(claim.facts.profile);
  });
  for (HostClaim& claim : claims) {
    if (!is_made_up(claim.facts.profile)) continue;
    if (is_placed) forget_places(claim.facts.profile);
    is_placed = true;
  }
}

// Memory nodes that are only counted are those of another source which have CPUs of theirs alone;
// where that is not one node, it is not known which.
void settle_nodes(std::vector<HostClaim>& claims) {
  const auto knows = [](const HostClaim& claim) {
    return !claim.facts.has_counted_nodes && !claim.facts.profile.numa.empty();
  };
  const auto known = std::ranges::find_if(claims, knows);
  if (known == claims.end()) return;
  const auto cpus_of = [](const api::NumaNode& node) {
    return parse_cpu_list(node.cpus).value_or(std::vector<uint32_t>{});
  };
  for (HostClaim& claim : claims) {
    if (!claim.facts.has_counted_nodes) continue;
    api::HardwareProfileSpec& profile = claim.facts.profile;
    std::map<int64_t, int64_t> ids;  // -1: not known
    for (const api::NumaNode& node : profile.numa) {
      std::vector<int64_t> within;
      const auto all = cpus_of(node);
      for (const api::NumaNode& other : known->facts.profile.numa)
        if (const auto cpus = cpus_of(other); !cpus.empty() && std::ranges::includes(all, cpus))
          within.push_back(other.id);
      ids[node.id] = within.size() == 1 ? within[0] : -1;
    }
    for (api::NumaNode& node : profile.numa) node.id = ids[node.id];
    std::erase_if(profile.numa, [](const api::NumaNode& node) { return node.id < 0; });
    for (api::Device& device : profile.devices)
      if (device.numa >= 0) device.numa = ids[device.numa];
    for (api::PciFunction& function : profile.pci)
      if (function.numa >= 0) function.numa = ids[function.numa];
  }
}

// The parts of a status that sources tell, as one document.
json::Value status_document(const HostFacts& facts) {
  api::NodeStatus status;
  status.devices = facts.devices;
  status.degraded_links = facts.degraded;
  status.scale_up_domain = facts.scale_up_domain;
  status.power = facts.power;
  return schema::to_json(schema::type_of<api::NodeStatus>, &status);
}
json::Value spec_document(const HostFacts& facts) {
  api::NodeSpec spec;
  spec.rack = facts.rack;
  spec.unit = facts.unit;
  spec.height = facts.height;
  spec.feeds = facts.feeds;
  return schema::to_json(schema::type_of<api::NodeSpec>, &spec);
}

// A total is taken for one memory node where no source knows the nodes.
bool settle_memory(api::HardwareProfileSpec& profile, int64_t total) {
  if (total == 0 || !profile.numa.empty()) return false;
  api::NumaNode node;
  node.cpus = profile.cpus;
  node.memory_bytes = total;
  if (profile.packages.size() == 1) node.package = profile.packages[0].id;
  profile.numa.push_back(std::move(node));
  return true;
}

// What a source counts, where a list tells nothing of what is missing in it: 0 when it says
// nothing.
struct Totals {
  int64_t memory_bytes = 0, packages = 0;
  int64_t gpus = 0;       // in all that it says of the machine, were none of them told twice
  int64_t most_gpus = 0;  // in one part of that
};

Totals totals_of(const HostFacts& facts) {
  Totals totals;
  totals.memory_bytes = facts.memory_bytes;
  for (const api::NumaNode& node : facts.profile.numa)
    if (facts.memory_bytes == 0 && node.cls != api::NumaClass::gpu_memory)
      totals.memory_bytes += node.memory_bytes;
  totals.packages = static_cast<int64_t>(facts.profile.packages.size());
  totals.gpus = totals.most_gpus =
      std::ranges::count(facts.profile.devices, api::DeviceClass::gpu, &api::Device::cls);
  return totals;
}

// What the system offers is less than what was bought, and Slurm may be told to use less still.
bool is_one_size(int64_t a, int64_t b) {
  return std::max(a, b) - std::min(a, b) <= std::max(a, b) / 8;
}

using SourceTotals = std::vector<std::pair<const Speaker*, Totals>>;

SourceTotals totals_of_all(const std::vector<HostClaim>& claims) {
  // A file may speak of one machine several times, with other devices each time.
  const auto add = [](Totals& to, const Totals& more) {
    to.memory_bytes = std::max(to.memory_bytes, more.memory_bytes);
    to.packages = std::max(to.packages, more.packages);
    to.gpus += more.gpus;
    to.most_gpus = std::max(to.most_gpus, more.most_gpus);
  };
  SourceTotals all;
  for (const HostClaim& claim : claims) {
    const Totals totals = totals_of(claim.facts);
    if (all.empty() || all.back().first->source != claim.speaker.source)
      all.push_back({&claim.speaker, totals});
    else
      add(all.back().second, totals);
  }
  return all;
}

// Every source against the firmest that says something of the same.
void compare_totals(const SourceTotals& all, FieldMerge& merge) {
  const auto compare = [&](const char* path, int64_t Totals::* what, auto is_same, auto text) {
    const SourceTotals::value_type* first = nullptr;
    for (const auto& one : all) {
      if (one.second.*what == 0) continue;
      if (first == nullptr)
        first = &one;
      else if (!is_same(first->second.*what, one.second.*what))
        merge.contradict(path, *first->first, text(first->second.*what), *one.first,
                         text(one.second.*what));
    }
  };
  const auto bytes = [](int64_t n) { return humanize(n, Dimension::bytes) + " in all"; };
  const auto number = [](int64_t n) { return std::to_string(n) + " in all"; };
  compare("numa", &Totals::memory_bytes, is_one_size, bytes);
  compare("packages", &Totals::packages, std::equal_to<>(), number);
}

// All together may name more accelerators than any of them counts, where they name other places.
void compare_gpus(const SourceTotals& all, const api::HardwareProfileSpec& merged,
                  FieldMerge& merge) {
  const auto count = std::ranges::count(merged.devices, api::DeviceClass::gpu, &api::Device::cls);
  const auto text = [](int64_t n) { return std::to_string(n) + " of class gpu"; };
  const auto agrees = [count](const SourceTotals::value_type& one) {
    const Totals& totals = one.second;
    return totals.gpus == 0 || totals.gpus == count || totals.most_gpus == count;
  };
  if (std::ranges::all_of(all, agrees)) return;
  for (const auto& one : all)
    if (one.second.gpus > 0)
      merge.dispute("devices", text(count), *one.first,
                    text(agrees(one) ? count : one.second.gpus));
}

// The root of the bus that a function is on; empty when its bridges do not lead to one.
std::string root_above(const std::map<std::string, const api::PciFunction*>& pci,
                       const api::PciFunction& function) {
  std::string at = function.parent;
  for (size_t depth = 0; depth < limits::pci_depth && !is_pci_root(at); ++depth) {
    const auto above = pci.find(at);
    if (above == pci.end()) return {};
    at = above->second->parent;
  }
  return is_pci_root(at) ? at : std::string();
}

// A bridge says more than the root above it, unless that is another root.
void compare_roots(const std::vector<HostClaim>& claims, const api::HardwareProfileSpec& profile,
                   FieldMerge& merge) {
  std::map<std::string, const api::PciFunction*> pci;
  for (const api::PciFunction& function : profile.pci) pci.emplace(function.address, &function);
  std::map<std::string, const Speaker*> spoke;  // address → who named the bridge that stands
  for (const HostClaim& claim : claims)
    for (const api::PciFunction& said : claim.facts.profile.pci)
      if (const auto at = pci.find(said.address);
          at != pci.end() && said.parent == at->second->parent && !is_pci_root(said.parent))
        spoke.emplace(said.address, &claim.speaker);
  for (const HostClaim& claim : claims)
    for (const api::PciFunction& said : claim.facts.profile.pci) {
      const auto who = spoke.find(said.address);
      if (!is_pci_root(said.parent) || who == spoke.end()) continue;
      const api::PciFunction& stands = *pci.at(said.address);
      const std::string root = root_above(pci, stands);
      if (!root.empty() && root != said.parent)
        merge.contradict("pci[" + said.address + "].parent", *who->second,
                         stands.parent + " below " + root, claim.speaker, said.parent);
    }
}

struct NamedTwice {
  DeviceMatcher::TwoNames names;
  const Speaker* second;
};

void tell_names(const std::vector<NamedTwice>& all, const std::vector<HostClaim>& claims,
                FieldMerge& merge) {
  for (const auto& [names, second] : all) {
    const auto first = std::ranges::find_if(
        claims, [&](const HostClaim& claim) { return claim.speaker.source == names.source; });
    if (first != claims.end())
      merge.contradict("devices[" + names.id + "].id", first->speaker, names.first, *second,
                       names.second);
  }
}

void add_labels(const HostFacts& facts, const Speaker& speaker, MergedHost& out) {
  for (const auto& [key, value] : facts.labels) {
    const auto [at, fresh] = out.facts.labels.try_emplace(key, value);
    if (!fresh && at->second != value)
      add_note(out.notes, facts.name + ": the label " + key + " is \"" + at->second + "\", and \"" +
                              value + "\" by " + speaker.source);
  }
}

// Each accelerator has a UUID of its own.
void tell_twins(const MergedHost& host, std::vector<std::string>& notes) {
  std::map<std::string, std::string> seen;  // identity → device
  for (const api::Device& device : host.facts.profile.devices) {
    const api::NodeDevice* here = find_seen(host.facts, device.id);
    if (device.cls != api::DeviceClass::gpu || here == nullptr || here->identity.empty()) continue;
    const auto [at, fresh] = seen.emplace(plain_identity(here->identity), device.id);
    if (!fresh)
      add_note(notes, host.facts.name + ": " + at->second + " and " + device.id +
                          " both have the identity " + here->identity +
                          "; one of them is wrong, or they are one device");
  }
}

template <class T>
Result<T> read_back(const json::Value& document, const std::string& name) {
  T out;
  schema::Errors errors;
  schema::from_json(schema::type_of<T>, &out, document, errors);
  if (!errors.empty()) return errors.to_error(schema::type_of<T>.name, name);
  return out;
}

}  // namespace

int rank_of(api::Confidence confidence) {
  return confidence == api::Confidence::unknown ? 100 : static_cast<int>(confidence);
}

bool say_the_same(const std::vector<HostClaim>& a, const std::vector<HostClaim>& b) {
  const auto is_equal = []<class T>(const T& one, const T& other) {
    return schema::equal(schema::type_of<T>, &one, &other);
  };
  return std::ranges::equal(a, b, [&](const HostClaim& one, const HostClaim& other) {
    const HostFacts &f = one.facts, &g = other.facts;
    return one.speaker.source == other.speaker.source && f.rack == g.rack && f.unit == g.unit &&
           f.height == g.height && f.scale_up_domain == g.scale_up_domain && f.labels == g.labels &&
           f.memory_bytes == g.memory_bytes && f.distances == g.distances &&
           is_equal(f.profile, g.profile) && is_equal(f.devices, g.devices) &&
           is_equal(f.degraded, g.degraded) && is_equal(f.feeds, g.feeds) &&
           is_equal(f.power, g.power);
  });
}

std::string plain_identity(std::string_view text) {
  std::string out = to_lower(trim(text));
  if (out.starts_with("0x")) out.erase(0, 2);
  if (out.starts_with("gpu-")) out.erase(0, 4);
  std::string digits;
  for (const char c : out) {
    if (c == ':') continue;
    if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) return out;
    digits += c;
  }
  return digits;
}

Result<MergedHost> merge_host(std::vector<HostClaim> claims) {
  std::ranges::stable_sort(
      claims, {}, [](const HostClaim& claim) { return rank_of(claim.speaker.confidence); });
  settle_places(claims);
  settle_nodes(claims);
  settle_links(claims);
  const SourceTotals totals = totals_of_all(claims);  // before any device is left out
  MergedHost out;
  FieldMerge merge;
  json::Value profile, status, spec;
  DeviceMatcher devices;
  std::vector<NamedTwice> names;
  const std::string& name = out.facts.name = claims.front().facts.name;
  const int firm = rank_of(api::Confidence::sysfs);
  for (HostClaim& claim : claims) {
    HostFacts& facts = claim.facts;
    lower_addresses(facts);
    const auto differences = devices.align(claim, out.notes);
    for (const DeviceMatcher::TwoNames& one : differences.names)
      names.push_back({one, &claim.speaker});
    for (const auto& [cls, fewer, more] : differences.surplus) {
      const std::string word(schema::enum_name(schema::type_of<api::DeviceClass>, &cls));
      merge.contradict("devices[" + word + "]", claims.front().speaker,
                       std::to_string(fewer) + " of class " + word, claim.speaker,
                       std::to_string(more) + " of class " + word);
    }
    const json::Value said =
        schema::to_json(schema::type_of<api::HardwareProfileSpec>, &facts.profile);
    merge.add(schema::type_of<api::HardwareProfileSpec>, profile, said, claim.speaker);
    merge.add(schema::type_of<api::NodeStatus>, status, status_document(facts), claim.speaker,
              "status");
    merge.add(schema::type_of<api::NodeSpec>, spec, spec_document(facts), claim.speaker, "spec");
    add_labels(facts, claim.speaker, out);
    if (out.facts.memory_bytes == 0) out.facts.memory_bytes = facts.memory_bytes;
    const bool is_last_firm =
        rank_of(claim.speaker.confidence) <= firm &&
        (&claim == &claims.back() || rank_of((&claim + 1)->speaker.confidence) > firm);
    if (!is_last_firm) continue;
    out.expected = TRY(read_back<api::HardwareProfileSpec>(profile, name));
    if (is_made_up(out.expected)) forget_places(out.expected);
    forget_stand_ins(out.expected, TRY(read_back<api::NodeStatus>(status, name)).devices);
    settle_memory(out.expected, out.facts.memory_bytes);
  }
  compare_totals(totals, merge);
  compare_switch_links(claims, merge);
  out.facts.profile = TRY(read_back<api::HardwareProfileSpec>(profile, name));
  tell_names(names, claims, merge);
  compare_gpus(totals, out.facts.profile, merge);
  compare_roots(claims, out.facts.profile, merge);
  compare_distances(claims, out.facts.profile, devices, merge, out.notes);
  auto merged = TRY(read_back<api::NodeStatus>(status, name));
  out.facts.devices = std::move(merged.devices);
  tell_twins(out, out.notes);
  out.facts.degraded = std::move(merged.degraded_links);
  out.facts.scale_up_domain = std::move(merged.scale_up_domain);
  out.facts.power = std::move(merged.power);
  auto place = TRY(read_back<api::NodeSpec>(spec, name));
  out.facts.rack = std::move(place.rack);
  out.facts.unit = place.unit;
  out.facts.height = place.height;
  out.facts.feeds = std::move(place.feeds);
  const bool is_settled = settle_memory(out.facts.profile, out.facts.memory_bytes);
  out.memory_is_total = is_settled && out.facts.profile.packages.size() > 1;
  out.provenance = merge.provenance();
  out.conflicts = merge.conflicts();
  if (merge.left_out() > 0)
    add_note(out.notes, name + ": " + std::to_string(merge.left_out()) +
                            " entries of provenance and conflicts are more than a Node carries");
  return out;
}

}  // namespace freehold::discover
