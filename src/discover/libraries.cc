// What vendors' libraries say, laid over what sysfs said. Of two sources that tell one fact the
// library counts; a device that only one of them sees is told.
#include <algorithm>
#include <map>

#include "base/strings.h"
#include "discover/parse.h"
#include "discover/scan.h"
#include "discover/vendor.h"

namespace freehold::discover {

namespace {

constexpr int64_t gibibyte = int64_t{1} << 30;

std::optional<size_t> find_device(const Scan& scan, std::string_view address) {
  const auto wanted = parse_pci_address(address);
  const auto& devices = scan.machine.profile.devices;
  for (size_t i = 0; wanted && i < devices.size(); ++i)
    if (parse_pci_address(devices[i].address) == wanted) return i;
  return std::nullopt;
}

// The switch at this place; one that the PCI bus does not show is a device all the same, and all
// that say no place are one: what is behind them is hidden.
std::string switch_at(Scan& scan, const std::string& address) {
  if (const auto found = find_device(scan, address)) return scan.machine.profile.devices[*found].id;
  size_t count = 0;
  for (const auto& device : scan.machine.profile.devices) {
    if (device.cls != api::DeviceClass::nvswitch) continue;
    if (address.empty() && device.address.empty()) return device.id;
    ++count;
  }
  api::Device device;
  device.id = address.empty() ? "nvswitches" : "nvswitch" + std::to_string(count);
  device.cls = api::DeviceClass::nvswitch;
  device.address = address;
  api::NodeDevice seen;
  seen.reason = "only the links of its GPUs tell of it";
  const std::string id = device.id;
  return scan.add(std::move(device), std::move(seen), {}) ? id : "";
}

// Where a link leads, as the profile names it; empty: not told.
std::string end_of(Scan& scan, const VendorLink& link, int64_t numa) {
  if (link.end == LinkEnd::nvswitch) return switch_at(scan, link.address);
  if (link.end == LinkEnd::processor) {
    for (const auto& node : scan.machine.profile.numa)
      if (node.id == numa && node.package >= 0) return "package" + std::to_string(node.package);
    return numa >= 0 ? "numa" + std::to_string(numa) : "";
  }
  const auto found = find_device(scan, link.address);
  return found ? scan.machine.profile.devices[*found].id : "";
}

struct Bundle {
  int64_t all = 0, up = 0, bits_per_second = 0;  // of one link
};
using Bundles = std::map<std::pair<std::string, api::LinkKind>, Bundle>;

// A link that is down often does not say where it leads. Where all others lead to switches it is
// one of theirs: the one that has the fewest.
void place_lost_links(Bundles& bundles, int64_t lost) {
  const bool switched =
      !bundles.empty() && std::all_of(bundles.begin(), bundles.end(), [](const auto& bundle) {
        return bundle.first.first.starts_with("nvswitch");
      });
  for (; switched && lost > 0; --lost) {
    const auto fewest =
        std::min_element(bundles.begin(), bundles.end(),
                         [](const auto& a, const auto& b) { return a.second.all < b.second.all; });
    ++fewest->second.all;
  }
}

void take_links(Scan& scan, size_t index, const VendorGpu& gpu) {
  Bundles bundles;
  int64_t lost = 0;
  const int64_t numa = scan.machine.profile.devices[index].numa;
  for (const VendorLink& link : gpu.links) {
    const std::string to = end_of(scan, link, numa);
    if (to.empty()) {
      // Up, and leads nowhere that we know.
      if (link.is_up)
        scan.note(scan.machine.profile.devices[index].id + ": a link that is up leads to " +
                  (link.address.empty() ? "an unknown place" : link.address));
      else if (link.kind == api::LinkKind::nvlink)
        ++lost;
      continue;
    }
    Bundle& bundle = bundles[{to, link.kind}];
    ++bundle.all;
    if (link.is_up) ++bundle.up;
    bundle.bits_per_second = std::max(bundle.bits_per_second, link.bits_per_second);
  }
  place_lost_links(bundles, lost);
  api::Device& device = scan.machine.profile.devices[index];
  api::NodeDevice& seen = scan.machine.devices[index];
  const auto rate = [](const Bundle& bundle, int64_t count) {
    return bundle.bits_per_second > 0 && count > 0
               ? Quantity::of(bundle.bits_per_second * count, Dimension::bandwidth)
               : Quantity();
  };
  for (const auto& [key, bundle] : bundles) {
    if (device.links.size() >= limits::device_links) break;
    device.links.push_back({key.first, key.second, bundle.all, rate(bundle, bundle.all)});
    seen.links.push_back({key.first, key.second, bundle.up, rate(bundle, bundle.up)});
  }
}

// What sysfs shows of the link is what the function says itself; the library may know more, such as
// in a guest, whose bridges are made up.
void take_pci_link(Scan& scan, size_t index, const VendorGpu& gpu) {
  api::NodeDevice& seen = scan.machine.devices[index];
  if (seen.link_speed.empty() || !gpu.link_speed_due.empty()) seen.link_speed = gpu.link_speed_now;
  if (seen.link_width == 0) seen.link_width = gpu.link_width_now;
  for (PciRecord& record : scan.pci) {
    if (record.function.address != scan.machine.profile.devices[index].address) continue;
    if (record.function.link_speed.empty()) record.function.link_speed = gpu.link_speed_max;
    if (record.function.link_width == 0) record.function.link_width = gpu.link_width_max;
    record.speed_due = gpu.link_speed_due;
    if (record.speed_now.empty() || !record.speed_due.empty())
      record.speed_now = gpu.link_speed_now;
    if (record.width_now == 0) record.width_now = gpu.link_width_now;
  }
}

void take_gpu(Scan& scan, size_t index, const VendorGpu& gpu, const std::string& source) {
  api::Device& device = scan.machine.profile.devices[index];
  api::NodeDevice& seen = scan.machine.devices[index];
  if (!gpu.name.empty()) device.model = gpu.name;
  // Drivers keep some for themselves, each version another part: rounded to what was bought.
  if (gpu.memory_bytes > 0 && device.memory_bytes == 0)
    device.memory_bytes = (gpu.memory_bytes + gibibyte - 1) / gibibyte * gibibyte;
  if (!gpu.uuid.empty()) seen.identity = gpu.uuid;
  seen.partitions = gpu.partitions;
  if (gpu.limit_milliwatts > 0)
    seen.power_limit = Quantity::of(gpu.limit_milliwatts, Dimension::power);
  if (gpu.draw_milliwatts > 0)
    seen.power = {Quantity::of(gpu.draw_milliwatts, Dimension::power), source, {}};
  if (gpu.energy_millijoules > 0 && scan.machine.energy.size() < limits::energy_counters)
    scan.machine.energy.push_back({source, gpu.energy_millijoules * 1'000, 0, device.id});
  seen.clocks = gpu.clocks;
  auto& files = scan.machine.access[index].files;
  const std::string file = "/dev/nvidia" + std::to_string(gpu.minor);
  if (gpu.minor >= 0 && std::find(files.begin(), files.end(), file) == files.end())
    files.push_back(file);
  // It answered, so a driver is bound, whatever sysfs hides.
  if (seen.health == api::Health::unknown) {
    seen.health = api::Health::healthy;
    seen.reason.clear();
  }
  // Nothing is wrong with it, as with one that has no driver.
  if (gpu.runs_in_partitions && gpu.partitions.empty() && seen.health == api::Health::healthy) {
    seen.health = api::Health::unknown;
    seen.reason =
        "MIG is on and it has no instance, so that nothing can run on it; make instances "
        "(nvidia-smi mig -cgi ... -C), or switch MIG off (nvidia-smi -mig 0)";
  }
  if (gpu.health != api::Health::unknown) scan.degrade(index, gpu.health, gpu.reason);
  scan.credit("devices[" + device.id + "]", source, api::Confidence::vendor_library);
  take_pci_link(scan, index, gpu);
}

// Devices of the vendor that its library should have named and did not.
void judge_missing(Scan& scan, const VendorReport& report, const std::vector<bool>& told) {
  if (!report.is_whole) return;
  for (size_t i = 0; i < told.size(); ++i) {
    const api::Device& device = scan.machine.profile.devices[i];
    const PciRecord* record = scan.find_pci(device.address);
    if (told[i] || device.cls != api::DeviceClass::gpu || record == nullptr) continue;
    if (record->function.vendor != report.vendor) continue;
    if (record->driver == "vfio-pci" || record->driver.empty()) continue;
    if (report.lost > 0)
      scan.degrade(i, api::Health::failed,
                   "the driver has lost it; reset it or reboot the machine, then reseat or replace "
                   "it");
    else
      scan.degrade(i, api::Health::failed,
                   "the PCI bus shows it and " + report.source +
                       " does not; see the kernel's log, then reset it or reboot the machine");
  }
}

void take_report(Scan& scan, const VendorReport& report, int64_t& milliwatts, bool& all_told) {
  for (const std::string& note : report.notes) scan.note(note);
  std::vector<bool> told(scan.machine.profile.devices.size(), false);
  for (const VendorGpu& gpu : report.gpus) {
    const auto index = find_device(scan, gpu.address);
    if (!index) {
      scan.note(report.source + ": knows a GPU at " + clean_text(gpu.address, 20) +
                " that the PCI bus does not show");
      continue;
    }
    told[*index] = true;
    take_gpu(scan, *index, gpu, report.source);
    milliwatts += gpu.draw_milliwatts;
    if (gpu.draw_milliwatts == 0) all_told = false;
    if (scan.machine.scale_up_domain.empty())
      scan.machine.scale_up_domain = clean_text(gpu.scale_up_domain, 63);
    else if (!gpu.scale_up_domain.empty() && gpu.scale_up_domain != scan.machine.scale_up_domain)
      scan.note(report.source + ": the GPUs of this machine are in several fabric cliques");
  }
  judge_missing(scan, report, told);
  // After all of them are known, since they are linked to each other.
  for (const VendorGpu& gpu : report.gpus)
    if (const auto index = find_device(scan, gpu.address)) take_links(scan, *index, gpu);
  for (const RdmaLimits& limits : report.rdma)
    if (scan.device_named(limits.device)) scan.machine.rdma.push_back(limits);
}

}  // namespace

void scan_libraries(Scan& scan) {
  if (scan.libraries == nullptr) return;
  int64_t milliwatts = 0;
  bool all_told = true;
  for (const VendorReport& report : scan.libraries->read()) {
    const int64_t before = milliwatts;
    take_report(scan, report, milliwatts, all_told);
    if (milliwatts > before && scan.machine.accelerator_source.empty())
      scan.machine.accelerator_source = report.source;
  }
  // A sum of some is a sum of none.
  if (all_told && milliwatts > 0)
    scan.machine.accelerator_power = Quantity::of(milliwatts, Dimension::power);
}

}  // namespace freehold::discover
