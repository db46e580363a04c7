// The schema tables of reading.h.
#pragma once

#include "api/meta_table.h"
#include "api/reading.h"
#include "schema/table.h"

namespace freehold::schema {

template <>
inline constexpr auto table<api::PowerReading> = object<api::PowerReading>(
    "PowerReading", "What a meter said.",
    field<&api::PowerReading::measured>("measured", "What it drew when it was last looked at.",
                                        {.min = 0, .dimension = Dimension::power}),
    field<&api::PowerReading::source>("source", "Who measured.", {.max_size = 63}),
    field<&api::PowerReading::at>("at", "When."));

}  // namespace freehold::schema
