#include "discover/import/rack_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "discover/import/testing/machines.h"

namespace freehold::discover {
namespace {

using testing::all_of;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::merged;

TEST(RackNames, one_label_in_two_rows_or_rooms_is_two_racks) {
  RackNames names;
  EXPECT_EQ(names.name_of("4", "North", ""), "4");
  EXPECT_EQ(names.name_of("4", "South", ""), "4-south");
  EXPECT_EQ(names.name_of("4", "north", "Hall 2"), "4") << "the room was not told before";
  EXPECT_EQ(names.name_of("4", "North", "Hall 3"), "4-hall-3");
  EXPECT_EQ(names.name_of("4-south", "East", ""), "4-south-2");
  EXPECT_EQ(names.name_of("5", "South", ""), "5");
  EXPECT_EQ(names.name_of("5-north", "North", ""), "5-north");
  EXPECT_EQ(names.name_of("5", "North", ""), "5-north") << "as another source calls it";
}

TEST(RackNames, machines_of_two_services_stand_in_the_rack_of_their_row) {
  std::vector<Inventory> services;
  for (const char* row : {"North", "South"}) {
    HostFacts host = testing::machine({});
    host.name = to_lower(row);
    host.rack = "4";
    services.push_back(testing::inventory("redfish", api::Confidence::bmc, std::move(host)));
    services.back().racks.emplace_back();
    services.back().racks[0].metadata.name = "4";
    services.back().racks[0].spec.row = row;
  }
  const Merged out = merged(std::move(services));
  std::vector<std::string> racks;
  for (const api::Rack* rack : all_of<api::Rack>(out))
    racks.push_back(rack->metadata.name + " " + rack->spec.row);
  EXPECT_THAT(racks, ElementsAre("4 North", "4-south South"));
  for (const api::Node* node : all_of<api::Node>(out))
    EXPECT_EQ(node->spec.rack, node->metadata.name == "north" ? "4" : "4-south");
  EXPECT_THAT(out.notes, Contains(HasSubstr("rack 4 in row South is another")));
}

}  // namespace
}  // namespace freehold::discover
