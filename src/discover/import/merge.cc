// Several inventories become objects: machines of one name are laid together, adapters find their
// machines, and everything is checked as the API server would.
#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "api/said.h"
#include "base/limits.h"
#include "base/strings.h"
#include "discover/import/fabric_parts.h"
#include "discover/import/full_names.h"
#include "discover/import/import.h"
#include "discover/import/merge_fields.h"
#include "discover/import/merge_host.h"
#include "discover/import/rack_names.h"
#include "discover/import/text.h"
#include "discover/machine.h"
#include "discover/parse.h"

namespace freehold::discover {

namespace {

template <class T>
using ByName = std::map<std::string, T, std::less<>>;

class Merger {
 public:
  explicit Merger(const ImportOptions& options) : options_(options) {}

  Result<Merged> merge(std::vector<Inventory> inventories) {
    for (const Inventory& inventory : inventories) ++formats_[inventory.source];
    for (Inventory& inventory : inventories) TRY(take(std::move(inventory)));
    join_names();
    TRY(merge_hosts());
    join_adapters();
    if (const auto count = std::ranges::count_if(
            hosts_, [](const auto& host) { return host.second->memory_is_total; });
        count > 0)
      add_note(out_.notes, "of " + std::to_string(count) +
                               " machines with several packages only the sum of the memory is "
                               "told; it stands as one memory node");
    ByName<api::HardwareProfile> profiles;
    std::vector<api::Node> nodes;
    for (const auto& [name, host] : hosts_) nodes.push_back(node_of(name, *host, profiles));
    for (const auto& [name, profile] : profiles) TRY(put(profile));
    for (const auto& [name, rack] : racks_) TRY(put_at_site(rack, rack.spec.site));
    for (const auto& [name, domain] : domains_) TRY(put_at_site(domain, domain.spec.site));
    for (auto& [name, fabric] : fabrics_)
      for (const api::Fabric& part : TRY(fabric_parts(std::move(fabric)))) TRY(put(part));
    for (const api::Node& node : nodes) TRY(put(node));
    for (const auto& [kind, count] : without_site_)
      add_note(out_.notes, std::to_string(count) + " " + kind + (count == 1 ? "" : "s") +
                               " left out, because no site is named; give --site");
    return std::move(out_);
  }

 private:
  // Sources of one format are told apart by their files, else by a number.
  Speaker speaker_of(const Inventory& inventory) {
    std::string name = inventory.source;
    if (formats_[inventory.source] > 1 && !inventory.file.empty())
      name = clean_text(name + " " + last_part(inventory.file), source_bytes - 6);
    const size_t count = ++sources_[name];
    if (count > 1) name += "#" + std::to_string(count);
    order_.try_emplace(name, order_.size());
    return {name, inventory.confidence, inventory.at};
  }
  static constexpr size_t source_bytes = 63;  // the schema's

  Result<void> take(Inventory inventory) {
    const Speaker speaker = speaker_of(inventory);
    name_racks(inventory);
    for (HostFacts& host : inventory.hosts) {
      if (host.name.empty()) host.name = options_.name;
      if (host.name.empty())
        return Error{Reason::invalid, "the source names no machine; name it with --name"};
      claims_[host.name].push_back({speaker, std::move(host)});
    }
    for (api::Rack& rack : inventory.racks) lay(racks_, std::move(rack), speaker, "rack");
    for (api::PowerDomain& domain : inventory.power_domains)
      lay(domains_, std::move(domain), speaker, "power domain");
    for (api::Fabric& fabric : inventory.fabrics) {
      const std::string name = fabric.metadata.name;
      credit(fabric.metadata, speaker);
      if (!fabrics_.emplace(name, std::move(fabric)).second)
        return Error{Reason::invalid, "two sources give a fabric \"" + name +
                                          "\"; import them one by one, each with its own --name"};
    }
    for (const std::string& note : inventory.notes) out_.notes.push_back(note);
    return {};
  }

