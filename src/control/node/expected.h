// What a machine should consist of, against what was found: `spec.expectedModel` (a DeviceModel of
// type node with its parts) and `spec.expectedProfile`. A part that is missing, that has failed or
// whose link is below its model is named with its place. Pure; nothing that cannot be seen is taken
// for granted.
#pragma once

#include <span>
#include <string>

#include "api/catalog.h"
#include "api/node.h"

namespace freehold::control {

struct Expectation {
  const api::Node& node;
  const api::HardwareProfileSpec* found = nullptr;     // status.profile; null: not known
  const api::HardwareProfileSpec* expected = nullptr;  // spec.expectedProfile; null: not known
  const api::DeviceModelSpec* model = nullptr;         // spec.expectedModel; null: not known
  std::span<const api::DeviceModel* const> catalogue{};
  // Of machines of the same product: they tell where a part sits that was never seen here.
  std::span<const api::HardwareProfile* const> others{};
};

struct Verdict {
  api::ConditionStatus status = api::ConditionStatus::unknown;
  std::string reason, message;
};

// True: all parts are there, and every fact that their models state was seen to hold. False: the
// message names each part that is not as it should be. Unknown: nothing wrong was seen, and the
// message says what was not seen at all.
Verdict judge_hardware(const Expectation& given);

}  // namespace freehold::control
