// Watts: what the machine's own meter says, the energy counters of processors, and the limits of
// devices. Formats: Documentation/hwmon/sysfs-interface.rst, acpi_power_meter.rst and
// power/powercap/powercap.rst of Linux; all of them count in millionths.
#include <algorithm>
#include <tuple>

#include "base/strings.h"
#include "discover/parse.h"
#include "discover/scan.h"

namespace freehold::discover {

namespace {

Quantity watts_of(std::optional<int64_t> microwatts) {
  // A megawatt in one machine is a meter that is broken.
  if (!microwatts || *microwatts <= 0 || *microwatts > 1'000'000'000'000) return {};
  return Quantity::of(*microwatts / 1000, Dimension::power);
}

// Of a device's own sensor; the first file that is there counts.
Quantity limit_of(const Scan& scan, const PciRecord& record) {
  for (const std::string& name : scan.names(record.directory + "/hwmon"))
    for (const char* file : {"power1_cap", "power1_max"}) {
      const auto found = scan.number(record.directory + "/hwmon/" + name + "/" + file);
      if (found && *found > 0) return watts_of(found);
    }
  return {};
}

// Drivers have one of the two: power over a while, or as it is now.
api::PowerReading draw_of(const Scan& scan, const PciRecord& record) {
  for (const std::string& name : scan.names(record.directory + "/hwmon"))
    for (const char* file : {"power1_average", "power1_input"}) {
      const Quantity drawn =
          watts_of(scan.number(record.directory + "/hwmon/" + name + "/" + file));
      if (drawn.is_set()) return {drawn, "hwmon", {}};
    }
  return {};
}

int64_t megahertz_of(std::optional<int64_t> hertz) {
  const int64_t megahertz = hertz.value_or(0) / 1'000'000;
  return megahertz > 0 && megahertz <= limits::clock_mhz ? megahertz : 0;
}

// The best level that amdgpu lists, such as "1: 2100Mhz *".
int64_t best_level(const Scan& scan, const std::string& path) {
  const auto text = scan.root.read_file(path);
  int64_t best = 0;
  if (!text.ok()) return best;
  for (const std::string_view line : split(*text, '\n')) {
    const size_t colon = line.find(':');
    const size_t unit = line.find("Mhz");
    if (colon == std::string_view::npos || unit == std::string_view::npos || unit < colon) continue;
    const auto level = parse_int(trim(line.substr(colon + 1, unit - colon - 1)));
    if (level && *level <= limits::clock_mhz) best = std::max(best, *level);
  }
  return best;
}

// As amdgpu shows them: Documentation/gpu/amdgpu/thermal.rst.
api::DeviceClocks clocks_of(const Scan& scan, const PciRecord& record) {
  api::DeviceClocks out;
  for (const std::string& name : scan.names(record.directory + "/hwmon"))
    for (const std::string sensor : {"freq1", "freq2"}) {
      const std::string at = record.directory + "/hwmon/" + name + "/" + sensor;
      const std::string label = scan.line(at + "_label");
      if (label == "sclk") out.core_mhz = megahertz_of(scan.number(at + "_input"));
      if (label == "mclk") out.memory_mhz = megahertz_of(scan.number(at + "_input"));
    }
  out.core_max_mhz = best_level(scan, record.directory + "/pp_dpm_sclk");
  out.memory_max_mhz = best_level(scan, record.directory + "/pp_dpm_mclk");
  return out;
}

// Intel's drivers tell of a GPU's first part, which stands for all: i915 (old and new), then xe.
api::DeviceClocks intel_clocks_of(const Scan& scan, const PciRecord& record) {
  api::DeviceClocks out;
  const auto take = [&](const std::string& now, const std::string& most) {
    if (out.core_max_mhz > 0) return;
    const auto megahertz = [&](const std::string& path) {
      const int64_t found = scan.number(path).value_or(0);
      return found > 0 && found <= limits::clock_mhz ? found : 0;
    };
    out.core_mhz = megahertz(now);
    out.core_max_mhz = megahertz(most);
  };
  for (const std::string& name : scan.names(record.directory + "/drm")) {
    const std::string at = record.directory + "/drm/" + name;
    take(at + "/gt/gt0/rps_act_freq_mhz", at + "/gt/gt0/rps_RP0_freq_mhz");
    take(at + "/gt_act_freq_mhz", at + "/gt_RP0_freq_mhz");
  }
  const std::string xe = record.directory + "/tile0/gt0/freq0/";
  take(xe + "act_freq", xe + "rp0_freq");
  return out;
}

void take_clocks(const api::DeviceClocks& found, api::DeviceClocks& into) {
  if (into.core_mhz == 0) into.core_mhz = found.core_mhz;
  if (into.core_max_mhz == 0) into.core_max_mhz = found.core_max_mhz;
  if (into.memory_mhz == 0) into.memory_mhz = found.memory_mhz;
  if (into.memory_max_mhz == 0) into.memory_max_mhz = found.memory_max_mhz;
}

// The board's meter (ACPI 4.0), of the whole machine.
void read_meter(Scan& scan) {
  for (const std::string& name : scan.names("/sys/class/hwmon")) {
    const std::string folder = "/sys/class/hwmon/" + name;
    if (scan.line(folder + "/name") != "power_meter") continue;
    // The meter's files stand beside its name, or with the ACPI device.
    for (const std::string& at : {folder, folder + "/device"}) {
      const Quantity measured = watts_of(scan.number(at + "/power1_average"));
      if (!measured.is_set()) continue;
      scan.machine.power.measured = measured;
      scan.machine.power.limit = watts_of(scan.number(at + "/power1_cap"));
      scan.machine.power.source = "hwmon";
      return;
    }
  }
}

// Intel's GPUs count what the card draws (energy1), or what its chip does (energy2). Sensors of
// parts ("i915_gt0") are in the card's.
void read_energy_of(Scan& scan, const std::string& id, const PciRecord& record) {
  for (const std::string& name : scan.names(record.directory + "/hwmon")) {
    const std::string at = record.directory + "/hwmon/" + name;
    if (scan.line(at + "/name").find("_gt") != std::string::npos) continue;
    for (const std::string sensor : {"energy1", "energy2"}) {
      const auto counted = scan.number(at + "/" + sensor + "_input");
      if (!counted || *counted <= 0 || scan.machine.energy.size() >= limits::energy_counters)
        continue;
      scan.machine.energy.push_back({sensor, *counted, 0, id});
      return;
    }
  }
}

// Zones of the platform and of packages; what lies below is part of them. Reading needs
// privileges.
void read_energy(Scan& scan) {
  const std::string folder = "/sys/class/powercap";
  for (const std::string& name : scan.names(folder)) {
    const bool is_top = std::count(name.begin(), name.end(), ':') == 1;
    if (!name.starts_with("intel-rapl:") || !is_top) continue;
    const auto counted = scan.number(folder + "/" + name + "/energy_uj");
    const std::string what = clean_text(scan.line(folder + "/" + name + "/name"), 63);
    auto& energy = scan.machine.energy;
    if (!counted || *counted < 0 || what.empty() || energy.size() >= limits::energy_counters)
      continue;
    const int64_t most = scan.number(folder + "/" + name + "/max_energy_range_uj").value_or(0);
    energy.push_back({what, *counted, std::max<int64_t>(most, 0)});
  }
  std::sort(scan.machine.energy.begin(), scan.machine.energy.end(),
            [](const auto& a, const auto& b) {
              return std::tie(a.name, a.device) < std::tie(b.name, b.device);
            });
}

}  // namespace

void scan_power(Scan& scan) {
  for (size_t i = 0; i < scan.machine.devices.size(); ++i) {
    const api::Device& device = scan.machine.profile.devices[i];
    const PciRecord* record = scan.find_pci(device.address);
    if (record == nullptr) continue;
    api::NodeDevice& seen = scan.machine.devices[i];
    if (!seen.power_limit.is_set()) seen.power_limit = limit_of(scan, *record);
    if (!seen.power.measured.is_set()) seen.power = draw_of(scan, *record);
    if (!seen.power.measured.is_set()) read_energy_of(scan, device.id, *record);
    if (device.cls != api::DeviceClass::gpu) continue;
    take_clocks(clocks_of(scan, *record), seen.clocks);
    if (record->function.vendor == "8086") take_clocks(intel_clocks_of(scan, *record), seen.clocks);
  }
  read_meter(scan);
  read_energy(scan);
}

}  // namespace freehold::discover
