#include "http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include "http/testing/fixture.h"

namespace freehold::http {
namespace {

using testing::call;
using testing::certificates;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::run_until;
using testing::TestServer;
using tcp = boost::asio::ip::tcp;

Request make(std::string method, std::string path) {
  Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  return request;
}
Request get(std::string path) { return make("GET", std::move(path)); }

// A server of plain HTTP that follows a script, one step per connection: reads a request head,
// writes what the step says, and closes; an empty step closes without an answer.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::string> steps)
      : acceptor_(context_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
    thread_ = std::jthread([this, steps = std::move(steps)] {
      for (const std::string& step : steps) serve(step);
    });
  }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  int requests() const { return requests_; }

 private:
  void serve(const std::string& step) {
    boost::system::error_code error;
    tcp::socket socket = acceptor_.accept(error);
    boost::asio::streambuf buffer;
    size_t from = 0;
    // "|" in a step separates answers on one connection.
    while (from <= step.size()) {
      const size_t end = std::min(step.find('|', from), step.size());
      const size_t size = boost::asio::read_until(socket, buffer, "\r\n\r\n", error);
      if (error) return;
      buffer.consume(size);
      ++requests_;
      boost::asio::write(socket, boost::asio::buffer(step.substr(from, end - from)), error);
      from = end + 1;
    }
  }

  boost::asio::io_context context_;
  tcp::acceptor acceptor_;
  std::atomic<int> requests_ = 0;
  std::jthread thread_;
};

std::unique_ptr<Transport> plain(Loop& loop, const std::string& url) {
  ClientOptions options;
  options.url = url;
  return connect(loop, std::move(options)).value();
}

// ---- requests

TEST(Client, gets_an_answer_and_keeps_its_connection) {
  TestServer server;
  Loop loop;
  auto transport = connect(loop, server.client_options()).value();
  for (int i = 0; i < 3; ++i) {
    auto response = call(loop, *transport, get("/hello"));
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->headers["content-type"], "text/plain");
    EXPECT_EQ(*response->body, "GET /hello ");
  }
  server.on_loop([&] { EXPECT_EQ(server.server().connections(), 1u); });
}

TEST(Client, sends_path_query_token_and_body) {
  Request seen;
  TestServer server([&](Request request, std::unique_ptr<Responder> responder) {
    seen = std::move(request);
    responder->respond({.status = 201});
  });
  Loop loop;
  ClientOptions options = server.client_options();
  options.bearer_token = "secret";
  auto transport = connect(loop, std::move(options)).value();
  Request request = make("POST", "/a b/\xC3\xA4");
  request.query = {{"labelSelector", "a=b,c in (d)"}};
  request.body = bytes(std::string(300'000, 'x'));
  const auto response = call(loop, *transport, request);
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body->size(), 0u);
  EXPECT_EQ(seen.path, request.path);
  EXPECT_EQ(seen.query, request.query);
  EXPECT_EQ(seen.header("authorization"), "Bearer secret");
  EXPECT_EQ(*seen.body, *request.body);
}

TEST(Client, bounds_its_connections_and_serves_the_rest_in_turn) {
  size_t most = 0;
  Server* serving = nullptr;
  TestServer server([&](Request request, std::unique_ptr<Responder> responder) {
    most = std::max(most, serving->connections());
    testing::echo(std::move(request), std::move(responder));
  });
  serving = &server.server();
  Loop loop;
  ClientOptions options = server.client_options();
  options.connections = 3;
  auto transport = connect(loop, std::move(options)).value();
  int done = 0;
  for (int i = 0; i < 100; ++i) {
    transport->request(get("/" + std::to_string(i)), seconds(5), [&, i](Result<Response> result) {
      ASSERT_TRUE(result.ok());
      EXPECT_EQ(*result->body, "GET /" + std::to_string(i) + " ");
      ++done;
    });
  }
  EXPECT_EQ(done, 0) << "never from inside";
  run_until(loop, [&] { return done == 100; });
  EXPECT_LE(most, 3u);
}

TEST(Client, reads_an_early_refusal_while_it_still_sends) {
  TestServer server;
  Loop loop;
  auto transport = connect(loop, server.client_options()).value();
  Request request = make("PUT", "/");
  request.body = bytes(std::string(10'000'000, 'x'));
  const auto response = call(loop, *transport, std::move(request));
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->status, 413);
}

