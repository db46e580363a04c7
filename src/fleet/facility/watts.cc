#include "fleet/facility/watts.h"

#include <algorithm>

#include "base/strings.h"
#include "fleet/facility/limits.h"

namespace freehold::fleet::facility {
namespace {

Watts known(const Quantity& quantity, Origin origin) {
  if (!quantity.is_set()) return {};
  return {std::clamp<int64_t>(quantity.value(), 0, most_machine_mw), origin};
}

// The profile that was found, else the one that was expected.
const api::HardwareProfile* profile_of(const api::Node& node, const Estate& estate) {
  for (const std::string& name : {node.status.profile, node.spec.expected_profile})
    if (const auto at = estate.profiles.find(name); at != estate.profiles.end()) return at->second;
  return nullptr;
}

}  // namespace

Models::Models(const ByName<api::DeviceModel>& models) : by_name_(models) {
  // A name goes before what others match; of two that match one text, the first by name.
  for (const auto& [name, model] : models) by_text_.emplace(to_lower(name), model);
  for (const auto& [name, model] : models) by_text_.emplace(to_lower(model->spec.model), model);
  for (const auto& [name, model] : models)
    for (const std::string& text : model->spec.matches) by_text_.emplace(to_lower(text), model);
}

const api::DeviceModel* Models::find(std::string_view text) const {
  if (text.empty()) return nullptr;
  const auto at = by_text_.find(to_lower(text));
  return at == by_text_.end() ? nullptr : at->second;
}

const api::DeviceModel* Models::named(std::string_view name) const {
  const auto at = by_name_.find(name);
  return at == by_name_.end() ? nullptr : at->second;
}

std::string_view origin_text(Origin origin) {
  switch (origin) {
    case Origin::unknown:
      return "nobody says";
    case Origin::spec:
      return "its nameplate";
    case Origin::plates:
      return "its management controller";
    case Origin::type:
      return "its DeviceModel";
    case Origin::parts:
      return "the sum of its model's parts";
    case Origin::some_parts:
      return "the sum of those of its model's parts that are known";
    case Origin::devices:
      return "the sum of its devices alone";
    case Origin::device:
      return "its DeviceModel";
    case Origin::meter:
      return "a meter";
    case Origin::meters:
      return "the meters of its devices alone";
    case Origin::contracts:
      return "what contracts were given";
    case Origin::limit:
      return "a limit in force";
    case Origin::absent:
      return "it is ordered and not there yet";
  }
  return "";
}

api::PowerBasis Watts::basis() const {
  switch (origin) {
    case Origin::unknown:
    case Origin::meters:  // of the rest nobody knows
      return api::PowerBasis::unknown;
    case Origin::meter:
      return api::PowerBasis::measured;
    case Origin::contracts:
      return api::PowerBasis::model;
    case Origin::limit:
    case Origin::absent:
      return api::PowerBasis::capped;
    default:
      return api::PowerBasis::nameplate;
  }
}

Watts MachineWatts::now() const {
  if (is_absent()) return {0, Origin::absent};
  for (const Watts& watts : {measured, model, limit, nameplate, metered_parts})
    if (watts.is_known()) return watts;
  return {};
}

Watts MachineWatts::most() const {
  Watts most;
  if (limit.is_known())
    most = limit;
  else if (nameplate.is_known() && !nameplate.is_at_least())
    most = nameplate;
  else  // a part of it alone is less than the machine, and a meter says only what was so far
    for (const Watts& watts : {nameplate, model, measured, metered_parts})
      if (watts.mw > most.mw) most = watts;
  const Watts drawn = now();
  return drawn.mw > most.mw && !is_absent() ? drawn : most;
}

const api::DeviceModel* type_of(const api::Node& node, const Estate& estate, const Models& models) {
  const api::DeviceModel* type = models.named(node.spec.expected_model);
  if (type == nullptr)
    if (const api::HardwareProfile* profile = profile_of(node, estate))
      type = models.find(profile->spec.product);
  return type != nullptr && type->spec.type == api::ModelType::node ? type : nullptr;
}

Watts watts_of_known_parts(const api::DeviceModel& type, const Models& models) {
  int64_t sum = 0;
  Origin origin = Origin::parts;
  for (const api::ModelPart& part : type.spec.parts) {
    const api::DeviceModel* model = models.find(part.model);
    const bool draws_most = part.cls == "gpu" || part.cls == "cpu";
    if (model != nullptr && model->spec.power.maximum.is_set())
      sum += std::min(model->spec.power.maximum.value(), most_machine_mw / 1024) * part.count;
    else if (draws_most)
      origin = Origin::some_parts;
  }
  if (sum == 0) return {};
  return {std::min(sum, most_machine_mw), origin};
}

Watts watts_of_parts(const api::DeviceModel& type, const Models& models) {
  const Watts sum = watts_of_known_parts(type, models);
  return sum.origin == Origin::parts ? sum : Watts{};
}

namespace {

Watts watts_of_meters(const api::Node& node) {
  int64_t sum = 0;
  for (const api::NodeDevice& device : node.status.devices)
    sum += std::clamp<int64_t>(device.power.measured.value(), 0, most_machine_mw / 1024);
  return sum > 0 ? Watts{std::min(sum, most_machine_mw), Origin::meters} : Watts{};
}

}  // namespace

MachineWatts watts_of(const api::Node& node, const api::DeviceModel* type, int64_t contracts_mw,
                      const Estate& estate, const Models& models) {
  MachineWatts out;
  out.is_ordered = node.spec.lifecycle == api::Lifecycle::ordered;
  out.measured = known(node.status.power.measured, Origin::meter);
  if (!out.measured.is_known()) out.metered_parts = watts_of_meters(node);
  out.limit = known(node.status.power.limit, Origin::limit);
  if (contracts_mw > 0) out.model = {std::min(contracts_mw, most_machine_mw), Origin::contracts};
  out.nameplate = known(node.spec.nameplate, Origin::spec);
  if (!out.nameplate.is_known()) out.nameplate = known(node.status.power.nameplate, Origin::plates);
  if (!out.nameplate.is_known() && type != nullptr)
    out.nameplate = known(type->spec.power.maximum, Origin::type);
  if (!out.nameplate.is_known() && type != nullptr) out.nameplate = watts_of_parts(*type, models);
  if (!out.nameplate.is_known()) {
    int64_t sum = 0;
    for (const DeviceWatts& device : device_watts(node, estate, models))
      sum += std::max<int64_t>(device.nameplate.mw, 0);
    if (sum > 0) out.nameplate = {std::min(sum, most_machine_mw), Origin::devices};
    // Both are less than the machine, so the larger is nearer to it.
    const Watts parts = type == nullptr ? Watts{} : watts_of_known_parts(*type, models);
    if (parts.mw > out.nameplate.mw) out.nameplate = parts;
  }
  return out;
}

std::vector<DeviceWatts> device_watts(const api::Node& node, const Estate& estate,
                                      const Models& models) {
  std::vector<DeviceWatts> out;
  const api::HardwareProfile* profile = profile_of(node, estate);
  if (profile == nullptr) return out;
  for (const api::Device& device : profile->spec.devices) {
    DeviceWatts watts;
    watts.id = device.id;
    watts.model = device.model;
    if (const api::DeviceModel* model = models.find(device.model))
      watts.nameplate = known(model->spec.power.maximum, Origin::device);
    const auto now = std::ranges::find(node.status.devices, device.id, &api::NodeDevice::id);
    if (now != node.status.devices.end()) {
      watts.limit = known(now->power_limit, Origin::limit);
      watts.measured = known(now->power.measured, Origin::meter);
    }
    if (watts.nameplate.is_known() || watts.limit.is_known() || watts.measured.is_known())
      out.push_back(std::move(watts));
  }
  return out;
}

}  // namespace freehold::fleet::facility
