// How offers, predictions and refusals read. Pure.
#pragma once

#include <string>

#include "api/contract.h"
#include "cli/render.h"
#include "json/value.h"

namespace freehold::cli {

// Bodies of plans and changes.
json::Value set_of(json::Array objects);            // {"spec": {"objects": […]}}
json::Array results_of(const json::Value& answer);  // status.objects

// What a plan says would happen to a contract: placement and price, or the refusal.
std::string prediction_text(const json::Value& prediction, std::string_view indent,
                            const Terminal& terminal);
std::string refusal_text(const api::Refusal& refusal, std::string_view indent,
                         const Terminal& terminal);
std::string placement_text(const api::PlacementLine& line);
std::string guarantee_text(const api::OfferedGuarantee& guarantee);
std::string memory_text(const std::vector<api::MemoryShare>& memory);  // "2Gi on memory node 0"
std::string energy_price_text(const api::EnergyPrice& at);             // empty: there is none
std::string percent(double share);                                     // 0.9931 → "99.31%"

}  // namespace freehold::cli
