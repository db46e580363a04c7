// What is taken on each node, counted anew from Offers and Allocations alone, and whether a process
// keeps to its share. Pure functions over a view, for the checker.
#pragma once

#include <map>
#include <set>
#include <string>

#include "agent/host.h"
#include "api/contract.h"
#include "api/workload.h"
#include "ledger/view.h"

namespace freehold::sim {

struct TakenOnNode {
  std::map<uint32_t, std::string> cpus;        // CPU → allocation
  std::map<std::string, std::string> devices;  // device → allocation
  std::map<int64_t, int64_t> memory;           // memory node → bytes
};
using Taken = std::map<std::string, TakenOnNode>;

// `twice` says the first thing that two allocations hold.
Taken count_taken(const ledger::View& view, std::string& twice);
// What is taken and not there to be taken; empty when all fits.
std::string exceeds(const TakenOnNode& taken, const api::Allocatable& there);

bool is_live(const ledger::View& view, const api::Allocation& allocation);
std::map<std::string, const api::Instance*> by_uid(const ledger::View& view);
// How a process of this instance breaks its allocation: "runs on CPUs 3, which …"; empty: it keeps
// to it.
std::string not_allocated(const ledger::View& view, const api::Instance& instance,
                          const std::string& node, const agent::LimitsWanted& limits);

}  // namespace freehold::sim