TEST(Client, refuses_a_body_without_end) {
  TestServer server([](Request, std::unique_ptr<Responder> responder) {
    responder->respond({.status = 200, .body = bytes(std::string(17 << 20, 'x'))});
  });
  Loop loop;
  auto transport = connect(loop, server.client_options()).value();
  const auto response = call(loop, *transport, get("/"));
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().reason, Reason::too_large);
}

TEST(Client, speaks_plain_http_for_scraping) {
  ScriptedServer server({"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc"});
  Loop loop;
  auto transport = plain(loop, server.url());
  EXPECT_EQ(*call(loop, *transport, get("/metrics"))->body, "abc");
}

TEST(Client, reads_a_body_that_ends_with_its_connection) {
  ScriptedServer server({"HTTP/1.0 200 OK\r\n\r\nabc"});
  Loop loop;
  auto transport = plain(loop, server.url());
  EXPECT_EQ(*call(loop, *transport, get("/metrics"))->body, "abc");
}

TEST(Client, keeps_credentials_off_plain_http) {
  Loop loop;
  ClientOptions options;
  options.url = "http://127.0.0.1:1";
  options.bearer_token = "secret";
  EXPECT_EQ(connect(loop, std::move(options)).error().reason, Reason::invalid);
}

// ---- trust

TEST(Client, refuses_a_server_of_another_authority) {
  TestServer server;
  Loop loop;
  ClientOptions options = server.client_options();
  options.ca_pem = certificates().stranger_authority.certificate_pem;
  auto transport = connect(loop, std::move(options)).value();
  const auto response = call(loop, *transport, get("/"));
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().reason, Reason::unavailable);
  EXPECT_THAT(response.error().message, HasSubstr("not trusted"));
}

TEST(Client, refuses_a_server_whose_certificate_names_another_host) {
  TestServer server;
  Loop loop;
  ClientOptions options = server.client_options();
  options.url = "https://127.0.0.2:" + std::to_string(server.port());
  ServerOptions everywhere;
  everywhere.listen = "0.0.0.0:0";
  TestServer other(testing::echo, std::move(everywhere));
  options.url = "https://127.0.0.2:" + std::to_string(other.port());
  auto transport = connect(loop, std::move(options)).value();
  const auto response = call(loop, *transport, get("/"));
  ASSERT_FALSE(response.ok());
  EXPECT_THAT(response.error().message, HasSubstr("IP address mismatch"));
}

TEST(Client, finds_a_server_by_name) {
  TestServer server;
  Loop loop;
  ClientOptions options = server.client_options();
  options.url = "https://localhost:" + std::to_string(server.port());
  auto transport = connect(loop, std::move(options)).value();
  const auto response = call(loop, *transport, get("/"));
  EXPECT_TRUE(response.ok()) << response.error().message;
}

