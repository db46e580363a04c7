// Assessment: closed windows become verdicts. Pure functions: what the instances measured, against
// what the contract promised. A window is fulfilled, violated, or not determined: outside its
// conditions, or nothing was measured; never counted either way.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "api/contract.h"
#include "api/workload.h"

namespace freehold::control {

enum class Verdict : uint8_t { fulfilled, violated, not_determined };
std::string_view verdict_name(Verdict verdict);

struct Judged {
  Verdict verdict = Verdict::not_determined;
  std::string reason;  // why it was not determined
  Quantity value;      // of the whole contract
  int64_t samples = 0;
};

// One window of all members together; null stands for one that should have measured it and of whom
// nothing is known. One that is blind leaves the window not determined.
//
// Rates and amounts add up, levels count by their worst member. Against the load offered, a window
// is judged only where that was measured.
//
// A quantile is over the requests of all. Of each member its own quantile and its number of
// requests are known, so the requests are taken to be as slow as their member's quantile: the value
// is the least that members with at least that share of all requests reach. So it is violated when
// the members that violate it by themselves hold more requests than may violate it, fulfilled when
// all fulfil it, and a member with few requests, or none, does not outweigh the others. No requests
// at all: not determined. A value beyond the last bound of the histogram is larger than that bound,
// which decides, or not.
Judged judge(const api::Guarantee& guarantee, const std::vector<const api::Window*>& members);

// What is known of one member when windows are judged.
struct MemberView {
  const api::Instance* instance = nullptr;
  bool node_heard = true;     // its node is heard from, so what it has not handed in will not come
  Time heard_since;           // since when
  Time silent_since{};        // since when it is not; unset: not known
  Duration behind{};          // what its clock, by which windows begin, misses to the server's
  bool has_said_all = false;  // nothing more will come: what it has not handed in is a gap
};

// A machine that starts anew, or comes back to the network, brings the windows that it measured.
// One that is silent for longer is not waited for.
inline constexpr Duration silence_grace = minutes(10);

// Judges what can be judged now and moves `status.guarantees`, `.windows` forward. A window waits
// for every member that should have measured it: for twice its length and at least 15 s after its
// node was heard from, and for `silence_grace` after that fell silent. One that nobody handed in by
// then, though a member ran, is written down as not determined, up to the end of the term or the
// release of the contract.
// True when anything changed.
bool assess(const api::ContractSpec& spec, api::ContractStatus& status,
            const std::vector<MemberView>& members, Time now);

// Share of the error budget that is left: 1 untouched, below 0 breach. The budget is (1 - target)
// of the windows of the term, of a day when it is open.
double budget_left(const api::Guarantee& guarantee, const api::Verdicts& windows, Duration term);

}  // namespace freehold::control
