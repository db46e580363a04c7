// Whatever documents say of racks, feeds and machines, the survey and its pictures end, and count
// nothing below zero that cannot be.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "cli/facility.h"
#include "cli/objects.h"

namespace ff = freehold::fleet::facility;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto documents = freehold::cli::parse_documents(text, "default");
  if (!documents) return 0;
  std::vector<freehold::api::Object> objects;
  ff::Estate estate;
  for (const freehold::cli::Document& document : *documents) {
    auto object = freehold::cli::object_of(document);
    if (!object) continue;
    objects.push_back(std::move(object).value());
    estate.put(objects.back());
  }
  for (const ff::Footing footing : {ff::Footing::now, ff::Footing::most}) {
    const ff::Facility facility = ff::survey(estate, footing);
    for (const ff::RackView& rack : facility.racks)
      CHECK(rack.stranded_mw >= 0 && rack.free_units >= 0 && rack.free_units <= rack.units &&
                rack.free_gpus <= rack.gpus && rack.load_mw >= 0,
            rack.name);
    for (uint32_t d = 0; d < facility.domains.size(); ++d)
      CHECK(facility.domains[d].load_mw >= 0 &&
                facility.domains[d].worst.load_mw >= facility.domains[d].load_mw,
            facility.domains[d].name);
    const freehold::cli::FacilityView view{{}, {}, true};
    (void)freehold::cli::facility_text(estate, facility, view, {});
    (void)freehold::cli::facility_json(estate, facility, view);
    (void)freehold::cli::facility_plan(facility, view);
  }
  ff::RackAsk ask;
  ask.power_mw = 10'000'000;
  (void)ff::place_rack(estate, ask, ff::Footing::most);
  return 0;
}