TEST(Client, joins_with_the_hash_of_the_authority_alone) {
  TestServer server;
  Loop loop;
  ClientOptions options = server.client_options();
  options.ca_pem.clear();
  options.ca_sha256 = certificate_sha256(certificates().authority.certificate_pem).value();
  auto transport = connect(loop, options).value();
  const auto response = call(loop, *transport, get("/"));
  EXPECT_TRUE(response.ok()) << response.error().message;

  options.ca_sha256 = certificate_sha256(certificates().stranger_authority.certificate_pem).value();
  transport = connect(loop, options).value();
  const auto refused = call(loop, *transport, get("/"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().reason, Reason::unavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("hash"));

  options.ca_sha256 = "abc";
  EXPECT_EQ(connect(loop, options).error().reason, Reason::invalid);
}

// A chain may carry any certificate: the pinned one must have issued the leaf.
TEST(Client, a_pinned_authority_that_did_not_sign_the_server_does_not_count) {
  const auto& all = certificates();
  Loop loop;
  testing::HandlerOf handler(testing::echo);
  const Time now = loop.now();
  const KeyPair forged =
      issue_server(all.stranger_authority, {"127.0.0.1"}, {now - hours(1), now + hours(1)}).value();
  const std::string leaf =
      forged.certificate_pem.substr(0, forged.certificate_pem.find("-----BEGIN", 1));
  ServerOptions options;
  options.tls = {leaf + all.authority.certificate_pem, forged.key_pem, ""};
  auto server = Server::start(loop, std::move(options), handler).value();
  ClientOptions client;
  client.url = "https://127.0.0.1:" + std::to_string(server->port());
  client.ca_sha256 = certificate_sha256(all.authority.certificate_pem).value();
  auto transport = connect(loop, std::move(client)).value();
  const auto response = call(loop, *transport, get("/"));
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().reason, Reason::unavailable);
}

TEST(Client, an_error_says_that_the_server_refused_its_certificate) {
  TestServer server;
  Loop loop;
  ClientOptions options = server.client_options();
  options.certificate_pem = certificates().stranger_client.certificate_pem;
  options.key_pem = certificates().stranger_client.key_pem;
  auto transport = connect(loop, std::move(options)).value();
  const auto response = call(loop, *transport, make("POST", "/"));
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().reason, Reason::unavailable) << response.error().message;
  EXPECT_THAT(response.error().message, HasSubstr("unknown ca"));
}

TEST(Client, says_why_it_cannot_be_made) {
  Loop loop;
  EXPECT_EQ(connect(loop, {.url = "nonsense"}).error().reason, Reason::invalid);
  EXPECT_EQ(connect(loop, {.url = "https://a", .ca_pem = "nonsense"}).error().reason,
            Reason::invalid);
}

// ---- loss

TEST(Client, is_unavailable_when_nobody_listens) {
  Loop loop;
  uint16_t port = 0;
  {
    TestServer gone;
    port = gone.port();
  }
  ClientOptions options;
  options.url = "https://127.0.0.1:" + std::to_string(port);
  options.ca_pem = certificates().authority.certificate_pem;
  auto transport = connect(loop, std::move(options)).value();
  const auto response = call(loop, *transport, make("POST", "/"));
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().reason, Reason::unavailable);
}

TEST(Client, the_outcome_is_unknown_when_no_answer_comes_in_time) {
  std::vector<std::unique_ptr<Responder>> waiting;
  TestServer server([&](Request, std::unique_ptr<Responder> responder) {
    waiting.push_back(std::move(responder));
  });
  Loop loop;
  ClientOptions options = server.client_options();
  options.connections = 1;
  auto transport = connect(loop, std::move(options)).value();
  std::vector<Reason> reasons;
  for (int i = 0; i < 2; ++i) {
    transport->request(get("/"), milliseconds(50), [&](const Result<Response>& result) {
      reasons.push_back(result.error().reason);
    });
  }
  run_until(loop, [&] { return reasons.size() == 2; });
  // The second never had a connection.
  EXPECT_THAT(reasons, ::testing::UnorderedElementsAre(Reason::timeout, Reason::unavailable));
  server.on_loop([&] { waiting.clear(); });
}

TEST(Client, the_outcome_is_unknown_when_the_server_closes_without_an_answer) {
  ScriptedServer server({""});
  Loop loop;
  auto transport = plain(loop, server.url());
  const auto response = call(loop, *transport, get("/"));
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().reason, Reason::timeout);
}

TEST(Client, the_outcome_is_unknown_when_the_answer_is_no_http) {
  ScriptedServer server({"nonsense\r\n\r\n"});
  Loop loop;
  auto transport = plain(loop, server.url());
  const auto response = call(loop, *transport, make("POST", "/"));
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().reason, Reason::timeout);
}

constexpr const char* answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

