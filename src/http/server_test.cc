#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "http/testing/fixture.h"

namespace freehold::http {
namespace {

using testing::certificates;
using testing::echo;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using testing::get;
using ::testing::HasSubstr;
using testing::RawClient;
using ::testing::StartsWith;
using testing::Streams;
using testing::TestServer;
using testing::wait_until;

// ---- requests

TEST(Server, echoes_a_request_over_tls) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.handshake());
  client.send("POST /a%20b?x=1 HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello");
  const std::string answer = client.read_until("hello");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\ncontent-length: 15\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\ndate: "));
  EXPECT_THAT(answer, HasSubstr("POST /a b hello"));
}

TEST(Server, answers_one_request_after_the_other_on_a_connection) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.handshake());
  for (const char* path : {"/1", "/2", "/3"}) {
    client.send(std::string("GET ") + path + " HTTP/1.1\r\nhost: h\r\n\r\n");
    EXPECT_THAT(client.read_until(path), StartsWith("HTTP/1.1 200"));
  }
}

TEST(Server, answers_requests_that_came_together_in_order) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.handshake());
  std::string many;
  for (int i = 0; i < 500; ++i) {
    many += "GET /" + std::to_string(i) + " HTTP/1.1\r\nhost: h\r\n\r\n";
  }
  client.send(many);
  const std::string answers = client.read_until("GET /499 ");
  EXPECT_LT(answers.find("GET /0 "), answers.find("GET /250 "));
  EXPECT_LT(answers.find("GET /250 "), answers.find("GET /499 "));
}

TEST(Server, closes_when_the_client_asks_and_for_http_1_0) {
  TestServer server;
  for (const char* request :
       {"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"}) {
    RawClient client(server.port());
    ASSERT_TRUE(client.handshake());
    client.send(request);
    EXPECT_THAT(client.read_to_end(), HasSubstr("connection: close"));
  }
}

TEST(Server, a_head_response_has_a_length_and_no_body) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.handshake());
  client.send("HEAD /x HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
  const std::string answer = client.read_to_end();
  EXPECT_THAT(answer, HasSubstr("content-length: 8"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST(Server, a_responder_that_is_dropped_answers_500) {
  TestServer server([](Request, std::unique_ptr<Responder>) {});
  RawClient client(server.port());
  ASSERT_TRUE(client.handshake());
  client.send(get);
  EXPECT_THAT(client.read_until("500}"), StartsWith("HTTP/1.1 500 Internal Server Error\r\n"));
}

TEST(Server, a_large_body_goes_both_ways) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.handshake());
  const std::string body(2'000'000, 'x');
  client.send("PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 2000000\r\n\r\n" + body + get.data());
  EXPECT_GT(client.read_until("GET / ").size(), body.size());
}

TEST(Server, sends_100_continue_to_who_waits_for_it) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.handshake());
  client.send("PUT / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ab");
  EXPECT_THAT(client.read_until("PUT / ab"), StartsWith("HTTP/1.1 200"));
}

// ---- refusals

TEST(Server, refuses_a_body_above_the_limit_before_it_comes) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.handshake());
  client.send(
      "PUT / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 99999999\r\n\r\n");
  const std::string answer = client.read_to_end();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(answer, HasSubstr(R"("reason":"RequestEntityTooLarge","code":413})"));
}

TEST(Server, a_client_that_sends_on_still_gets_to_read_the_refusal) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.handshake());
  client.send("PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 8000000\r\n\r\n");
  client.send(std::string(8'000'000, 'x'));
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 413 "));
}

TEST(Server, refuses_garbage_with_400_and_closes) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.handshake());
  client.send("\x01\x02\x03 garbage\r\n\r\n");
  const std::string answer = client.read_to_end();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(answer, HasSubstr("connection: close"));
}

TEST(Server, tells_a_client_of_plain_http_to_use_https) {
  TestServer server;
  RawClient client(server.port());
  client.send_plain(get);
  EXPECT_THAT(client.read_plain(), HasSubstr("use https://"));
  RawClient garbage(server.port());
  garbage.send_plain(std::string(100, '\xff'));
  garbage.read_plain();  // ends
  EXPECT_TRUE(wait_until([&] { return server.connections() <= 2; }));
}

