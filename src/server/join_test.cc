#include <gtest/gtest.h>

#include "http/pki.h"
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
    json::Object body;
    body["token"] = with;
    body["nodeName"] = node;
    body["csr"] = http::make_request().value().certificate_pem;
    return desk.send(http::Peer{}, "POST", "/join", json::print(body));
  }
  Desk desk;
};

TEST_F(JoinTest, a_token_is_good_once) {
  const std::string one = token();
  EXPECT_EQ(join(one, "n1").status, 200);
  EXPECT_EQ(join(one, "n1").status, 401);
  EXPECT_EQ(join(one, "n2").status, 401);
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
  EXPECT_EQ(join(one, "n2").status, 200);  // it is not used up
  EXPECT_EQ(join(token(R"({"nodeName":"n1"})"), "n1").status, 200);
}

TEST_F(JoinTest, a_wish_that_is_not_understood_makes_no_token) {
  for (const auto& [body, field] :
       std::vector<std::pair<std::string, std::string>>{{R"({"nodename":"n1"})", "nodename"},
                                                        {R"({"ttl":5})", "ttl"},
                                                        {R"({"ttl":"8760h"})", "ttl"},
                                                        {R"({"nodeName":"N 1"})", "nodeName"}}) {
    const Answer refused = desk.send("POST", "/tokens", body);
    EXPECT_EQ(refused.status, 422) << body;
    EXPECT_NE(refused.message().find(field), std::string::npos) << refused.text();
  }
  EXPECT_EQ(desk.send("POST", "/tokens", "{").status, 400);
}

}  // namespace
}  // namespace freehold::server
