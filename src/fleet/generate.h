// Fleets out of nothing: sites with their law and links, power in two trees, cooling, racks,
// fabrics in rails and pods, storage pools and machines, as API objects, for tests, benchmarks and
// demos. The same options give the same objects. They come one by one, so that a fleet of 100,000
// machines needs no more memory than its largest object. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/object.h"
#include "base/result.h"

namespace freehold::fleet {

struct MixPart {
  std::string model;  // of machine_models.h
  int64_t nodes = 0;
};
struct GenerateOptions {
  std::vector<MixPart> mix;
  int64_t sites =
      1;  // data centres, over which the mix is spread; edge machines get sites of their own
  uint64_t seed = 1;
};
inline constexpr int64_t most_generated_nodes = 1'000'000;
inline constexpr int64_t most_generated_sites = 100;

// "h100=10,gb200=36,cpu=5". `bad_request` names the models that there are.
Result<std::vector<MixPart>> parse_mix(std::string_view text);

// What others refer to comes first: Sites, PowerDomains, Racks, HardwareProfiles, Fabrics,
// StoragePools, Nodes. One node in 64 has a NIC at half its lanes, and says so.
void generate(const GenerateOptions& options, const std::function<void(api::Object)>& put);

}  // namespace freehold::fleet
