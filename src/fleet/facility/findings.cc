#include "fleet/facility/findings.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "fleet/facility/limits.h"

namespace freehold::fleet::facility {
namespace {

std::string watts(int64_t mw) { return humanize(mw, Dimension::power); }

std::string count(int64_t number, std::string_view one, std::string_view many) {
  return std::to_string(number) + " " + std::string(number == 1 ? one : many);
}

// "a, b and 3 more"
class Names {
 public:
  void add(std::string_view name) {
    if (++number_ <= 3) text_ += (text_.empty() ? "" : ", ") + std::string(name);
  }
  int64_t number() const { return number_; }
  std::string text() const {
    return number_ <= 3 ? text_ : text_ + " and " + std::to_string(number_ - 3) + " more";
  }

 private:
  std::string text_;
  int64_t number_ = 0;
};

}  // namespace

void find_power_faults(Facility& facility) {
  const auto& domains = facility.supply->domains();
  auto& out = facility.findings;
  for (const std::string& name : facility.supply->circles())
    out.push_back({Severity::error, "powerdomain/" + name,
                   "its suppliers lead back to it; the step that closes the circle is not "
                   "counted: correct spec.suppliedBy"});
  Names down, unused;
  int64_t machines_down = 0;
  for (uint32_t d = 0; d < domains.size(); ++d) {
    const DomainView& view = facility.domains[d];
    const std::string about = "powerdomain/" + view.name;
    if (view.domain == nullptr) {
      out.push_back({Severity::error, about,
                     "feeds or suppliers name it and it is not known, so nothing holds its "
                     "capacity; create it, or correct the name"});
      continue;
    }
    if (!view.is_used && !domains[d].stands_by) unused.add(view.name);
    const int64_t capacity = domains[d].capacity_mw;
    if (view.load_mw > capacity)
      out.push_back(
          {Severity::error, about,
           "carries " + watts(view.load_mw) + " of " + watts(capacity) + "; move or cap machines"});
    else if (view.headroom_mw < 0)
      out.push_back({Severity::error, about,
                     "would carry " + watts(view.worst.load_mw) + " of " + watts(capacity) +
                         " if " + domains[view.worst.failed].name +
                         " failed; move or cap machines, or let feeds say onFailure: cap"});
    if (const Failure& failure = facility.cases->failure(d); failure.machines_off > 0) {
      down.add(view.name + " (" + count(failure.machines_off, "machine", "machines") + ")");
      machines_down = std::max(machines_down, failure.machines_off);
    }
  }
  if (down.number() > 0)
    out.push_back({Severity::note, "powerdomains",
                   count(down.number(), "domain takes", "domains take") +
                       " machines down by failing alone, up to " + std::to_string(machines_down) +
                       " at once: " + down.text()});
  if (unused.number() > 0)
    out.push_back({Severity::note, "powerdomains", "no machine hangs on " + unused.text()});
  if (facility.cases->skipped() > 0)
    out.push_back({Severity::error, "powerdomains",
                   count(static_cast<int64_t>(facility.cases->skipped()), "failure", "failures") +
                       " not looked at: the domains hang together too closely; check suppliedBy"});
}

void find_gaps(const Estate& estate, Facility& facility) {
  auto& out = facility.findings;
  Names without_watts, without_height, without_feeds, odd_shares, without_site;
  for (size_t i = 0; i < facility.machines.size(); ++i) {
    const Machine& machine = facility.machines[i];
    const std::string& name = machine.node->metadata.name;
    if (!machine.counted.is_known()) without_watts.add(name);
    if (machine.rack != none && machine.height == 0) without_height.add(name);
    if (facility.supply->group_of()[i] == none) without_feeds.add(name);
    int64_t sum = 0;
    for (const api::Feed& feed : machine.node->spec.feeds) sum += feed.share_percent;
    if (!machine.node->spec.feeds.empty() && sum != 100 && sum != 0) odd_shares.add(name);
  }
  for (const RackView& rack : facility.racks)
    if (rack.rack != nullptr && !estate.sites.contains(rack.site)) without_site.add(rack.name);
  const auto add = [&](const Names& names, Severity severity, std::string_view what) {
    if (names.number() > 0)
      out.push_back(
          {severity, names.number() == 1 ? "node/" + names.text() : "nodes",
           std::string(what) + (names.number() == 1 ? std::string() : ": " + names.text())});
  };
  add(without_watts, Severity::warning,
      "no watts are known and none are counted; set spec.nameplate or spec.expectedModel");
  add(without_feeds, Severity::warning,
      "no feed is known, so no domain carries it; set spec.feeds of the node or of its rack");
  add(odd_shares, Severity::note,
      "the shares of the feeds do not add up to 100; they are taken in proportion");
  add(without_height, Severity::note,
      "the height is not known and counts as one unit; set spec.height or spec.expectedModel");
  if (without_site.number() > 0)
    out.push_back(
        {Severity::note, "racks", "their site is not known here: " + without_site.text()});
}

void find_places_taken_twice(Facility& facility) {
  std::map<std::tuple<std::string_view, std::string_view, std::string_view, std::string_view>,
           const RackView*>
      places;
  for (const RackView& rack : facility.racks) {
    if (rack.position.empty()) continue;
    const auto [at, is_free] =
        places.try_emplace({rack.site, rack.room, rack.row, rack.position}, &rack);
    if (is_free) continue;
    facility.findings.push_back({Severity::error, "rack/" + rack.name,
                                 "stands where rack/" + at->second->name + " stands, at position " +
                                     rack.position +
                                     (rack.row.empty() ? std::string() : " of row " + rack.row) +
                                     "; correct spec.position of one"});
  }
}

// A feed does not cross from one site to another.
void find_feeds_of_other_sites(const Estate& estate, Facility& facility) {
  const auto check = [&](const std::string& about, const std::string& site,
                         const std::string& feed) {
    const auto domain = estate.domains.find(feed);
    if (site.empty() || domain == estate.domains.end()) return;
    const std::string& other = domain->second->spec.site;
    if (other.empty() || other == site) return;
    facility.findings.push_back({Severity::error, about,
                                 "stands at " + site + " and is fed by " + feed + ", which is at " +
                                     other + "; correct its feeds or its site"});
  };
  for (const RackView& rack : facility.racks)
    if (rack.rack != nullptr)
      for (const std::string& feed : rack.rack->spec.feeds)
        check("rack/" + rack.name, rack.site, feed);
  for (const Machine& machine : facility.machines) {
    const std::string& site = machine.rack == none || facility.racks[machine.rack].site.empty()
                                  ? machine.node->spec.site
                                  : facility.racks[machine.rack].site;
    for (const api::Feed& feed : machine.node->spec.feeds)
      check("node/" + machine.node->metadata.name, site, feed.domain);
  }
}

namespace {

// What a pool says that it hangs on, and is not there.
void find_loose_pools(const Estate& estate, std::vector<Finding>& out) {
  for (const auto& [name, pool] : estate.pools) {
    const std::string about = "storagepool/" + std::string(name);
    const auto tell = [&](std::string_view what, const std::string& which, bool is_one = true) {
      out.push_back({Severity::note, about,
                     "names " + std::string(what) + " " + which +
                         (is_one ? ", which is" : ", which are") + " not known here"});
    };
    if (!pool->spec.site.empty() && !estate.sites.contains(pool->spec.site))
      tell("site", pool->spec.site);
    if (!pool->spec.fabric.empty() && !estate.fabrics.contains(pool->spec.fabric))
      tell("fabric", pool->spec.fabric);
    Names nodes;
    for (const std::string& node : pool->spec.nodes)
      if (!estate.nodes.contains(node)) nodes.add(node);
    if (nodes.number() > 0)
      tell(nodes.number() == 1 ? "node" : "nodes", nodes.text(), nodes.number() == 1);
  }
}

}  // namespace

void find_network_and_storage_faults(const Estate& estate, Facility& facility) {
  auto& out = facility.findings;
  find_loose_pools(estate, out);
  for (const auto& [name, pool] : estate.pools) {
    int64_t bytes = 0, read = 0, write = 0;
    for (const api::StorageCommitment& held : pool->spec.commitments) {
      bytes = std::min(most_sum, bytes + std::min(held.capacity.value(), most_sum / 2));
      read = std::min(most_sum, read + std::min(held.read_throughput.value(), most_sum / 2));
      write = std::min(most_sum, write + std::min(held.write_throughput.value(), most_sum / 2));
    }
    const auto check = [&](int64_t held, const Quantity& has, Dimension dimension,
                           std::string_view what) {
      if (!has.is_set() || held <= has.value()) return;
      out.push_back({Severity::error, "storagepool/" + std::string(name),
                     "has promised " + humanize(held, dimension) + " of " + has.text() + " " +
                         std::string(what) + "; take back a commitment"});
    };
    check(bytes, pool->spec.capacity, Dimension::bytes, "capacity");
    check(read, pool->spec.read_throughput, Dimension::bandwidth, "of reading");
    check(write, pool->spec.write_throughput, Dimension::bandwidth, "of writing");
  }
  for (const auto& [name, site] : estate.sites)
    for (const api::SiteLink& link : site->spec.links) {
      const auto other = estate.sites.find(link.site);
      const std::string about = "site/" + std::string(name);
      if (other == estate.sites.end())
        out.push_back(
            {Severity::note, about, "has a link to " + link.site + ", which is not known here"});
      else if (std::ranges::find(other->second->spec.links, name, &api::SiteLink::site) ==
               other->second->spec.links.end())
        out.push_back(
            {Severity::note, about, "has a link to " + link.site + ", which has none back"});
    }
}

void order_findings(Facility& facility) {
  auto& findings = facility.findings;
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  if (findings.size() <= most_findings) return;
  facility.more_findings = findings.size() - most_findings;
  findings.resize(most_findings);
}

}  // namespace freehold::fleet::facility