  void name_racks(Inventory& inventory) {
    std::map<std::string, std::string> renamed;
    for (api::Rack& rack : inventory.racks) {
      const std::string& label = rack.metadata.name;
      const std::string &row = rack.spec.row, &room = rack.spec.room;
      const std::string name = rack_names_.name_of(label, row, room);
      if (name == label) continue;
      add_note(out_.notes, "rack " + label + (row.empty() ? "" : " in row " + row) +
                               (room.empty() ? "" : " in room " + room) +
                               " is another than the one of that label; it is called " + name +
                               " here");
      renamed[label] = name;
      rack.metadata.name = name;
    }
    const auto rename = [&](std::string& rack) {
      if (const auto at = renamed.find(rack); at != renamed.end()) rack = at->second;
    };
    for (HostFacts& host : inventory.hosts) rename(host.rack);
    for (api::Fabric& fabric : inventory.fabrics)
      for (api::FabricSwitch& there : fabric.spec.switches) rename(there.rack);
  }

  static void credit(api::ObjectMeta& metadata, const Speaker& speaker) {
    api::set_said(metadata, {speaker.source, speaker.confidence, speaker.at});
  }

  // Things of one name are one; what the second says otherwise is told.
  template <class T>
  void lay(ByName<T>& all, T thing, const Speaker& speaker, std::string_view kind) {
    if constexpr (requires { thing.spec.site; })
      if (thing.spec.site.empty()) thing.spec.site = options_.site;
    const auto [at, fresh] = all.try_emplace(thing.metadata.name, thing);
    if (fresh) return credit(at->second.metadata, speaker);
    const auto& type = schema::type_of<T>;
    json::Value stands = schema::to_json(type, &at->second);
    const json::Value said = schema::to_json(type, &thing);
    FieldMerge merge;
    merge.add(type, stands, said, speaker);
    schema::Errors errors;
    T merged;
    schema::from_json(type, &merged, stands, errors);
    if (errors.empty()) at->second = std::move(merged);
    for (const api::Conflict& conflict : merge.conflicts())
      add_note(out_.notes, std::string(kind) + " " + at->first + ": " + conflict.field + " is " +
                               conflict.kept + ", and " + conflict.claims.back().value + " by " +
                               speaker.source);
  }

  // Sites have thousands of machines of which the sources say the same: what one of them becomes,
  // all in its row become.
  Result<void> merge_hosts() {
    std::vector<HostClaim> before;
    std::shared_ptr<const MergedHost> merged;
    for (auto& [name, claims] : claims_) {
      if (merged == nullptr || !merged->notes.empty() || !say_the_same(before, claims)) {
        before = claims;
        merged = std::make_shared<const MergedHost>(TRY(merge_host(std::move(claims))));
      }
      hosts_.emplace(name, merged);
    }
    claims_.clear();
    return {};
  }

  void join_names();
  void join_adapters();

  api::Node node_of(const std::string& name, const MergedHost& host,
                    ByName<api::HardwareProfile>& profiles) {
    const HostFacts& facts = host.facts;
    api::Node node;
    node.metadata.name = name;
    node.metadata.labels = facts.labels;
    node.spec.site = options_.site;
    node.spec.rack = facts.rack;
    node.spec.unit = facts.unit;
    node.spec.height = facts.height;
    node.spec.feeds = facts.feeds;
    node.status.devices = facts.devices;
    node.status.degraded_links = facts.degraded;
    node.status.scale_up_domain = facts.scale_up_domain;
    node.status.power = facts.power;
    node.status.provenance = host.provenance;
    node.status.conflicts = host.conflicts;
    for (const std::string& note : host.notes) add_note(out_.notes, note);
    const auto [named, fresh] = names_.try_emplace(&host);
    if (fresh)
      named->second = {add_profile(facts.profile, profiles), add_profile(host.expected, profiles)};
    node.status.profile = named->second.first;
    node.spec.expected_profile = named->second.second;
    return node;
  }

  // Its name; empty when nothing is known of the hardware.
  static std::string add_profile(const api::HardwareProfileSpec& spec,
                                 ByName<api::HardwareProfile>& profiles) {
    const api::HardwareProfileSpec nothing;
    if (schema::equal(schema::type_of<api::HardwareProfileSpec>, &spec, &nothing)) return {};
    api::HardwareProfile profile;
    profile.metadata.name = profile_name(spec);
    profile.spec = spec;
    return profiles.try_emplace(profile.metadata.name, std::move(profile)).first->first;
  }

  template <class T>
  Result<void> put(const T& thing) {
    api::Object object = api::Object::of(thing);
    schema::Errors errors;
    api::validate(object, errors);
    if (!errors.empty()) return errors.to_error(object.kind().name, object.meta().name);
    if (const size_t bytes = object.print().size(); bytes > freehold::limits::object_bytes)
      return Error{Reason::too_large, std::string(object.kind().name) + " \"" + object.meta().name +
                                          "\" would be " + std::to_string(bytes >> 10) +
                                          " KiB; an object holds at most 256 KiB"};
    out_.objects.push_back(std::move(object));
    return {};
  }
  template <class T>
  Result<void> put_at_site(const T& thing, const std::string& site) {
    if (!site.empty()) return put(thing);
    ++without_site_[std::string(api::kind_of<T>().name)];
    return {};
  }

