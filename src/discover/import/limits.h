// Bounds of what importers read and give. Files come from anyone: each bound is above the largest
// site known and below what would hurt.
#pragma once

#include <cstddef>

#include "discover/limits.h"

namespace freehold::discover::limits {

inline constexpr size_t import_bytes = 64u << 20;  // 20,000 adapters in ibnetdiscover are 11 MiB
inline constexpr size_t import_lines = 2'000'000;  // of one text
inline constexpr size_t import_line_bytes = 1u << 20;  // a node list may name every node by name
inline constexpr size_t import_notes = 256;            // per source; beyond that they are counted
inline constexpr size_t note_bytes = 512;
inline constexpr size_t import_hosts = 32'768;       // machines of one file, or of one host list
inline constexpr size_t import_devices = 262'144;    // of them, where few words make many: 8 each
inline constexpr size_t import_switches = 65'536;    // of one fabric, before it is split
inline constexpr size_t import_ports = 1'048'576;    // rows of one fabric
inline constexpr size_t import_inventories = 1'024;  // files of one command
inline constexpr size_t host_name_bytes = 253;       // as a DNS name
inline constexpr size_t hostlist_brackets = 8;       // "rack[1-4]node[01-18]" has two
inline constexpr size_t tiers = 8;                   // the schema's
inline constexpr size_t switch_nodes = 1'024;        // the schema's
inline constexpr size_t fabric_switches = 2'048;     // the schema's
inline constexpr size_t fabric_links = 4'096;        // the schema's
inline constexpr size_t fabric_adapters = 2'048;     // the schema's
inline constexpr size_t conflicts = 128;             // the schema's
inline constexpr size_t distance_conflicts = 32;     // of one matrix: others must have room
inline constexpr size_t claims = 16;                 // the schema's

}  // namespace freehold::discover::limits
