// Health, and what kubectl looks for at any server.
#include <gtest/gtest.h>

#include "server/testing/desk.h"

namespace freehold::server {
namespace {

using testing::Answer;
using testing::Desk;

struct OtherTest : ::testing::Test {
  Answer get(const std::string& path) { return desk.send("GET", path); }
  Answer write() {
    return desk.send("POST", "/api/v1/namespaces/default/configmaps",
                     R"({"metadata":{"generateName":"m-"}})");
  }
  static std::string text(const Answer& answer) {
    const std::string* said = answer.body.as_string();
    return said ? *said : answer.text();
  }
  Desk desk;
};

TEST_F(OtherTest, it_is_not_ready_while_the_disk_refuses_writes) {
  store::set_faults(*desk.disk, {.full = true});
  EXPECT_EQ(get("/readyz").status, 200);
  EXPECT_GE(write().status, 500);
  const Answer refused = get("/readyz");
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(text(refused).find("[-]store failed: the disk refused the last write"),
            std::string::npos)
      << text(refused);
  EXPECT_EQ(get("/readyz/store").status, 503);
  EXPECT_EQ(get("/readyz/ping").status, 200);
  EXPECT_EQ(get("/livez").status, 200);
  EXPECT_EQ(text(get("/metrics")).find("freehold_store_refused_total 0"), std::string::npos);
  store::set_faults(*desk.disk, {});
  EXPECT_EQ(write().status, 201);
  EXPECT_EQ(get("/readyz").status, 200);
}

TEST_F(OtherTest, health_names_its_checks_and_knows_no_others) {
  EXPECT_EQ(text(get("/readyz")), "ok");
  EXPECT_EQ(text(get("/readyz?verbose")),
            "[+]ping ok\n[+]shutdown ok\n[+]store ok\nreadyz check passed\n");
  EXPECT_EQ(text(get("/livez?verbose")), "[+]ping ok\nlivez check passed\n");
  for (const char* path : {"/readyz/nonsense", "/livez/store", "/livez/", "/livezz"})
    EXPECT_EQ(get(path).status, 404) << path;
  desk.plane->api().drain();
  EXPECT_EQ(get("/readyz").status, 503);
  EXPECT_EQ(get("/livez").status, 200);
}

// `kubectl cluster-info` looks for the resource, then for those of kube-system that are the
// cluster's.
TEST_F(OtherTest, services_are_discovered_and_there_are_none) {
  const Answer resources = get("/api/v1");
  EXPECT_NE(resources.text().find(R"("services")"), std::string::npos) << resources.text();
  const Answer list =
      get("/api/v1/namespaces/kube-system/"
          "services?labelSelector=kubernetes.io%2Fcluster-service%3Dtrue");
  EXPECT_EQ(list.status, 200);
  EXPECT_EQ(list.body.string_at({"kind"}), "ServiceList");
  EXPECT_TRUE(list.body.at({"items"})->as_array()->empty());
  EXPECT_EQ(get("/api/v1/services?watch=true").status, 405);
  const Answer made = desk.send("POST", "/api/v1/namespaces/default/services", "{}");
  EXPECT_EQ(made.status, 405);
  EXPECT_NE(made.message().find("no services are kept here"), std::string::npos) << made.text();
}

TEST_F(OtherTest, services_have_the_short_name_that_everybody_types) {
  const std::string_view own = R"("shortNames":["svc"])";
  EXPECT_NE(get("/api/v1").text().find(own), std::string::npos);
  http::Request aggregated = Desk::request("GET", "/api");
  aggregated.headers["accept"] =
      "application/json;g=apidiscovery.k8s.io;v=v2;"
      "as=APIGroupDiscoveryList";
  EXPECT_NE(desk.send(Desk::admin(), std::move(aggregated)).text().find(own), std::string::npos);
}

// `kubectl cluster-info dump` lists all of these; one that is not found ends it.
TEST_F(OtherTest, a_dump_of_the_cluster_finds_all_that_it_lists) {
  for (const char* path :
       {"/api/v1/nodes", "/api/v1/namespaces/kube-system/events",
        "/api/v1/namespaces/kube-system/replicationcontrollers",
        "/api/v1/namespaces/kube-system/services", "/api/v1/namespaces/kube-system/pods",
        "/apis/apps/v1/namespaces/kube-system/daemonsets",
        "/apis/apps/v1/namespaces/kube-system/deployments",
        "/apis/apps/v1/namespaces/kube-system/replicasets"}) {
    const Answer list = get(path);
    EXPECT_EQ(list.status, 200) << path;
    EXPECT_NE(list.body.at({"items"}), nullptr) << path;
  }
  EXPECT_EQ(get("/apis/apps/v1/namespaces/kube-system/deployments").body.string_at({"apiVersion"}),
            "apps/v1");
  EXPECT_EQ(get("/apis/apps/v1/pods").status, 404);
  // Ours are those that `kubectl get nodes` means.
  EXPECT_EQ(get("/api/v1").text().find(R"("nodes")"), std::string::npos);
}

// Asked by kubectl before it says that it does not know a kind.
TEST_F(OtherTest, there_are_no_custom_resource_definitions) {
  const std::string path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const Answer list = get(path);
  EXPECT_EQ(list.status, 200);
  EXPECT_EQ(list.body.string_at({"kind"}), "CustomResourceDefinitionList");
  EXPECT_TRUE(list.body.at({"items"})->as_array()->empty());
  EXPECT_EQ(desk.send(http::Peer{}, "GET", path).status, 401);
}

}  // namespace
}  // namespace freehold::server
