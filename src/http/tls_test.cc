#include "http/tls.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "http/testing/fixture.h"

namespace freehold::http {
namespace {

using testing::certificates;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::shared_ptr<TlsContext> server_context() {
  const auto& all = certificates();
  return TlsContext::for_server(
             {all.server.certificate_pem, all.server.key_pem, all.authority.certificate_pem})
      .value();
}

std::shared_ptr<TlsContext> client_context(const std::string& host = "127.0.0.1") {
  const auto& all = certificates();
  ClientTls options;
  options.host = host;
  options.ca_pem = all.authority.certificate_pem;
  options.certificate_pem = all.client.certificate_pem;
  options.key_pem = all.client.key_pem;
  return TlsContext::for_client(std::move(options)).value();
}

// Both ends of one connection on one thread: neither may ever block.
class Pair {
 public:
  Pair(std::shared_ptr<TlsContext> server_tls, std::shared_ptr<TlsContext> client_tls) {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets_.data()), 0);
    server = Channel::server(sockets_[0], std::move(server_tls));
    client = Channel::client(sockets_[1], std::move(client_tls));
  }
  ~Pair() {
    hang_up();
    ::close(sockets_[0]);
  }
  Pair(const Pair&) = delete;
  bool shake_hands() {
    Io at_client = Io::want_read, at_server = Io::want_read;
    for (int i = 0; i < 10 && (at_client != Io::done || at_server != Io::done); ++i) {
      if (at_client != Io::done) at_client = client.handshake();
      if (at_server != Io::done) at_server = server.handshake();
    }
    return at_client == Io::done && at_server == Io::done;
  }
  void hang_up() {
    if (sockets_[1] >= 0) ::close(std::exchange(sockets_[1], -1));
  }

  Channel server, client;

 private:
  std::array<int, 2> sockets_{};
};

std::string read_some(Channel& channel) {
  std::string text(1000, '\0');
  const Progress progress = channel.read(text.data(), text.size());
  text.resize(progress.bytes);
  return text;
}

TEST(Channel, carries_bytes_both_ways_and_says_when_to_wait) {
  Pair pair(server_context(), client_context());
  ASSERT_TRUE(pair.shake_hands());
  std::array<char, 10> buffer{};
  EXPECT_EQ(pair.server.read(buffer.data(), buffer.size()).state, Io::want_read);
  EXPECT_EQ(pair.client.write("hello").bytes, 5u);
  EXPECT_EQ(read_some(pair.server), "hello");
  EXPECT_EQ(pair.server.write("world").bytes, 5u);
  EXPECT_EQ(read_some(pair.client), "world");
}

TEST(Channel, knows_what_it_holds_already) {
  Pair pair(server_context(), client_context());
  ASSERT_TRUE(pair.shake_hands());
  pair.client.write("hello");
  std::array<char, 2> two{};
  EXPECT_EQ(pair.server.read(two.data(), two.size()).bytes, 2u);
  EXPECT_TRUE(pair.server.has_buffered());
  EXPECT_EQ(read_some(pair.server), "llo");
  EXPECT_FALSE(pair.server.has_buffered());
}

TEST(Channel, a_full_socket_asks_to_wait_and_then_goes_on_where_it_was) {
  Pair pair(server_context(), client_context());
  ASSERT_TRUE(pair.shake_hands());
  const std::string record(16 * 1024, 'x');
  size_t sent = 0, received = 0;
  while (true) {
    const Progress progress = pair.client.write(record);
    if (progress.state == Io::want_write) break;
    ASSERT_EQ(progress.state, Io::done);
    sent += progress.bytes;
  }
  for (std::string text; !(text = read_some(pair.server)).empty();) received += text.size();
  // More may stand behind what was refused; a moved copy will do.
  const Progress progress = pair.client.write(std::string(16 * 1024, 'x'));
  ASSERT_EQ(progress.state, Io::done);
  sent += progress.bytes;
  for (std::string text; !(text = read_some(pair.server)).empty();) received += text.size();
  EXPECT_EQ(sent, received);
}

TEST(Channel, tells_an_end_from_a_cut) {
  {
    Pair pair(server_context(), client_context());
    ASSERT_TRUE(pair.shake_hands());
    pair.client.close_notify();
    std::array<char, 10> buffer{};
    EXPECT_EQ(pair.server.read(buffer.data(), buffer.size()).state, Io::closed);
  }
  Pair pair(server_context(), client_context());
  ASSERT_TRUE(pair.shake_hands());
  pair.hang_up();
  std::array<char, 10> buffer{};
  EXPECT_EQ(pair.server.read(buffer.data(), buffer.size()).state, Io::failed);
  EXPECT_EQ(pair.server.write("x").state, Io::failed);  // and no SIGPIPE
  EXPECT_NE(pair.server.problem(), "");
}

// A session that is resumed would let in whoever has it, with a certificate that has ended since.
TEST(Channel, asks_for_the_certificate_each_time_and_knows_when_it_ends) {
  const auto at_server = server_context();
  const auto at_client = client_context();
  for (int i = 0; i < 3; ++i) {
    Pair pair(at_server, at_client);
    ASSERT_TRUE(pair.shake_hands());
    EXPECT_FALSE(pair.server.is_resumed());
    EXPECT_FALSE(pair.client.is_resumed());
    const Peer peer = pair.server.peer();
    EXPECT_EQ(peer.certificate_common_name, "alice");
    EXPECT_THAT(peer.certificate_organizations, ElementsAre("team-a", "team-b"));
    const Time until = certificate_validity(certificates().client.certificate_pem)->until;
    EXPECT_EQ(peer.certificate_until, until);
    EXPECT_FALSE(peer.has_expired(until - microseconds(1)));
    EXPECT_TRUE(peer.has_expired(until));
    read_some(pair.client);  // a ticket, if one came
  }
}

TEST(Channel, a_server_with_other_authorities_does_not_resume_a_session) {
  const auto at_client = client_context();
  {
    Pair pair(server_context(), at_client);
    ASSERT_TRUE(pair.shake_hands());
    read_some(pair.client);
  }
  Pair pair(server_context(), at_client);  // as after a restart
  ASSERT_TRUE(pair.shake_hands());
  EXPECT_FALSE(pair.server.is_resumed());
}

TEST(Channel, checks_the_host) {
  Pair name(server_context(), client_context("localhost"));
  EXPECT_TRUE(name.shake_hands());
  Pair address(server_context(), client_context("::1"));
  EXPECT_TRUE(address.shake_hands());
  Pair other(server_context(), client_context("other.example"));
  EXPECT_FALSE(other.shake_hands());
  EXPECT_THAT(other.client.problem(), HasSubstr("hostname mismatch"));
}

TEST(Channel, does_without_tls) {
  Pair pair(nullptr, nullptr);
  EXPECT_TRUE(pair.shake_hands());
  EXPECT_EQ(pair.client.write("hello").bytes, 5u);
  EXPECT_EQ(read_some(pair.server), "hello");
  pair.hang_up();
  std::array<char, 10> buffer{};
  EXPECT_EQ(pair.server.read(buffer.data(), buffer.size()).state, Io::closed);
}

}  // namespace
}  // namespace freehold::http
