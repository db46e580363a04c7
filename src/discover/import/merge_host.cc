#include "discover/import/merge_host.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"
#include "discover/import/text.h"

namespace freehold::discover {

namespace {

bool is_network(api::DeviceClass cls) {
  return cls == api::DeviceClass::nic || cls == api::DeviceClass::rdma_nic;
}
bool is_one_class(api::DeviceClass a, api::DeviceClass b) {
  return a == b || (is_network(a) && is_network(b));
}

// By what a device is known.
struct Known {
  std::string id, address;
  api::DeviceClass cls = api::DeviceClass::other;
  std::set<std::string> identities;
};

const api::NodeDevice* find_seen(const HostFacts& facts, std::string_view id) {
  const auto at = std::ranges::find(facts.devices, id, &api::NodeDevice::id);
  return at == facts.devices.end() ? nullptr : &*at;
}

Known known_of(const HostFacts& facts, const api::Device& device) {
  Known known{device.id, to_lower(device.address), device.cls, {}};
  if (const api::NodeDevice* seen = find_seen(facts, device.id)) {
    if (!seen->identity.empty()) known.identities.insert(plain_identity(seen->identity));
    for (const api::DevicePort& port : seen->ports)
      if (!port.identity.empty()) known.identities.insert(plain_identity(port.identity));
  }
  return known;
}

bool share_identity(const Known& a, const Known& b) {
  return std::ranges::any_of(a.identities,
                             [&](const std::string& one) { return b.identities.contains(one); });
}

// The device of `all` that `device` is, by the first rule that finds one; one of another address is
// never the same.
Known* match(std::vector<Known>& all, const Known& device, const std::set<const Known*>& taken) {
  const auto find = [&](auto fits) -> Known* {
    for (Known& known : all)
      if (!taken.contains(&known) && fits(known)) return &known;
    return nullptr;
  };
  const bool has_address = !device.address.empty();
  if (has_address)
    if (Known* found = find([&](const Known& k) { return k.address == device.address; }))
      return found;
  const auto may_be = [&](const Known& k) {
    return !has_address || k.address.empty() || k.address == device.address;
  };
  if (Known* found = find([&](const Known& k) { return share_identity(k, device) && may_be(k); }))
    return found;
  return find([&](const Known& k) {
    return k.id == device.id && is_one_class(k.cls, device.cls) && may_be(k);
  });
}

// "gpu0" is taken: "gpu1", or the next that is free.
std::string free_id(const std::string& id, const std::set<std::string>& taken) {
  std::string stem = id;
  while (!stem.empty() && stem.back() >= '0' && stem.back() <= '9') stem.pop_back();
  if (stem.size() > 58) stem.resize(58);
  for (size_t n = 0;; ++n)
    if (std::string other = stem + std::to_string(n); !taken.contains(other)) return other;
}

using Renamed = std::map<std::string, std::string, std::less<>>;

void rename(std::string& id, const Renamed& to) {
  if (const auto at = to.find(id); at != to.end()) id = at->second;
}

void rename_all(HostFacts& facts, const Renamed& to) {
  for (api::Device& device : facts.profile.devices) {
    rename(device.id, to);
    for (api::DeviceLink& link : device.links) rename(link.to, to);
  }
  for (api::NumaNode& node : facts.profile.numa) rename(node.device, to);
  for (api::NodeDevice& device : facts.devices) {
    rename(device.id, to);
    for (api::LinkNow& link : device.links) rename(link.to, to);
  }
  for (api::DegradedLink& link : facts.degraded) rename(link.at, to);
}

// Gives the devices of `facts` the ids of those that they are in `all`, and adds the others to it.
void align(HostFacts& facts, std::vector<Known>& all) {
  std::set<std::string> ids;
  for (const Known& known : all) ids.insert(known.id);
  std::set<const Known*> taken;
  std::vector<Known> fresh;
  Renamed renamed;
  std::vector<const api::Device*> unmatched;
  for (const api::Device& device : facts.profile.devices) {
    const Known here = known_of(facts, device);
    Known* found = match(all, here, taken);
    if (found == nullptr) {
      unmatched.push_back(&device);
      continue;
    }
    taken.insert(found);
    if (found->id != device.id) renamed[device.id] = found->id;
    if (found->address.empty()) found->address = here.address;
    found->identities.insert(here.identities.begin(), here.identities.end());
  }
  for (const api::Device* device : unmatched) {
    Known here = known_of(facts, *device);
    if (!ids.insert(here.id).second) {
      here.id = free_id(device->id, ids);
      ids.insert(here.id);
      renamed[device->id] = here.id;
    }
    fresh.push_back(std::move(here));
  }
  std::ranges::move(fresh, std::back_inserter(all));
  rename_all(facts, renamed);
}

void lower_addresses(HostFacts& facts) {
  for (api::Device& device : facts.profile.devices) device.address = to_lower(device.address);
  for (api::PciFunction& function : facts.profile.pci) {
    function.address = to_lower(function.address);
    function.parent = to_lower(function.parent);
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
void settle_memory(MergedHost& host) {
  api::HardwareProfileSpec& profile = host.facts.profile;
  if (host.facts.memory_bytes == 0 || !profile.numa.empty()) return;
  api::NumaNode node;
  node.cpus = profile.cpus;
  node.memory_bytes = host.facts.memory_bytes;
  if (profile.packages.size() == 1) node.package = profile.packages[0].id;
  profile.numa.push_back(std::move(node));
  host.memory_is_total = profile.packages.size() > 1;
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

std::string plain_identity(std::string_view text) {
  std::string out = to_lower(trim(text));
  if (out.starts_with("0x")) out.erase(0, 2);
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
  MergedHost out;
  FieldMerge merge;
  json::Value profile, status, spec;
  std::vector<Known> known;
  for (HostClaim& claim : claims) {
    HostFacts& facts = claim.facts;
    lower_addresses(facts);
    align(facts, known);
    const json::Value said =
        schema::to_json(schema::type_of<api::HardwareProfileSpec>, &facts.profile);
    merge.add(schema::type_of<api::HardwareProfileSpec>, profile, said, claim.speaker);
    merge.add(schema::type_of<api::NodeStatus>, status, status_document(facts), claim.speaker,
              "status");
    merge.add(schema::type_of<api::NodeSpec>, spec, spec_document(facts), claim.speaker, "spec");
    for (const auto& [key, value] : facts.labels) {
      const auto [at, fresh] = out.facts.labels.try_emplace(key, value);
      if (!fresh && at->second != value)
        add_note(out.notes, facts.name + ": the label " + key + " is \"" + at->second +
                                "\", and \"" + value + "\" by " + claim.speaker.source);
    }
    if (out.facts.memory_bytes == 0) out.facts.memory_bytes = facts.memory_bytes;
  }
  const std::string& name = out.facts.name = claims.front().facts.name;
  out.facts.profile = TRY(read_back<api::HardwareProfileSpec>(profile, name));
  auto merged = TRY(read_back<api::NodeStatus>(status, name));
  out.facts.devices = std::move(merged.devices);
  out.facts.degraded = std::move(merged.degraded_links);
  out.facts.scale_up_domain = std::move(merged.scale_up_domain);
  out.facts.power = std::move(merged.power);
  auto place = TRY(read_back<api::NodeSpec>(spec, name));
  out.facts.rack = std::move(place.rack);
  out.facts.unit = place.unit;
  out.facts.height = place.height;
  out.facts.feeds = std::move(place.feeds);
  settle_memory(out);
  out.provenance = merge.provenance();
  out.conflicts = merge.conflicts();
  if (merge.left_out() > 0)
    add_note(out.notes, name + ": " + std::to_string(merge.left_out()) +
                            " entries of provenance and conflicts are more than a Node carries");
  return out;
}

}  // namespace freehold::discover
