// SMBIOS structures for tests, as firmware would write them. Test code.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace freehold::discover::testing {

// Type 9, of version 2.6, in use.
inline std::string smbios_slot(const std::string& designation, uint16_t segment, uint8_t bus,
                               uint8_t device) {
  std::string out = {9, 0x11, 1, 0, 1, static_cast<char>(0xa5), 0x0d, 4, 4, 0, 0, 0, 0};
  out += static_cast<char>(segment & 0xff);
  out += static_cast<char>(segment >> 8);
  out += static_cast<char>(bus);
  out += static_cast<char>(device << 3 | (bus == 0xff ? 7 : 0));
  return out + designation + std::string(2, '\0');
}

// Type 42: a network host interface with Redfish over IP. All zeros: no address.
inline std::string smbios_interface(std::array<uint8_t, 4> address, uint16_t port,
                                    const std::string& name) {
  std::string data(91, '\0');
  data[51] = 1;
  for (size_t i = 0; i < 4; ++i) data[52 + i] = static_cast<char>(address[i]);
  data[84] = static_cast<char>(port & 0xff);
  data[85] = static_cast<char>(port >> 8);
  data[90] = static_cast<char>(name.size());
  data += name;
  const std::string specific = {2, 1, 2, 3, 4};
  std::string body = {0x40, static_cast<char>(specific.size())};
  body += specific;
  body += std::string{1, 4, static_cast<char>(data.size())} + data;
  return std::string{42, static_cast<char>(body.size() + 4), 2, 0} + body + std::string(2, '\0');
}

}  // namespace freehold::discover::testing
