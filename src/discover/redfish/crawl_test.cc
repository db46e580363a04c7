#include "discover/redfish/crawl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/redfish/limits.h"
#include "discover/testing/redfish.h"

namespace freehold::discover::redfish {
namespace {

using ::testing::Contains;
using testing::crawl_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> ids(const Crawl& crawl) {
  std::vector<std::string> out;
  for (const auto& [id, document] : crawl.documents()) out.push_back(id);
  return out;
}

TEST(Crawl, begins_at_the_root_and_follows_links_not_the_form_of_paths) {
  const Crawl crawl = crawl_of(R"(
/redfish/v1: {"@odata.type": "#ServiceRoot.v1_9_0.ServiceRoot", Chassis: {"@odata.id": /anywhere/cases/}}
/anywhere/cases: {Members: [{"@odata.id": /x/1}]}
/x/1: {"@odata.type": "#Chassis.v1_2_0.Chassis", Name: one}
/redfish/v1/Chassis: {Members: [{"@odata.id": /redfish/v1/Chassis/not-linked}]}
)");
  ASSERT_TRUE(crawl.outcome().ok());
  EXPECT_THAT(ids(crawl), ElementsAre("/anywhere/cases", "/redfish/v1", "/x/1"));
  EXPECT_EQ(crawl.documents().at("/x/1").type, "Chassis");
  EXPECT_THAT(crawl.notes(), IsEmpty());
}

TEST(Crawl, takes_the_type_from_the_link_where_a_document_does_not_say_it) {
  const Crawl crawl = crawl_of(R"(
/redfish/v1: {Chassis: {"@odata.id": /c}}
/c: {Members: [{"@odata.id": /c/1}]}
/c/1: {PowerSubsystem: {"@odata.id": /c/1/p}}
/c/1/p: {CapacityWatts: 3}
)");
  EXPECT_EQ(crawl.documents().at("/c/1/p").type, "PowerSubsystem");
}

TEST(Crawl, a_loop_of_links_ends) {
  const Crawl crawl = crawl_of(R"(
/redfish/v1: {Chassis: {"@odata.id": /c}}
/c: {Members: [{"@odata.id": /c/1}, {"@odata.id": /c/1}, {"@odata.id": /redfish/v1}], Members@odata.nextLink: /c}
/c/1: {Links: {Contains: [{"@odata.id": /c/1}, {"@odata.id": /c/2}], ContainedBy: {"@odata.id": /c/2}}}
/c/2: {Links: {Contains: [{"@odata.id": /c/1}]}}
)");
  EXPECT_THAT(ids(crawl), ElementsAre("/c", "/c/1", "/c/2", "/redfish/v1"));
}

TEST(Crawl, reads_the_pages_of_a_collection) {
  const Crawl crawl = crawl_of(R"(
/redfish/v1: {Chassis: {"@odata.id": /c}}
/c: {Members: [{"@odata.id": /c/1}], Members@odata.nextLink: "/c?$skip=1"}
"/c?$skip=1": {Members: [{"@odata.id": /c/2}]}
/c/1: {Name: one}
/c/2: {Name: two}
)");
  EXPECT_TRUE(crawl.documents().contains("/c/2"));
}

TEST(Crawl, takes_members_that_a_collection_carries_whole_without_asking_for_them) {
  const Crawl crawl = crawl_of(R"(
/redfish/v1: {Chassis: {"@odata.id": /c}}
/c: {Members: [{"@odata.id": /c/1, Name: one}, {Name: without an id}]}
)");
  EXPECT_THAT(ids(crawl), ElementsAre("/c", "/c#/Members/1", "/c/1", "/redfish/v1"));
  EXPECT_THAT(crawl.notes(), IsEmpty());
}

TEST(Crawl, what_is_broken_costs_a_note_and_not_the_rest) {
  auto documents = testing::redfish_documents(R"(
/redfish/v1:
  Systems: null
  Managers: 7
  Fabrics: {"@odata.id": 7}
  PowerEquipment: {"@odata.id": "https://10.0.0.1/redfish/v1/PowerEquipment"}
  ThermalEquipment: {"@odata.id": /redfish/../etc/passwd}
  Chassis: {"@odata.id": /c}
/c: {Members: [null, 3, {"@odata.id": /c/gone}, {"@odata.id": /c/bad}, {"@odata.id": /c/list}, {"@odata.id": /c/1}]}
/c/list: []
/c/1: {"@odata.id": /c/2, Name: one}
)");
  documents["/c/bad"] = "{\"Name\": ";
  const Crawl crawl = crawl_of(documents);
  EXPECT_THAT(ids(crawl), ElementsAre("/c", "/c/1", "/redfish/v1"));
  EXPECT_THAT(crawl.notes(), Contains(HasSubstr("/c/gone: there is no such document")));
  EXPECT_THAT(crawl.notes(), Contains(HasSubstr("/c/bad: malformed JSON")));
  EXPECT_THAT(crawl.notes(), Contains(HasSubstr("/c/list: is no JSON object")));
  EXPECT_THAT(crawl.notes(), Contains(HasSubstr("/c: member 0 is no object")));
  EXPECT_THAT(crawl.notes(), Contains(HasSubstr("/c/1: calls itself /c/2")));
  EXPECT_THAT(crawl.notes(),
              Contains(HasSubstr("10.0.0.1/redfish/v1/PowerEquipment\" leads elsewhere")));
  EXPECT_THAT(crawl.notes(), Contains(HasSubstr("/redfish/../etc/passwd\" leads elsewhere")));
  EXPECT_THAT(crawl.notes(), Contains(HasSubstr("a link to a FabricCollection has no @odata.id")));
}

TEST(Crawl, does_not_follow_the_members_of_what_a_link_should_not_lead_to) {
  const Crawl crawl = crawl_of(R"(
/redfish/v1: {Chassis: {"@odata.id": /c}}
/c: {Members: [{"@odata.id": /c/1}]}
/c/1: {PowerSubsystem: {"@odata.id": /c/1/Sensors}}
/c/1/Sensors: {"@odata.type": "#SensorCollection.SensorCollection", Members: [{"@odata.id": /c/1/Sensors/1}]}
)");
  EXPECT_FALSE(crawl.documents().contains("/c/1/Sensors/1"));
  EXPECT_THAT(crawl.notes(), ElementsAre(HasSubstr("a link to a PowerSubsystem leads to this "
                                                   "SensorCollection")));
}

TEST(Crawl, fails_without_a_root) {
  EXPECT_EQ(crawl_of("{}").outcome().error().reason, Reason::not_found);
  const auto other = crawl_of(R"(/redfish/v1: {"@odata.type": "#Chassis.v1_0_0.Chassis"})");
  EXPECT_THAT(other.outcome().error().message, HasSubstr("is no service root but a Chassis"));
}

TEST(Crawl, fails_when_nothing_that_the_root_leads_to_can_be_read) {
  const Crawl none = crawl_of(R"(
/redfish/v1: {Chassis: {"@odata.id": /c}, Systems: {"@odata.id": /s}}
)");
  EXPECT_EQ(none.outcome().error().message, "/s: there is no such document");
  EXPECT_TRUE(crawl_of(R"(
/redfish/v1: {Chassis: {"@odata.id": /c}, Systems: {"@odata.id": /s}}
/c: {Members: []}
)")
                  .outcome()
                  .ok());
  EXPECT_TRUE(crawl_of("/redfish/v1: {Name: empty}").outcome().ok());
}

TEST(Crawl, pages_of_a_collection_come_to_an_end) {
  Crawl crawl;
  size_t asked = 0;
  for (auto ids = crawl.next(); !ids.empty(); ids = crawl.next())
    for (const std::string& id : ids) {
      const std::string next = "/c?skip=" + std::to_string(++asked);
      crawl.take(id, id == root_id
                         ? std::string(R"({"Chassis": {"@odata.id": "/c"}})")
                         : R"({"Members": [], "Members@odata.nextLink": ")" + next + "\"}");
      ASSERT_LE(asked, limits::pages + 1);
    }
  EXPECT_THAT(crawl.notes(), Contains(HasSubstr("more than 256 pages of one collection")));
}

TEST(Crawl, that_is_stopped_wants_nothing_more_and_tells_what_is_left_out) {
  Crawl crawl;
  (void)crawl.next();
  crawl.take("/redfish/v1", std::string(R"({"Chassis": {"@odata.id": "/c"}})"));
  crawl.stop("too slow");
  EXPECT_THAT(crawl.next(), IsEmpty());
  EXPECT_THAT(crawl.notes(), ElementsAre(HasSubstr("too slow: 1 documents")));
}

TEST(Crawl, bounds_the_size_of_documents_and_of_all_together) {
  std::map<std::string, std::string> documents = testing::redfish_documents(R"(
/redfish/v1: {Chassis: {"@odata.id": /c}}
)");
  std::string members;
  const std::string filling(limits::document_bytes - 100, 'a');
  const size_t many = limits::total_bytes / limits::document_bytes + 2;
  for (size_t i = 0; i < many; ++i) {
    const std::string id = "/c/" + std::to_string(i);
    members += (i == 0 ? "" : ",") + ("{\"@odata.id\":\"" + id + "\"}");
    documents[id] = "{\"Name\":\"" + filling + "\"}";
  }
  documents["/c"] = "{\"Members\":[" + members + "]}";
  documents["/c/0"] = "{\"Name\":\"" + std::string(limits::document_bytes, 'a') + "\"}";
  const Crawl crawl = crawl_of(documents);
  EXPECT_THAT(crawl.notes(), Contains(HasSubstr("/c/0: the document is larger than 4 MiB")));
  EXPECT_THAT(crawl.notes(), Contains(HasSubstr("all documents together are larger than 128 MiB")));
}

TEST(Crawl, bounds_the_number_of_documents) {
  // Every document leads to a new one.
  size_t asked = 0;
  const Crawl crawl = redfish::crawl([&](const std::string& id) -> Result<std::string> {
    ++asked;
    if (id == root_id) return std::string(R"({"Chassis":{"@odata.id":"/c"}})");
    if (id == "/c") return std::string(R"({"Members":[{"@odata.id":"/c/0"}]})");
    return R"({"Links":{"Contains":[{"@odata.id":"/c/)" + std::to_string(asked) + R"("}]}})";
  });
  EXPECT_EQ(asked, limits::documents);
  EXPECT_THAT(crawl.notes(), ElementsAre(HasSubstr("more than 20000 documents")));
}

TEST(Crawl, an_answer_to_what_was_not_asked_is_passed_over) {
  Crawl crawl;
  crawl.take("/redfish/v1/Chassis", std::string("{}"));
  EXPECT_THAT(ids(crawl), IsEmpty());
}

TEST(LocalId, is_a_path_of_this_service) {
  EXPECT_EQ(local_id("/redfish/v1/"), "/redfish/v1");
  EXPECT_EQ(local_id("/a#/b"), "/a");
  EXPECT_EQ(local_id("/c?$skip=2"), "/c?$skip=2");
  for (const char* bad :
       {"", "a", "//host/a", "https://host/a", "/a/../b", "/a b", "/a\\b", "/\xff"})
    EXPECT_EQ(local_id(bad), "") << bad;
  EXPECT_EQ(local_id("/" + std::string(limits::id_bytes, 'a')), "");
}

}  // namespace
}  // namespace freehold::discover::redfish
