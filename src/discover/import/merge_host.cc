#include "discover/import/merge_host.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "base/quantity.h"
#include "base/strings.h"
#include "discover/import/host.h"
#include "discover/import/text.h"
#include "discover/limits.h"
#include "discover/parse.h"
#include "json/value.h"

namespace freehold::discover {

namespace {

bool is_network(api::DeviceClass cls) {
  return cls == api::DeviceClass::nic || cls == api::DeviceClass::rdma_nic;
}
bool is_one_class(api::DeviceClass a, api::DeviceClass b) {
  return a == b || (is_network(a) && is_network(b));
}

// Accelerators have no names of the kernel's, and management controllers number whatever they see:
// such an id says only how many came before.
bool is_counted(api::DeviceClass cls, const Speaker& speaker) {
  return cls == api::DeviceClass::gpu || cls == api::DeviceClass::nvswitch ||
         speaker.confidence == api::Confidence::bmc;
}

// By what a device is known.
struct Known {
  std::string id, address, slot;
  api::DeviceClass cls = api::DeviceClass::other;
  int64_t numa = -1;
  std::set<std::string> identities;  // its own, and its ports'
  std::string own;                   // its own; empty: unknown
  std::string particulars;           // what tells it from others of its class; empty: nothing does
  bool is_counted = false;           // its id is a number
};

const api::NodeDevice* find_seen(const HostFacts& facts, std::string_view id) {
  const auto at = std::ranges::find(facts.devices, id, &api::NodeDevice::id);
  return at == facts.devices.end() ? nullptr : &*at;
}

std::string link_text(api::LinkKind kind, int64_t count) {
  return std::to_string(static_cast<int>(kind)) + "*" + std::to_string(count);
}

// Links to others of its class, as one word when there is one to each and all are alike: then they
// tell none apart.
std::string links_to_peers(const HostFacts& facts, const api::Device& device) {
  std::map<std::string, std::string> links;  // of either end
  size_t peers = 0;
  for (const api::Device& other : facts.profile.devices) {
    if (other.cls != device.cls || other.id == device.id) continue;
    ++peers;
    for (const api::DeviceLink& link : device.links)
      if (link.to == other.id) links[other.id] = link_text(link.kind, link.count);
    for (const api::DeviceLink& link : other.links)
      if (link.to == device.id) links[other.id] = link_text(link.kind, link.count);
  }
  if (links.empty()) return {};
  const bool are_alike = links.size() == peers && std::ranges::all_of(links, [&](const auto& link) {
                           return link.second == links.begin()->second;
                         });
  return are_alike ? "all " + links.begin()->second : "those of " + device.id;
}

// What a source says of this one device that it need not say of the next: where it is, what it
// hangs on, how it fares. Models and sizes are of the class.
std::string particulars_of(const HostFacts& facts, const api::Device& device,
                           const api::NodeDevice* seen) {
  std::string out = device.address + device.slot + links_to_peers(facts, device);
  const auto is_peer = [&](const std::string& id) {
    const auto at = std::ranges::find(facts.profile.devices, id, &api::Device::id);
    return at != facts.profile.devices.end() && at->cls == device.cls;
  };
  for (const api::DeviceLink& link : device.links)
    if (!is_peer(link.to)) out += " " + link.to + " " + link_text(link.kind, link.count);
  if (seen == nullptr) return out;
  api::NodeDevice rest = *seen;
  rest.id.clear();
  for (api::LinkNow& link : rest.links)
    if (is_peer(link.to)) link.to.clear();
  const api::NodeDevice nothing;
  const auto& type = schema::type_of<api::NodeDevice>;
  if (!schema::equal(type, &rest, &nothing)) out += json::print(schema::to_json(type, &rest));
  return out;
}

Known known_of(const HostFacts& facts, const api::Device& device, const Speaker& speaker) {
  Known known;
  known.id = device.id;
  known.address = to_lower(device.address);
  known.slot = to_lower(device.slot);
  known.cls = device.cls;
  known.numa = device.numa;
  known.is_counted = is_counted(device.cls, speaker);
  const api::NodeDevice* seen = find_seen(facts, device.id);
  known.particulars = particulars_of(facts, device, seen);
  if (seen == nullptr) return known;
  known.own = plain_identity(seen->identity);
  if (!known.own.empty()) known.identities.insert(known.own);
  for (const api::DevicePort& port : seen->ports)
    if (!port.identity.empty()) known.identities.insert(plain_identity(port.identity));
  return known;
}

bool share_identity(const Known& a, const Known& b) {
  return std::ranges::any_of(a.identities,
                             [&](const std::string& one) { return b.identities.contains(one); });
}

// Two of one form, such as UUIDs, that differ; a serial number does not contradict a UUID, nor the
// GUID of a port that of the whole adapter.
bool is_contradicted(const Known& a, const Known& b) {
  if (a.own.empty() || b.own.empty() || is_network(a.cls) || share_identity(a, b)) return false;
  return std::ranges::equal(a.own, b.own, [](char x, char y) { return (x == '-') == (y == '-'); });
}

// All of the class of one, at one memory node if `numa` names it.
std::vector<const Known*> like(const std::vector<Known>& all, const Known& one, int64_t numa) {
  std::vector<const Known*> out;
  for (const Known& known : all)
    if (is_one_class(known.cls, one.cls) && (numa < 0 || known.numa == numa)) out.push_back(&known);
  return out;
}

// Whether two devices that have only their number in common may be taken for one: where each side
// knows one, or where nothing that one side says could come to the wrong one.
bool may_count(const std::vector<Known>& all, const Known& k, const std::vector<Known>& ours,
               const Known& device) {
  if (!k.is_counted && !device.is_counted) return true;  // a name that the system gave
  const bool have_numa = k.numa >= 0 && device.numa >= 0;
  if (have_numa && k.numa != device.numa) return false;
  const auto here = like(ours, device, have_numa ? k.numa : -1);
  const auto there = like(all, k, have_numa ? k.numa : -1);
  if (here.size() == 1 && there.size() == 1) return true;
  const auto are_alike = [](const std::vector<const Known*>& group) {
    const Known& first = *group.front();
    return std::ranges::all_of(group,
                               [&](const Known* one) {
                                 return one->particulars == first.particulars &&
                                        one->numa == first.numa;
                               }) &&
           (group.size() > 1 || (first.particulars.empty() && first.numa < 0));
  };
  return are_alike(here) || are_alike(there);
}

struct Match {
  Known* found = nullptr;
  bool is_number = false;  // only their number agrees
  bool is_apart = false;   // one of this number is there, and nothing says that it is this one
};

// The device of `all` that `device` is, by the first rule that finds one; one of another address or
// UUID is never the same.
Match match(std::vector<Known>& all, const Known& device, const std::vector<Known>& ours,
            const std::set<const Known*>& taken) {
  const auto find = [&](auto fits) -> Known* {
    for (Known& known : all)
      if (!taken.contains(&known) && fits(known)) return &known;
    return nullptr;
  };
  const bool has_address = !device.address.empty();
  if (has_address)
    if (Known* found = find([&](const Known& k) { return k.address == device.address; }))
      return {found};
  const auto may_be = [&](const Known& k) {
    return !has_address || k.address.empty() || k.address == device.address;
  };
  if (Known* found = find([&](const Known& k) { return share_identity(k, device) && may_be(k); }))
    return {found};
  const auto is_kin = [&](const Known& k) {
    return is_one_class(k.cls, device.cls) && may_be(k) && !is_contradicted(k, device);
  };
  if (!device.slot.empty())
    if (Known* found = find([&](const Known& k) { return k.slot == device.slot && is_kin(k); }))
      return {found};
  const auto is_named = [&](const Known& k) { return k.id == device.id && is_kin(k); };
  if (Known* found =
          find([&](const Known& k) { return is_named(k) && may_count(all, k, ours, device); }))
    return {found, found->is_counted || device.is_counted};
  return {nullptr, false, find(is_named) != nullptr};
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
// How many were kept apart from one of their number.
size_t align(HostFacts& facts, const Speaker& speaker, std::vector<Known>& all) {
  std::set<std::string> ids;
  for (const Known& known : all) ids.insert(known.id);
  std::vector<Known> ours;
  for (const api::Device& device : facts.profile.devices)
    ours.push_back(known_of(facts, device, speaker));
  std::set<const Known*> taken;
  std::vector<Match> matches;
  std::set<api::DeviceClass> doubtful;  // where one number is wrong, no other is worth anything
  for (const Known& here : ours) {
    matches.push_back(match(all, here, ours, taken));
    if (matches.back().is_apart) doubtful.insert(here.cls);
    if (matches.back().found != nullptr) taken.insert(matches.back().found);
  }
  std::vector<std::pair<Known*, const Known*>> same;
  std::vector<const Known*> unmatched;
  Renamed renamed;
  size_t apart = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    const Known& here = ours[i];
    const Match& found = matches[i];
    const bool is_parted = found.is_apart || (found.is_number && doubtful.contains(here.cls));
    if (is_parted) ++apart;
    if (is_parted || found.found == nullptr) {
      unmatched.push_back(&here);
      continue;
    }
    same.emplace_back(found.found, &here);
    if (found.found->id != here.id) renamed[here.id] = found.found->id;
  }
  for (const auto& [known, here] : same) {
    if (known->address.empty()) known->address = here->address;
    if (known->slot.empty()) known->slot = here->slot;
    if (known->own.empty()) known->own = here->own;
    if (known->numa < 0) known->numa = here->numa;
    known->particulars += here->particulars;
    known->is_counted = known->is_counted && here->is_counted;
    known->identities.insert(here->identities.begin(), here->identities.end());
  }
  for (const Known* here : unmatched) {
    Known fresh = *here;
    if (!ids.insert(here->id).second) {
      fresh.id = free_id(here->id, ids);
      ids.insert(fresh.id);
      renamed[here->id] = fresh.id;
    }
    all.push_back(std::move(fresh));
  }
  rename_all(facts, renamed);
  return apart;
}

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
  int64_t memory_bytes = 0, packages = 0, gpus = 0;
};

Totals totals_of(const HostFacts& facts) {
  Totals totals;
  totals.memory_bytes = facts.memory_bytes;
  for (const api::NumaNode& node : facts.profile.numa)
    if (facts.memory_bytes == 0 && node.cls != api::NumaClass::gpu_memory)
      totals.memory_bytes += node.memory_bytes;
  totals.packages = static_cast<int64_t>(facts.profile.packages.size());
  totals.gpus = std::ranges::count(facts.profile.devices, api::DeviceClass::gpu, &api::Device::cls);
  return totals;
}

// What the system offers is less than what was bought, and Slurm may be told to use less still.
bool is_one_size(int64_t a, int64_t b) {
  return std::max(a, b) - std::min(a, b) <= std::max(a, b) / 8;
}

// Every source against the firmest that says something of the same.
void compare_totals(const std::vector<HostClaim>& claims, FieldMerge& merge) {
  // A file may speak of one machine several times, with other devices each time.
  const auto add = [](Totals& to, const Totals& more) {
    to.memory_bytes = std::max(to.memory_bytes, more.memory_bytes);
    to.packages = std::max(to.packages, more.packages);
    to.gpus += more.gpus;
  };
  std::vector<std::pair<const Speaker*, Totals>> all;
  for (const HostClaim& claim : claims) {
    const Totals totals = totals_of(claim.facts);
    if (all.empty() || all.back().first->source != claim.speaker.source)
      all.push_back({&claim.speaker, totals});
    else
      add(all.back().second, totals);
  }
  const auto compare = [&](const char* path, int64_t Totals::* what, auto is_same, auto text) {
    const std::pair<const Speaker*, Totals>* first = nullptr;
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
  const auto number = [](const char* of) {
    return [of](int64_t n) { return std::to_string(n) + " " + of; };
  };
  compare("numa", &Totals::memory_bytes, is_one_size, bytes);
  compare("packages", &Totals::packages, std::equal_to<>(), number("in all"));
  compare("devices", &Totals::gpus, std::equal_to<>(), number("of class gpu"));
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
           f.memory_bytes == g.memory_bytes && is_equal(f.profile, g.profile) &&
           is_equal(f.devices, g.devices) && is_equal(f.degraded, g.degraded) &&
           is_equal(f.feeds, g.feeds) && is_equal(f.power, g.power);
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
  MergedHost out;
  FieldMerge merge;
  json::Value profile, status, spec;
  std::vector<Known> known;
  const std::string& name = out.facts.name = claims.front().facts.name;
  const int firm = rank_of(api::Confidence::sysfs);
  for (HostClaim& claim : claims) {
    HostFacts& facts = claim.facts;
    lower_addresses(facts);
    if (const size_t apart = align(facts, claim.speaker, known); apart > 0)
      add_note(out.notes,
               name + ": " + std::to_string(apart) + (apart == 1 ? " device" : " devices") +
                   " of " + claim.speaker.source +
                   " may be others that are known, but only the numbers agree; they are kept "
                   "apart, since numbers move; import a source that has their addresses or UUIDs");
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
    const bool is_last_firm =
        rank_of(claim.speaker.confidence) <= firm &&
        (&claim == &claims.back() || rank_of((&claim + 1)->speaker.confidence) > firm);
    if (!is_last_firm) continue;
    out.expected = TRY(read_back<api::HardwareProfileSpec>(profile, name));
    if (is_made_up(out.expected)) forget_places(out.expected);
    settle_memory(out.expected, out.facts.memory_bytes);
  }
  compare_totals(claims, merge);
  out.facts.profile = TRY(read_back<api::HardwareProfileSpec>(profile, name));
  compare_roots(claims, out.facts.profile, merge);
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
