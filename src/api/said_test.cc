#include "api/said.h"

#include <gtest/gtest.h>

namespace freehold::api {
namespace {

TEST(Said, comes_back_from_annotations) {
  ObjectMeta meta;
  const Said said{"ibnetdiscover", Confidence::inferred, *parse_rfc3339("2026-11-23T15:39:13Z")};
  set_said(meta, said);
  EXPECT_EQ(said_of(meta), said);
}

TEST(Said, what_no_importer_brought_was_written_by_someone_when_it_was_made) {
  ObjectMeta meta;
  meta.creation_timestamp = *parse_rfc3339("2026-11-23T15:39:13Z");
  EXPECT_EQ(said_of(meta), (Said{"document", Confidence::declared, meta.creation_timestamp}));
}

TEST(Said, of_a_node_the_longest_path_counts) {
  Node node;
  node.status.provenance = {{"spec", "slurm", Confidence::overlay, {}},
                            {"spec.rack", "redfish", Confidence::bmc, {}},
                            {"spec.rackets", "nobody", Confidence::bmc, {}}};
  EXPECT_EQ(said_of(node, "spec.rack").source, "redfish");
  EXPECT_EQ(said_of(node, "spec.feeds").source, "slurm");
  EXPECT_EQ(said_of(node, "status").source, "document");
}

}  // namespace
}  // namespace freehold::api
