// NVMe controllers, their namespaces, and whether the system itself lives on one.
#include <algorithm>

#include "base/strings.h"
#include "discover/parse.h"
#include "discover/scan.h"

namespace freehold::discover {

namespace {

// "nvme0n1"; "nvme0" is a controller, "nvme0c0n1" one way to a disk.
bool is_disk(std::string_view name) {
  if (!name.starts_with("nvme")) return false;
  name.remove_prefix(4);
  const size_t middle = name.find('n');
  return middle != std::string_view::npos && parse_uint(name.substr(0, middle)) &&
         parse_uint(name.substr(middle + 1));
}

// "nvme0n1" of controller "nvme0"; with native multipath it is "nvme0c0n1", which is not a disk to
// open.
std::vector<std::string> namespaces_of(const Scan& scan, const std::string& directory,
                                       const std::string& controller) {
  std::vector<std::string> out;
  for (const std::string& name : scan.names(directory))
    if (name.starts_with(controller + "n") && scan.root.exists(directory + "/" + name + "/size"))
      out.push_back(name);
  if (!out.empty()) return out;
  // Under native multipath the disks hang on the subsystem, whose number is not the controller's.
  for (const std::string& subsystem : scan.names("/sys/class/nvme-subsystem")) {
    const std::string folder = "/sys/class/nvme-subsystem/" + subsystem;
    if (!scan.root.exists(folder + "/" + controller)) continue;
    for (const std::string& name : scan.names(folder))
      if (is_disk(name)) out.push_back(name);
    if (!out.empty()) return out;
  }
  for (const std::string& name : scan.names("/sys/block"))
    if (name.starts_with(controller + "n")) out.push_back(name);
  return out;
}

// "nvme0n1p2" belongs to "nvme0n1"; "nvme0n10" does not.
bool is_part_of(std::string_view device, std::string_view disk) {
  if (!device.starts_with("/dev/")) return false;
  device.remove_prefix(5);
  if (!device.starts_with(disk)) return false;
  device.remove_prefix(disk.size());
  return device.empty() || device.front() == 'p';
}

std::string user_of(const Scan& scan, const std::string& disk, const std::vector<Mount>& mounts,
                    std::string_view swaps) {
  for (const Mount& mount : mounts)
    if (is_part_of(mount.device, disk)) return clean_text("mounted at " + mount.point, 128);
  for (const std::string_view line : split(swaps, '\n'))
    if (is_part_of(line.substr(0, line.find(' ')), disk)) return "swap";
  std::vector<std::string> folders = {"/sys/block/" + disk};
  for (const std::string& name : scan.names(folders[0]))
    if (name.starts_with(disk)) folders.push_back(folders[0] + "/" + name);
  for (const std::string& folder : folders)
    for (const std::string& holder : scan.names(folder + "/holders"))
      return clean_text("part of " + holder, 128);
  return "";
}

void judge(const std::string& state, api::NodeDevice& seen) {
  if (state == "live") {
    seen.health = api::Health::healthy;
  } else if (state == "dead") {
    seen.health = api::Health::failed;
    seen.reason = "the controller is dead; reset it, or replace the disk";
  } else if (!state.empty()) {
    seen.reason = clean_text("the controller is " + state, 128);
  }
}

}  // namespace

void scan_nvme(Scan& scan) {
  const auto names = scan.names("/sys/class/nvme");
  if (names.empty()) return;
  auto table = scan.root.read_start("/proc/self/mounts", limits::mounts_bytes);
  if (!table.ok()) table = scan.root.read_start("/proc/mounts", limits::mounts_bytes);
  const auto mounts = parse_mounts(table.ok() ? *table : "");
  const std::string swaps = scan.root.read_start("/proc/swaps").value_or("");
  for (const std::string& entry : names) {
    const std::string name = clean_text(entry, 63);
    const auto directory = scan.root.resolve("/sys/class/nvme/" + entry);
    if (!directory.ok()) {
      scan.note(name + ": " + clean_text(directory.error().message, 200));
      continue;
    }
    const PciRecord* record = scan.find_pci(scan.pci_above(*directory));
    if (record == nullptr || record->is_virtual) {
      // Those on other machines (NVMe over fabrics) hang on no PCI function here.
      scan.note(name + ": not a disk of this machine's own");
      continue;
    }
    api::Device device;
    device.id = name;
    device.cls = api::DeviceClass::nvme;
    device.model = clean_text(scan.line(*directory + "/model"), limits::model_characters);
    api::NodeDevice seen;
    seen.identity = clean_text(scan.line(*directory + "/serial"), 128);
    seen.firmware = parse_version(scan.line(*directory + "/firmware_rev"));
    judge(scan.line(*directory + "/state"), seen);
    Scan::locate(record, device, seen);
    DeviceAccess access;
    for (const std::string& disk : namespaces_of(scan, *directory, entry)) {
      // In sectors of 512 bytes, whatever the disk's own are.
      const int64_t sectors =
          scan.number("/sys/block/" + disk + "/size")
              .value_or(scan.number(*directory + "/" + disk + "/size").value_or(0));
      if (sectors > 0 && sectors < int64_t{1} << 50) device.memory_bytes += sectors * 512;
      access.files.push_back("/dev/" + disk);
      if (access.used_by_system.empty()) access.used_by_system = user_of(scan, disk, mounts, swaps);
    }
    scan.add(std::move(device), std::move(seen), std::move(access));
  }
}

}  // namespace freehold::discover
