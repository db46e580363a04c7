// What the instances of a contract should be, from its allocations and its workload. Pure; private
// to control/contract.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "control/contract/work.h"

namespace freehold::control {

// The workload that is bound to a contract: the oldest that names it. Null when there is none.
const api::Workload* bound_workload(const ledger::View& view, const api::Contract& contract);

// Which windows an instance closes: those of the promises and of their conditions, each once.
std::vector<api::Measure> measures_for(const api::Contract& contract);

// By name, one per allocated member, in order.
std::map<std::string, api::Instance> wanted_instances(const Work& work);

// Adds to the plan what makes instances of the current placement be as wanted. False when something
// is still being made.
bool keep_instances(Work& work, const std::map<std::string, api::Instance>& wanted);

}  // namespace freehold::control
