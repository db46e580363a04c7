// Contract: a promise with numbers. Offer: a priced, expiring answer to it. Allocation: the exact
// hardware, and the only place where capacity is taken. Words and life follow the contract life
// cycle: requirement, offer, reservation, acceptance, assessment, breach, remedy, settlement.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/meta.h"
#include "api/node.h"

namespace freehold::api {

// ---- Contract

struct Term {
  std::string start = "now";  // or RFC 3339
  Duration duration;          // zero: until it is released
  Time earliest, latest, deadline;
};
enum class AcceptMode : uint8_t { automatic, manual };
struct Accept {
  AcceptMode mode = AcceptMode::automatic;
  Quantity max_price;  // per hour; automatic acceptance refuses more
  std::string offer;   // manual: the offer that is accepted
};
struct DeviceWhere {
  std::string memory;              // ">=80GB"
  std::vector<std::string> model;  // any of
};
struct DeviceRequest {
  std::string name;
  DeviceClass cls = DeviceClass::gpu;
  int64_t count = 1;
  DeviceWhere where;
};
struct MemberRequest {
  Quantity cpu;  // whole cores when the promise is to be exclusive
  Quantity memory;
  int64_t processes = 0;  // 0: the default limit of the node
  std::vector<DeviceRequest> devices;
  Quantity power;
};
enum class Mode : uint8_t { required, preferred };
struct Align {
  std::vector<std::string> devices;  // names of device requests; "cpu" and "memory" too
  std::string within;  // numa-node, package, pcie-root; later nvlink-domain, pcie-switch
  bool pairwise = false;
};
struct Together {
  std::string within;  // node, rack, site; later leaf, nvlink-domain
  Mode mode = Mode::required;
};
struct Apart {
  std::string across;  // node, rack, site; later power-feed
  Mode mode = Mode::required;
};
struct ContractRole {
  std::string name;
  int64_t count = 1;
  MemberRequest each;
  std::vector<Align> align;
  std::optional<Together> together;
  std::optional<Apart> apart;
};
enum class Isolation : uint8_t { l0, l1, l2, l3, l4, l5 };
struct Sovereignty {
  std::vector<std::string> jurisdictions;  // country codes or regimes that a site must name
  json::Value control;
};
enum class MeasuredBy : uint8_t { agent, gateway, workload };
enum class JudgedAgainst : uint8_t { floor, offered };
struct Guarantee {
  std::string metric;
  Quantity at_least, at_most;
  double quantile = 0;  // 0: the value itself (rates, gauges)
  JudgedAgainst of = JudgedAgainst::floor;
  Duration window = minutes(1);
  double target = 0.99;  // share of determined windows that must be fulfilled
  MeasuredBy measured_by = MeasuredBy::agent;
  schema::StringMap when;  // metric → condition, "<=12/s"; outside: not determined
};
enum class RemedyAction : uint8_t { restart, replace, credit, release, add_capacity };
struct Remedy {
  RemedyAction action = RemedyAction::restart;
  Quantity amount;  // credit: percent of the price of the windows that were violated
};
// The run on the assigned hardware before the contract becomes active.
enum class AcceptanceTest : uint8_t { none, cpu, memory_bandwidth, workload };
struct Acceptance {
  AcceptanceTest test = AcceptanceTest::none;
  Quantity at_least;  // cpu: share of the core rate in percent; memory_bandwidth: bandwidth
  Duration duration = seconds(2);
  int64_t attempts = 3;  // each on other hardware when the floor is missed
};
struct ContractWhere {
  std::vector<std::string> sites;
  schema::StringMap node_labels;
};
struct ContractSpec {
  Term term;
  std::string priority;
  Accept accept;
  ContractWhere where;
  std::vector<ContractRole> roles;
  json::Value data;
  Isolation isolation = Isolation::l1;
  Sovereignty sovereignty;
  json::Value serves, trains;
  std::vector<Guarantee> guarantees;
  Acceptance acceptance;
  std::vector<Remedy> remedies;
  Duration offer_ttl = minutes(10);  // how long an offer holds capacity
  bool release = false;              // end it now
};

enum class ContractPhase : uint8_t {
  pending,
  refused,
  offered,
  reserved,
  testing,
  active,
  breached,
  settling,
  settled
};
enum class RefusalClass : uint8_t { none, never, not_now, not_found_within_budget };
struct RefusalReason {
  std::string constraint;  // memory, cpu, devices(gpu) …
  int64_t nodes = 0;       // how many it ruled out
  std::string message;
};
struct Refusal {
  RefusalClass cls = RefusalClass::none;
  std::string message;
  std::vector<RefusalReason> reasons;
  std::string cheapest_change;  // verified by deciding again with it
};
struct Verdicts {
  int64_t fulfilled = 0, violated = 0, not_determined = 0;
};
enum class Basis : uint8_t { capacity, trial, evidence, accepted };
struct GuaranteeStatus {
  std::string metric;
  Quantity promised, last;
  Basis basis = Basis::capacity;
  Verdicts windows;
  double delivered_share = 0;  // fulfilled / (fulfilled + violated)
  double budget_left = 1;      // of the error budget; below 0: breach
  Time assessed_until;         // windows that end before or at this are judged
  Quantity worst, median;      // over determined windows, in the metric's unit
};
// One closed and judged window; the last few are kept for people.
struct AssessedWindow {
  std::string metric, verdict, reason;  // fulfilled, violated, notDetermined
  Time start;
  Duration length;
  Quantity value;
  int64_t samples = 0;
};
// Time in which some promises were missed, and no other, each by its place among the guarantees.
struct MissedTime {
  Time from;  // unset: of a sum
  Duration time;
  std::vector<int64_t> promises;  // ascending
};
struct Span {
  Time from, until;
};
// Time in which nobody knows what was delivered, or nothing was held.
struct Uncharged {
  std::vector<Span> spans;  // the latest, by time, none over another
  Duration total;           // of all of them
};
// So that no second is paid back twice, whichever promises were missed in it.
struct Missed {
  std::vector<MissedTime> spans;  // by time, none over another; later windows may lie over them
  std::vector<MissedTime> sums;   // of spans before `summed_until`, one for each set of promises
  Time summed_until;
};
// What energy costs at a site, as agreed: a bill does not follow the prices of its last day.
struct EnergyPrice {
  std::string site;
  Quantity price;  // per kWh; unset: none was agreed
  double pue = 1;  // power of the whole site over power of its machines
};
// Of instances that are gone.
struct PastEnergy {
  std::string site;
  int64_t joules = 0;  // -1: not known
};
struct RemedyRun {
  std::string action, reason, outcome;
  Time at;
  Quantity amount;
};
struct Statement {
  Time from, until;
  std::vector<GuaranteeStatus> guarantees;
  Quantity price, credits, energy_cost, due;  // money
  Quantity energy;                            // unset: power is not known
  std::string energy_basis;                   // measured, measured in part, model, nameplate
  Quantity cpu_time;                          // delivered
  std::string text;                           // one paragraph for people
};
struct ContractStatus {
  ContractPhase phase = ContractPhase::pending;
  std::string offer;
  std::string workload;
  int64_t attempts = 0;    // of the acceptance run
  int64_t generation = 0;  // of the placement; rises with each re-placement
  std::vector<std::string> avoid_nodes;
  Time reserved_at, active_at, ends_at, released_at;
  Quantity price_per_hour;  // money, as agreed; unset: none was. Other hardware costs no more
  std::vector<EnergyPrice> energy_prices;  // as agreed, of every site that it was placed on
  Uncharged uncharged;
  Refusal refusal;
  std::vector<GuaranteeStatus> guarantees;
  std::vector<AssessedWindow> windows;
  Missed missed;
  std::vector<RemedyRun> remedies;
  int64_t past_cpu_us = 0;              // of instances that are gone
  std::vector<PastEnergy> past_energy;  // by site
  bool is_past_energy_in_part = false;
  std::optional<Statement> statement;
  Conditions conditions;
};
struct Contract {
  ObjectMeta metadata;
  ContractSpec spec;
  ContractStatus status;
};

// ---- Offer

enum class Exactness : uint8_t { device, node, cluster };
struct OfferedGuarantee {
  std::string metric;
  Quantity at_least, at_most;
  double quantile = 0, target = 0, confidence = 0;
  Basis basis = Basis::trial;
};
struct PlacementLine {
  std::string role, node, cpus;
  int64_t member = 0;
  std::vector<MemoryShare> memory;
  std::vector<std::string> devices;
};
struct OfferSpec {
  std::string contract;
  int64_t contract_generation = 0, attempt = 0;
  std::string issuer;  // organisation/site of the platform that offers
  Time start, expires;
  Quantity price_per_hour, total;  // money; total only with a duration
  Quantity power, energy;          // unset: not known
  std::vector<EnergyPrice> energy_prices;
  Exactness exactness = Exactness::device;
  std::vector<OfferedGuarantee> guarantees;
  std::vector<PlacementLine> placement;
  int64_t displaces = 0;
  std::string decision;  // digest of the decision's input: same input, same decision
};
enum class OfferPhase : uint8_t { held, accepted, expired, withdrawn, released };
struct OfferStatus {
  OfferPhase phase = OfferPhase::held;
  Time accepted_at;
  std::string accepted_by;
  Conditions conditions;
};
struct Offer {
  ObjectMeta metadata;
  OfferSpec spec;
  OfferStatus status;
};

// ---- Allocation

struct AllocatedMember {
  std::string role;
  int64_t index = 0;
  std::string node;
  std::string cpus;  // exclusive logical CPUs
  std::vector<MemoryShare> memory;
  std::vector<std::string> devices;
  Quantity power;
};
struct AllocationSpec {
  std::string contract, offer;
  std::string owner = "freehold";  // external: work of others on shared infrastructure
  std::vector<AllocatedMember> members;
};
struct AllocationStatus {
  Conditions conditions;
};
struct Allocation {
  ObjectMeta metadata;
  AllocationSpec spec;
  AllocationStatus status;
};
bool counts(OfferPhase phase);  // held and accepted take capacity

}  // namespace freehold::api
