#include "client/remote.h"

#include <gtest/gtest.h>

#include <map>

#include "api/core.h"
#include "api/node.h"
#include "api/workload.h"
#include "client/testing/fake_api.h"
#include "client/wire.h"

namespace freehold::client {
namespace {

using testing::FakeApi;
using testing::VirtualRuntime;

api::Instance instance(const std::string& name, const std::string& node = "n1") {
  api::Instance out;
  out.metadata.name = name;
  out.metadata.ns = "a";
  out.spec.node = node;
  out.spec.contract = "c";
  return out;
}

class RemoteApi : public ::testing::Test {
 protected:
  const Target instances{&api::kind_of<api::Instance>(), "", ""};
  VirtualRuntime runtime_;
  FakeApi api_{runtime_};
  Remote remote_{api_};
};

TEST(Paths, AreThoseOfKubernetes) {
  EXPECT_EQ(path_of({&api::kind_of<api::Instance>(), "a", "x", "status"}),
            "/apis/freehold.dev/v1alpha1/namespaces/a/instances/x/status");
  EXPECT_EQ(path_of({&api::kind_of<api::Instance>(), "", ""}),
            "/apis/freehold.dev/v1alpha1/instances");
  EXPECT_EQ(path_of({&api::kind_of<api::Node>(), "", "n"}), "/apis/freehold.dev/v1alpha1/nodes/n");
  EXPECT_EQ(path_of({&api::kind_of<api::ConfigMap>(), "a", "x"}),
            "/api/v1/namespaces/a/configmaps/x");
}

TEST_F(RemoteApi, WhatIsCreatedCanBeReadChangedAndRemoved) {
  std::optional<Result<api::Object>> answer;
  auto take = [&](Result<api::Object> result) { answer.emplace(std::move(result)); };
  remote_.create(api::Object::of(instance("x")), take);
  EXPECT_FALSE(answer.has_value());  // never inside the call
  runtime_.pass(seconds(1));
  ASSERT_TRUE(answer->ok()) << answer->error().to_string();
  EXPECT_FALSE((*answer)->meta().uid.empty());
  remote_.create(api::Object::of(instance("x")), take);
  runtime_.pass(seconds(1));
  EXPECT_EQ(answer->error().reason, Reason::already_exists);

  remote_.get({instances.kind, "a", "x"}, take);
  runtime_.pass(seconds(1));
  ASSERT_TRUE(answer->ok());
  api::Object object = **answer;
  object.as<api::Instance>()->status.pid = 7;
  remote_.update(object, "status", take);
  runtime_.pass(seconds(1));
  EXPECT_EQ(api_.find<api::Instance>("a", "x")->status.pid, 7);
  remote_.update(object, "status", take);  // of an older version
  runtime_.pass(seconds(1));
  EXPECT_EQ(answer->error().reason, Reason::conflict);

  std::optional<Result<void>> removed;
  remote_.remove({instances.kind, "a", "x"},
                 [&](Result<void> r) { removed.emplace(std::move(r)); });
  runtime_.pass(seconds(1));
  EXPECT_TRUE(removed->ok());
  remote_.get({instances.kind, "a", "x"}, take);
  runtime_.pass(seconds(1));
  EXPECT_EQ(answer->error().reason, Reason::not_found);
}

TEST_F(RemoteApi, AListIsWholeWhateverItsPages) {
  for (const char* name : {"p", "q", "r", "s", "t"}) api_.put(instance(name));
  api_.put(instance("elsewhere", "n2"));
  std::optional<Result<Listed>> answer;
  remote_.list(instances, {"", "spec.node=n1"},
               [&](Result<Listed> l) { answer.emplace(std::move(l)); });
  runtime_.pass(seconds(1));
  ASSERT_TRUE(answer->ok()) << answer->error().to_string();
  EXPECT_EQ((*answer)->items.size(), 5u);
  EXPECT_FALSE((*answer)->resource_version.empty());
}

TEST(Wire, AStatusBecomesItsError) {
  http::Response response;
  response.status = 422;
  response.body = http::bytes(
      R"({"kind":"Status","reason":"Invalid","message":"no","code":422,"details":{"causes":)"
      R"([{"reason":"FieldValueRequired","field":"spec.x","message":"required"}]}})");
  const Error error = error_of(response);
  EXPECT_EQ(error.reason, Reason::invalid);
  EXPECT_EQ(error.message, "no");
  ASSERT_EQ(error.causes.size(), 1u);
  EXPECT_EQ(error.causes[0].field, "spec.x");
  response.body = http::bytes("<html>");
  response.status = 503;
  EXPECT_EQ(error_of(response).reason, Reason::unavailable);
  response.body = nullptr;
  response.status = 409;
  EXPECT_EQ(error_of(response).reason, Reason::conflict);
}

TEST(Wire, NonsenseIsAnErrorAndNeverAnObject) {
  const api::Kind& kind = api::kind_of<api::Node>();
  for (const char* text : {"", "[]", "{", R"({"items":[{]})", R"({"items":[1]})", R"({} x)"})
    EXPECT_FALSE(read_list(kind, text).ok()) << text;
  for (const char* text : {"", "{}", R"({"type":"NEW","object":{}})", R"({"type":"ADDED"})"})
    EXPECT_FALSE(read_watch_line(kind, text).ok()) << text;
}

class Follow : public RemoteApi {
 protected:
  void start() {
    reflector_ = std::make_unique<Reflector>(
        runtime_, remote_, instances, ListOptions{"", "spec.node=n1"}, [this] { ++changes_; });
    runtime_.pass(seconds(1));
  }
  size_t lists() const {
    size_t count = 0;
    for (const std::string& line : api_.log) count += line.starts_with("GET ") ? 1 : 0;
    return count;
  }
  std::unique_ptr<Reflector> reflector_;
  int changes_ = 0;
};

TEST_F(Follow, AListAndThenEveryChange) {
  api_.put(instance("x"));
  start();
  EXPECT_TRUE(reflector_->synced());
  EXPECT_TRUE(reflector_->connected());
  EXPECT_EQ(reflector_->items().size(), 1u);
  api_.put(instance("y"));
  api_.put(instance("other", "n2"));
  runtime_.pass(seconds(1));
  EXPECT_EQ(reflector_->items().size(), 2u);
  EXPECT_TRUE(reflector_->items().contains("a/y"));
  api_.remove(*instances.kind, "a", "x");
  runtime_.pass(seconds(1));
  EXPECT_EQ(reflector_->items().size(), 1u);
  EXPECT_EQ(lists(), 1u);
}

TEST_F(Follow, AProperEndGoesOnWhereItStood) {
  api_.put(instance("x"));
  start();
  api_.end_watches(true);
  api_.put(instance("y"));
  runtime_.pass(seconds(5));
  EXPECT_TRUE(reflector_->connected());
  EXPECT_EQ(reflector_->items().size(), 2u);
  EXPECT_EQ(lists(), 1u);
}

TEST_F(Follow, AfterABreakTheListIsTakenAgain) {
  api_.put(instance("x"));
  start();
  api_.cut(true);
  runtime_.pass(seconds(60));
  EXPECT_FALSE(reflector_->connected());
  EXPECT_EQ(reflector_->items().size(), 1u);  // what we knew
  const size_t tries = lists();
  EXPECT_LT(tries, 20u);
  EXPECT_GT(tries, 3u);
  api_.remove(*instances.kind, "a", "x");
  api_.cut(false);
  runtime_.pass(seconds(20));
  EXPECT_TRUE(reflector_->connected());
  EXPECT_TRUE(reflector_->items().empty());
}

TEST_F(Follow, WhatFailsSaysWhyUntilAListArrives) {
  api_.know(false);
  start();
  EXPECT_FALSE(reflector_->synced());
  ASSERT_NE(reflector_->error(), nullptr);
  EXPECT_EQ(reflector_->error()->reason, Reason::unauthorized);
  EXPECT_GT(changes_, 0);  // whoever waits for the list learns of it
  api_.know(true);
  runtime_.pass(seconds(20));
  EXPECT_TRUE(reflector_->synced());
  EXPECT_EQ(reflector_->error(), nullptr);
  api_.cut(true);
  runtime_.pass(seconds(20));
  ASSERT_NE(reflector_->error(), nullptr);
  EXPECT_EQ(reflector_->error()->reason, Reason::unavailable);
}

TEST_F(Follow, AWatchThatIsTooOldListsAgain) {
  api_.put(instance("x"));
  start();
  api_.end_watches(true);
  api_.put(instance("y"));
  api_.compact();
  runtime_.pass(seconds(5));
  EXPECT_TRUE(reflector_->connected());
  EXPECT_EQ(reflector_->items().size(), 2u);
  EXPECT_EQ(lists(), 2u);
}

TEST_F(Follow, NothingIsToldAfterTheEnd) {
  api_.put(instance("x"));
  start();
  const int before = changes_;
  api_.put(instance("y"));
  reflector_.reset();
  runtime_.pass(seconds(60));
  EXPECT_EQ(changes_, before);
  EXPECT_EQ(api_.watches(), 0u);
}

}  // namespace
}  // namespace freehold::client
