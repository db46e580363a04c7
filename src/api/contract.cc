// Rows of the registry for contract.h; the rules of its tables are in checks.cc.
#include "api/contract.h"

#include <algorithm>
#include <set>

#include "api/contract_table.h"
#include "api/kind_rows.h"
#include "base/strings.h"

namespace freehold::api {
namespace {

std::string percent_text(double share) {
  // Rounded down: 99.99 % delivered must not read as all of it.
  const auto tenths = static_cast<int64_t>(std::clamp(share, 0.0, 1.0) * 1000);
  std::string out = std::to_string(tenths / 10);
  if (tenths % 10 != 0) out += '.' + std::to_string(tenths % 10);
  return out + '%';
}

std::string members_text(const Contract& contract) {
  int64_t members = 0;
  for (const ContractRole& role : contract.spec.roles)
    members = sum_within(members, std::max<int64_t>(role.count, 0));
  return std::to_string(members);
}

std::string promised_text(const Contract& contract) {
  const auto& guarantees = contract.spec.guarantees;
  if (guarantees.empty()) return "capacity";
  const Guarantee& first = guarantees.front();
  std::string out = first.metric;
  out += first.at_least.is_set() ? ">=" + first.at_least.text() : "<=" + first.at_most.text();
  if (guarantees.size() > 1) out += " +" + std::to_string(guarantees.size() - 1);
  return out;
}

// The guarantee that was kept worst.
std::string delivered_text(const Contract& contract) {
  double worst = 2;
  for (const GuaranteeStatus& g : contract.status.guarantees)
    if (g.windows.fulfilled + g.windows.violated > 0) worst = std::min(worst, g.delivered_share);
  return worst > 1 ? "<none>" : percent_text(worst);
}

std::string expires_text(const Offer& offer, Time now) {
  if (offer.status.phase != OfferPhase::held || !offer.spec.expires.is_set()) return "<none>";
  if (offer.spec.expires <= now) return "expired";
  return "in " + format_age(offer.spec.expires - now);
}

template <class Lines>
std::string nodes_text(const Lines& lines) {
  std::set<std::string_view> nodes;
  for (const auto& line : lines) nodes.insert(line.node);
  return std::to_string(nodes.size());
}

std::string cpus_text(const Allocation& allocation) {
  size_t cpus = 0;
  for (const AllocatedMember& member : allocation.spec.members)
    if (const auto list = parse_cpu_list(member.cpus)) cpus += list->size();
  return std::to_string(cpus);
}

std::string devices_text(const Allocation& allocation) {
  size_t devices = 0;
  for (const AllocatedMember& member : allocation.spec.members) devices += member.devices.size();
  return std::to_string(devices);
}

// From the first moment on: capacity is given back by settling, not by forgetting who held it.
void admit_contract(void* object) {
  constexpr std::string_view settle = "freehold.dev/settle";
  ObjectMeta& meta = static_cast<Contract*>(object)->metadata;
  const bool held = std::ranges::find(meta.finalizers, settle) != meta.finalizers.end();
  if (!held && !meta.deletion_timestamp.is_set()) meta.finalizers.emplace_back(settle);
}

// Once capacity is committed the terms are fixed for both sides. What may still change: who
// accepts, and whether it is released. The length of the term is part of the price that was agreed.
void check_contract_update(const void* old_object, const void* new_object, schema::Errors& errors) {
  const auto& before = *static_cast<const Contract*>(old_object);
  const auto& after = *static_cast<const Contract*>(new_object);
  if (before.status.phase < ContractPhase::reserved) return;
  const bool has_ended = before.status.phase >= ContractPhase::settling;
  const schema::Path spec{nullptr, "spec"};
  for (const schema::FieldInfo& field : schema::type_of<ContractSpec>.fields) {
    if (field.name == "accept" || field.name == "release") continue;
    if (schema::equal(*field.type, field.at(&before.spec), field.at(&after.spec))) continue;
    if (has_ended)
      errors.add(schema::Fault::immutable, spec / field.name,
                 "is fixed, the contract has ended; delete it first, then ask for it anew");
    else if (field.name == "term")
      errors.add(schema::Fault::immutable, spec / "term",
                 "is fixed since the contract was reserved; to end it sooner, release it");
    else
      errors.add(schema::Fault::immutable, spec / field.name,
                 "is fixed since the contract was reserved; ask for another contract, and release "
                 "this one when you have it");
  }
}

}  // namespace

template <>
Kind row<Contract>() {
  using T = Contract;
  Kind kind = plain_kind<T>({"contracts", "contract", "ContractList", {"ct"}}, Scope::namespaced);
  kind.categories = {"all", "freehold"};
  kind.columns = {
      column<T, [](const T& c, Time) { return enum_text(c.status.phase); }>(
          "Phase", "string", "Where in its life it is."),
      column<T, [](const T& c, Time) { return or_none(c.status.offer); }>(
          "Offer", "string", "The offer that holds its capacity."),
      column<T, [](const T& c, Time) { return members_text(c); }>("Members", "integer",
                                                                  "Members of all roles."),
      column<T, [](const T& c, Time) { return promised_text(c); }>("Promised", "string",
                                                                   "What is guaranteed."),
      column<T, [](const T& c,
                   Time) { return condition_text(c.status.conditions, "WithinGuarantee"); }>(
          "Within", "string", "Whether its guarantees are kept."),
      column<T, [](const T& c, Time) { return delivered_text(c); }>(
          "Delivered", "string", "Share of windows in which the worst guarantee was kept.", 1),
      column<T, [](const T& c, Time) { return or_none(c.spec.priority); }>("Priority", "string",
                                                                           "PriorityClass.", 1),
      column<T, [](const T& c, Time) { return or_none(c.status.refusal.message); }>(
          "Refusal", "string", "Why there is no offer.", 1),
  };
  kind.selectable = {"status.phase", "status.offer"};
  kind.admit = admit_contract;
  kind.check_update = check_contract_update;
  return kind;
}
template const Kind& kind_of<Contract>();

template <>
Kind row<Offer>() {
  using T = Offer;
  Kind kind = plain_kind<T>({"offers", "offer", "OfferList", {"of"}}, Scope::namespaced);
  kind.categories = {"all", "freehold"};
  kind.columns = {
      column<T, [](const T& o, Time) { return enum_text(o.status.phase); }>(
          "Phase", "string", "Whether it holds capacity."),
      column<T, [](const T& o, Time) { return or_none(o.spec.contract); }>(
          "Contract", "string", "The contract that it answers."),
      column<T, [](const T& o, Time) { return or_none(o.spec.price_per_hour.text()); }>(
          "Price", "string", "Price per hour."),
      column<T, [](const T& o, Time now) { return expires_text(o, now); }>(
          "Expires", "string", "How long it still holds capacity unless it is accepted."),
      column<T, [](const T& o, Time) { return nodes_text(o.spec.placement); }>(
          "Nodes", "integer", "Nodes that it would take."),
      column<T, [](const T& o, Time) { return or_none(o.spec.power.text()); }>(
          "Power", "string", "Watts, where they are known.", 1),
  };
  kind.selectable = {"spec.contract", "status.phase"};
  return kind;
}
template const Kind& kind_of<Offer>();

template <>
Kind row<Allocation>() {
  using T = Allocation;
  Kind kind =
      plain_kind<T>({"allocations", "allocation", "AllocationList", {"al"}}, Scope::namespaced);
  kind.columns = {
      column<T, [](const T& a, Time) { return or_none(a.spec.contract); }>(
          "Contract", "string", "The contract that it is for."),
      column<T, [](const T& a, Time) { return nodes_text(a.spec.members); }>(
          "Nodes", "integer", "Nodes that it is on."),
      column<T, [](const T& a, Time) { return cpus_text(a); }>("CPUs", "integer",
                                                               "Logical CPUs that it takes."),
      column<T, [](const T& a, Time) { return devices_text(a); }>("Devices", "integer",
                                                                  "Devices that it takes."),
      column<T, [](const T& a, Time) { return or_none(a.spec.offer); }>(
          "Offer", "string", "The offer that it belongs to.", 1),
  };
  kind.selectable = {"spec.contract", "spec.offer"};
  return kind;
}
template const Kind& kind_of<Allocation>();

}  // namespace freehold::api
