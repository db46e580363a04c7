#include "http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/testing/fixture.h"

namespace freehold::http {
namespace {

using ::testing::HasSubstr;
using testing::call;
using testing::certificates;
using testing::run_until;
using testing::TestServer;

Request get(std::string path) {
  Request request;
  request.path = std::move(path);
  return request;
}

TEST(Client, gets_an_answer_and_keeps_its_connection) {
  TestServer server;
  Loop loop;
  auto transport = connect(loop, server.client_options()).value();
  for (int i = 0; i < 3; ++i) {
    auto response = call(loop, *transport, get("/hello"));
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(*response->body, "GET /hello ");
  }
  server.on_loop([&] { EXPECT_EQ(server.server().connections(), 1u); });
}

}  // namespace
}  // namespace freehold::http
