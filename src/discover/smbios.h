// Reader of the SMBIOS structure table as firmware leaves it: slots as printed on the board, and
// where this machine's management controller answers. Pure; any bytes are survived, and what does
// not fit is passed over. Formats: DMTF DSP0134 3.7 (types 9 and 42) and DSP0270 1.3 (Redfish over
// IP).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace freehold::discover {

struct SmbiosSlot {
  std::string designation;  // "PCIe Slot 3"
  uint32_t segment = 0, bus = 0, slot = 0;
  bool in_use = false;
};
struct Smbios {
  std::vector<SmbiosSlot> slots;  // that say where they are on PCI
  std::string bmc_address;        // "169.254.0.17", "[fe80::1]" or a name, ":port" unless it is 443
  bool has_ipmi = false;          // type 38: a controller answers on this machine's own bus
};

Smbios parse_smbios(std::string_view table);

}  // namespace freehold::discover
