// A facility as a document. Watts are numbers of watts, so that other programs need no units.
#include <algorithm>

#include "cli/facility.h"

namespace freehold::cli {

namespace {

using namespace fleet::facility;  // NOLINT: every name here is of it

json::Value watts(int64_t mw) {
  if (mw < 0) return nullptr;
  return static_cast<double>(mw) / 1000;
}
json::Value signed_watts(int64_t mw) { return static_cast<double>(mw) / 1000; }

json::Value watts_with_basis(const Watts& w) {
  if (!w.is_known()) return nullptr;
  return json::Object{{"watts", watts(w.mw)},
                      {"basis", api::enum_text(w.basis())},
                      {"from", origin_text(w.origin)}};
}

json::Value names(const std::vector<Strander>& why) {
  json::Array out;
  for (const Strander by : why) out.emplace_back(strander_text(by));
  return out;
}

json::Value name_of(uint32_t domain, const Supply& supply) {
  if (domain == none) return nullptr;
  return supply.domains()[domain].name;
}

json::Value finding_json(const Finding& finding) {
  static constexpr std::string_view words[] = {"note", "warning", "error"};
  return json::Object{{"severity", words[static_cast<size_t>(finding.severity)]},
                      {"about", finding.about},
                      {"text", finding.text}};
}

// As many as are shown, and how many more there are.
void put_findings(json::Object& out, const std::string& key, const std::string& key_of_more,
                  const std::vector<const Finding*>& findings) {
  const size_t shown = std::min(findings.size(), most_findings);
  json::Array listed;
  for (size_t i = 0; i < shown; ++i) listed.push_back(finding_json(*findings[i]));
  out[key] = std::move(listed);
  out[key_of_more] = static_cast<int64_t>(findings.size() - shown);
}

std::vector<const Finding*> all_of(const std::vector<Finding>& findings) {
  std::vector<const Finding*> out;
  for (const Finding& finding : findings) out.push_back(&finding);
  return out;
}

json::Value machine_json(const Machine& m, const Estate& estate, const Models& models) {
  json::Array devices;
  for (const DeviceWatts& device : device_watts(*m.node, estate, models))
    devices.push_back(json::Object{{"id", device.id},
                                   {"model", device.model},
                                   {"nameplate", watts_with_basis(device.nameplate)},
                                   {"limit", watts_with_basis(device.limit)},
                                   {"measured", watts_with_basis(device.measured)}});
  return json::Object{{"node", m.node->metadata.name},
                      {"unit", m.node->spec.unit},
                      {"height", m.height},
                      {"gpus", m.gpus},
                      {"freeGpus", m.free_gpus},
                      {"counted", watts_with_basis(m.counted)},
                      {"measured", watts_with_basis(m.watts.measured)},
                      {"contracts", watts_with_basis(m.watts.model)},
                      {"limit", watts_with_basis(m.watts.limit)},
                      {"nameplate", watts_with_basis(m.watts.nameplate)},
                      {"devices", std::move(devices)}};
}

json::Value rack_json(const RackView& r, const Estate& estate, const Facility& f,
                      const Models& models) {
  json::Array machines;
  for (const uint32_t i : r.machines)
    machines.push_back(machine_json(f.machines[i], estate, models));
  return json::Object{{"name", r.name},
                      {"site", r.site},
                      {"room", r.room},
                      {"row", r.row},
                      {"position", r.position},
                      {"power", json::Object{{"watts", watts(r.load_mw)},
                                             {"basis", api::enum_text(r.basis)},
                                             {"machinesWithoutWatts", r.without_watts},
                                             {"capacityWatts", watts(r.capacity_mw)},
                                             {"headroomWatts", watts(r.power.mw)},
                                             {"limitedBy", name_of(r.power.domain, *f.supply)},
                                             {"ifFails", name_of(r.power.failed, *f.supply)}}},
                      {"cooling", json::Object{{"limitWatts", watts(r.cooling_limit_mw)},
                                               {"headroomWatts", watts(r.cooling_room_mw)},
                                               {"limitedBy", r.cooling_by}}},
                      {"space", json::Object{{"units", r.units},
                                             {"free", r.free_units},
                                             {"largestGap", r.largest_gap},
                                             {"weightKg", r.weight_kg},
                                             {"machinesWithoutWeight", r.without_weight}}},
                      {"gpus", json::Object{{"total", r.gpus}, {"free", r.free_gpus}}},
                      {"stranded", json::Object{{"watts", watts(r.stranded_mw)},
                                                {"units", r.stranded_units},
                                                {"why", names(r.why)}}},
                      {"machines", std::move(machines)}};
}

json::Value domain_json(const DomainView& d, const Facility& f, uint32_t index) {
  const Failure& failure = f.cases->failure(index);
  return json::Object{
      {"name", d.name},
      {"capacityWatts",
       d.domain == nullptr ? json::Value() : watts(d.domain->spec.capacity.value())},
      {"watts", watts(d.load_mw)},
      {"pue", static_cast<double>(d.pue_milli) / 1000},
      {"basis", api::enum_text(d.basis)},
      {"worst", json::Object{{"watts", watts(d.worst.load_mw)},
                             {"ifFails", name_of(d.worst.failed, *f.supply)}}},
      {"headroomWatts", d.domain == nullptr ? json::Value() : signed_watts(d.headroom_mw)},
      {"ifItFails", json::Object{{"machinesOff", failure.machines_off},
                                 {"machinesCapped", failure.machines_capped}}},
      {"stranded", json::Object{{"watts", watts(d.stranded_mw)}, {"why", names(d.why)}}}};
}

json::Value pool_json(const api::StoragePool& pool) {
  json::Object out;
  out["name"] = pool.metadata.name;
  out["spec"] = schema::to_json(schema::type_of<api::StoragePoolSpec>, &pool.spec);
  return out;
}

}  // namespace

json::Value facility_json(const Estate& estate, const Facility& f, const FacilityView& view) {
  const Models models(estate.models);
  const std::vector<const Finding*> findings = findings_in(estate, f, view);
  const bool is_held = std::ranges::none_of(
      findings, [](const Finding* finding) { return finding->severity == Severity::error; });
  json::Array racks, domains, cooling, pools, links;
  for (const RackView& rack : f.racks)
    if ((view.site.empty() || rack.site == view.site) &&
        (view.rack.empty() || rack.name == view.rack))
      racks.push_back(rack_json(rack, estate, f, models));
  for (uint32_t d = 0; d < f.domains.size(); ++d)
    if (view.site.empty() ||
        (f.domains[d].domain != nullptr && f.domains[d].domain->spec.site == view.site))
      domains.push_back(domain_json(f.domains[d], f, d));
  for (const CoolingView& unit : f.cooling)
    if (view.site.empty() || unit.site == view.site)
      cooling.push_back(json::Object{{"site", unit.site},
                                     {"name", unit.name},
                                     {"type", api::enum_text(unit.type)},
                                     {"heatWatts", watts(unit.heat_mw)},
                                     {"capacityWatts", watts(unit.capacity_mw)},
                                     {"suppliedBy", unit.supplied_by}});
  for (const auto& [name, pool] : estate.pools)
    if (view.site.empty() || pool->spec.site == view.site) pools.push_back(pool_json(*pool));
  for (const auto& [name, site] : estate.sites)
    for (const api::SiteLink& link : site->spec.links)
      if (view.site.empty() || name == view.site || link.site == view.site) {
        json::Object out;
        out["from"] = std::string(name);
        const json::Value known = schema::to_json(schema::type_of<api::SiteLink>, &link);
        for (const json::Member& member : *known.as_object())
          out[member.first == "site" ? "to" : std::string_view(member.first)] = member.second;
        links.emplace_back(std::move(out));
      }
  json::Object out{{"footing", f.footing == Footing::now ? "now" : "most"},
                   {"holds", is_held},
                   {"racks", std::move(racks)},
                   {"powerDomains", std::move(domains)},
                   {"cooling", std::move(cooling)},
                   {"storagePools", std::move(pools)},
                   {"links", std::move(links)}};
  put_findings(out, "findings", "moreFindings", findings);
  return out;
}

json::Value difference_json(const Facility& before, const Facility& after) {
  const Difference difference = compare(before, after);
  const auto side = [](const DomainView* view, const Facility& f) -> json::Value {
    if (view == nullptr) return nullptr;
    return json::Object{
        {"watts", watts(view->load_mw)},
        {"worst", json::Object{{"watts", watts(view->worst.load_mw)},
                               {"ifFails", name_of(view->worst.failed, *f.supply)}}},
        {"headroomWatts",
         view->domain == nullptr ? json::Value() : signed_watts(view->headroom_mw)}};
  };
  json::Array domains, racks;
  for (const DomainChange& change : difference.domains)
    domains.push_back(json::Object{{"name", change.domain},
                                   {"before", side(change.before, before)},
                                   {"after", side(change.after, after)}});
  for (const std::string& rack : difference.racks) racks.emplace_back(rack);
  const auto listed = [](const std::vector<std::string>& nodes) {
    json::Array out;
    for (const std::string& node : nodes) out.emplace_back(node);
    return out;
  };
  json::Object out{{"held", holds(before)},
                   {"holds", difference.holds_after && !difference.is_known()
                                 ? json::Value()
                                 : json::Value(difference.holds_after)},
                   {"withoutWatts", listed(difference.without_watts)},
                   {"withoutHeight", listed(difference.without_height)},
                   {"withoutWeight", listed(difference.without_weight)},
                   {"withoutFeeds", listed(difference.without_feeds)},
                   {"strandedWattsBefore", watts(difference.stranded_before_mw)},
                   {"strandedWattsAfter", watts(difference.stranded_after_mw)},
                   {"powerDomains", std::move(domains)},
                   {"racks", std::move(racks)}};
  put_findings(out, "newFindings", "moreNewFindings", all_of(difference.new_findings));
  put_findings(out, "eased", "moreEased", all_of(difference.eased));
  put_findings(out, "solved", "moreSolved", all_of(difference.solved));
  return out;
}

json::Value places_json(const RackPlaces& places) {
  json::Array out;
  for (const RackPlace& place : places.best) {
    json::Array feeds;
    for (const std::string& feed : place.feeds) feeds.emplace_back(feed);
    out.push_back(json::Object{
        {"site", place.site},
        {"room", place.room},
        {"row", place.row},
        {"position", place.position},
        {"emptyRack", place.machines == 0 ? place.rack : ""},
        {"rack", place.rack},
        {"like", place.like},
        {"feeds", std::move(feeds)},
        {"newFeeds", place.with_own_feeds},
        {"fits", place.fits && !place.is_known ? json::Value() : json::Value(place.fits)},
        {"marginWatts", signed_watts(place.margin_mw)},
        {"reason", place.reason}});
  }
  return json::Object{{"tried", static_cast<int64_t>(places.tried)},
                      {"fitting", static_cast<int64_t>(places.fitting)},
                      {"unknown", static_cast<int64_t>(places.unknown)},
                      {"cut", places.is_cut},
                      {"places", std::move(out)}};
}

}  // namespace freehold::cli
