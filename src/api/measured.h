// Who measures a metric: its name decides, not who asks for it. Constant; any thread.
#pragma once

#include <string_view>

namespace freehold::api {

// What the agent measures itself. All others come from the workload's endpoint, in its own words.
constexpr bool is_measured_by_agent(std::string_view metric) {
  return metric == "available_capacity" || metric == "cpu_cores" || metric == "memory_bytes" ||
         metric == "readiness";
}

}  // namespace freehold::api
