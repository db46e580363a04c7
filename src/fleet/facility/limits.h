// Bounds of the facility analysis: its inputs are documents that anyone may have written.
#pragma once

#include <cstddef>
#include <cstdint>

namespace freehold::fleet::facility {

// Of one machine: far above any plate, and small enough that a million of them add up in range,
// with the largest overhead, too.
inline constexpr int64_t most_machine_mw = 100'000'000'000;  // 100 MW
// Of one domain: above the largest grid connection, and such that differences stay in range.
inline constexpr int64_t most_capacity_mw = 1'000'000'000'000'000;  // 1 TW
// Less than a watt is what rounding leaves.
inline constexpr int64_t least_watts_mw = 1'000;
// Whether a load is more than there is. Parts of a load are rounded up, one by one.
inline constexpr bool is_beyond(int64_t load_mw, int64_t capacity_mw) {
  return load_mw - capacity_mw >= least_watts_mw;
}
// Sums of bytes and rates that documents name stop here.
inline constexpr int64_t most_sum = INT64_MAX / 2;
// Changes of load that all single failures together bring about. A hall of 10,000 racks has some
// 500,000; chains without end, which are quadratic, stop here after about a second.
inline constexpr size_t most_effects = 10'000'000;
// Domains between one rack and the grid: a real one has ten.
inline constexpr size_t most_reach = 256;
inline constexpr int deepest_cooling = 16;        // a real chain is rack, CDU, chiller, tower
inline constexpr size_t most_candidates = 1'000;  // places for one more rack that are told
// Places for one more rack that are looked at: a hall of 10,000 racks has some 20,000.
inline constexpr size_t most_places_tried = 500'000;
inline constexpr int64_t most_row_places = 200;  // of a row whose places are numbered

}  // namespace freehold::fleet::facility