TEST(Client, repeats_a_get_when_a_kept_connection_had_gone) {
  ScriptedServer server({std::string(answer) + "|", answer});
  Loop loop;
  auto transport = plain(loop, server.url());
  ASSERT_TRUE(call(loop, *transport, get("/")).ok());
  const auto response = call(loop, *transport, get("/"));
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(server.requests(), 3);
}

TEST(Client, never_repeats_a_post_that_may_have_arrived) {
  ScriptedServer server({std::string(answer) + "|"});
  Loop loop;
  auto transport = plain(loop, server.url());
  ASSERT_TRUE(call(loop, *transport, get("/")).ok());
  const auto response = call(loop, *transport, make("POST", "/"));
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().reason, Reason::timeout);
  EXPECT_EQ(server.requests(), 2);
}

TEST(Client, repeats_a_get_only_once) {
  ScriptedServer server({std::string(answer) + "|", ""});
  Loop loop;
  auto transport = plain(loop, server.url());
  ASSERT_TRUE(call(loop, *transport, get("/")).ok());
  EXPECT_FALSE(call(loop, *transport, get("/")).ok());
  EXPECT_EQ(server.requests(), 3);
}

TEST(Client, notices_a_restart_of_the_server_before_it_posts) {
  ScriptedServer server({answer, answer});
  Loop loop;
  auto transport = plain(loop, server.url());
  ASSERT_TRUE(call(loop, *transport, make("POST", "/")).ok());
  // The first connection ends here; by its next request the client knows.
  bool waited = false;
  loop.after(milliseconds(20), [&] { waited = true; });
  run_until(loop, [&] { return waited; });
  EXPECT_TRUE(call(loop, *transport, make("POST", "/")).ok());
}

TEST(Client, more_requests_than_may_wait_are_unavailable) {
  Loop loop;
  ClientOptions options;
  options.url = "http://127.0.0.1:1";
  options.connections = 1;
  options.waiting = 1;
  auto transport = connect(loop, std::move(options)).value();
  int failed = 0;
  for (int i = 0; i < 3; ++i) {
    transport->request(get("/"), seconds(5), [&](const Result<Response>& result) {
      EXPECT_EQ(result.error().reason, Reason::unavailable);
      ++failed;
    });
  }
  EXPECT_EQ(failed, 0);
  run_until(loop, [&] { return failed == 3; });
}

// ---- streams

struct Seen {
  int head = 0;
  std::string data;
  std::optional<Result<void>> end;
  StreamEvents events() {
    return {.on_head = [this](const Response& response) { head = response.status; },
            .on_data = [this](std::string_view chunk) { data += chunk; },
            .on_end = [this](Result<void> result) { end = std::move(result); }};
  }
};

TEST(Client, streams_a_body_as_it_comes) {
  std::shared_ptr<Stream> stream;
  TestServer server(
      [&](Request, std::unique_ptr<Responder> responder) { stream = responder->stream({}); });
  Loop loop;
  auto transport = connect(loop, server.client_options()).value();
  Seen seen;
  const auto call = transport->stream(get("/"), seen.events());
  run_until(loop, [&] { return seen.head == 200; });
  server.on_loop([&] { stream->send(bytes("one\n")); });
  run_until(loop, [&] { return seen.data == "one\n"; });
  server.on_loop([&] {
    stream->send(bytes("two\n"));
    stream->finish();
  });
  run_until(loop, [&] { return seen.end.has_value(); });
  EXPECT_TRUE(seen.end->ok());
  EXPECT_EQ(seen.data, "one\ntwo\n");
}

TEST(Client, a_stream_that_is_refused_is_a_head_and_a_body) {
  TestServer server([&](Request, std::unique_ptr<Responder> responder) {
    responder->respond({.status = 410, .body = bytes("gone")});
  });
  Loop loop;
  auto transport = connect(loop, server.client_options()).value();
  Seen seen;
  const auto call = transport->stream(get("/"), seen.events());
  run_until(loop, [&] { return seen.end.has_value(); });
  EXPECT_EQ(seen.head, 410);
  EXPECT_EQ(seen.data, "gone");
  EXPECT_TRUE(seen.end->ok());
}

