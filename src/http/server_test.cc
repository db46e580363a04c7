#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/testing/fixture.h"

namespace freehold::http {
namespace {

using testing::call;
using testing::certificates;
using ::testing::HasSubstr;
using testing::RawClient;
using testing::run_until;
using ::testing::StartsWith;
using testing::TestServer;

TEST(Server, echoes_a_request_over_tls) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.handshake());
  client.send("POST /a%20b?x=1 HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello");
  const std::string answer = client.read_until("hello");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("POST /a b hello"));
}

}  // namespace
}  // namespace freehold::http
