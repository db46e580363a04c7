#include "discover/smbios.h"

#include <fmt/format.h>

#include "discover/limits.h"
#include "discover/parse.h"

namespace freehold::discover {

namespace {

constexpr uint8_t slot_type = 9, ipmi_type = 38, host_interface_type = 42, end_type = 127;
constexpr uint8_t network_interface = 0x40, redfish_over_ip = 4;
constexpr uint16_t usual_port = 443;

// The formatted part of one structure and the strings behind it.
struct Structure {
  uint8_t type = 0;
  std::string_view body;  // with the four bytes of its header
  std::vector<std::string_view> strings;

  bool has(size_t end) const { return body.size() >= end; }
  uint8_t byte(size_t at) const { return at < body.size() ? static_cast<uint8_t>(body[at]) : 0; }
  uint16_t word(size_t at) const { return static_cast<uint16_t>(byte(at) | byte(at + 1) << 8); }
  std::string string(size_t at) const {
    const size_t index = byte(at);
    if (index == 0 || index > strings.size()) return "";
    return clean_text(strings[index - 1], 63);
  }
};

// Takes the next structure from the front; false at the end, or where the bytes are none.
bool take(std::string_view& table, Structure& out) {
  if (table.size() < 4) return false;
  const size_t length = static_cast<uint8_t>(table[1]);
  if (length < 4 || length > table.size()) return false;
  out = {static_cast<uint8_t>(table[0]), table.substr(0, length), {}};
  table.remove_prefix(length);
  // Strings end with a zero byte each, and the set with one more; an empty set is two of them.
  while (!table.empty() && table.front() != '\0') {
    const size_t end = table.find('\0');
    if (end == std::string_view::npos) return false;
    if (out.strings.size() < 255) out.strings.push_back(table.substr(0, end));
    table.remove_prefix(end + 1);
  }
  if (table.empty()) return false;
  const bool was_empty = out.strings.empty();
  table.remove_prefix(was_empty && table.size() > 1 && table[1] == '\0' ? 2 : 1);
  return true;
}

void read_slot(const Structure& structure, Smbios& out) {
  // The place on PCI came with version 2.6; all ones say that there is none.
  if (!structure.has(0x11) || out.slots.size() >= limits::slots) return;
  SmbiosSlot slot;
  slot.designation = structure.string(4);
  slot.in_use = structure.byte(7) == 4;
  slot.segment = structure.word(0x0d);
  slot.bus = structure.byte(0x0f);
  slot.slot = structure.byte(0x10) >> 3;
  const bool is_nowhere =
      slot.segment == 0xffff || (slot.bus == 0xff && structure.byte(0x10) == 0xff);
  if (!slot.designation.empty() && !is_nowhere) out.slots.push_back(std::move(slot));
}

std::string address_text(uint8_t format, std::string_view bytes) {
  const auto byte = [&](size_t at) {
    return static_cast<unsigned>(static_cast<uint8_t>(bytes[at]));
  };
  if ((format != 1 && format != 2) || bytes.size() < 16) return "";
  const size_t size = format == 1 ? 4 : 16;
  if (bytes.substr(0, size).find_first_not_of('\0') == std::string_view::npos) return "";
  std::string out;
  if (format == 1) {
    for (size_t i = 0; i < size; ++i) out += (i == 0 ? "" : ".") + std::to_string(byte(i));
    return out;
  }
  for (size_t i = 0; i < size; i += 2)
    out += fmt::format("{}{:x}", i == 0 ? "[" : ":", byte(i) << 8 | byte(i + 1));
  return out + "]";
}

// The data of a protocol record of type "Redfish over IP".
std::string service_of(std::string_view data) {
  constexpr size_t format = 51, address = 52, port = 84, name_length = 90, name = 91;
  if (data.size() < name_length) return "";
  std::string out = address_text(static_cast<uint8_t>(data[format]), data.substr(address, 16));
  if (out.empty() && data.size() > name) {
    const size_t length = static_cast<uint8_t>(data[name_length]);
    const std::string_view host = data.substr(name, length);
    out = clean_text(host.substr(0, host.find('\0')), 253);
  }
  const auto number = static_cast<uint16_t>(static_cast<uint8_t>(data[port]) |
                                            static_cast<uint8_t>(data[port + 1]) << 8);
  if (!out.empty() && number != 0 && number != usual_port) out += ":" + std::to_string(number);
  return out;
}

void read_host_interface(const Structure& structure, Smbios& out) {
  if (!structure.has(6) || structure.byte(4) != network_interface) return;
  size_t at = 6 + size_t{structure.byte(5)};
  const size_t records = structure.byte(at++);
  for (size_t i = 0; i < records && structure.has(at + 2); ++i) {
    const size_t length = structure.byte(at + 1);
    if (!structure.has(at + 2 + length)) return;
    if (structure.byte(at) == redfish_over_ip && out.bmc_address.empty())
      out.bmc_address = service_of(structure.body.substr(at + 2, length));
    at += 2 + length;
  }
}

}  // namespace

Smbios parse_smbios(std::string_view table) {
  Smbios out;
  Structure structure;
  for (size_t i = 0; i < limits::smbios_structures && take(table, structure); ++i) {
    if (structure.type == slot_type) read_slot(structure, out);
    if (structure.type == ipmi_type) out.has_ipmi = true;
    if (structure.type == host_interface_type) read_host_interface(structure, out);
    if (structure.type == end_type) break;
  }
  return out;
}

}  // namespace freehold::discover
