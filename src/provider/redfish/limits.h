// Bounds of talking to one management controller. They are slow, small computers: few connections,
// much patience, but never without end.
#pragma once

#include <cstddef>

namespace freehold::provider::redfish::limits {

inline constexpr size_t connections = 4;      // many controllers answer no more than that at once
inline constexpr int answer_s = 30;           // one answer; some collect sensors for 20 s
inline constexpr int survey_s = 900;          // all documents; a rack controller needs 300
inline constexpr size_t survey_reads = 16;    // between two looks at the clock
inline constexpr int attempts = 3;            // of one read
inline constexpr int first_pause_ms = 500;    // before a read is tried again, then twice that
inline constexpr int longest_pause_s = 10;    // also when a server asks for more by Retry-After
inline constexpr int redirects = 4;           // of one read
inline constexpr size_t message_bytes = 512;  // of a server's error message
inline constexpr int settle_s = 120;  // for a power state to come about; a reboot's POST takes less
inline constexpr int look_again_ms = 1'000;  // while it comes about
inline constexpr int limit_looks = 5;        // at a power limit before it counts as not taken

}  // namespace freehold::provider::redfish::limits
