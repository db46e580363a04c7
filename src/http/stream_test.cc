#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <optional>

#include "http/testing/fixture.h"

namespace freehold::http {
namespace {

using ::testing::EndsWith;
using testing::get;
using ::testing::HasSubstr;
using testing::RawClient;
using ::testing::StartsWith;
using testing::Streams;
using testing::TestServer;
using testing::wait_until;

TEST(ServerStream, streams_the_head_at_once_and_then_chunks) {
  Streams streams;
  TestServer server(std::ref(streams));
  RawClient client(server.port());
  ASSERT_TRUE(client.handshake());
  client.send(get);
  EXPECT_THAT(client.read_until("begin;\r\n"), HasSubstr("transfer-encoding: chunked\r\n"));
  server.on_loop([&] {
    streams.open[0]->send(bytes("one"));
    streams.open[0]->send(bytes(""));
    streams.open[0]->send(bytes("second"));
  });
  EXPECT_EQ(client.read_until("second\r\n"), "3\r\none\r\n6\r\nsecond\r\n");
  server.on_loop([&] {
    streams.open[0]->finish();
    EXPECT_TRUE(streams.open[0]->closed());
    streams.open[0]->send(bytes("too late"));
  });
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "0\r\n\r\n");
  // The connection goes on.
  client.send(get);
  EXPECT_THAT(client.read_until("begin;"), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(streams.closed, 0);
  server.on_loop([&] { streams.open.clear(); });  // dropping ends them
  EXPECT_THAT(client.read_until("0\r\n\r\n"), EndsWith("0\r\n\r\n"));
}

TEST(ServerStream, tells_a_stream_that_its_peer_went) {
  Streams streams;
  TestServer server(std::ref(streams));
  {
    RawClient client(server.port());
    ASSERT_TRUE(client.handshake());
    client.send(get);
    client.read_until("begin;");
  }
  EXPECT_TRUE(wait_until([&] { return streams.closed == 1; }));
  server.on_loop([&] {
    EXPECT_TRUE(streams.open[0]->closed());
    streams.open.clear();
  });
}

TEST(ServerStream, cuts_a_stream_whose_queue_overflows) {
  Streams streams;
  ServerOptions options;
  options.stream_queue_bytes = 1 << 20;
  TestServer server(std::ref(streams), std::move(options));
  RawClient client(server.port());
  client.shrink_receive_buffer();
  ASSERT_TRUE(client.handshake());
  client.send(get);
  client.read_until("begin;");
  const Bytes chunk = bytes(std::string(100'000, 'x'));
  int sent = 0;
  for (; sent < 1000 && streams.closed == 0; ++sent) {
    server.on_loop([&] {
      streams.open[0]->send(chunk);
      if (streams.open[0]->closed()) streams.open[0]->send(chunk);  // does nothing
    });
  }
  EXPECT_LT(sent, 1000);
  EXPECT_EQ(server.connections(), 0u);
  server.on_loop([&] { streams.open.clear(); });
}

TEST(ServerStream, a_stream_that_paces_itself_sends_any_amount) {
  constexpr size_t total = 20 << 20;
  std::shared_ptr<Stream> stream;
  size_t sent = 0, most_queued = 0;
  const Bytes chunk = bytes(std::string(10'000, 'x'));
  std::function<void()> send_some = [&] {
    while (sent < total && stream->queued_bytes() < 100'000) {
      stream->send(chunk);
      sent += chunk->size();
      most_queued = std::max(most_queued, stream->queued_bytes());
    }
    if (sent < total) return stream->on_drained(send_some);
    stream->finish();
  };
  ServerOptions options;
  options.stream_queue_bytes = 1 << 20;
  TestServer server(
      [&](Request, std::unique_ptr<Responder> responder) {
        stream = responder->stream({});
        stream->on_drained(send_some);
      },
      std::move(options));
  RawClient client(server.port());
  ASSERT_TRUE(client.handshake());
  client.send("GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
  EXPECT_GT(client.read_to_end().size(), total);
  EXPECT_LT(most_queued, 200'000u);
  server.on_loop([&] { stream.reset(); });
}

TEST(ServerStream, cuts_a_stream_whose_reader_takes_nothing) {
  Streams streams;
  ServerOptions options;
  options.body_timeout = milliseconds(50);
  options.stream_queue_bytes = 100 << 20;
  TestServer server(std::ref(streams), std::move(options));
  RawClient client(server.port());
  client.shrink_receive_buffer();
  ASSERT_TRUE(client.handshake());
  client.send(get);
  client.read_until("begin;");
  server.on_loop([&] { streams.open[0]->send(bytes(std::string(50 << 20, 'x'))); });
  EXPECT_TRUE(wait_until([&] { return streams.closed == 1; }));
  server.on_loop([&] { streams.open.clear(); });
}

TEST(ServerStream, lets_a_reader_rest_that_may) {
  Streams streams;
  ServerOptions options;
  options.body_timeout = milliseconds(20);
  options.stream_queue_bytes = 100 << 20;
  TestServer server(std::ref(streams), std::move(options));
  RawClient client(server.port()), hasty(server.port());
  for (RawClient* one : {&client, &hasty}) {
    one->shrink_receive_buffer();
    ASSERT_TRUE(one->handshake());
    one->send(get);
    one->read_until("begin;");
  }
  const Bytes chunk = bytes(std::string(50 << 20, 'x'));
  server.on_loop([&] {
    streams.open[0]->allow_pause(hours(1));
    for (const auto& stream : streams.open) stream->send(chunk);
  });
  EXPECT_TRUE(wait_until([&] { return streams.closed == 1; }));
  server.on_loop([&] {
    EXPECT_FALSE(streams.open[0]->closed());
    EXPECT_TRUE(streams.open[1]->closed());
    streams.open.clear();
  });
}

TEST(ServerStream, a_handler_may_drop_its_stream_when_it_closes) {
  std::shared_ptr<Stream> stream;
  std::atomic<int> closed = 0;
  TestServer server([&](Request, std::unique_ptr<Responder> responder) {
    stream = responder->stream({});
    stream->on_closed([&, keeps_itself = stream] {
      ++closed;
      stream.reset();
    });
  });
  {
    RawClient client(server.port());
    ASSERT_TRUE(client.handshake());
    client.send(get);
    client.read_until("\r\n\r\n");
  }
  EXPECT_TRUE(wait_until([&] { return closed == 1; }));
}

TEST(ServerStream, streams_to_an_http_1_0_client_until_it_closes) {
  Streams streams;
  TestServer server(std::ref(streams));
  RawClient client(server.port());
  ASSERT_TRUE(client.handshake());
  client.send("GET / HTTP/1.0\r\n\r\n");
  client.read_until("begin;");
  server.on_loop([&] {
    streams.open[0]->send(bytes("one"));
    streams.open[0]->finish();
  });
  EXPECT_EQ(client.read_to_end(), "one");
}

// How a stream ends for a client of ours, once `end` was done to it on the server.
Result<void> seen_end(const Task& act, TestServer& server, Streams& streams, std::string& body) {
  Loop loop;
  auto transport = connect(loop, server.client_options()).value();
  std::optional<Result<void>> seen;
  const auto call = transport->stream({}, {.on_head = {},
                                           .on_data = [&](std::string_view data) { body += data; },
                                           .on_end = [&](const Result<void>& end) { seen = end; }});
  testing::run_until(loop, [&] { return body == "begin;"; });
  server.on_loop(act);
  testing::run_until(loop, [&] { return seen.has_value(); });
  server.on_loop([&] { streams.open.clear(); });
  return seen.value_or(Result<void>{});
}

TEST(ServerStream, what_is_cut_is_seen_to_be_and_what_was_sent_arrives) {
  Streams streams;
  TestServer server(std::ref(streams));
  std::string cut_body, whole_body;
  const auto cut = seen_end(
      [&] {
        streams.open[0]->send(bytes("one"));
        streams.open[0]->cut();
        EXPECT_TRUE(streams.open[0]->closed());
      },
      server, streams, cut_body);
  EXPECT_FALSE(cut.ok());
  EXPECT_EQ(cut_body, "begin;one");
  const auto whole = seen_end([&] { streams.open[0]->finish(); }, server, streams, whole_body);
  EXPECT_TRUE(whole.ok());
  EXPECT_EQ(streams.closed, 0);
}

TEST(ServerStream, a_stream_that_must_be_finished_is_cut_where_it_is_not) {
  Streams streams;
  TestServer server(std::ref(streams));
  std::string body, other, last;
  EXPECT_FALSE(seen_end(
                   [&] {
                     streams.open[0]->must_finish();
                     streams.open.clear();
                   },
                   server, streams, body)
                   .ok());
  EXPECT_TRUE(seen_end([&] { streams.open.clear(); }, server, streams, other).ok());
  EXPECT_FALSE(seen_end(
                   [&] {
                     streams.open[0]->must_finish();
                     server.server().stop(Duration{}, [] {});
                   },
                   server, streams, last)
                   .ok());
}

// Its body ends with the connection; whether all of it came is for TLS to say.
TEST(ServerStream, a_cut_shows_to_an_http_1_0_client) {
  Streams streams;
  TestServer server(std::ref(streams));
  for (const bool is_cut : {true, false}) {
    RawClient client(server.port());
    ASSERT_TRUE(client.handshake());
    client.send("GET / HTTP/1.0\r\n\r\n");
    client.read_until("begin;");
    server.on_loop([&] {
      if (is_cut)
        streams.open[0]->cut();
      else
        streams.open[0]->finish();
      streams.open.clear();
    });
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_EQ(client.is_end_announced(), !is_cut);
  }
}

TEST(ServerStream, holds_a_thousand_streams) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur < 2200) GTEST_SKIP() << "too few file descriptors";
  Streams streams;
  TestServer server(std::ref(streams));
  Loop loop;
  auto transport = connect(loop, server.client_options()).value();
  constexpr size_t count = 1000;
  size_t heads = 0, events = 0, ends = 0;
  std::vector<std::unique_ptr<Call>> calls;
  const auto open = [&](size_t some) {
    for (size_t i = 0; i < some; ++i) {
      calls.push_back(transport->stream(
          {}, {.on_head = [&](const Response&) { ++heads; },
               .on_data = [&](std::string_view data) { events += data.ends_with("event;"); },
               .on_end = [&](const Result<void>& end) { ends += end.ok(); }}));
    }
    testing::run_until(loop, [&] { return heads == calls.size(); });
  };
  for (int i = 0; i < 10; ++i) open(count / 10);  // each is a handshake
  ASSERT_EQ(server.connections(), count);
  const Bytes event = bytes("event;");
  server.on_loop([&] {
    for (const auto& stream : streams.open) stream->send(event);
  });
  testing::run_until(loop, [&] { return events == count; });
  server.on_loop([&] { streams.open.clear(); });
  testing::run_until(loop, [&] { return ends == count; });
}

}  // namespace
}  // namespace freehold::http
