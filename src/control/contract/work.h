// One look at one contract: what is known, and the plan that grows. Private to control/contract.
#pragma once

#include <string>
#include <vector>

#include "api/contract.h"
#include "api/workload.h"
#include "control/contract/admission.h"
#include "control/controller.h"

namespace freehold::control {

// A Node that was deleted while its agent lives is registered again by it within a minute or so.
// Only one that stays away is a machine that is no longer there.
inline constexpr Duration node_gone_grace = minutes(3);

// Before what came out invalid is tried again, unless the contract or its work changes.
inline constexpr Duration invalid_pause = minutes(5);

inline constexpr std::string_view settle_finalizer = "freehold.dev/settle";
inline constexpr std::string_view agent_finalizer = "freehold.dev/agent";
// Why nothing is known of Proven when the workload is the acceptance run and there is none yet.
inline constexpr std::string_view waiting_for_workload = "NoWorkload";
inline constexpr std::string_view request_annotation = "freehold.dev/request";

// Of any object; and of a contract, so that those of its offers and allocations, which begin with
// it, are no longer than that.
inline constexpr size_t longest_name = 253;
inline constexpr size_t longest_contract_name = 200;

struct Work {
  const Input& in;
  const api::Contract& before;
  api::Contract next;  // what the contract will be
  Plan plan;

  Work(const Input& input, const api::Contract& contract)
      : in(input), before(contract), next(contract) {}

  api::ContractStatus& status() { return next.status; }
  const std::string& ns() const { return before.metadata.ns; }
  const std::string& name() const { return before.metadata.name; }

  // Sets a condition on the contract.
  void condition(std::string_view type, api::ConditionStatus value, std::string_view reason,
                 std::string_view message);
  void note(std::string_view type, std::string_view reason, std::string message);
  // An owned object's metadata: name, namespace, owner reference.
  api::ObjectMeta owned(std::string object_name) const;
  const api::Offer* offer() const;  // that the contract stands on; null when there is none
  std::vector<const api::Instance*> instances() const;      // all that it owns
  std::vector<const api::Allocation*> allocations() const;  // of its offer
  void set_offer_phase(const api::Offer& offer, api::OfferPhase phase);
  // Gives back what offers other than `kept` still hold, once no instance is left that may use it.
  // True: none of them holds anything.
  bool release_unused(std::string_view kept);
  // Removes offers that were not taken or were given back, but for the latest of them, which people
  // may want to see, and for the one that the contract stands on.
  void forget_let_go();
  // Asks for an object's deletion: at once, or through its finalizers.
  template <class T>
  void erase(const T& object) {
    if (object.metadata.finalizers.empty()) {
      plan.remove(api::Object::of(object), revision_of(object.metadata));
    } else if (!object.metadata.deletion_timestamp.is_set()) {
      T dying = object;
      dying.metadata.deletion_timestamp = in.now;
      plan.update(api::Object::of(std::move(dying)), revision_of(object.metadata));
    }
  }
};

// Whether `said`, which may be null, tells that the contract as it is now comes to something
// invalid with its work as it is now.
bool is_known_invalid(const Work& work, const api::Condition* said);

// Digest of what an offer answers: the spec without who accepts and whether it is released.
std::string request_digest(const api::ContractSpec& spec);

// Why no work may be started for the tenant of the contract's namespace.
Admission no_tenant(const Work& work);

// The steps; each reads `work` and adds to its plan.
void step_pending(Work& work);   // pending, refused → offered
void step_offered(Work& work);   // offered → reserved, or back
void step_reserved(Work& work);  // reserved, testing, active, breached
void step_settle(Work& work);    // anything → settling → settled
bool wants_end(const Work& work);

// Places the contract and adds Offer and Allocations to the plan. False: refused, and the status
// says why.
bool make_offer(Work& work, const std::vector<std::string>& avoid, api::OfferPhase phase);

}  // namespace freehold::control
