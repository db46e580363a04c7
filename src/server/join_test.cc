#include <gtest/gtest.h>

#include "http/pki.h"
#include "server/enrol.h"
#include "server/testing/desk.h"

namespace freehold::server {
namespace {

using testing::Answer;
using testing::Desk;

struct JoinTest : ::testing::Test {
  std::string token(const std::string& body = "{}") {
    const Answer made = desk.send("POST", "/tokens", body);
    EXPECT_EQ(made.status, 201) << made.text();
    return std::string(made.body.string_at({"token"}));
  }
  Answer join(const std::string& with, const std::string& node) {
    return join(with, node, http::make_request().value().certificate_pem);
  }
  Answer join(const std::string& with, const std::string& node, const std::string& request) {
    json::Object body;
    body["token"] = with;
    body["nodeName"] = node;
    body["csr"] = request;
    body["site"] = "where-it-wants";
    body["addresses"] = json::Array{"control.example", "10.0.0.1"};
    return desk.send(http::Peer{}, "POST", "/join", json::print(body));
  }
  static http::Peer holder_of(const Answer& joined) {
    auto subject = http::certificate_subject(joined.body.string_at({"certificate"})).value();
    return {"10.0.0.3:1", std::move(subject.common_name), std::move(subject.organizations)};
  }
  const api::Node* node(const std::string& name) {
    return desk.plane->ledger().view().get<api::Node>({}, name);
  }
  Answer get(const http::Peer& peer, const std::string& name) {
    return desk.send(peer, "GET", nodes + "/" + name);
  }
  const std::string nodes = std::string(testing::own) + "/nodes";
  Desk desk;
};

TEST_F(JoinTest, a_token_is_good_once) {
  const std::string one = token();
  EXPECT_EQ(join(one, "n1").status, 200);
  EXPECT_EQ(join(one, "n1").status, 401);
  EXPECT_EQ(join(one, "n2").status, 401);
}

TEST_F(JoinTest, an_answer_that_was_lost_can_be_asked_for_again_with_the_same_key) {
  for (const std::string& wish : {std::string("{}"), std::string(R"({"nodeName":"n2"})")}) {
    const std::string one = token(wish), name = wish == "{}" ? "n1" : "n2";
    const std::string request = http::make_request().value().certificate_pem;
    const Answer first = join(one, name, request);
    ASSERT_EQ(first.status, 200) << first.text();
    const std::string uid = node(name)->metadata.uid;
    const Answer again = join(one, name, request);
    ASSERT_EQ(again.status, 200) << again.text();
    EXPECT_EQ(holder_of(again).certificate_organizations,
              holder_of(first).certificate_organizations);
    EXPECT_EQ(node(name)->metadata.uid, uid);
    EXPECT_EQ(get(holder_of(again), name).status, 200);

    EXPECT_EQ(join(one, name).status, 401) << "another key";
    EXPECT_EQ(join(one, "n3", request).status, 401) << "another name";
    EXPECT_EQ(node("n3"), nullptr);
    // The Node of that name is another one now, or gone: the token was for the first.
    ASSERT_EQ(desk.send("DELETE", nodes + "/" + name).status, 200);
    EXPECT_EQ(join(one, name, request).status, 401);
    EXPECT_EQ(node(name), nullptr);
    desk.agent(name);
    EXPECT_EQ(join(one, name, request).status, 401);
  }
}

TEST_F(JoinTest, a_lost_answer_can_be_asked_for_no_longer_than_the_token_lives) {
  const std::string one = token(R"({"ttl":"10s"})");
  const std::string request = http::make_request().value().certificate_pem;
  ASSERT_EQ(join(one, "n1", request).status, 200);
  desk.pass(seconds(11));
  EXPECT_EQ(join(one, "n1", request).status, 401);
}

TEST_F(JoinTest, two_requests_at_once_make_one_node_and_the_later_may_ask_again) {
  const std::string one = token(), request = http::make_request().value().certificate_pem;
  json::Object body;
  body["token"] = one;
  body["nodeName"] = "n1";
  body["csr"] = request;
  // Neither sees what the other has begun.
  const auto first = desk.begin(http::Peer{}, "POST", "/join", json::print(body));
  const Answer second = desk.send(http::Peer{}, "POST", "/join", json::print(body));
  EXPECT_EQ(second.status, 409) << second.text();
  desk.pass(seconds(1));
  EXPECT_EQ(first->status, 200) << first->text();
  EXPECT_EQ(join(one, "n1", request).status, 200);
}

TEST_F(JoinTest, a_token_ends) {
  const std::string one = token(R"({"ttl":"10s"})");
  const std::string kept = "/api/v1/namespaces/freehold-system/secrets";
  EXPECT_NE(desk.send("GET", kept).text().find("join-"), std::string::npos);
  desk.pass(seconds(11));
  EXPECT_EQ(join(one, "n1").status, 401);
  EXPECT_EQ(desk.send("GET", kept).text().find("join-"), std::string::npos);
}

TEST_F(JoinTest, what_is_wrong_with_a_token_is_not_said) {
  const std::string one = token(R"({"nodeName":"n1"})");
  const std::string guessed = one.substr(0, one.size() - 1) + (one.back() == 'a' ? "b" : "a");
  EXPECT_EQ(join(one, "n2").text(), join(guessed, "n1").text());
  EXPECT_EQ(join("fh1.a.b.c", "n1").text(), join(guessed, "n1").text());
  EXPECT_EQ(join(one, "n1").status, 200);
}

TEST_F(JoinTest, a_token_for_any_machine_does_not_make_one_that_is_there_already) {
  ASSERT_EQ(desk.send("POST", std::string(testing::own) + "/nodes", R"({"metadata":{"name":"n1"}})")
                .status,
            201);
  const std::string one = token();
  const Answer refused = join(one, "n1");
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.message().find("freehold token --node n1"), std::string::npos);
  EXPECT_NE(refused.message().find("was only applied"), std::string::npos) << refused.message();
  EXPECT_EQ(join(one, "n2").status, 200);  // it is not used up
  EXPECT_EQ(join(token(R"({"nodeName":"n1"})"), "n1").status, 200);
}

TEST_F(JoinTest, joining_makes_the_node_and_the_certificate_says_no_more_than_that) {
  const Answer joined = join(token(R"({"site":"ber1"})"), "n1");
  ASSERT_EQ(joined.status, 200) << joined.text();
  ASSERT_NE(node("n1"), nullptr);
  EXPECT_EQ(node("n1")->spec.site, "ber1");
  const http::Peer agent = holder_of(joined);
  EXPECT_EQ(agent.certificate_common_name, "freehold:node:n1");
  EXPECT_EQ(agent.certificate_organizations,
            (std::vector<std::string>{"freehold:nodes",
                                      "freehold:node-uid:" + node("n1")->metadata.uid}));
  EXPECT_EQ(get(agent, "n1").status, 200);
  json::Object body;
  body["csr"] = http::make_request().value().certificate_pem;
  body["addresses"] = json::Array{"control.example"};
  const Answer renewed = desk.send(agent, "POST", "/renew", json::print(body));
  ASSERT_EQ(renewed.status, 200) << renewed.text();
  EXPECT_EQ(holder_of(renewed).certificate_organizations, agent.certificate_organizations);
}

TEST_F(JoinTest, a_certificate_ends_with_its_node) {
  const http::Peer agent = holder_of(join(token(), "n1"));
  const std::string first = node("n1")->metadata.uid;
  const auto watched = desk.watch(
      agent, std::string(testing::own) + "/instances?watch=1&fieldSelector=spec.node%3Dn1");
  desk.pass(seconds(1));
  EXPECT_FALSE(watched->finished);
  ASSERT_EQ(desk.send("DELETE", nodes + "/n1").status, 200);
  EXPECT_TRUE(watched->finished);
  ASSERT_FALSE(watched->events.empty());
  EXPECT_EQ(watched->events.back().string_at({"object", "reason"}), "Unauthorized");

  const auto is_refused = [&] {
    for (const auto& [method, path] : std::vector<std::pair<std::string, std::string>>{
             {"GET", nodes + "/n1"}, {"POST", "/renew"}, {"GET", "/apis"}}) {
      const Answer refused = desk.send(agent, method, path, method == "POST" ? "{}" : "");
      EXPECT_EQ(refused.status, 401) << path;
      EXPECT_NE(refused.message().find("freehold token --node n1"), std::string::npos)
          << refused.message();
    }
  };
  is_refused();
  const http::Peer again = holder_of(join(token(R"({"nodeName":"n1"})"), "n1"));
  EXPECT_NE(node("n1")->metadata.uid, first);
  is_refused();
  EXPECT_EQ(get(again, "n1").status, 200);
}

TEST_F(JoinTest, a_machine_that_joins_under_the_name_of_a_node_that_is_there_leaves_it_as_it_is) {
  ASSERT_EQ(desk.send("POST", nodes, R"({"metadata":{"name":"n1"},"spec":{"rack":"r1"}})").status,
            201);
  ASSERT_EQ(join(token(R"({"nodeName":"n1","site":"ber1"})"), "n1").status, 200);
  EXPECT_EQ(node("n1")->spec.rack, "r1");
  EXPECT_EQ(node("n1")->spec.site, "ber1");
  ASSERT_EQ(join(token(R"({"nodeName":"n1","site":"fra1"})"), "n1").status, 200);
  EXPECT_EQ(node("n1")->spec.site, "ber1");
}

TEST_F(JoinTest, a_certificate_that_names_no_node_is_no_agents) {
  desk.agent("n1");
  EXPECT_EQ(get({"10.0.0.3:1", "freehold:node:n1", {"freehold:nodes"}}, "n1").status, 401);
  EXPECT_EQ(get({"10.0.0.3:1", "freehold:node:n1", {"freehold:nodes", "freehold:node-uid:"}}, "n1")
                .status,
            401);
}

TEST_F(JoinTest, no_node_is_made_at_a_site_that_it_could_not_name) {
  const std::string request = http::make_request().value().certificate_pem;
  Result<std::string> certificate = std::string();
  enrol(desk.runtime, desk.plane->ledger(), desk.options.authority, {"n1", "eu.fra1", request, {}},
        [&](Result<std::string> done) { certificate = std::move(done); });
  desk.pass(seconds(1));
  ASSERT_FALSE(certificate.ok());
  EXPECT_EQ(certificate.error().reason, Reason::invalid);
  EXPECT_NE(certificate.error().message.find("\"eu.fra1\" is no name of a site"),
            std::string::npos);
  EXPECT_EQ(node("n1"), nullptr);
}

TEST_F(JoinTest, a_wish_that_is_not_understood_makes_no_token) {
  for (const auto& [body, field] :
       std::vector<std::pair<std::string, std::string>>{{R"({"nodename":"n1"})", "nodename"},
                                                        {R"({"ttl":5})", "ttl"},
                                                        {R"({"ttl":"8760h"})", "ttl"},
                                                        {R"({"nodeName":"N 1"})", "nodeName"},
                                                        {R"({"site":"N 1"})", "site"},
                                                        {R"({"site":"eu.fra1"})", "site"}}) {
    const Answer refused = desk.send("POST", "/tokens", body);
    EXPECT_EQ(refused.status, 422) << body;
    EXPECT_NE(refused.message().find(field), std::string::npos) << refused.text();
  }
  EXPECT_EQ(desk.send("POST", "/tokens", "{").status, 400);
}

}  // namespace
}  // namespace freehold::server
