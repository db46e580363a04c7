// What a person should look at, from what the survey found. Internal to the facility survey.
#pragma once

#include "fleet/facility/facility.h"

namespace freehold::fleet::facility {

void find_power_faults(Facility& facility);
void find_unknown_racks(const Estate& estate, Facility& facility);
void find_places_taken_twice(Facility& facility);
void find_feeds_of_other_sites(const Estate& estate, Facility& facility);
void find_machines_of_other_sites(Facility& facility);
void find_broken_limits(Facility& facility);
void find_gaps(const Estate& estate, Facility& facility);  // what nobody says
void find_network_and_storage_faults(const Estate& estate, Facility& facility);
// Most severe first.
void order_findings(Facility& facility);

}  // namespace freehold::fleet::facility
