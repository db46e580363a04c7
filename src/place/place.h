// The placement engine's door: decides in one step, down to exact devices, CPUs and memory nodes,
// all members of a gang or none; or says why not, and what the cheapest change is that would help.
// A pure function: same fleet, request and options give the same decision, bit for bit, in whatever
// order the fleet was built. It never changes the fleet: the caller turns the placement into
// Allocations and commits them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/contract.h"
#include "base/time.h"
#include "fleet/fleet.h"

namespace freehold::place {

// Something that the asking tenant holds itself and could let go; used for the cheapest change
// only.
struct OwnContract {
  std::string name;                          // as the tenant knows it; appears in messages
  std::vector<std::string> allocation_keys;  // as in Fleet::occupy
  Time ends;                                 // unset: open
};

struct Request {
  std::string contract_key, tenant;
  api::ContractSpec spec;
  std::vector<std::string> avoid_nodes;
  // For a re-placement: members that stay where they are. Their capacity is taken in the fleet
  // already (by the allocation that is to be replaced); they come back unchanged in the placement,
  // and `together` and `apart` count them.
  std::vector<api::AllocatedMember> kept;
  std::vector<OwnContract> own;
};

// How much is found out about a refusal; each level costs more decisions.
enum class Explain : uint8_t { nothing, reasons, change };

struct Options {
  uint64_t seed = 0;
  // Bounds the search, in candidates looked at; as much again is spent on proofs and explanations
  // of a refusal.
  int64_t budget_steps = 200'000;
  Time now;
  Explain explain = Explain::change;
};

struct Placement {
  std::vector<api::AllocatedMember> members;  // by role in the order of the request, then by index
};

struct Decision {
  std::optional<Placement> placement;
  api::Refusal refusal;  // cls is `none` exactly when there is a placement
  int64_t steps = 0;
  // 32 hex digits over fleet, request and options: the same digest, the same decision.
  std::string digest;
};

Decision decide(const fleet::Fleet& fleet, const Request& request, const Options& options);

// For commits: members in chunks of limits::allocation_members, each a spec of the contract and
// offer named.
std::vector<api::AllocationSpec> to_allocations(const Placement& placement,
                                                const std::string& contract,
                                                const std::string& offer);

}  // namespace freehold::place
