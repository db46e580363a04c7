// Reasons of a refusal: each constraint with the number of nodes that it rules out, in sentences
// for people. They speak of nodes and of the request, never of other tenants.
#pragma once

#include <string>
#include <vector>

#include "api/contract.h"
#include "base/time.h"
#include "fleet/fleet.h"
#include "place/ask.h"
#include "place/meter.h"

namespace freehold::place {

// Strongest first, at most most_reasons. What nodes lack comes before what the gang as a whole
// lacks.
std::vector<api::RefusalReason> find_reasons(const fleet::Fleet& fleet, const Ask& ask, Time now,
                                             Meter& meter);
inline constexpr size_t most_reasons = 16;  // as the schema

// "8 gpu (H100-SXM, >=80GB)", "a gpu".
std::string device_text(const DeviceAsk& ask);
std::string class_text(api::DeviceClass cls);  // "rdma-nic"

}  // namespace freehold::place
