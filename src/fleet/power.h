// PowerGrid: the power domains of a fleet and the watts allocated through each, now and with any
// one domain failed, with the overhead of their sites. How a load spreads is facility::Reach's to
// say, as in the survey of the facility. Loads are sums over the allocations, so that one comes and
// goes without a look at the others. Cheap to copy; what copies share, none of them changes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/node.h"
#include "api/said.h"
#include "api/site.h"
#include "fleet/cow.h"
#include "fleet/facility/supply.h"

namespace freehold::fleet {

// A domain that is down, and milliwatts.
using PowerCase = std::pair<uint32_t, int64_t>;

// What a load puts on one domain.
struct PowerDraw {
  uint32_t domain = 0;
  int64_t mw = 0;                // as long as all are up
  std::vector<PowerCase> cases;  // what it is instead while another is down; ascending

  int64_t while_down(uint32_t failed) const;  // facility::none: as it is
};
struct PowerFlow {
  std::vector<PowerDraw> draws;  // ascending by domain
  // More domains stand behind the feeds than any building has; draws are empty.
  bool is_too_wide = false;
};

class PowerGrid {
 public:
  // Whether anything changed that loads depend on; then it must be settled before it is asked.
  bool put(const api::PowerDomain& domain);
  bool remove(std::string_view name);
  // Of a site: facility/overhead.h. 1000: as though nobody had told.
  bool put_pue(std::string_view site, int64_t pue_milli);
  // Feeds name domains, too, which may fail though nobody has told of them.
  bool put_names(const std::vector<api::Feed>& feeds);

  // Numbers the domains in the order of their names; all loads are 0 after that.
  void settle();

  // ---- once settled. Domains go by their numbers.
  PowerFlow flow(const std::vector<api::Feed>& feeds, int64_t power_mw) const;
  void add(const PowerFlow& flow) { change(flow, 1); }
  void subtract(const PowerFlow& flow) { change(flow, -1); }
  void clear_loads();

  uint32_t find(std::string_view domain) const;  // facility::none when there is none
  const std::string& name(uint32_t domain) const;
  int64_t capacity_mw(uint32_t domain) const;  // -1: unknown
  int64_t pue_milli(uint32_t domain) const;    // with which it counts what comes to it
  int64_t load_mw(uint32_t domain) const { return loads_[domain].mw; }
  int64_t load_mw(uint32_t domain, uint32_t failed) const;
  // What failures of others add to load_mw(domain), or take from it; ascending, none is 0.
  std::span<const PowerCase> changes(uint32_t domain) const { return loads_[domain].changes; }
  size_t size() const { return loads_.size(); }
  uint64_t hash() const { return hash_; }
  // The most that `mw` of machines can be on the domain.
  int64_t most_arriving_mw(uint32_t domain, int64_t mw) const;

  // ---- at any time, by name
  bool is_known(std::string_view domain) const { return domains_.find(domain) != nullptr; }
  int64_t capacity_mw(std::string_view domain) const;                   // -1: unknown
  std::vector<std::string> domains() const { return domains_.keys(); }  // known ones, ascending
  const std::vector<std::string>& suppliers_of(std::string_view domain) const;  // ascending
  api::Said said_of(std::string_view domain) const;
  int64_t pue_milli_of_site(std::string_view site) const;

 private:
  struct Domain {
    int64_t capacity_mw = 0, required = 1;
    api::PowerDomainType type = api::PowerDomainType::pdu;
    std::string site;
    std::vector<std::string> suppliers;  // ascending
    api::Said said;
    uint64_t hash = 0;
  };
  struct Load {
    int64_t mw = 0;
    std::vector<PowerCase> changes;
  };
  void change(const PowerFlow& flow, int64_t sign);

  CowMap<Domain> domains_;
  CowMap<char> names_;   // in feeds alone
  CowMap<int64_t> pue_;  // of sites; not 1000
  std::shared_ptr<const facility::Supply> supply_;
  int64_t most_pue_milli_ = 1'000;  // of all its domains
  CowVector<Load> loads_;
  uint64_t hash_ = 0;
};

}  // namespace freehold::fleet
