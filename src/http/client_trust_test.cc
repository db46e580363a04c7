#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/client.h"
#include "http/testing/fixture.h"

namespace freehold::http {
namespace {

using testing::call;
using testing::certificates;
using ::testing::HasSubstr;
using testing::run_until;
using testing::TestServer;

Request get(std::string path) {
  Request request;
  request.method = "GET";
  request.path = std::move(path);
  return request;
}

ServerOptions everywhere() {
  ServerOptions options;
  options.listen = "0.0.0.0:0";
  return options;
}

// At an address that the server's certificate does not name.
ClientOptions under_another_name(TestServer& server) {
  ClientOptions options = server.client_options();
  options.url = "https://127.0.0.2:" + std::to_string(server.port());
  return options;
}

TEST(ClientTrust, takes_a_device_by_the_hash_of_its_own_certificate_whatever_it_calls_itself) {
  TestServer server(testing::echo, everywhere());
  Loop loop;
  ClientOptions options = under_another_name(server);
  options.ca_pem.clear();
  options.certificate_sha256 = certificate_sha256(certificates().server.certificate_pem).value();
  auto transport = connect(loop, options).value();
  const auto response = call(loop, *transport, get("/"));
  EXPECT_TRUE(response.ok()) << response.error().message;

  options.certificate_sha256 = certificate_sha256(certificates().authority.certificate_pem).value();
  transport = connect(loop, options).value();
  const auto refused = call(loop, *transport, get("/"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().reason, Reason::unavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("hash"));
  options.certificate_sha256 = "abc";
  EXPECT_EQ(connect(loop, options).error().reason, Reason::invalid);
}

TEST(ClientTrust, takes_whoever_has_the_name_that_it_asks_for_wherever_he_stands) {
  TestServer server(testing::echo, everywhere());
  Loop loop;
  ClientOptions options = under_another_name(server);
  options.common_name = certificate_subject(certificates().server.certificate_pem)->common_name;
  auto transport = connect(loop, options).value();
  const auto response = call(loop, *transport, get("/"));
  EXPECT_TRUE(response.ok()) << response.error().message;

  options.common_name = "freehold:node:n1";
  options.url = server.client_options().url;  // a host that the certificate names does not help
  transport = connect(loop, options).value();
  const auto other = call(loop, *transport, get("/"));
  ASSERT_FALSE(other.ok());
  EXPECT_THAT(other.error().message, HasSubstr("mismatch"));

  options.common_name = certificate_subject(certificates().server.certificate_pem)->common_name;
  options.ca_pem = certificates().stranger_authority.certificate_pem;
  transport = connect(loop, options).value();
  EXPECT_FALSE(call(loop, *transport, get("/")).ok());
}

TEST(ClientTrust, takes_any_certificate_only_when_it_is_told_to) {
  TestServer server;
  Loop loop;
  ClientOptions options = server.client_options();
  options.ca_pem.clear();
  auto transport = connect(loop, options).value();
  EXPECT_FALSE(call(loop, *transport, get("/")).ok());
  options.is_unverified = true;
  transport = connect(loop, options).value();
  EXPECT_TRUE(call(loop, *transport, get("/")).ok());
}

TEST(ClientTrust, shows_its_certificate) {
  TestServer server([](Request request, std::unique_ptr<Responder> responder) {
    responder->respond({.status = 200, .body = bytes(request.peer.certificate_common_name)});
  });
  Loop loop;
  ClientOptions options = server.client_options();
  options.certificate_pem = certificates().client.certificate_pem;
  options.key_pem = certificates().client.key_pem;
  auto transport = connect(loop, options).value();
  EXPECT_EQ(*call(loop, *transport, get("/"))->body, "alice");
  // And when it resumes a session, on a second connection.
  std::string seen;
  bool ended = false;
  const auto stream = transport->stream(get("/"), {.on_head = {},
                                                   .on_data = [&](auto data) { seen += data; },
                                                   .on_end = [&](const auto&) { ended = true; }});
  run_until(loop, [&] { return ended; });
  EXPECT_EQ(seen, "alice");
}

}  // namespace
}  // namespace freehold::http
