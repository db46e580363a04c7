#include "discover/machine.h"

#include <openssl/sha.h>

#include <algorithm>

#include "base/strings.h"
#include "discover/parse.h"
#include "discover/scan.h"
#include "schema/walk.h"

namespace freehold::discover {

void Scan::note(std::string text) {
  if (machine.notes.size() < limits::notes) machine.notes.push_back(clean_text(text, 512));
}

std::string Scan::line(std::string_view path) const {
  const auto text = root.read_file(path);
  if (!text.ok()) return "";
  const std::string_view all = *text;
  return std::string(trim(all.substr(0, all.find('\n'))));
}

std::optional<int64_t> Scan::number(std::string_view path) const { return parse_int(line(path)); }

std::vector<std::string> Scan::names(std::string_view directory) const {
  return root.list_dir(directory).value_or({});
}

const PciRecord* Scan::find_pci(std::string_view address) const {
  const auto wanted = parse_pci_address(address);
  if (!wanted) return nullptr;
  const auto found = std::lower_bound(pci.begin(), pci.end(), *wanted,
                                      [](const PciRecord& record, const PciParts& at) {
                                        return *parse_pci_address(record.function.address) < at;
                                      });
  return found == pci.end() || found->function.address != address ? nullptr : &*found;
}

std::string Scan::pci_above(std::string_view directory) const {
  const auto parts = split(directory, '/');
  for (auto it = parts.rbegin(); it != parts.rend(); ++it)
    if (is_pci_address(*it)) return std::string(*it);
  // Trees that were copied by hand have no link down here, but one up.
  const auto device = root.resolve(std::string(directory) + "/device");
  if (!device.ok()) return "";
  const std::string last = last_part(*device);
  return is_pci_address(last) ? last : "";
}

void Scan::locate(const PciRecord* record, api::Device& device, api::NodeDevice& seen) {
  if (record == nullptr) return;
  device.address = record->function.address;
  device.numa = record->function.numa;
  seen.link_speed = record->speed_now;
  seen.link_width = record->width_now;
  seen.iommu_group = record->iommu_group;
}

bool Scan::add(api::Device device, api::NodeDevice seen, DeviceAccess access) {
  auto& devices = machine.profile.devices;
  const bool taken = std::any_of(devices.begin(), devices.end(),
                                 [&](const auto& other) { return other.id == device.id; });
  if (taken || devices.size() >= limits::devices) {
    note(device.id + (taken ? ": a second device of this name" : ": beyond the limit of devices") +
         " is left out");
    return false;
  }
  seen.id = device.id;
  access.id = device.id;
  devices.push_back(std::move(device));
  machine.devices.push_back(std::move(seen));
  machine.access.push_back(std::move(access));
  return true;
}

std::optional<size_t> Scan::device_at(std::string_view address) const {
  const auto& devices = machine.profile.devices;
  for (size_t i = 0; i < devices.size() && !address.empty(); ++i)
    if (devices[i].address == address) return i;
  return std::nullopt;
}

std::optional<size_t> Scan::device_named(std::string_view id) const {
  const auto& devices = machine.profile.devices;
  for (size_t i = 0; i < devices.size(); ++i)
    if (devices[i].id == id) return i;
  return std::nullopt;
}

void Scan::degrade(size_t device, api::Health health, std::string reason) {
  api::NodeDevice& seen = machine.devices[device];
  if (health <= seen.health) return;
  // Unknown says less than anything that was seen to be wrong.
  seen.health = health;
  seen.reason = clean_text(reason, limits::reason_characters);
}

void Scan::credit(std::string field, std::string source, api::Confidence confidence) {
  if (machine.provenance.size() < limits::provenance)
    machine.provenance.push_back({std::move(field), std::move(source), confidence, {}});
}

Result<CpuTopology> run(Scan& scan) {
  TRY(scan.root.list_dir("/"));
  scan_board(scan);
  auto cpus = scan_cpus(scan);
  if (!cpus) {
    return Error{Reason::not_found, "no CPU found below " + scan.root.path() +
                                        "/sys/devices/system/cpu; is sysfs mounted there?"};
  }
  scan.credit("profile", "sysfs", api::Confidence::sysfs);
  scan.credit("profile.cpus", cpus->source, api::Confidence::sysfs);
  scan.credit("devices", "sysfs", api::Confidence::sysfs);
  scan_pci(scan);
  scan_gpus(scan);
  scan_rdma(scan);
  scan_network(scan);
  scan_nvme(scan);
  scan_cxl(scan);
  scan_numa(scan);
  scan_locality(scan);
  scan_slots(scan);
  scan_libraries(scan);
  scan_windows(scan);
  scan_health(scan);
  scan_links(scan);
  scan_power(scan);
  keep_pci(scan);
  return *std::move(cpus);
}

Result<Machine> discover(const Root& root, VendorLibraries* libraries) {
  Machine machine;
  Scan scan{root, machine};
  scan.libraries = libraries;
  TRY(run(scan));
  return machine;
}

std::string profile_name(const api::HardwareProfileSpec& spec) {
  const std::string text = schema::print(spec);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return "hp-" + to_hex(std::string_view(reinterpret_cast<const char*>(digest), 8));
}

}  // namespace freehold::discover
