// Bounds of what is read of one Redfish service, a management controller or a folder of its
// documents. Either may be hostile: each bound is above the largest machine known.
#pragma once

#include <cstddef>

namespace freehold::discover::redfish::limits {

inline constexpr size_t documents = 20'000;  // a rack controller with all of its sensors has 8,000
inline constexpr size_t document_bytes = 4u << 20;  // an expanded collection of sensors has 0.2 MiB
inline constexpr size_t total_bytes = 128u << 20;   // all documents of one service
inline constexpr size_t id_bytes = 1'024;           // "@odata.id"
inline constexpr size_t members = 4'096;            // of one collection
inline constexpr size_t pages = 256;                // of one collection; mostly of 50 members
inline constexpr size_t steps = 400'000;            // members looked at; twenty per document
inline constexpr size_t notes = 256;                // enough to mend a tree
inline constexpr size_t folders = 65'536;           // of a tree on disk
inline constexpr size_t folder_depth = 32;          // /redfish/v1 and 30 below
inline constexpr size_t text_characters = 128;      // names and models, as the schema's

}  // namespace freehold::discover::redfish::limits