// ---- who it is

TEST(Server, names_the_subject_of_a_client_certificate) {
  Peer seen;
  TestServer server([&](Request request, std::unique_ptr<Responder> responder) {
    seen = request.peer;
    responder->respond({});
  });
  RawClient client(server.port(), certificates().client);
  ASSERT_TRUE(client.handshake());
  client.send(get);
  client.read_until("\r\n\r\n");
  EXPECT_EQ(seen.certificate_common_name, "alice");
  EXPECT_THAT(seen.certificate_organizations, ElementsAre("team-a", "team-b"));
  EXPECT_THAT(seen.address, StartsWith("127.0.0.1:"));
}

TEST(Server, serves_a_client_without_certificate_as_nobody) {
  Peer seen;
  seen.certificate_common_name = "unset";
  TestServer server([&](Request request, std::unique_ptr<Responder> responder) {
    seen = request.peer;
    responder->respond({});
  });
  RawClient client(server.port());
  ASSERT_TRUE(client.handshake());
  client.send(get);
  client.read_until("\r\n\r\n");
  EXPECT_EQ(seen.certificate_common_name, "");
  EXPECT_TRUE(seen.certificate_organizations.empty());
}

TEST(Server, refuses_a_certificate_of_another_authority) {
  TestServer server([](Request, std::unique_ptr<Responder>) { ADD_FAILURE() << "was served"; });
  RawClient client(server.port(), certificates().stranger_client);
  if (client.handshake()) {  // TLS 1.3: the client learns it with its first read
    client.send(get);
    EXPECT_EQ(client.read_to_end(), "");
  }
}

TEST(Server, refuses_a_server_certificate_in_the_place_of_a_client_one) {
  TestServer server([](Request, std::unique_ptr<Responder>) { ADD_FAILURE() << "was served"; });
  RawClient client(server.port(), certificates().server);
  if (client.handshake()) {
    client.send(get);
    EXPECT_EQ(client.read_to_end(), "");
  }
}

// ---- time limits

TEST(Server, cuts_a_client_that_never_shakes_hands) {
  ServerOptions options;
  options.handshake_timeout = milliseconds(30);
  TestServer server(echo, std::move(options));
  RawClient client(server.port());
  EXPECT_EQ(client.read_plain(), "");
}

TEST(Server, cuts_a_silent_client) {
  ServerOptions options;
  options.header_timeout = milliseconds(30);
  TestServer server(echo, std::move(options));
  RawClient silent(server.port());
  ASSERT_TRUE(silent.handshake());
  EXPECT_EQ(silent.read_to_end(), "");
  RawClient slow(server.port());
  ASSERT_TRUE(slow.handshake());
  slow.send("GET / HTTP/1.1\r\n");
  EXPECT_EQ(slow.read_to_end(), "");
}

