#include "discover/discovery.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "discover/scan.h"

namespace freehold::discover {

namespace {

constexpr Duration shortest_interval = milliseconds(100);  // below it, counters are too coarse
constexpr Duration longest_interval = minutes(10);         // beyond it, they may have begun anew

// Milliwatts; nothing where it was not counted before, or not by the same counter.
std::optional<int64_t> drawn_by(const EnergyCounter& counter,
                                const std::vector<EnergyCounter>& before, Duration between) {
  const auto earlier = std::find_if(before.begin(), before.end(), [&](const auto& other) {
    return other.name == counter.name && other.device == counter.device;
  });
  if (earlier == before.end()) return std::nullopt;
  int64_t microjoules = counter.microjoules - earlier->microjoules;
  if (microjoules < 0) microjoules += counter.wraps_at;
  // The driver was loaded anew, or two zones have one name.
  if (microjoules < 0) return std::nullopt;
  return microjoules / std::max<int64_t>(between.us / 1000, 1);
}

constexpr int64_t most_milliwatts = 1'000'000'000;  // a counter that began anew at a higher value

void add_power_of_devices(const std::vector<EnergyCounter>& before, Duration between,
                          Machine& now) {
  for (api::NodeDevice& device : now.devices) {
    std::optional<int64_t> drawn;
    for (const EnergyCounter& counter : now.energy)
      if (counter.device == device.id) drawn = drawn_by(counter, before, between);
    if (drawn && *drawn > most_milliwatts) drawn.reset();
    if (!device.power.measured.is_set() && drawn)
      device.power = {Quantity::of(*drawn, Dimension::power), "hwmon", {}};
    if (!drawn && device.power.measured.is_set()) drawn = device.power.measured.value();
    if (drawn) now.drawn.push_back({device.id, *drawn});
  }
}

// All packages, or nothing.
void add_draw_of_processors(const std::vector<EnergyCounter>& before, Duration between,
                            Machine& now) {
  int64_t milliwatts = 0;
  bool any = false;
  for (const EnergyCounter& counter : now.energy) {
    if (!counter.device.empty() || !counter.name.starts_with("package-")) continue;
    const auto drawn = drawn_by(counter, before, between);
    if (!drawn || *drawn > most_milliwatts) return;
    milliwatts += *drawn;
    any = true;
  }
  if (any) now.drawn.push_back({"", milliwatts});
}

}  // namespace

struct Discovery::State {
  Root root;
  std::unique_ptr<VendorLibraries> libraries;
  api::HardwareProfileSpec known;
  std::optional<CpuTopology> cpus;
  std::vector<EnergyCounter> energy;
  Duration energy_at{};
};

Discovery::Discovery(Root root, std::unique_ptr<VendorLibraries> libraries,
                     api::HardwareProfileSpec known)
    : state_(new State{std::move(root), std::move(libraries), std::move(known), {}, {}, {}}) {}
Discovery::~Discovery() = default;

Result<Machine> Discovery::look(Duration uptime) {
  State& state = *state_;
  Machine machine;
  Scan scan{state.root, machine};
  scan.libraries = state.libraries.get();
  scan.known_cpus = state.cpus ? &*state.cpus : nullptr;
  state.cpus = TRY(run(scan));
  remember(state.known, machine);
  state.known = machine.profile;
  add_counted_power(state.energy, uptime - state.energy_at, machine);
  state.energy = machine.energy;
  state.energy_at = machine.looked_at = uptime;
  return machine;
}

void add_counted_power(const std::vector<EnergyCounter>& before, Duration between, Machine& now) {
  if (between < shortest_interval || between > longest_interval) return;
  add_power_of_devices(before, between, now);
  add_draw_of_processors(before, between, now);
  if (now.power.measured.is_set()) return;
  // The platform holds the packages.
  const auto is_platform = [](const EnergyCounter& counter) { return counter.name == "psys"; };
  const bool whole = std::any_of(now.energy.begin(), now.energy.end(), is_platform);
  int64_t milliwatts = 0;
  bool counted = false;
  for (const EnergyCounter& counter : now.energy) {
    if (!counter.device.empty() || whole != is_platform(counter)) continue;
    const auto drawn = drawn_by(counter, before, between);
    if (!drawn) return;
    milliwatts += *drawn;
    counted = true;
  }
  if (!counted) return;
  now.power.source = "rapl";
  if (!whole && now.accelerator_power.is_set()) {
    milliwatts += now.accelerator_power.value();
    now.power.source += "+" + now.accelerator_source;
  }
  now.power.measured = Quantity::of(milliwatts, Dimension::power);
}

}  // namespace freehold::discover
