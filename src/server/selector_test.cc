#include "server/selector.h"

#include <gtest/gtest.h>

#include "api/workload.h"

namespace freehold::server {
namespace {

bool matches(const char* selector, const schema::StringMap& labels) {
  return LabelSelector::parse(selector).value().matches(labels);
}

TEST(LabelSelectors, KnowEveryOperatorOfKubernetes) {
  const schema::StringMap labels{{"app", "web"}, {"tier", "2"}};
  EXPECT_TRUE(matches("", labels));
  EXPECT_TRUE(matches("app=web,tier", labels));
  EXPECT_TRUE(matches("app==web", labels));
  EXPECT_FALSE(matches("app!=web", labels));
  EXPECT_TRUE(matches("absent!=web", labels));
  EXPECT_TRUE(matches("app in (db, web)", labels));
  EXPECT_FALSE(matches("app notin (db,web)", labels));
  EXPECT_TRUE(matches("!absent", labels));
  EXPECT_TRUE(matches("tier>1,tier<3", labels));
  EXPECT_FALSE(matches("tier>2", labels));
}

TEST(LabelSelectors, RefuseWhatTheyCannotRead) {
  for (const char* bad : {"=x", "a in x", "a in (x", "a b", "a>b", "!a=b", "a=b=c!"})
    EXPECT_FALSE(LabelSelector::parse(bad).ok()) << bad;
}

TEST(FieldSelectors, KnowOnlyWhatTheKindDeclares) {
  const api::Kind& kind = api::kind_of<api::Instance>();
  api::Instance instance;
  instance.metadata.name = "a-1";
  instance.spec.node = "gpu-1";
  const api::Object object = api::Object::of(instance);
  EXPECT_TRUE(FieldSelector::parse(kind, "spec.node=gpu-1").value().matches(object));
  EXPECT_FALSE(FieldSelector::parse(kind, "spec.node!=gpu-1").value().matches(object));
  EXPECT_TRUE(FieldSelector::parse(kind, "metadata.name==a-1").value().matches(object));
  EXPECT_EQ(FieldSelector::parse(kind, "spec.run=x").error().reason, Reason::bad_request);
  EXPECT_EQ(FieldSelector::parse(kind, "spec.node=gpu-1").value().required("spec.node"), "gpu-1");
}

}  // namespace
}  // namespace freehold::server