TEST(Server, cuts_a_slow_body) {
  ServerOptions options;
  options.body_timeout = milliseconds(30);
  TestServer server(echo, std::move(options));
  RawClient client(server.port());
  ASSERT_TRUE(client.handshake());
  client.send("PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\nab");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(Server, closes_an_idle_connection) {
  ServerOptions options;
  options.idle_timeout = milliseconds(30);
  TestServer server(echo, std::move(options));
  RawClient client(server.port());
  ASSERT_TRUE(client.handshake());
  client.send(get);
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 200"));
}

TEST(Server, cuts_a_client_that_does_not_take_its_response) {
  ServerOptions options;
  options.body_timeout = milliseconds(50);
  TestServer server(
      [](Request, std::unique_ptr<Responder> responder) {
        responder->respond({.status = 200, .body = bytes(std::string(50 << 20, 'x'))});
      },
      std::move(options));
  RawClient client(server.port());
  client.shrink_receive_buffer();
  ASSERT_TRUE(client.handshake());
  client.send(get);
  EXPECT_TRUE(wait_until([&] { return server.connections() == 0; }));
}

TEST(Server, closes_connections_beyond_its_limit) {
  ServerOptions options;
  options.connections = 2;
  TestServer server(echo, std::move(options));
  RawClient one(server.port());
  RawClient two(server.port());
  ASSERT_TRUE(one.handshake());
  ASSERT_TRUE(two.handshake());
  RawClient three(server.port());
  EXPECT_FALSE(three.handshake());
  two.send(get);
  EXPECT_THAT(two.read_until("GET / "), StartsWith("HTTP/1.1 200"));
}

TEST(Server, keeps_places_for_clients_with_a_certificate) {
  ServerOptions options;
  options.strangers = 2;
  TestServer server(echo, std::move(options));
  RawClient one(server.port()), two(server.port());
  for (RawClient* client : {&one, &two}) {
    ASSERT_TRUE(client->handshake());
    client->send(get);
    EXPECT_THAT(client->read_until("GET / "), StartsWith("HTTP/1.1 200"));
  }
  RawClient three(server.port());
  three.handshake();
  three.send(get);
  EXPECT_EQ(three.read_to_end(), "");
  RawClient known(server.port(), certificates().client);
  ASSERT_TRUE(known.handshake());
  known.send(get);
  EXPECT_THAT(known.read_until("GET / "), StartsWith("HTTP/1.1 200"));
}

TEST(Server, lets_clients_without_a_certificate_idle_for_less_long) {
  ServerOptions options;
  options.stranger_idle_timeout = milliseconds(20);
  TestServer server(echo, std::move(options));
  RawClient known(server.port(), certificates().client), stranger(server.port());
  for (RawClient* client : {&known, &stranger}) {
    ASSERT_TRUE(client->handshake());
    client->send(get);
    EXPECT_THAT(client->read_until("GET / "), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_EQ(stranger.read_to_end(), "");
  known.send(get);
  EXPECT_THAT(known.read_until("GET / "), StartsWith("HTTP/1.1 200"));
}

// ---- the end

TEST(Server, stop_closes_idle_connections_and_ends_streams) {
  std::atomic<bool> stopped = false;  // outlives the server, which tells it at its end
  Streams streams;
  TestServer server(std::ref(streams));
  const uint16_t port = server.port();
  RawClient idle(port);
  ASSERT_TRUE(idle.handshake());
  RawClient watcher(port);
  ASSERT_TRUE(watcher.handshake());
  watcher.send(get);
  watcher.read_until("begin;\r\n");
  server.on_loop([&] { server.server().stop(seconds(5), [&] { stopped = true; }); });
  EXPECT_EQ(watcher.read_to_end(), "0\r\n\r\n");
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_EQ(server.port(), port);
  EXPECT_TRUE(wait_until([&] { return streams.closed == 1; }));
  EXPECT_TRUE(wait_until([&] { return server.connections() <= 2; }));
  server.on_loop([&] { streams.open.clear(); });
}

TEST(Server, stop_lets_a_request_in_flight_end) {
  std::unique_ptr<Responder> waiting;
  std::atomic<bool> asked = false;
  TestServer server([&](Request, std::unique_ptr<Responder> responder) {
    waiting = std::move(responder);
    asked = true;
  });
  std::atomic<bool> stopped = false;
  {
    RawClient client(server.port());
    ASSERT_TRUE(client.handshake());
    client.send(get);
    ASSERT_TRUE(wait_until([&] { return asked.load(); }));
    server.on_loop([&] { server.server().stop(seconds(5), [&] { stopped = true; }); });
    EXPECT_FALSE(stopped);
    server.on_loop([&] { waiting->respond({.status = 200, .body = bytes("late")}); });
    const std::string answer = client.read_to_end();
    EXPECT_THAT(answer, HasSubstr("connection: close"));
    EXPECT_THAT(answer, EndsWith("late"));
  }
  EXPECT_TRUE(wait_until([&] { return stopped.load(); }));
  server.on_loop([&] { waiting.reset(); });
}

TEST(Server, stop_cuts_after_the_grace) {
  std::unique_ptr<Responder> waiting;
  std::atomic<bool> asked = false;
  TestServer server([&](Request, std::unique_ptr<Responder> responder) {
    waiting = std::move(responder);
    asked = true;
  });
  RawClient client(server.port());
  ASSERT_TRUE(client.handshake());
  client.send(get);
  ASSERT_TRUE(wait_until([&] { return asked.load(); }));
  std::atomic<bool> stopped = false;
  server.on_loop([&] { server.server().stop(milliseconds(20), [&] { stopped = true; }); });
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_TRUE(wait_until([&] { return stopped.load(); }));
  server.on_loop([&] {
    waiting->respond({});  // too late, and harmless
    waiting.reset();
  });
}

TEST(Server, destroying_it_tells_streams_and_leaves_handlers_safe) {
  Loop loop;
  Streams streams;
  std::unique_ptr<Responder> waiting;
  testing::HandlerOf handler([&](Request request, std::unique_ptr<Responder> responder) {
    if (request.path == "/wait") {
      waiting = std::move(responder);
    } else {
      streams(std::move(request), std::move(responder));
    }
  });
  const auto& all = certificates();
  ServerOptions options;
  options.tls = {all.server.certificate_pem, all.server.key_pem, all.authority.certificate_pem};
  auto server = Server::start(loop, std::move(options), handler).value();
  ClientOptions client;
  client.url = "https://127.0.0.1:" + std::to_string(server->port());
  client.ca_pem = all.authority.certificate_pem;
  auto transport = connect(loop, std::move(client)).value();
  Request request;
  request.path = "/wait";
  transport->request(std::move(request), seconds(5), [](const Result<Response>&) {});
  const auto call = transport->stream({}, {});
  testing::run_until(loop, [&] { return waiting && !streams.open.empty(); });
  server.reset();
  EXPECT_EQ(streams.closed, 1);
  EXPECT_TRUE(streams.open[0]->closed());
  streams.open[0]->send(bytes("nobody hears"));
  waiting->respond({});
  waiting.reset();
}

// ---- starting

TEST(Server, says_why_it_cannot_start) {
  Loop loop;
  testing::HandlerOf handler(echo);
  const auto& all = certificates();
  const TlsFiles good{all.server.certificate_pem, all.server.key_pem,
                      all.authority.certificate_pem};
  const auto start = [&](const std::string& listen, const TlsFiles& tls) {
    ServerOptions options;
    options.listen = listen;
    options.tls = tls;
    return Server::start(loop, std::move(options), handler);
  };
  EXPECT_EQ(start("nonsense", good).error().reason, Reason::invalid);
  EXPECT_EQ(start("203.0.113.1:1", good).error().reason, Reason::unavailable);
  EXPECT_EQ(start("127.0.0.1:0", {"x", good.key_pem, ""}).error().reason, Reason::invalid);
  EXPECT_THAT(start("127.0.0.1:0", {good.certificate_pem, all.client.key_pem, ""}).error().message,
              HasSubstr("does not belong"));
  auto first = start("127.0.0.1:0", good);
  ASSERT_TRUE(first.ok());
  const auto second = start("127.0.0.1:" + std::to_string((*first)->port()), good);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().reason, Reason::unavailable);
  EXPECT_TRUE(start(":0", good).ok());
  EXPECT_TRUE(start("localhost:0", good).ok());
}

TEST(Server, takes_new_certificates_while_it_runs) {
  TestServer server;
  const auto& all = certificates();
  server.on_loop([&] {
    EXPECT_FALSE(server.server().replace_tls({"nonsense", "", ""}).ok());
    EXPECT_TRUE(server.server()
                    .replace_tls({all.server.certificate_pem, all.server.key_pem,
                                  all.stranger_authority.certificate_pem})
                    .ok());
  });
  RawClient client(server.port(), all.stranger_client);
  ASSERT_TRUE(client.handshake());
  client.send(get);
  EXPECT_THAT(client.read_until("GET / "), StartsWith("HTTP/1.1 200"));
}

}  // namespace
}  // namespace freehold::http