TEST(Client, a_stream_that_is_cut_ends_with_an_error) {
  std::shared_ptr<Stream> stream;
  TestServer server(
      [&](Request, std::unique_ptr<Responder> responder) { stream = responder->stream({}); });
  Loop loop;
  auto transport = connect(loop, server.client_options()).value();
  Seen seen;
  const auto call = transport->stream(get("/"), seen.events());
  run_until(loop, [&] { return seen.head == 200; });
  server.on_loop([&] { server.server().stop({}, [] {}); });
  run_until(loop, [&] { return seen.end.has_value(); });
  server.on_loop([&] { stream.reset(); });
}

TEST(Client, a_cut_stream_is_never_mistaken_for_an_end) {
  ScriptedServer server({"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"});
  Loop loop;
  auto transport = plain(loop, server.url());
  Seen seen;
  const auto call = transport->stream(get("/"), seen.events());
  run_until(loop, [&] { return seen.end.has_value(); });
  EXPECT_EQ(seen.data, "abc");
  ASSERT_FALSE(seen.end->ok());
  EXPECT_EQ(seen.end->error().reason, Reason::unavailable);
}

TEST(Client, dropping_a_call_cuts_its_stream_silently) {
  std::shared_ptr<Stream> stream;
  std::atomic<bool> closed = false;
  TestServer server([&](Request, std::unique_ptr<Responder> responder) {
    stream = responder->stream({});
    stream->on_closed([&] { closed = true; });
  });
  Loop loop;
  auto transport = connect(loop, server.client_options()).value();
  Seen seen;
  auto call = transport->stream(get("/"), seen.events());
  run_until(loop, [&] { return seen.head == 200; });
  call.reset();
  run_until(loop, [&] { return closed.load(); });
  EXPECT_FALSE(seen.end.has_value());
  server.on_loop([&] { stream.reset(); });
}

TEST(Client, a_call_may_be_dropped_from_each_of_its_events) {
  TestServer server([&](Request, std::unique_ptr<Responder> responder) {
    responder->respond({.status = 200, .body = bytes("data")});
  });
  Loop loop;
  auto transport = connect(loop, server.client_options()).value();
  for (int which = 0; which < 3; ++which) {
    std::unique_ptr<Call> call;
    std::vector<int> events;
    auto held = std::make_shared<int>(which);
    const auto happened = [&, held](int event) {
      events.push_back(event);
      if (event == which) call.reset();
    };
    call = transport->stream(get("/"), {.on_head = [=](const auto&) { happened(0); },
                                        .on_data = [=](auto) { happened(1); },
                                        .on_end = [=](const auto&) { happened(2); }});
    run_until(loop, [&] { return call == nullptr; });
    EXPECT_EQ(events.size(), static_cast<size_t>(which) + 1);
  }
}

TEST(Client, destroying_it_ends_everything_without_a_callback) {
  std::vector<std::unique_ptr<Responder>> waiting;
  TestServer server([&](Request, std::unique_ptr<Responder> responder) {
    waiting.push_back(std::move(responder));
  });
  Loop loop;
  auto transport = connect(loop, server.client_options()).value();
  auto held = std::make_shared<int>(1);
  for (int i = 0; i < 10; ++i) {
    transport->request(get("/"), seconds(5),
                       [held](const Result<Response>&) { ADD_FAILURE() << "called back"; });
  }
  auto call =
      transport->stream(get("/"), {.on_head = {}, .on_data = {}, .on_end = [held](const auto&) {
                                     ADD_FAILURE() << "called back";
                                   }});
  bool waited = false;
  loop.after(milliseconds(20), [&] { waited = true; });
  run_until(loop, [&] { return waited; });
  transport.reset();
  call.reset();
  waited = false;
  loop.after(milliseconds(5), [&] { waited = true; });
  run_until(loop, [&] { return waited; });
  EXPECT_EQ(held.use_count(), 1) << "what the callbacks held is free";
  server.on_loop([&] { waiting.clear(); });
}

}  // namespace
}  // namespace freehold::http
