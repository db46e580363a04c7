// A survey of a management controller as tables that a person wants to see. Pure.
#pragma once

#include <string>
#include <vector>

#include "cli/render.h"
#include "discover/redfish/survey.h"

namespace freehold::cli {

// Systems, chassis, their parts (equal ones counted), power and cooling equipment, in this order;
// what there is none of is left out.
std::string survey_text(const discover::redfish::Survey& survey, const Terminal& terminal);
// Supplies, limits, equipment and temperatures.
std::string power_text(const discover::redfish::Survey& survey, const Terminal& terminal);
std::string limits_text(const std::vector<discover::redfish::PowerLimit>& limits,
                        const Terminal& terminal);
std::string watts_text(std::optional<double> watts);  // "500W"; "-" when unknown
std::string last_part(const std::string& id);         // "1U" of "/redfish/v1/Chassis/1U"

}  // namespace freehold::cli