  const ImportOptions& options_;
  std::map<std::string, size_t> formats_;  // format → how many there are
  std::map<std::string, size_t> sources_;  // name → how many so far
  std::map<std::string, size_t> order_;    // speaker's name → how many were given before
  ByName<std::vector<HostClaim>> claims_;
  ByName<std::shared_ptr<const MergedHost>> hosts_;
  std::map<const MergedHost*, std::pair<std::string, std::string>> names_;  // of its profiles
  ByName<api::Rack> racks_;
  RackNames rack_names_;
  ByName<api::PowerDomain> domains_;
  ByName<api::Fabric> fabrics_;
  std::map<std::string, size_t, std::less<>> without_site_;
  Merged out_;
};

void Merger::join_names() {
  std::map<std::string, std::set<std::string>> sources;
  for (const auto& [name, claims] : claims_)
    for (const HostClaim& claim : claims) sources[name].insert(claim.speaker.source);
  const auto full = full_names(sources, out_.notes);
  if (full.empty()) return;
  for (const auto& [name, other] : full) {
    std::vector<HostClaim>& all = claims_[other];
    for (HostClaim& claim : claims_[name]) {
      claim.facts.name = other;
      all.push_back(std::move(claim));
    }
    claims_.erase(name);
    std::ranges::stable_sort(
        all, {}, [&](const HostClaim& claim) { return order_.at(claim.speaker.source); });
  }
  const auto rename = [&](std::string& name) {
    if (const auto at = full.find(name); at != full.end()) name = at->second;
  };
  for (auto& [name, fabric] : fabrics_) {
    std::set<std::string_view> switches;
    for (api::FabricSwitch& there : fabric.spec.switches) {
      switches.insert(there.name);
      for (std::string& node : there.nodes) rename(node);
    }
    for (api::FabricAdapter& adapter : fabric.spec.adapters) rename(adapter.node);
    for (api::FabricLink& link : fabric.spec.links)
      if (!switches.contains(link.to)) rename(link.to);
  }
}

// A GUID says which device of which machine an adapter is; what the fabric's own words say comes
// second.
void Merger::join_adapters() {
  struct Place {
    std::string host, device;
  };
  std::map<std::string, Place> places;
  const auto stands = [&](const std::string& identity, const std::string& host,
                          const std::string& device) {
    if (identity.empty()) return;
    const auto [at, fresh] = places.try_emplace(plain_identity(identity), Place{host, device});
    if (!fresh && at->second.host != host)
      add_note(out_.notes, "machines " + at->second.host + " and " + host + " both have " +
                               identity + "; if they are one, give it one --name");
  };
  for (const auto& [name, host] : hosts_)
    for (const api::NodeDevice& device : host->facts.devices) {
      stands(device.identity, name, device.id);
      for (const api::DevicePort& port : device.ports) stands(port.identity, name, device.id);
    }
  size_t joined = 0;
  for (auto& [name, fabric] : fabrics_) {
    if (fabric.spec.site.empty()) fabric.spec.site = options_.site;
    for (api::FabricAdapter& adapter : fabric.spec.adapters) {
      const auto at = places.find(plain_identity(adapter.identity));
      if (at == places.end()) continue;
      if (adapter.node.empty()) ++joined;
      if (!adapter.node.empty() && adapter.node != at->second.host)
        add_note(out_.notes, "fabric " + name + " calls the machine of adapter " +
                                 adapter.identity + " \"" + adapter.node +
                                 "\"; its GUID is that of " + at->second.host);
      adapter.node = at->second.host;
      adapter.device = at->second.device;
    }
  }
  if (joined > 0)
    add_note(out_.notes, std::to_string(joined) + " adapters found their machine by GUID");
}

}  // namespace

Result<Merged> merge(std::vector<Inventory> inventories, const ImportOptions& options) {
  if (inventories.size() > limits::import_inventories)
    return Error{Reason::too_large, "more than 1024 sources at once"};
  return Merger(options).merge(std::move(inventories));
}

}  // namespace freehold::discover
