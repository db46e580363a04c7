// One machine that sources name with and without its domain.
#include "discover/import/full_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/import/testing/machines.h"

namespace freehold::discover {
namespace {

using ::testing::ElementsAre;
using testing::gpu;
using ::testing::HasSubstr;
using testing::inventory;
using testing::machine;
using testing::merged;
using testing::only;
using ::testing::SizeIs;

HostFacts named(std::string name, std::string address) {
  HostFacts host = machine({gpu("gpu0", std::move(address))});
  host.name = std::move(name);
  return host;
}

TEST(FullNames, a_machine_with_and_without_its_domain_is_one_and_a_note_names_both) {
  Inventory fabric = inventory("slurm-nodes", api::Confidence::overlay, named("gpu03", ""));
  fabric.fabrics.resize(1);
  fabric.fabrics[0].metadata.name = "tree";
  fabric.fabrics[0].spec.kind = api::FabricKind::data;
  fabric.fabrics[0].spec.switches.resize(1);
  fabric.fabrics[0].spec.switches[0].name = "leaf";
  fabric.fabrics[0].spec.switches[0].nodes = {"gpu03"};
  const Merged out = merged({inventory("resourceslice", api::Confidence::sysfs,
                                       named("gpu03.example.com", "0000:01:00.0")),
                             std::move(fabric)});
  EXPECT_EQ(only(out).node.metadata.name, "gpu03.example.com");
  EXPECT_THAT(only(out).profile.devices, SizeIs(1));
  const auto fabrics = testing::all_of<api::Fabric>(out);
  ASSERT_THAT(fabrics, SizeIs(1));
  EXPECT_THAT(fabrics[0]->spec.switches[0].nodes, ElementsAre("gpu03.example.com"));
  EXPECT_THAT(out.notes, ElementsAre(HasSubstr("gpu03 is gpu03.example.com")));
}

TEST(FullNames, of_two_sources_of_one_rank_the_first_given_counts_whatever_it_calls_the_machine) {
  const auto said = [](std::string name, std::string model) {
    HostFacts host = named(std::move(name), "0000:01:00.0");
    host.profile.devices[0].model = std::move(model);
    return host;
  };
  const Merged out =
      merged({inventory("topograph", api::Confidence::overlay, said("gpu03", "A")),
              inventory("slurm-nodes", api::Confidence::overlay, said("gpu03.example.com", "B"))});
  EXPECT_EQ(only(out).profile.devices[0].model, "A");
}

TEST(FullNames, nobody_guesses_which_of_several_or_joins_what_one_source_tells_apart) {
  std::vector<std::string> notes;
  EXPECT_THAT(full_names({{"a", {"x"}}, {"a.b.c", {"y"}}, {"a.d", {"y"}}}, notes), SizeIs(0));
  EXPECT_THAT(notes, ElementsAre(HasSubstr("stay apart: a (a.b.c or a.d)")));
  EXPECT_THAT(full_names({{"a", {"x", "y"}}, {"a.b", {"y"}}}, notes), SizeIs(0));
  EXPECT_THAT(full_names({{"a-1", {"x"}}, {"a.b", {"y"}}}, notes), SizeIs(0));
  EXPECT_THAT(notes, SizeIs(1));
}

}  // namespace
}  // namespace freehold::discover
