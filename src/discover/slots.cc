// Which slot a device sits in, as printed on the board, and what else the firmware's tables say.
#include <algorithm>
#include <map>
#include <tuple>

#include "base/strings.h"
#include "discover/parse.h"
#include "discover/scan.h"
#include "discover/smbios.h"

namespace freehold::discover {

namespace {

using Place = std::tuple<uint32_t, uint32_t, uint32_t>;  // domain, bus, slot

// Names of slots by their place. Where the firmware's table and the hot-plug driver name one, the
// table counts: it is what is printed on the board.
std::map<Place, std::string> read_slots(Scan& scan, const Smbios& tables) {
  std::map<Place, std::string> out;
  for (const SmbiosSlot& slot : tables.slots)
    out.try_emplace({slot.segment, slot.bus, slot.slot}, slot.designation);
  for (const std::string& name : scan.names("/sys/bus/pci/slots")) {
    // "0000:41:00", without a function.
    const auto parts =
        parse_pci_address(scan.line("/sys/bus/pci/slots/" + name + "/address") + ".0");
    if (parts && out.size() < limits::slots)
      out.try_emplace({parts->domain, parts->bus, parts->slot}, clean_text("slot " + name, 63));
  }
  return out;
}

// Of the device itself, or of the nearest bridge above it that has one: firmware names either end.
std::string slot_of(const Scan& scan, const std::map<Place, std::string>& slots,
                    std::string address) {
  for (size_t depth = 0; depth < limits::pci_depth; ++depth) {
    const auto parts = parse_pci_address(address);
    if (!parts) return "";
    const auto found = slots.find({parts->domain, parts->bus, parts->slot});
    if (found != slots.end()) return found->second;
    const PciRecord* record = scan.find_pci(address);
    if (record == nullptr) return "";
    address = record->function.parent;
  }
  return "";
}

}  // namespace

void scan_slots(Scan& scan) {
  const auto table = scan.root.read_start("/sys/firmware/dmi/tables/DMI", limits::smbios_bytes);
  const Smbios tables = table.ok() ? parse_smbios(*table) : Smbios{};
  scan.machine.bmc_address = tables.bmc_address;
  if (tables.has_ipmi && tables.bmc_address.empty())
    scan.note(
        "board: a management controller answers on this machine's own bus, and the firmware "
        "does not say at which network address");
  const auto slots = read_slots(scan, tables);
  if (slots.empty()) return;
  for (api::Device& device : scan.machine.profile.devices)
    device.slot = slot_of(scan, slots, device.address);
  scan.credit("profile.devices.slot", tables.slots.empty() ? "sysfs" : "smbios",
              api::Confidence::sysfs);
}

}  // namespace freehold::discover
