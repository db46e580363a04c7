// CXL memory devices, and which memory nodes consist of them. Formats:
// Documentation/ABI/testing/sysfs-bus-cxl and sysfs-bus-dax of Linux.
#include <algorithm>

#include "base/strings.h"
#include "discover/parse.h"
#include "discover/scan.h"
#include "discover/words.h"

namespace freehold::discover {

namespace {

constexpr std::string_view cxl_folder = "/sys/bus/cxl/devices", dax_folder = "/sys/bus/dax/devices";
constexpr int64_t most_targets = 16;  // ways that a region may be interleaved

// "0x4000000000" or "274877906944"; 0 when it is no size.
int64_t read_size(const Scan& scan, const std::string& path) {
  const std::string text = scan.line(path);
  const int64_t bytes =
      text.starts_with("0x") ? parse_hex_number(text) : parse_int(text).value_or(0);
  return bytes > 0 && bytes < int64_t{1} << 52 ? bytes : 0;
}

void add_memory_device(Scan& scan, const std::string& name) {
  const auto directory = scan.root.resolve(std::string(cxl_folder) + "/" + name);
  if (!directory.ok()) {
    scan.note(name + ": " + clean_text(directory.error().message, 200));
    return;
  }
  const PciRecord* record = scan.find_pci(scan.pci_above(*directory));
  api::Device device;
  device.id = "cxl-" + name;  // as the kernel names it, told apart from memory of other kinds
  device.cls = api::DeviceClass::cxl;
  if (record != nullptr) device.model = pci_ids(record->function);
  device.memory_bytes =
      read_size(scan, *directory + "/ram/size") + read_size(scan, *directory + "/pmem/size");
  api::NodeDevice seen;
  Scan::locate(record, device, seen);
  const int64_t numa = scan.number(*directory + "/numa_node").value_or(-1);
  if (device.numa < 0 && numa >= 0 && numa <= 65'535) device.numa = numa;
  seen.identity = clean_text(scan.line(*directory + "/serial"), 128);
  if (seen.identity == "0x0" || seen.identity == "0") seen.identity.clear();
  if (record == nullptr || !record->driver.empty())
    seen.health = api::Health::healthy;
  else
    seen.reason = "no driver is bound; load cxl_pci";
  scan.add(std::move(device), std::move(seen), {});
}

// The memory devices below a region, through its decoders and their ports.
std::vector<std::string> members_of(const Scan& scan, const std::string& region) {
  std::vector<std::string> out;
  for (int64_t i = 0; i < most_targets; ++i) {
    const std::string decoder = scan.line(region + "/target" + std::to_string(i));
    if (decoder.empty() || decoder.find('/') != std::string::npos) break;
    const auto at = scan.root.resolve(std::string(cxl_folder) + "/" + decoder);
    if (!at.ok()) continue;
    const auto port = scan.root.read_link(at->substr(0, at->rfind('/')) + "/uport");
    if (port.ok()) out.push_back("cxl-" + last_part(*port));
  }
  return out;
}

// Memory that the kernel took as a node of its own ("kmem") and where it comes from.
void read_dax(Scan& scan, const std::string& name) {
  const std::string folder = std::string(dax_folder) + "/" + name;
  const auto directory = scan.root.resolve(folder);
  const int64_t node = scan.number(folder + "/target_node").value_or(-1);
  if (!directory.ok() || node < 0 || node > 65'535) return;
  const auto driver = scan.root.read_link(folder + "/driver");
  if (!driver.ok() || last_part(*driver) != "kmem") {
    scan.note(clean_text(name, 63) + ": " +
              std::to_string(read_size(scan, folder + "/size") >> 20) + " MiB of memory node " +
              std::to_string(node) +
              " are a file, not memory of the system; bind the driver kmem to use them");
    return;
  }
  const size_t at = directory->find("/region");
  if (at == std::string::npos) return;  // HBM, or what the firmware does not explain
  const std::string region = directory->substr(0, directory->find('/', at + 1));
  for (const std::string& member : members_of(scan, region)) {
    const auto index = scan.device_named(member);
    if (!index) continue;
    scan.device_of_memory.emplace(node, member);
    api::Device& device = scan.machine.profile.devices[*index];
    if (device.links.size() < limits::device_links)
      device.links.push_back({"numa" + std::to_string(node), api::LinkKind::cxl, 1, {}});
  }
}

}  // namespace

void scan_cxl(Scan& scan) {
  for (const std::string& name : scan.names(cxl_folder))
    if (name.starts_with("mem") && parse_uint(std::string_view(name).substr(3)))
      add_memory_device(scan, name);
  for (const std::string& name : scan.names(dax_folder)) read_dax(scan, name);
}

}  // namespace freehold::discover
