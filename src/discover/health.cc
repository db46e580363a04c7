// Whether devices still answer, and what error counters say: PCI Express (AER), memory controllers
// (EDAC), accelerator memory (RAS). Counters begin anew with each boot or load of a driver.
// Formats: Documentation/ABI/testing/sysfs-bus-pci-devices-aer, sysfs-devices-edac, and amdgpu's
// RAS page.
#include "base/strings.h"
#include "discover/parse.h"
#include "discover/scan.h"
#include "discover/words.h"

namespace freehold::discover {

namespace {

// The value of "TOTAL_ERR_FATAL 3"; 0 when it is not there.
int64_t total_of(const Scan& scan, const std::string& path, std::string_view name) {
  const auto text = scan.root.read_file(path);
  if (!text.ok()) return 0;
  const auto lines = parse_properties(*text);
  const auto found = lines.find(name);
  return found == lines.end() ? 0 : parse_int(found->second).value_or(0);
}

// Whether the function has fallen off the bus. Its ids and class are what the kernel read when it
// found it (drivers/pci/pci-sysfs.c); `config` asks the hardware, of which all may read the
// beginning, and a function that does not answer reads as all ones. Where `config` is not shown,
// the state of the link reads so too. The ids of virtual functions are all ones by their
// specification, and a function that sleeps would be woken.
bool is_gone(const Scan& scan, const PciRecord& record) {
  if (record.is_virtual || scan.line(record.directory + "/power/runtime_status") == "suspended")
    return false;
  constexpr size_t ids_bytes = 4;
  const auto ids = scan.root.read_start(record.directory + "/config", ids_bytes);
  if (ids.ok() && ids->size() == ids_bytes) return *ids == "\xff\xff\xff\xff";
  // Six bits of ones.
  return scan.number(record.directory + "/current_link_width") == 63 &&
         scan.line(record.directory + "/current_link_speed").starts_with("Unknown");
}

void judge_pci(Scan& scan, size_t index, const PciRecord& record) {
  if (is_gone(scan, record)) {
    scan.degrade(index, api::Health::failed,
                 "it has fallen off the PCI bus and reads as all ones; reset or reboot the "
                 "machine, then reseat or replace it");
    return;
  }
  const int64_t fatal = total_of(scan, record.directory + "/aer_dev_fatal", "TOTAL_ERR_FATAL");
  if (fatal > 0)
    scan.degrade(index, api::Health::degraded,
                 counted(fatal, "fatal PCIe error", "fatal PCIe errors") +
                     " since the machine was started; reseat or replace the card");
  // Many a driver makes some while it looks for what a card can do.
  const int64_t others =
      total_of(scan, record.directory + "/aer_dev_nonfatal", "TOTAL_ERR_NONFATAL");
  if (others > 0)
    scan.note(
        scan.machine.profile.devices[index].id + ": " +
        counted(others, "uncorrected, not fatal PCIe error", "uncorrected, not fatal PCIe errors"));
}

// amdgpu writes "ue: 0" and "ce: 0" for each block of a GPU that it watches.
void judge_ras(Scan& scan, size_t index, const PciRecord& record) {
  int64_t uncorrected = 0;
  for (const std::string& name : scan.names(record.directory + "/ras")) {
    if (!name.ends_with("_err_count")) continue;
    const auto text = scan.root.read_file(record.directory + "/ras/" + name);
    if (!text.ok()) continue;
    const int64_t count = parse_int(parse_colon_value(*text, "ue")).value_or(0);
    if (count > 0 && count < int64_t{1} << 40) uncorrected += count;
  }
  if (uncorrected > 0)
    scan.degrade(index, api::Health::degraded,
                 counted(uncorrected, "uncorrected memory error", "uncorrected memory errors") +
                     " since the driver was loaded; reset the GPU, replace it if they come again");
}

void note_memory_errors(Scan& scan) {
  const std::string folder = "/sys/devices/system/edac/mc";
  for (const std::string& name : scan.names(folder)) {
    const int64_t count = scan.number(folder + "/" + name + "/ue_count").value_or(0);
    if (name.starts_with("mc") && count > 0)
      scan.note("memory controller " + name + ": " +
                counted(count, "uncorrected error", "uncorrected errors") +
                " since the machine was started; replace the memory module");
  }
}

}  // namespace

void scan_health(Scan& scan) {
  for (size_t i = 0; i < scan.machine.devices.size(); ++i) {
    const PciRecord* record = scan.find_pci(scan.machine.profile.devices[i].address);
    if (record == nullptr) continue;
    judge_pci(scan, i, *record);
    judge_ras(scan, i, *record);
  }
  note_memory_errors(scan);
}

}  // namespace freehold::discover
