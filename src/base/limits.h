// Every bound of the system in one place, each with its reason. A queue, loop, size or depth that
// is not bounded by one of these is a bug.
#pragma once

#include <cstddef>
#include <cstdint>

namespace freehold::limits {

// ---- documents
inline constexpr size_t body_bytes = 3u << 20;  // Kubernetes' own request limit
inline constexpr size_t object_bytes = 256u
                                       << 10;  // objects stay small and quiet: watches copy them
inline constexpr int json_depth = 64;          // far above any schema, far below the stack
inline constexpr size_t list_items = 100'000;  // bounds the work of one malformed body
inline constexpr size_t patch_operations = 10'000;  // as kube-apiserver
inline constexpr size_t patch_steps = 20'000'000;   // values touched by one patch; about 0.2 s
inline constexpr size_t field_errors = 100;  // enough to mend a document, bounded for a hostile one
inline constexpr size_t yaml_bytes = 32u << 20;    // a fleet in one file; bodies are bounded before
inline constexpr size_t yaml_alias_nodes = 0;      // aliases are refused: they multiply
inline constexpr size_t quantity_characters = 64;  // the longest that anyone would write, with room
inline constexpr size_t cpu_list_numbers =
    65'536;  // above the largest machine; "0-4294967295" is hostile

// ---- commits
inline constexpr size_t commit_writes = 10'000;   // a gang of 5,000 members with its Instances
inline constexpr size_t commit_queue = 20'000;    // writes waiting for the disk before 429
inline constexpr size_t leaf_bytes = 65'535;      // C2SP tlog-tiles entry bundle: uint16 length
inline constexpr size_t allocation_members = 64;  // keeps an Allocation below object_bytes

// ---- connections
inline constexpr size_t header_bytes = 32u << 10;
inline constexpr size_t connections = 10'000;
inline constexpr int header_timeout_s = 10;            // a silent client is cut
inline constexpr int body_timeout_s = 30;              // a slow one, too
inline constexpr int idle_timeout_s = 180;             // keep-alive between requests
inline constexpr size_t watch_queue_bytes = 4u << 20;  // beyond: 410 and relist
inline constexpr size_t list_page = 500;               // kubectl's chunk
inline constexpr size_t relay_bytes = 256u << 10;      // of a log, then its agent is held back
inline constexpr int reader_pause_s = 900;             // of a log: somebody looks at a page of it

// ---- history
inline constexpr size_t history_changes = 100'000;  // kept in memory for watches and old lists
inline constexpr int history_s = 300;               // at least 75 s for client-go, better 5 min

// ---- agent
inline constexpr size_t log_file_bytes = 10u << 20;  // per file, then rotated
inline constexpr int log_files = 3;
inline constexpr size_t scrape_bytes = 4u << 20;
inline constexpr size_t measures = 32;  // of one instance: promises, and what they depend on
inline constexpr size_t windows_kept =
    1'000;  // closed windows waiting to be handed in, per instance

}  // namespace freehold::limits
