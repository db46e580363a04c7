#include "fleet/facility/findings.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/strings.h"
#include "fleet/facility/limits.h"
#include "fleet/facility/overhead.h"

namespace freehold::fleet::facility {
namespace {

std::string watts(int64_t mw) { return humanize(mw, Dimension::power); }

std::string count(int64_t number, std::string_view one, std::string_view many) {
  return std::to_string(number) + " " + std::string(number == 1 ? one : many);
}

// What one line is about: "a, b and 3 more", and each of them by itself.
class Names {
 public:
  // `subject`: the name when empty.
  void add(std::string_view name, std::string subject = {}, int64_t amount = 0) {
    if (++number_ <= 3) text_ += (text_.empty() ? "" : ", ") + std::string(name);
    things_.emplace_back(subject.empty() ? std::string(name) : std::move(subject), amount);
  }
  int64_t number() const { return number_; }
  std::string text() const {
    return number_ <= 3 ? text_ : text_ + " and " + std::to_string(number_ - 3) + " more";
  }
  std::vector<Measure> measures(FindingKind kind) const {
    std::vector<Measure> out;
    for (const auto& [subject, amount] : things_) out.push_back({kind, subject, amount});
    return out;
  }

 private:
  std::string text_;
  std::vector<std::pair<std::string, int64_t>> things_;
  int64_t number_ = 0;
};

}  // namespace

void find_power_faults(Facility& facility) {
  const auto& domains = facility.supply->domains();
  auto& out = facility.findings;
  for (const std::string& name : facility.supply->circles())
    out.push_back({Severity::error,
                   "powerdomain/" + name,
                   "its suppliers lead back to it; the step that closes the circle is not "
                   "counted: correct spec.suppliedBy",
                   {{FindingKind::supply_circle, "powerdomain/" + name, 0}}});
  Names down, unused, unseen;
  int64_t machines_down = 0;
  for (uint32_t d = 0; d < domains.size(); ++d) {
    const DomainView& view = facility.domains[d];
    const std::string about = "powerdomain/" + view.name;
    if (view.domain == nullptr) {
      out.push_back({Severity::error,
                     about,
                     "feeds or suppliers name it and it is not known, so nothing holds its "
                     "capacity; create it, or correct the name",
                     {{FindingKind::unknown_domain, about, 0}}});
      continue;
    }
    if (domains[d].is_unseen_below)
      unseen.add(view.name + " (" + watts(domains[d].unseen_mw) + ")", about, domains[d].unseen_mw);
    if (!view.is_used && !domains[d].stands_by) unused.add(view.name, about);
    const int64_t capacity = domains[d].capacity_mw;
    const Measure at_worst{FindingKind::overloaded_if_one_fails, about, -view.headroom_mw};
    if (is_beyond(view.load_mw, capacity))
      out.push_back({Severity::error,
                     about,
                     "carries " + watts(view.load_mw) + " of " + watts(capacity) +
                         with_pue_text(view.pue_milli) + "; move or cap machines",
                     {{FindingKind::overloaded, about, view.load_mw - capacity}, at_worst}});
    else if (view.headroom_mw < 0)
      out.push_back({Severity::error,
                     about,
                     "would carry " + watts(view.worst.load_mw) + " of " + watts(capacity) +
                         with_pue_text(view.pue_milli) + " if " + domains[view.worst.failed].name +
                         " failed; move or cap machines, or let feeds say onFailure: cap",
                     {at_worst}});
    if (const Failure& failure = facility.cases->failure(d); failure.machines_off > 0) {
      down.add(view.name + " (" + count(failure.machines_off, "machine", "machines") + ")", about,
               failure.machines_off);
      machines_down = std::max(machines_down, failure.machines_off);
    }
  }
  if (down.number() > 0)
    out.push_back({Severity::note, "powerdomains",
                   count(down.number(), "domain takes", "domains take") +
                       " machines down by failing alone, up to " + std::to_string(machines_down) +
                       " at once: " + down.text(),
                   down.measures(FindingKind::takes_machines_down)});
  if (unseen.number() > 0)
    out.push_back({Severity::warning, "powerdomains",
                   "meters show more than is known: " + unseen.text() +
                       "; machines below whose watts are not all known are taken to draw it in "
                       "equal parts, and to take it along when a feed fails; set spec.nameplate",
                   unseen.measures(FindingKind::metered_and_unseen)});
  if (unused.number() > 0)
    out.push_back({Severity::note, "powerdomains", "no machine hangs on " + unused.text(),
                   unused.measures(FindingKind::unused_domain)});
  if (const auto skipped = static_cast<int64_t>(facility.cases->skipped()); skipped > 0)
    out.push_back({Severity::error,
                   "powerdomains",
                   count(skipped, "failure", "failures") +
                       " not looked at: the domains hang together too closely; check suppliedBy",
                   {{FindingKind::failures_not_looked_at, "powerdomains", skipped}}});
}

void find_gaps(const Estate& estate, Facility& facility) {
  auto& out = facility.findings;
  Names without_watts, in_part, without_height, without_feeds, odd_shares, without_site, ordered;
  for (size_t i = 0; i < facility.machines.size(); ++i) {
    const Machine& machine = facility.machines[i];
    const std::string &name = machine.node->metadata.name, about = "node/" + name;
    if (!machine.counted.is_known()) without_watts.add(name, about);
    if (machine.counted.is_at_least()) in_part.add(name, about);
    if (machine.rack != none && facility.racks[machine.rack].rack != nullptr && machine.height == 0)
      without_height.add(name, about);
    if (facility.supply->group_of()[i] == none) without_feeds.add(name, about);
    if (machine.watts.is_ordered && machine.watts.measured.is_known()) ordered.add(name, about);
    int64_t sum = 0;
    for (const api::Feed& feed : machine.node->spec.feeds) sum += feed.share_percent;
    if (!machine.node->spec.feeds.empty() && sum != 100 && sum != 0) odd_shares.add(name, about);
  }
  for (const RackView& rack : facility.racks)
    if (rack.rack != nullptr && !estate.sites.contains(rack.site))
      without_site.add(rack.name, "rack/" + rack.name);
  const auto add = [&](FindingKind kind, const Names& names, Severity severity,
                       std::string_view what) {
    if (names.number() > 0)
      out.push_back(
          {severity, names.number() == 1 ? "node/" + names.text() : "nodes",
           std::string(what) + (names.number() == 1 ? std::string() : ": " + names.text()),
           names.measures(kind)});
  };
  add(FindingKind::without_watts, without_watts, Severity::warning,
      "no watts are known and none are counted; set spec.nameplate or spec.expectedModel");
  add(FindingKind::watts_in_part, in_part, Severity::note,
      "only the parts whose watts are known are counted, so it draws more; set spec.nameplate");
  add(FindingKind::without_feeds, without_feeds, Severity::warning,
      "no feed is known, so no domain carries it; set spec.feeds of the node or of its rack");
  add(FindingKind::odd_shares, odd_shares, Severity::note,
      "the shares of the feeds do not add up to 100; they are taken in proportion");
  add(FindingKind::ordered_and_metered, ordered, Severity::note,
      "is ordered, and a meter shows what it draws; correct spec.lifecycle");
  add(FindingKind::without_height, without_height, Severity::note,
      "the height is not known and counts as one unit; set spec.height or spec.expectedModel");
  if (without_site.number() > 0)
    out.push_back({Severity::note, "racks", "their site is not known here: " + without_site.text(),
                   without_site.measures(FindingKind::without_site)});
}

void find_unknown_racks(const Estate& estate, Facility& facility) {
  // Where nobody tells of any rack, their names are words alone.
  const Severity severity = estate.racks.empty() ? Severity::note : Severity::error;
  for (const RackView& rack : facility.racks) {
    if (rack.rack != nullptr) continue;
    Names names;
    for (const uint32_t machine : rack.machines)
      names.add(facility.machines[machine].node->metadata.name);
    facility.findings.push_back(
        {severity,
         "rack/" + rack.name,
         "no such rack is known, and " + names.text() +
             (names.number() == 1 ? " says that it stands" : " say that they stand") +
             " in it; create it, or correct spec.rack",
         {{FindingKind::unknown_rack, "rack/" + rack.name, 0}}});
  }
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
    // With its place: a rack that moves onto another one makes a new mistake.
    const std::string subject =
        "rack/" + rack.name + " at " + join({rack.site, rack.room, rack.row, rack.position}, "/");
    facility.findings.push_back({Severity::error,
                                 "rack/" + rack.name,
                                 "stands where rack/" + at->second->name + " stands, at position " +
                                     rack.position +
                                     (rack.row.empty() ? std::string() : " of row " + rack.row) +
                                     "; correct spec.position of one",
                                 {{FindingKind::place_taken_twice, subject, 0}}});
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
    facility.findings.push_back({Severity::error,
                                 about,
                                 "stands at " + site + " and is fed by " + feed + ", which is at " +
                                     other + "; correct its feeds or its site",
                                 {{FindingKind::feed_of_other_site, about + " " + feed, 0}}});
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

// Which of the two is right decides under which law the machine stands.
void find_machines_of_other_sites(Facility& facility) {
  for (const Machine& machine : facility.machines) {
    if (machine.rack == none || machine.node->spec.site.empty()) continue;
    const RackView& rack = facility.racks[machine.rack];
    if (rack.site.empty() || rack.site == machine.node->spec.site) continue;
    const std::string about = "node/" + machine.node->metadata.name;
    facility.findings.push_back({Severity::error,
                                 about,
                                 "says that it is at " + machine.node->spec.site +
                                     ", and stands in rack " + rack.name + ", which is at " +
                                     rack.site + "; correct its spec.site or spec.rack",
                                 {{FindingKind::rack_of_other_site, about, 0}}});
  }
}

void find_broken_limits(Facility& facility) {
  for (const Machine& machine : facility.machines) {
    const Watts &measured = machine.watts.measured, &limit = machine.watts.limit,
                &plate = machine.watts.nameplate;
    const std::string about = "node/" + machine.node->metadata.name;
    const auto check = [&](const Watts& most, FindingKind kind, const char* what) {
      if (!most.is_known() || measured.mw <= most.mw) return;
      facility.findings.push_back({Severity::warning,
                                   about,
                                   "draws " + watts(measured.mw) + ", more than the " +
                                       watts(most.mw) + " of " +
                                       std::string(origin_text(most.origin)) + "; " + what,
                                   {{kind, about, measured.mw - most.mw}}});
    };
    check(limit, FindingKind::limit_not_kept, "check whether the limit is kept");
    // A part of it alone is less than the machine, so it may well draw more.
    if (!plate.is_at_least())
      check(plate, FindingKind::plate_exceeded, "correct the plate, or check the meter");
  }
}

namespace {

// What a pool says that it hangs on, and is not there.
void find_loose_pools(const Estate& estate, std::vector<Finding>& out) {
  for (const auto& [name, pool] : estate.pools) {
    const std::string about = "storagepool/" + std::string(name);
    const auto tell = [&](std::string_view what, const Names& which) {
      if (which.number() == 0) return;
      const bool is_one = which.number() == 1;
      out.push_back({Severity::note, about,
                     "names " + std::string(what) + (is_one ? " " : "s ") + which.text() +
                         (is_one ? ", which is" : ", which are") + " not known here",
                     which.measures(FindingKind::unknown_to_pool)});
    };
    const auto add = [&](Names& names, std::string_view what, const std::string& name_of_it) {
      names.add(name_of_it, about + " " + std::string(what) + "/" + name_of_it);
    };
    Names sites, fabrics, nodes;
    if (!pool->spec.site.empty() && !estate.sites.contains(pool->spec.site))
      add(sites, "site", pool->spec.site);
    if (!pool->spec.fabric.empty() && !estate.fabrics.contains(pool->spec.fabric))
      add(fabrics, "fabric", pool->spec.fabric);
    for (const std::string& node : pool->spec.nodes)
      if (!estate.nodes.contains(node)) add(nodes, "node", node);
    tell("site", sites);
    tell("fabric", fabrics);
    tell("node", nodes);
  }
}

// What both ends say of one link. Each may have its own bandwidth out; a round trip is the same
// from both.
std::string told_differently(const api::SiteLink& there, const api::SiteLink& back) {
  std::string out;
  const auto compare = [&](std::string_view what, const Quantity& a, const Quantity& b) {
    if (!a.is_set() || !b.is_set() || a.value() == b.value()) return;
    out += (out.empty() ? "" : ", ") + std::string(what) + " " + a.text() + " and " + b.text();
  };
  compare("latency", there.latency, back.latency);
  compare("bandwidth", there.bandwidth, back.bandwidth);
  return out;
}

void find_link_faults(const Estate& estate, std::vector<Finding>& out) {
  for (const auto& [name, site] : estate.sites)
    for (const api::SiteLink& link : site->spec.links) {
      const std::string about = "site/" + std::string(name), subject = about + " " + link.site;
      const auto tell = [&](Severity severity, FindingKind kind, const std::string& text) {
        out.push_back(
            {severity, about, "has a link to " + link.site + ", " + text, {{kind, subject, 0}}});
      };
      const auto other = estate.sites.find(link.site);
      if (other == estate.sites.end()) {
        tell(Severity::note, FindingKind::unknown_link, "which is not known here");
        continue;
      }
      const auto& links = other->second->spec.links;
      const auto back = std::ranges::find(links, name, &api::SiteLink::site);
      if (back == links.end()) {
        tell(Severity::note, FindingKind::link_one_way, "which has none back");
        continue;
      }
      if (name >= link.site) continue;  // told once, by the first of the two
      const std::string differs = told_differently(link, *back);
      if (differs.empty()) continue;
      tell(differs.starts_with("latency") ? Severity::warning : Severity::note,
           FindingKind::link_told_differently,
           "of which both ends tell different things: " + differs + "; correct spec.links of one");
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
      out.push_back(
          {Severity::error,
           "storagepool/" + std::string(name),
           "has promised " + humanize(held, dimension) + " of " + has.text() + " " +
               std::string(what) + "; take back a commitment",
           {{FindingKind::promised_too_much,
             "storagepool/" + std::string(name) + " " + std::string(what), held - has.value()}}});
    };
    check(bytes, pool->spec.capacity, Dimension::bytes, "capacity");
    check(read, pool->spec.read_throughput, Dimension::bandwidth, "of reading");
    check(write, pool->spec.write_throughput, Dimension::bandwidth, "of writing");
  }
  find_link_faults(estate, out);
}

void order_findings(Facility& facility) {
  auto& findings = facility.findings;
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
}

}  // namespace freehold::fleet::facility
