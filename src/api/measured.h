// Who measures a metric: its name decides, not who asks for it. Constant; any thread.
#pragma once

#include <string_view>

#include "base/quantity.h"

namespace freehold::api {

// What the agent measures itself. All others come from the workload's endpoint, in its own words.
constexpr bool is_measured_by_agent(std::string_view metric) {
  return metric == "available_capacity" || metric == "cpu_cores" || metric == "memory_bytes" ||
         metric == "readiness";
}

// In what the agent counts one of those; a promise in another dimension would never be determined.
constexpr Dimension agent_dimension(std::string_view metric) {
  return metric == "memory_bytes" ? Dimension::bytes : Dimension::number;
}

}  // namespace freehold::api
