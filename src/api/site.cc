#include "api/site.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "api/kind_rows.h"
#include "api/site_table.h"
#include "base/strings.h"

namespace freehold::api {

using schema::Errors;
using schema::Fault;
using schema::Path;

namespace {

std::string carbon_text(int64_t grams) {
  return or_none(grams > 0 ? std::to_string(grams) + "g/kWh" : "");
}

}  // namespace

void check_site(const Site& site, const Path& at, Errors& errors) {
  check_label_name(site.metadata, at, errors);
  const Path spec = at / "spec", links = spec / "links";
  for (size_t i = 0; i < site.spec.links.size(); ++i)
    if (!site.metadata.name.empty() && site.spec.links[i].site == site.metadata.name)
      errors.add(Fault::invalid, links[i] / "site", "a site has no link to itself");
  const auto& units = site.spec.cooling;
  const Path cooling = spec / "cooling";
  for (size_t i = 0; i < units.size(); ++i) {
    const std::string& behind = units[i].supplied_by;
    if (behind.empty()) continue;
    if (behind == units[i].name)
      errors.add(Fault::invalid, cooling[i] / "suppliedBy", "a unit does not supply itself");
    else if (std::ranges::find(units, behind, &CoolingUnit::name) == units.end())
      errors.add(Fault::invalid, cooling[i] / "suppliedBy",
                 "\"" + behind + "\" is not one of `cooling`");
  }
}

void check_rack(const Rack& rack, const Path& at, Errors& errors) {
  check_label_name(rack.metadata, at, errors);
}

void check_power_domain(const PowerDomain& domain, const Path& at, Errors& errors) {
  check_label_name(domain.metadata, at, errors);
  const SuppliedBy& supply = domain.spec.supplied_by;
  const Path spec = at / "spec", supply_at = spec / "suppliedBy";
  const auto count = static_cast<int64_t>(supply.domains.size());
  if (supply.required > std::max<int64_t>(count, 1))
    errors.add(Fault::invalid, supply_at / "required",
               "must be at most the number of domains, which is " + std::to_string(count));
  const Path domains = supply_at / "domains";
  for (size_t i = 0; i < supply.domains.size(); ++i)
    if (!domain.metadata.name.empty() && supply.domains[i] == domain.metadata.name)
      errors.add(Fault::invalid, domains[i], "a domain does not supply itself");
}

void check_fabric(const Fabric& fabric, const Path& at, Errors& errors) {
  check_label_name(fabric.metadata, at, errors);
  const auto& tiers = fabric.spec.tiers;
  const Path spec = at / "spec", switches = spec / "switches";
  for (size_t i = 0; i < fabric.spec.switches.size(); ++i) {
    const std::string& tier = fabric.spec.switches[i].tier;
    if (!tier.empty() && std::ranges::find(tiers, tier, &FabricTier::name) == tiers.end())
      errors.add(Fault::invalid, switches[i] / "tier", "\"" + tier + "\" is not one of `tiers`");
  }
  std::set<std::string_view> names;
  for (const FabricSwitch& there : fabric.spec.switches) names.insert(there.name);
  const Path links = spec / "links", adapters = spec / "adapters";
  for (size_t i = 0; i < fabric.spec.links.size(); ++i) {
    const std::string& from = fabric.spec.links[i].from;
    if (!names.contains(from) && from.find('/') == from.npos)
      errors.add(Fault::invalid, links[i] / "from", "\"" + from + "\" is not one of `switches`");
  }
  for (size_t i = 0; i < fabric.spec.adapters.size(); ++i) {
    const std::string& at_switch = fabric.spec.adapters[i].at;
    if (!names.contains(at_switch))
      errors.add(Fault::invalid, adapters[i] / "switch",
                 "\"" + at_switch + "\" is not one of `switches`");
  }
}

template <>
Kind row<Site>() {
  Kind kind = plain_kind<Site>({"sites", "site", "SiteList", {"st"}}, Scope::cluster);
  kind.columns = {
      column<Site, [](const Site& s, Time) { return enum_text(s.spec.type); }>(
          "Type", "string", "What kind of place it is."),
      column<Site, [](const Site& s, Time) { return or_none(s.spec.jurisdiction.country); }>(
          "Country", "string", "Whose law holds there."),
      column<Site, [](const Site& s, Time) { return or_none(s.spec.operator_name); }>(
          "Operator", "string", "Who runs it."),
      column<Site, [](const Site& s, Time) { return or_none(s.spec.energy_price.text()); }>(
          "Energy", "string", "What a kilowatt hour costs."),
      column<Site, [](const Site& s, Time) { return or_none(s.spec.power_domain); }>(
          "Power", "string", "PowerDomain that feeds it.", 1),
      column<Site, [](const Site& s,
                      Time) { return carbon_text(s.spec.carbon_intensity_grams_per_kwh); }>(
          "Carbon", "string", "CO2 of a kilowatt hour.", 1),
  };
  return kind;
}
template const Kind& kind_of<Site>();

template <>
Kind row<Rack>() {
  Kind kind = plain_kind<Rack>({"racks", "rack", "RackList", {"rk"}}, Scope::cluster);
  kind.columns = {
      column<Rack, [](const Rack& r, Time) { return or_none(r.spec.site); }>("Site", "string",
                                                                             "Site it stands in."),
      column<Rack, [](const Rack& r, Time) { return or_none(r.spec.room); }>("Room", "string",
                                                                             "Room or hall."),
      column<Rack, [](const Rack& r, Time) { return std::to_string(r.spec.units); }>(
          "Units", "integer", "Height in rack units."),
      column<Rack, [](const Rack& r, Time) { return or_none(join(r.spec.feeds, ",")); }>(
          "Feeds", "string", "PowerDomains that feed it."),
  };
  kind.selectable = {"spec.site"};
  return kind;
}
template const Kind& kind_of<Rack>();

template <>
Kind row<PowerDomain>() {
  Kind kind = plain_kind<PowerDomain>({"powerdomains", "powerdomain", "PowerDomainList", {"pd"}},
                                      Scope::cluster);
  kind.columns = {
      column<PowerDomain, [](const PowerDomain& d, Time) { return enum_text(d.spec.type); }>(
          "Type", "string", "What it is."),
      column<PowerDomain, [](const PowerDomain& d, Time) { return or_none(d.spec.site); }>(
          "Site", "string", "Site it belongs to."),
      column<PowerDomain,
             [](const PowerDomain& d, Time) { return or_none(d.spec.capacity.text()); }>(
          "Capacity", "string", "Power that it can deliver."),
      column<PowerDomain, [](const PowerDomain& d, Time) { return or_none(d.status.load.text()); }>(
          "Load", "string", "Power that it delivers."),
      column<PowerDomain,
             [](const PowerDomain& d, Time) { return or_none(d.status.headroom.text()); }>(
          "Headroom", "string", "What is left with one other feed failed."),
      column<PowerDomain, [](const PowerDomain& d, Time) { return enum_text(d.status.basis); }>(
          "Basis", "string", "Where the number of the load comes from.", 1),
  };
  kind.selectable = {"spec.site"};
  return kind;
}
template const Kind& kind_of<PowerDomain>();

template <>
Kind row<Fabric>() {
  Kind kind = plain_kind<Fabric>({"fabrics", "fabric", "FabricList", {"fab"}}, Scope::cluster);
  kind.columns = {
      column<Fabric, [](const Fabric& f, Time) { return enum_text(f.spec.kind); }>(
          "Kind", "string", "What it is for."),
      column<Fabric, [](const Fabric& f, Time) { return or_none(f.spec.site); }>(
          "Site", "string", "Site it belongs to."),
      column<Fabric, [](const Fabric& f, Time) { return or_none(f.spec.technology); }>(
          "Technology", "string", "What it is built of."),
      column<Fabric, [](const Fabric& f, Time) { return std::to_string(f.spec.switches.size()); }>(
          "Switches", "integer", "Switches that are known one by one."),
      column<Fabric, [](const Fabric& f, Time) { return std::to_string(f.spec.rails); }>(
          "Rails", "integer", "Planes that run side by side.", 1),
      column<Fabric, [](const Fabric& f, Time) { return enum_text(f.spec.isolation); }>(
          "Isolation", "string", "What can keep tenants apart on it.", 1),
  };
  kind.selectable = {"spec.site"};
  return kind;
}
template const Kind& kind_of<Fabric>();

}  // namespace freehold::api
