// Site: a place under one jurisdiction. Rack, PowerDomain and Fabric: what stands in it, feeds it
// and joins it. Written by the platform team; most of it is fact, stored and shown, and an input to
// placement and price.
#pragma once

#include <string>
#include <vector>

#include "api/meta.h"
#include "api/reading.h"

namespace freehold::api {

// ---- Site

enum class SiteType : uint8_t { datacenter, cloud, edge };
enum class CoolingType : uint8_t { air, liquid };

struct Jurisdiction {
  std::string country, subdivision;
  std::vector<std::string> regimes;  // EU, EEA, GDPR …: what a contract's jurisdictions may name
};
struct Location {
  std::string latitude,
      longitude;  // decimal degrees as text, so that they come back as they were written
};
struct SiteLink {
  std::string site;
  Quantity bandwidth, latency, price_per_gb;
};
// A unit that carries heat away: a row cooler, a CDU, a chiller behind them.
struct CoolingUnit {
  std::string name;
  CoolingType type = CoolingType::air;
  Quantity capacity;        // heat that it can carry away
  std::string supplied_by;  // the unit behind it; empty: none
};
struct SiteSpec {
  SiteType type = SiteType::datacenter;
  Jurisdiction jurisdiction;
  std::string operator_name, owner;  // names of LegalEntities
  Location location;
  std::string power_domain;
  double pue = 1;  // power of the whole site / power of its machines
  Quantity energy_price;
  std::vector<Quantity> energy_price_series;
  int64_t carbon_intensity_grams_per_kwh = 0;  // 0: unknown
  std::vector<SiteLink> links;
  std::vector<CoolingUnit> cooling;
};
struct SiteStatus {
  Conditions conditions;
};
struct Site {
  ObjectMeta metadata;
  SiteSpec spec;
  SiteStatus status;
};
void check_site(const Site& site, const schema::Path& at, schema::Errors& errors);

// ---- Rack

struct Cooling {
  CoolingType type = CoolingType::air;
  Quantity limit;    // heat that it can carry away
  std::string unit;  // cooling unit of the site that serves it; empty: unknown
};
struct RackSpec {
  std::string site, room, row, position;
  int64_t units = 42;
  std::vector<std::string> feeds;  // PowerDomains
  Cooling cooling;
  int64_t weight_limit_kg = 0;  // 0: unknown
};
struct RackStatus {
  Conditions conditions;
};
struct Rack {
  ObjectMeta metadata;
  RackSpec spec;
  RackStatus status;
};
void check_rack(const Rack& rack, const schema::Path& at, schema::Errors& errors);

// ---- PowerDomain

enum class PowerDomainType : uint8_t { utility, generator, ups, pdu, busway, rack, shelf };
// Where a number of watts comes from, weakest first.
enum class PowerBasis : uint8_t { unknown, nameplate, model, measured, capped };

// k of n: N, N+1 and 2N are special cases.
struct SuppliedBy {
  int64_t required = 1;  // how many of `domains` must be up
  std::vector<std::string> domains;
};
struct PowerDomainSpec {
  PowerDomainType type = PowerDomainType::pdu;
  std::string site;
  Quantity capacity;
  SuppliedBy supplied_by;
};
struct PowerDomainStatus {
  Quantity load;  // unset: unknown
  PowerBasis basis = PowerBasis::unknown;
  Quantity headroom;   // with any one other feed failed
  PowerReading meter;  // its own; `load` is never below what it says
  Conditions conditions;
};
struct PowerDomain {
  ObjectMeta metadata;
  PowerDomainSpec spec;
  PowerDomainStatus status;
};
void check_power_domain(const PowerDomain& domain, const schema::Path& at, schema::Errors& errors);

// ---- Fabric

enum class FabricKind : uint8_t { data, wan, pcie, rdma, scale_up, storage };
enum class FabricIsolation : uint8_t { none, vlan, vxlan, vrf, pkey, nvlink_partition };

struct FabricTier {
  std::string name;  // leaf, spine, nvlink-domain …
  Quantity bandwidth;
  double oversubscription = 1;  // capacity below / capacity above
};
struct FabricSwitch {
  std::string name, tier, rack;
  std::string identity;            // GUID; empty: unknown
  std::vector<std::string> nodes;  // attached directly
};
// Between two switches. One end may be a switch of another fabric: "core/spine-1".
struct FabricLink {
  std::string from, to;
  int64_t count = 1;            // cables that are bundled
  Quantity bandwidth, maximum;  // of all of them in one direction: now, and at best
};
// A port of a machine on a switch, where they are known one by one.
struct FabricAdapter {
  std::string identity;         // port GUID
  std::string node, device;     // names; empty: unknown
  std::string description;      // as the fabric tells it
  std::string at;               // switch that it hangs on
  int64_t port = 0;             // of the switch; 0: unknown
  Quantity bandwidth;           // now; unset: unknown
  bool is_aggregation = false;  // a reduction unit inside of a switch, no machine
};
struct FabricSpec {
  FabricKind kind = FabricKind::data;
  std::string site, technology;
  std::vector<FabricTier> tiers;
  std::vector<FabricSwitch> switches;
  std::vector<FabricLink> links;
  std::vector<FabricAdapter> adapters;
  FabricIsolation isolation = FabricIsolation::none;
  int64_t rails = 1;
};
struct FabricStatus {
  Conditions conditions;
};
struct Fabric {
  ObjectMeta metadata;
  FabricSpec spec;
  FabricStatus status;
};
void check_fabric(const Fabric& fabric, const schema::Path& at, schema::Errors& errors);

}  // namespace freehold::api
