#include "api/core.h"

#include <gtest/gtest.h>

#include "api/contract.h"
#include "api/registry.h"
#include "api/workload.h"

namespace freehold::api {
namespace {

Object read(const Kind& kind, std::string_view json) {
  Object object(kind);
  schema::Errors errors;
  EXPECT_TRUE(read_object(object, json, errors).ok()) << json;
  EXPECT_TRUE(errors.empty()) << json;
  return object;
}

std::vector<std::string> update_faults(const Kind& kind, std::string_view before,
                                       std::string_view after) {
  schema::Errors errors;
  validate_update(read(kind, before), read(kind, after), errors);
  std::vector<std::string> paths;
  for (const schema::FieldError& error : errors.all()) paths.push_back(error.path);
  return paths;
}

TEST(Namespace, IsLabelledWithItsName) {
  Object ns = read(kind_of<Namespace>(), R"({"metadata":{"name":"acme"}})");
  ns.kind().admit(ns.data());
  EXPECT_EQ(ns.meta().labels.at("kubernetes.io/metadata.name"), "acme");
  Object unnamed = read(kind_of<Namespace>(), R"({"metadata":{"generateName":"acme-"}})");
  unnamed.kind().admit(unnamed.data());
  EXPECT_TRUE(unnamed.meta().labels.empty());
}

TEST(Secret, TextMovesIntoDataWhenItIsAdmitted) {
  Object object =
      read(kind_of<Secret>(), R"({"data":{"a":"QQ==","b":"Qg=="},"stringData":{"a":"x"}})");
  object.kind().admit(object.data());
  const Secret& secret = *object.as<Secret>();
  EXPECT_EQ(secret.data.at("a").data, "x");
  EXPECT_EQ(secret.data.at("b").data, "B");
  EXPECT_TRUE(secret.string_data.empty());
  EXPECT_EQ(secret.type, "Opaque");
}

TEST(Contract, KeepsTheTermThatItsPriceWasAgreedFor) {
  const auto contract = [](const std::string& phase, const std::string& duration,
                           const std::string& more = "") {
    return R"({"spec":{"roles":[{"name":"a","each":{"cpu":1,"memory":"1Gi"}}],"term":{"duration":")" +
           duration + "\"}" + more + R"(},"status":{"phase":")" + phase + R"("}})";
  };
  const Kind& kind = kind_of<Contract>();
  EXPECT_TRUE(update_faults(kind, contract("Offered", "1h"), contract("Offered", "2h")).empty());
  for (const char* phase : {"Reserved", "Active", "Settled"})
    EXPECT_EQ(update_faults(kind, contract(phase, "1h"), contract(phase, "100h")),
              std::vector<std::string>{"spec.term"});
  EXPECT_TRUE(
      update_faults(kind, contract("Active", "1h"), contract("Active", "1h", R"(,"release":true)"))
          .empty());
}

TEST(Workload, KeepsTheParametersThatItsTemplateWasFilledInWith) {
  const auto workload = [](int n, const std::string& reason) {
    return R"({"metadata":{"name":"w","namespace":"a"},"spec":{"template":"t","parameters":{"n":)" +
           std::to_string(n) + R"(}},"status":{"conditions":[{"type":"Instantiated","reason":")" +
           reason + R"(","status":")" + (reason == "Filled" ? "True" : "False") + R"("}]}})";
  };
  const Kind& kind = kind_of<Workload>();
  EXPECT_TRUE(update_faults(kind, workload(2, "Invalid"), workload(3, "Invalid")).empty());
  EXPECT_TRUE(update_faults(kind, workload(2, "Filled"), workload(2, "Filled")).empty());
  for (const char* reason : {"Filled", "RolesDiffer"})
    EXPECT_EQ(update_faults(kind, workload(2, reason), workload(3, reason)),
              std::vector<std::string>{"spec.parameters"});
}

TEST(Secret, KeepsItsType) {
  EXPECT_EQ(update_faults(kind_of<Secret>(), R"({"type":"Opaque"})", R"({"type":"other"})"),
            std::vector<std::string>{"type"});
}

TEST(Secret, DoesNotChangeOnceItIsImmutable) {
  constexpr std::string_view frozen = R"({"data":{"a":"QQ=="},"immutable":true})";
  EXPECT_TRUE(update_faults(kind_of<Secret>(), frozen, frozen).empty());
  EXPECT_EQ(update_faults(kind_of<Secret>(), frozen, R"({"data":{"a":"Qg=="},"immutable":true})"),
            std::vector<std::string>{"data"});
  EXPECT_EQ(update_faults(kind_of<Secret>(), frozen, R"({"data":{"a":"QQ=="}})"),
            std::vector<std::string>{"immutable"});
}

TEST(ConfigMap, DoesNotChangeOnceItIsImmutable) {
  constexpr std::string_view frozen = R"({"data":{"a":"1"},"immutable":true})";
  const Kind& kind = kind_of<ConfigMap>();
  EXPECT_TRUE(update_faults(kind, frozen, frozen).empty());
  EXPECT_TRUE(update_faults(kind, R"({"data":{"a":"1"}})", frozen).empty());
  EXPECT_EQ(update_faults(kind, frozen, R"({"binaryData":{"b":"QQ=="},"immutable":false})"),
            (std::vector<std::string>{"immutable", "data", "binaryData"}));
  EXPECT_TRUE(
      update_faults(kind, R"({"data":{"a":"1"},"immutable":false})", R"({"data":{}})").empty());
}

TEST(ConfigMap, HoldsAKeyOnce) {
  schema::Errors errors;
  validate(read(kind_of<ConfigMap>(), R"({"data":{"a":"1"},"binaryData":{"a":"QQ=="}})"), errors);
  ASSERT_EQ(errors.all().size(), 1u);
  EXPECT_EQ(errors.all()[0].path, "binaryData[a]");
}

TEST(Event, WasLastSeenAtTheLatestOfItsTimes) {
  Event event;
  EXPECT_FALSE(last_seen(event).is_set());
  event.metadata.creation_timestamp = Time{1};
  EXPECT_EQ(last_seen(event), Time{1});
  event.first_timestamp = Time{2};
  EXPECT_EQ(last_seen(event), Time{2});
  event.event_time.time = Time{3};
  EXPECT_EQ(last_seen(event), Time{3});
  event.last_timestamp = Time{4};
  EXPECT_EQ(last_seen(event), Time{4});
  event.series = EventSeries{2, {Time{5}}};
  EXPECT_EQ(last_seen(event), Time{5});
}

// leaderelection in client-go reads all of these back and compares.
TEST(Lease, KeepsZerosThatWereGivenAndMicroseconds) {
  constexpr std::string_view json =
      R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"a"},"spec":{"holderIdentity":"","leaseDurationSeconds":15,"renewTime":"2026-11-23T15:39:13.123456Z","leaseTransitions":0}})";
  const Result<Object> lease = decode(kind_of<Lease>(), json);
  ASSERT_TRUE(lease.ok()) << lease.error().message;
  EXPECT_EQ(lease->print(), json);
}

TEST(Lease, LastsAtLeastASecond) {
  schema::Errors errors;
  validate(read(kind_of<Lease>(), R"({"spec":{"leaseDurationSeconds":0}})"), errors);
  ASSERT_EQ(errors.all().size(), 1u);
  EXPECT_EQ(errors.all()[0].path, "spec.leaseDurationSeconds");
}

}  // namespace
}  // namespace freehold::api
