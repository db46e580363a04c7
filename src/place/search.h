// search: from an Ask to an Assignment. Settles which domain each `together` role gets, which
// preferences hold and which spots members that stay rule out; Gang does the rest.
#pragma once

#include <cstdint>
#include <optional>

#include "place/field.h"
#include "place/gang.h"
#include "place/meter.h"

namespace freehold::place {

struct Outcome {
  std::optional<Assignment> assignment;
  bool is_proved = false;  // without an assignment: that there is none
};

// Every required constraint holds in what is found, and as many preferred ones as can be kept
// together, in the order of roles.
Outcome search(Field& field, Meter& meter);

}  // namespace freehold::place
