// PowerReading: what a meter said, who asked it and when. Shared by kinds that carry meters; what
// has no meter, or one that says nothing, has none of the three.
#pragma once

#include <string>

#include "api/meta.h"

namespace freehold::api {

struct PowerReading {
  Quantity measured;   // unset: unknown
  std::string source;  // redfish, hwmon, nvml
  Time at;             // unset: the source does not say when it looked
};

}  // namespace freehold::api

namespace freehold::schema {

template <>
inline constexpr auto table<api::PowerReading> = object<api::PowerReading>(
    "PowerReading", "What a meter said.",
    field<&api::PowerReading::measured>("measured", "What it drew when it was last looked at.",
                                        {.min = 0, .dimension = Dimension::power}),
    field<&api::PowerReading::source>("source", "Who measured.", {.max_size = 63}),
    field<&api::PowerReading::at>("at", "When."));

}  // namespace freehold::schema
