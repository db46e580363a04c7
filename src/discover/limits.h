// Bounds of what discovery reads. A machine's own kernel wrote the files, but a tree under another
// root may come from anyone: each bound is above the largest machine known and below what would
// hurt.
#pragma once

#include <cstddef>
#include <cstdint>

namespace freehold::discover::limits {

inline constexpr size_t file_bytes =
    64u << 10;  // a sysfs attribute is one page; /proc files are cut here
inline constexpr size_t directory_entries =
    16'384;                              // entries of one directory: 8,192 CPUs and their friends
inline constexpr size_t link_hops = 40;  // as the kernel's MAXSYMLINKS
inline constexpr size_t path_bytes = 4'096;  // as the kernel's PATH_MAX
inline constexpr size_t cpus = 8'192;        // the kernel's largest NR_CPUS
inline constexpr size_t cache_indexes = 16;  // caches seen by one CPU
inline constexpr size_t numa_nodes = 1'024;  // the kernel's largest MAX_NUMNODES; also the schema's
inline constexpr size_t cores = 4'096;       // the schema's
inline constexpr size_t caches = 8'192;      // the schema's
inline constexpr size_t packages = 64;       // the schema's
inline constexpr size_t pci_functions = 16'384;  // read; of these at most pci_kept are kept
inline constexpr size_t pci_kept = 1'024;        // the schema's
inline constexpr size_t devices = 256;           // the schema's
inline constexpr size_t degraded_links = 256;    // the schema's
inline constexpr size_t pci_depth = 32;          // bridges above one device
// Of a tree that hwloc is let into: 384 CPUs have 60,000 entries, and 8,192 have 12 MiB of cpuinfo.
inline constexpr size_t hwloc_entries = 2'000'000;
inline constexpr uint64_t hwloc_file_bytes = 64u << 20;
inline constexpr size_t mounts = 16'384;          // container hosts have thousands
inline constexpr size_t mounts_bytes = 4u << 20;  // and write them in one file
inline constexpr size_t net_depth = 8;  // interfaces over each other; the kernel's MAX_NEST_DEV
inline constexpr size_t routes_bytes = 4u << 20;  // 27,000 of IPv6, whose default ones come last
inline constexpr size_t notes = 256;  // enough to mend a machine, bounded for a hostile tree
inline constexpr size_t model_characters = 128;     // the schema's
inline constexpr size_t reason_characters = 512;    // the schema's
inline constexpr size_t version_characters = 64;    // of firmware; the schema's
inline constexpr size_t provenance = 512;           // the schema's
inline constexpr size_t ports = 16;                 // of one device; the schema's
inline constexpr size_t device_links = 128;         // of one device; the schema's
inline constexpr size_t partitions = 64;            // of one device; the schema's
inline constexpr size_t smbios_bytes = 256u << 10;  // tables of large servers have some 30 KiB
inline constexpr size_t smbios_structures = 4'096;  // of which they have some hundreds
inline constexpr size_t slots = 512;
inline constexpr size_t vendor_devices = 256;  // that one library may show; as many as we keep
inline constexpr size_t vendor_links = 64;     // of one device; NVML's NVML_NVLINK_MAX_LINKS is 18
inline constexpr size_t events = 256;  // errors taken from a library in one look; the rest waits
inline constexpr size_t energy_counters = 128;  // packages and devices
inline constexpr int64_t clock_mhz = 100'000;   // the schema's; no part runs at a tenth of it

// XML about one machine. The largest seen (hwloc, 384 CPUs) has 340 kB, 2,000 elements, depth 13.
inline constexpr size_t xml_bytes = 16u << 20;
inline constexpr size_t xml_elements = 200'000;
inline constexpr size_t xml_attributes = 1'600'000;
inline constexpr size_t xml_attributes_each = 64;
inline constexpr size_t xml_depth = 100;  // pci_depth, and as many levels of packages and caches
inline constexpr size_t profile_links = 128;       // of one device; the schema's
inline constexpr size_t matrix_objects = 1'024;    // as numa_nodes; 16 GPUs and 12 switches are 28
inline constexpr size_t matrix_cells = 4'000'000;  // of all matrices of a file
// Matrices that tools print: 256 devices have 256 rows of at most 8 bytes a cell, and a legend.
inline constexpr size_t smi_bytes = 4u << 20;
inline constexpr size_t smi_lines = 4'096;
inline constexpr size_t smi_line_bytes = 16'384;

}  // namespace freehold::discover::limits
