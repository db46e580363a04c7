// What the machine is called: product, architecture, firmware, kernel, boot, host name.
#include <algorithm>

#include "base/strings.h"
#include "discover/parse.h"
#include "discover/scan.h"
#include "discover/words.h"

namespace freehold::discover {

namespace {

std::string product_of(const Scan& scan, std::string_view cpuinfo) {
  std::string product = product_name(scan.line("/sys/class/dmi/id/sys_vendor"),
                                     scan.line("/sys/class/dmi/id/product_name"));
  if (!product.empty()) return product;
  // Device trees end their strings with a zero byte.
  for (const char* path : {"/proc/device-tree/model", "/sys/firmware/devicetree/base/model"}) {
    std::string model = scan.line(path);
    model.resize(std::min(model.size(), model.find('\0')));
    if (!model.empty()) return model;
  }
  for (const std::string_view key : {"machine", "Hardware", "model"}) {
    const std::string value = parse_colon_value(cpuinfo, key);
    if (!says_nothing(value) && !parse_int(value)) return value;
  }
  const std::string model = cpu_model(cpuinfo);
  return model.empty() ? "" : model + (scan.machine.is_virtual ? " virtual machine" : " machine");
}

bool is_guest(const Scan& scan, std::string_view cpuinfo) {
  const std::string flags = " " + parse_colon_value(cpuinfo, "flags") + " ";
  return flags.find(" hypervisor ") != std::string::npos ||
         scan.root.exists("/sys/hypervisor/type");
}

}  // namespace

void scan_board(Scan& scan) {
  Machine& machine = scan.machine;
  const std::string cpuinfo = scan.root.read_start("/proc/cpuinfo").value_or("");
  machine.is_virtual = is_guest(scan, cpuinfo);
  machine.profile.product = clean_text(product_of(scan, cpuinfo), limits::model_characters);
  machine.profile.architecture = clean_text(scan.line("/proc/sys/kernel/arch"), 16);
  if (machine.profile.architecture.empty())
    machine.profile.architecture = cpu_architecture(cpuinfo);
  const std::string bios = scan.line("/sys/class/dmi/id/bios_version");
  machine.firmware = says_nothing(bios) ? "" : parse_version(bios);
  machine.kernel = clean_text(scan.line("/proc/sys/kernel/osrelease"), 128);
  machine.boot_id = clean_text(scan.line("/proc/sys/kernel/random/boot_id"), 64);
  machine.host_name = clean_text(scan.line("/proc/sys/kernel/hostname"), 253);
  if (machine.host_name.empty()) machine.host_name = clean_text(scan.line("/etc/hostname"), 253);
}

}  // namespace freehold::discover
