#include "cli/proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "http/testing/fixture.h"

namespace freehold::cli {
namespace {

using http::testing::certificates;
using http::testing::RawClient;
using http::testing::TestServer;
using http::testing::wait_until;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view get_and_close =
    "GET /logs/a/x HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";

// An agent that has much to tell and keeps to what is taken of it, a server in front of it, and
// clients of that server.
class AgentProxyTest : public ::testing::Test {
 protected:
  static constexpr size_t total = 48u << 20;

  AgentProxyTest() {
    const Time now = Loop().now();
    const http::Validity day{now - hours(12), now + hours(12)};
    const http::KeyPair asked = http::make_request().value();
    const std::string certificate =
        http::sign_request(certificates().authority, asked.certificate_pem, {"freehold:node:n1"},
                           http::Use::call_and_serve, day)
            .value();
    agent_.on_loop([&] {
      ASSERT_TRUE(
          agent_.server()
              .replace_tls({certificate, asked.key_pem, certificates().authority.certificate_pem})
              .ok());
    });
    http::KeyPair caller =
        http::issue_client(certificates().authority, {"freehold:server"}, day).value();
    front_.on_loop([&] {
      proxy_ = std::make_unique<AgentProxy>(front_.loop(), certificates().authority.certificate_pem,
                                            std::move(caller));
    });
  }
  ~AgentProxyTest() override {
    front_.on_loop([this] { proxy_.reset(); });
    agent_.on_loop([this] { stream_.reset(); });
  }

  // Runs on the agent's loop.
  void tell(std::unique_ptr<http::Responder> responder) {
    stream_ = responder->stream({});
    stream_->on_closed([this] { is_closed_ = true; });
    send_some();
  }
  void send_some() {
    for (; sent_ < total && stream_->queued_bytes() < 100'000; sent_ += piece_->size())
      stream_->send(piece_);
    if (sent_ < total) return stream_->on_drained([this] { send_some(); });
    stream_->finish();
  }

  size_t under_way() {
    size_t count = 0;
    front_.on_loop([&] { count = proxy_->under_way(); });
    return count;
  }
  // Until both loops had many turns in which the agent could send nothing.
  void wait_until_held() {
    size_t before = 0;
    int same = 0;
    for (int turns = 0; same < 50 && turns < 100'000; ++turns) {
      front_.on_loop([] {});
      agent_.on_loop([] {});
      const size_t now = sent_;
      same = now > 0 && std::exchange(before, now) == now ? same + 1 : 0;
    }
  }
  static http::ServerOptions small_queues() {
    http::ServerOptions options;
    options.stream_queue_bytes = 1u << 20;
    return options;
  }

  std::shared_ptr<http::Stream> stream_;  // the agent's
  std::atomic<size_t> sent_ = 0;
  std::atomic<bool> is_closed_ = false;
  const http::Bytes piece_ = http::bytes(std::string(64u << 10, '~'));
  TestServer agent_{[this](const http::Request&, std::unique_ptr<http::Responder> responder) {
                      tell(std::move(responder));
                    },
                    small_queues()};
  std::string endpoint_ = "127.0.0.1:" + std::to_string(agent_.port());
  std::unique_ptr<AgentProxy> proxy_;  // on the loop of the server in front
  TestServer front_{
      [this](const http::Request& request, std::unique_ptr<http::Responder> responder) {
        proxy_->fetch({"n1", endpoint_}, request.path, request.query, std::move(responder));
      },
      small_queues()};
};

TEST_F(AgentProxyTest, an_agent_waits_for_the_reader_and_nothing_is_cut) {
  RawClient client(front_.port());
  ASSERT_TRUE(client.handshake());
  client.send(get_and_close);
  wait_until_held();
  EXPECT_LT(sent_, total);
  const std::string text = client.read_to_end();
  EXPECT_EQ(static_cast<size_t>(std::ranges::count(text, '~')), total);
  EXPECT_THAT(text.substr(text.size() - 5), "0\r\n\r\n");
  EXPECT_TRUE(wait_until([this] { return under_way() == 0 && agent_.connections() == 0; }));
}

TEST_F(AgentProxyTest, a_reader_that_goes_while_the_agent_waits_leaves_nothing_behind) {
  {
    RawClient client(front_.port());
    ASSERT_TRUE(client.handshake());
    client.send(get_and_close);
    wait_until_held();
    EXPECT_EQ(under_way(), 1u);
  }
  EXPECT_TRUE(wait_until([this] { return under_way() == 0 && is_closed_; }));
  EXPECT_LT(sent_, total);
  EXPECT_TRUE(wait_until([this] { return agent_.connections() == 0; }));
}

TEST_F(AgentProxyTest, what_is_under_way_goes_on_when_the_caller_is_replaced) {
  RawClient client(front_.port());
  ASSERT_TRUE(client.handshake());
  client.send(get_and_close);
  wait_until_held();
  front_.on_loop([this] { proxy_->replace_caller(certificates().client); });
  const std::string text = client.read_to_end();
  EXPECT_EQ(static_cast<size_t>(std::ranges::count(text, '~')), total);
}

TEST_F(AgentProxyTest, what_breaks_off_at_the_agent_has_no_end_for_the_reader) {
  RawClient client(front_.port());
  ASSERT_TRUE(client.handshake());
  client.send(get_and_close);
  wait_until_held();
  agent_.on_loop([this] { stream_->cut(); });
  const std::string text = client.read_to_end();
  EXPECT_EQ(static_cast<size_t>(std::ranges::count(text, '~')), sent_) << "all that was sent";
  EXPECT_THAT(text, Not(EndsWith("0\r\n\r\n")));
  EXPECT_TRUE(wait_until([this] { return under_way() == 0 && agent_.connections() == 0; }));
}

TEST_F(AgentProxyTest, an_agent_that_is_not_there_is_told_and_forgotten) {
  front_.on_loop([this] { endpoint_ = "127.0.0.1:1"; });
  RawClient client(front_.port());
  ASSERT_TRUE(client.handshake());
  client.send(get_and_close);
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 503"));
  EXPECT_TRUE(wait_until([this] { return under_way() == 0; }));
}

TEST_F(AgentProxyTest, another_node_at_that_address_is_not_taken_for_it) {
  front_.on_loop([this] {
    // Its certificate is a server's, of no node.
    endpoint_ = "127.0.0.1:" + std::to_string(front_.port());
  });
  RawClient client(front_.port());
  ASSERT_TRUE(client.handshake());
  client.send(get_and_close);
  EXPECT_THAT(client.read_to_end(), HasSubstr("HTTP/1.1 503"));
  EXPECT_EQ(sent_, 0u);
}

}  // namespace
}  // namespace freehold::cli
