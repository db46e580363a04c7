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
