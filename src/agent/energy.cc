#include "agent/energy.h"

#include <algorithm>

#include "base/strings.h"

namespace freehold::agent {
namespace {

constexpr Duration longest_gap = minutes(10);

int64_t number_of(std::string_view cpus) {
  const auto list = parse_cpu_list(cpus);
  return list ? static_cast<int64_t>(list->size()) : 0;
}

// What it has of the CPUs, in thousandths of one.
int64_t cpu_milli_of(const api::InstanceSpec& spec) {
  const int64_t exclusive = number_of(spec.cpus) * 1'000;
  return exclusive > 0 ? exclusive : std::max<int64_t>(spec.limits.cpu_milli, 0);
}

const discover::MeanDraw* find(const discover::Machine& machine, std::string_view device) {
  const auto found = std::ranges::find(machine.drawn, device, &discover::MeanDraw::device);
  return found == machine.drawn.end() ? nullptr : &*found;
}

bool is_gpu(const discover::Machine& machine, const std::string& id) {
  const auto device = std::ranges::find(machine.profile.devices, id, &api::Device::id);
  return device != machine.profile.devices.end() && device->cls == api::DeviceClass::gpu;
}

}  // namespace

Draw draw_of(const api::InstanceSpec& spec, const discover::Machine& machine) {
  Draw out;
  const auto add = [&](int64_t milliwatts) {
    out.milliwatts = out.milliwatts.value_or(0) + milliwatts;
  };
  for (const std::string& id : spec.devices) {
    if (const auto* drawn = find(machine, id))
      add(drawn->milliwatts);
    else if (is_gpu(machine, id))
      out.is_in_part = true;
  }
  const int64_t cpus = number_of(machine.online_cpus);
  const auto* processors = find(machine, "");
  if (processors != nullptr && cpus > 0)
    add(processors->milliwatts * std::min(cpu_milli_of(spec), cpus * 1'000) / (cpus * 1'000));
  else
    out.is_in_part = true;
  return out;
}

void count(Energy& energy, const Draw& draw, Time until) {
  if (!energy.until.is_set()) {
    energy.until = until;
    return;
  }
  const Duration gap = until - energy.until;
  const int64_t whole_milliseconds = gap.us / 1'000;
  if (!draw.milliwatts || whole_milliseconds <= 0) return;
  energy.is_lost |= gap > longest_gap;
  energy.until = energy.until + milliseconds(whole_milliseconds);
  if (energy.is_lost) return;
  energy.is_known = true;
  energy.is_in_part |= draw.is_in_part;
  energy.microjoules += *draw.milliwatts * whole_milliseconds;
}

int64_t joules(const Energy& energy) {
  return energy.is_known && !energy.is_lost ? energy.microjoules / 1'000'000 : -1;
}

Energy reported(const api::Usage& usage) {
  if (usage.energy_joules < 0) return {};
  constexpr int64_t most = INT64_MAX / 2'000'000;
  return {usage.at, std::min(usage.energy_joules, most) * 1'000'000, true, usage.is_energy_in_part,
          false};
}

}  // namespace freehold::agent
