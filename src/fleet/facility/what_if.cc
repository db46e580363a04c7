#include "fleet/facility/what_if.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace freehold::fleet::facility {
namespace {

Result<void> check(const Estate& estate, const RackMove& move, const api::Rack& rack) {
  const std::string& site = move.site ? *move.site : rack.spec.site;
  if (move.site && !estate.sites.contains(*move.site))
    return Error{Reason::not_found, "there is no site \"" + *move.site + "\""};
  if (move.feeds)
    for (const std::string& feed : *move.feeds)
      if (!estate.domains.contains(feed))
        return Error{Reason::not_found, "there is no PowerDomain \"" + feed + "\""};
  if (move.cooling_unit && !move.cooling_unit->empty()) {
    const auto at = estate.sites.find(site);
    if (at == estate.sites.end() ||
        std::ranges::find(at->second->spec.cooling, *move.cooling_unit, &api::CoolingUnit::name) ==
            at->second->spec.cooling.end())
      return Error{Reason::not_found,
                   "site " + site + " has no cooling unit \"" + *move.cooling_unit + "\""};
  }
  return {};
}

// The machine as it would hang on the new feeds; false when nothing changes for it.
bool rehang(api::Node& node, const std::vector<std::string>& before,
            const std::vector<std::string>& after) {
  if (node.spec.feeds.empty()) return false;
  std::vector<api::Feed> feeds = node.spec.feeds;
  for (api::Feed& feed : feeds) {
    const auto at = std::ranges::find(before, feed.domain);
    if (at == before.end()) return false;  // it hangs on something else on purpose
    if (before.size() != after.size()) {
      node.spec.feeds.clear();
      return true;
    }
    feed.domain = after[static_cast<size_t>(at - before.begin())];
  }
  node.spec.feeds = std::move(feeds);
  return true;
}

int64_t stranded(const Facility& facility) {
  int64_t sum = 0;
  for (const RackView& rack : facility.racks) sum += rack.stranded_mw;
  return sum;
}

auto key(const Finding& finding) { return std::tie(finding.about, finding.text); }

bool is_error(const Finding& finding) { return finding.severity == Severity::error; }

}  // namespace

Result<std::vector<api::Object>> move_rack(const Estate& estate, const RackMove& move) {
  const auto found = estate.racks.find(move.rack);
  if (found == estate.racks.end())
    return Error{Reason::not_found, "there is no rack \"" + move.rack + "\""};
  TRY(check(estate, move, *found->second));
  api::Rack rack = *found->second;
  const std::vector<std::string> before = rack.spec.feeds;
  if (move.site) rack.spec.site = *move.site;
  if (move.room) rack.spec.room = *move.room;
  if (move.row) rack.spec.row = *move.row;
  if (move.position) rack.spec.position = *move.position;
  if (move.cooling_unit) rack.spec.cooling.unit = *move.cooling_unit;
  if (move.feeds) rack.spec.feeds = *move.feeds;
  std::vector<api::Object> out;
  for (const auto& [name, there] : estate.nodes) {
    if (there->spec.rack != move.rack) continue;
    api::Node node = *there;
    bool is_changed = move.feeds && rehang(node, before, *move.feeds);
    if (move.site && !node.spec.site.empty() && node.spec.site != *move.site) {
      node.spec.site = *move.site;
      is_changed = true;
    }
    if (is_changed) out.push_back(api::Object::of(std::move(node)));
  }
  out.push_back(api::Object::of(std::move(rack)));
  return out;
}

bool holds(const Facility& facility) { return std::ranges::none_of(facility.findings, is_error); }

Difference compare(const Facility& before, const Facility& after) {
  Difference out;
  std::map<std::string, DomainChange> domains;
  for (const DomainView& view : before.domains) domains[view.name].before = &view;
  for (const DomainView& view : after.domains) domains[view.name].after = &view;
  for (auto& [name, change] : domains) {
    const auto facts = [](const DomainView* view) {
      return view == nullptr ? std::tuple<int64_t, int64_t, int64_t>(-1, -1, -1)
                             : std::tuple(view->load_mw, view->worst.load_mw, view->headroom_mw);
    };
    if (facts(change.before) == facts(change.after)) continue;
    change.domain = name;
    out.domains.push_back(change);
  }
  std::map<std::string_view, const RackView*> racks;
  for (const RackView& rack : before.racks) racks.emplace(rack.name, &rack);
  for (const RackView& rack : after.racks) {
    const auto facts = [](const RackView& r) {
      return std::tuple(r.load_mw, r.power.mw, r.cooling_room_mw, r.free_units, r.site, r.room,
                        r.row, r.position);
    };
    const auto at = racks.find(rack.name);
    if (at == racks.end() || facts(*at->second) != facts(rack)) out.racks.push_back(rack.name);
  }
  std::set<std::tuple<std::string, std::string>> old_keys, new_keys;
  for (const Finding& finding : before.findings) old_keys.insert(key(finding));
  for (const Finding& finding : after.findings) {
    new_keys.insert(key(finding));
    if (!old_keys.contains(key(finding))) out.new_findings.push_back(finding);
  }
  for (const Finding& finding : before.findings)
    if (!new_keys.contains(key(finding))) out.solved.push_back(finding);
  out.holds_after = std::ranges::none_of(out.new_findings, is_error);
  out.stranded_before_mw = stranded(before);
  out.stranded_after_mw = stranded(after);
  return out;
}

}  // namespace freehold::fleet::facility
