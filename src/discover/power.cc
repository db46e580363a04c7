// Watts: what the machine's own meter says, the energy counters of processors, and the limits of
// devices. Formats: Documentation/hwmon/sysfs-interface.rst, acpi_power_meter.rst and
// power/powercap/powercap.rst of Linux; all of them count in millionths.
#include <algorithm>

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
            [](const auto& a, const auto& b) { return a.name < b.name; });
}

}  // namespace

void scan_power(Scan& scan) {
  for (size_t i = 0; i < scan.machine.devices.size(); ++i) {
    const PciRecord* record = scan.find_pci(scan.machine.profile.devices[i].address);
    Quantity& limit = scan.machine.devices[i].power_limit;
    if (record != nullptr && !limit.is_set()) limit = limit_of(scan, *record);
  }
  read_meter(scan);
  read_energy(scan);
}

}  // namespace freehold::discover
