// What a survey of a Redfish service means in Freehold's words: machines with their devices and
// watts, racks, power domains with what supplies them, fabrics of switches. Pure.
// Nothing is guessed: what has no number, such as the capacity of a bus bar without a rating, is
// left out with a note.
#pragma once

#include "discover/import/import.h"
#include "discover/redfish/survey.h"

namespace freehold::discover::redfish {

Inventory inventory(const Survey& survey, const ImportOptions& options);

// The watts that a circuit may carry all the time by its rating: amperes times the lowest voltage
// that its nominal voltage names ("AC200To240V": 200), times the root of three for three phases.
std::optional<double> rated_watts(const Circuit& circuit);
}  // namespace freehold::discover::redfish
