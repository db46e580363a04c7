#include "discover/redfish/folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/import/formats.h"
#include "discover/testing/tree.h"

namespace freehold::discover::redfish {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using testing::Tree;

TEST(RedfishFolder, documents_are_found_by_what_they_call_themselves) {
  Tree tree;
  tree.file(
      "/a/index.json",
      R"({"@odata.id":"/redfish/v1","@odata.type":"#ServiceRoot.v1_1_0.ServiceRoot","Chassis":{"@odata.id":"/redfish/v1/Chassis"}})");
  tree.file(
      "/z/index.json",
      R"({"@odata.id":"/redfish/v1/Chassis/","Members":[{"@odata.id":"/redfish/v1/Chassis/1"}]})");
  tree.file("/b/index.json", R"({"@odata.id":"/redfish/v1/Chassis/1","Name":"one"})");
  const Survey s = survey_folder(tree.root()).value();
  ASSERT_THAT(s.chassis, SizeIs(1));
  EXPECT_EQ(s.chassis[0].name, "one");
}

TEST(RedfishFolder, a_document_without_an_id_is_found_by_its_place) {
  Tree tree;
  tree.file(
      "/redfish/v1/index.json",
      R"({"@odata.type":"#ServiceRoot.v1_1_0.ServiceRoot","Chassis":{"@odata.id":"/redfish/v1/Chassis"}})");
  tree.file("/redfish/v1/Chassis/index.json",
            R"({"Members":[{"@odata.id":"/redfish/v1/Chassis/1"}]})");
  tree.file("/redfish/v1/Chassis/1/index.json", R"({"Name":"one"})");
  const Survey s = survey_folder(tree.root()).value();
  ASSERT_THAT(s.chassis, SizeIs(1));
  EXPECT_THAT(s.notes, Contains(HasSubstr("3 documents without an @odata.id")));
}

TEST(RedfishFolder, of_two_documents_with_one_id_the_one_in_its_place_counts) {
  Tree tree;
  tree.file(
      "/index.json",
      R"({"@odata.type":"#ServiceRoot.v1_1_0.ServiceRoot","@odata.id":"/redfish/v1/","Chassis":{"@odata.id":"/redfish/v1/Chassis"}})");
  tree.file(
      "/Chassis/index.json",
      R"({"@odata.id":"/redfish/v1/Chassis","Members":[{"@odata.id":"/redfish/v1/Chassis/B"},{"@odata.id":"/redfish/v1/Chassis/A"}]})");
  tree.file("/Chassis/A/index.json", R"({"@odata.id":"/redfish/v1/Chassis/B","Name":"copied"})");
  tree.file("/Chassis/B/index.json", R"({"@odata.id":"/redfish/v1/Chassis/B","Name":"right"})");
  const Survey s = survey_folder(tree.root()).value();
  ASSERT_THAT(s.chassis, SizeIs(2));
  EXPECT_EQ(s.chassis[0].name, "copied") << "still found under its place";
  EXPECT_EQ(s.chassis[1].name, "right");
  EXPECT_THAT(s.notes, Contains(HasSubstr("/redfish/v1/Chassis/A: calls itself")));
}

TEST(RedfishFolder, says_what_no_link_leads_to) {
  Tree tree;
  tree.file("/index.json", R"({"@odata.type":"#ServiceRoot.v1_1_0.ServiceRoot"})");
  tree.file("/Lost/index.json", R"({"@odata.type":"#PowerSupply.v1_1_0.PowerSupply"})");
  const Survey s = survey_folder(tree.root()).value();
  EXPECT_THAT(s.notes, Contains(HasSubstr("1 documents of type PowerSupply are in the tree")));
}

TEST(RedfishFolder, refuses_what_is_no_service) {
  Tree tree;
  EXPECT_EQ(survey_folder(tree.root()).error().reason, Reason::not_found);
  EXPECT_EQ(survey_folder(Root(tree.path() + "/absent")).error().reason, Reason::not_found);
  tree.file("/index.json", "{\"@odata.type\": ");
  const auto refused = survey_folder(tree.root());
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("there is no such document in the tree"));
}

TEST(RedfishFolder, a_link_to_a_folder_above_ends) {
  Tree tree;
  tree.file("/index.json", R"({"@odata.type":"#ServiceRoot.v1_1_0.ServiceRoot"})");
  tree.link("/again", "/");
  EXPECT_TRUE(survey_folder(tree.root()).ok());
}

TEST(RedfishImporter, gives_an_inventory) {
  Tree tree;
  tree.file("/index.json",
            R"({"@odata.type":"#ServiceRoot.v1_1_0.ServiceRoot","Systems":{"@odata.id":"/s"}})");
  tree.file("/s/index.json", R"({"@odata.id":"/s","Members":[{"@odata.id":"/s/1"}]})");
  tree.file("/s/1/index.json", R"({"@odata.id":"/s/1","HostName":"Web483"})");
  const auto all = import_redfish(tree.root(), {.file = "x", .name = "x", .site = ""});
  ASSERT_TRUE(all.ok());
  ASSERT_THAT(all->hosts, SizeIs(1));
  EXPECT_EQ(all->hosts[0].name, "web483");
  EXPECT_EQ(all->source, "redfish");
}

}  // namespace
}  // namespace freehold::discover::redfish
