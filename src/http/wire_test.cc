#include "http/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace freehold::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr ReaderLimits small{.header_bytes = 1024, .body_bytes = 64};

// Feeds whole, and byte by byte as the slowest network would; both must come to the same.
ReaderState feed(RequestReader& reader, const std::string& text) {
  size_t taken = 0;
  for (size_t size = 1; size <= text.size() && reader.state() < ReaderState::complete; ++size) {
    taken += reader.feed(std::string_view(text).substr(taken, size - taken));
  }
  return reader.state();
}

struct Outcome {
  ReaderState state;
  int refusal;
};

Outcome read(const std::string& text) {
  RequestReader whole(small);
  whole.feed(text);
  RequestReader pieces(small);
  EXPECT_EQ(feed(pieces, text), whole.state()) << text;
  EXPECT_EQ(pieces.refusal(), whole.refusal()) << text;
  return {whole.state(), whole.refusal()};
}

Request read_whole(const std::string& text) {
  RequestReader reader(small);
  EXPECT_EQ(reader.feed(text), text.size());
  EXPECT_EQ(reader.state(), ReaderState::complete) << reader.problem();
  return reader.state() == ReaderState::complete ? reader.take() : Request{};
}

TEST(RequestReader, reads_target_headers_and_body) {
  const Request request = read_whole(
      "PATCH /a/%C3%A4?x=1&y=%2F HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nX-Two: a\r\nx-two: "
      "b\r\n\r\nabc");
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.path, "/a/\xC3\xA4");
  EXPECT_EQ(request.parameter("y"), "/");
  EXPECT_EQ(request.header("x-two"), "a, b");
  EXPECT_EQ(*request.body, "abc");
}

TEST(RequestReader, reads_chunks_and_drops_trailers) {
  const Request request = read_whole(
      "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nx-remote-user: root\r\n\r\n");
  EXPECT_EQ(*request.body, "abcde");
  EXPECT_EQ(request.header("x-remote-user"), "");
}

TEST(RequestReader, reads_a_body_without_a_chunk_in_any_pieces) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char* body : {"0\r\n\r\n", "00\r\n\r\n", "0;a=b\r\n\r\n", "0\r\nA: b\r\n\r\n"})
    EXPECT_EQ(read(head + body).state, ReaderState::complete) << body;
}

TEST(RequestReader, stops_at_the_end_of_one_request) {
  RequestReader reader(small);
  const std::string first = "GET / HTTP/1.1\r\nhost: h\r\n\r\n";
  EXPECT_EQ(reader.feed(first + "GET /second"), first.size());
  EXPECT_EQ(reader.state(), ReaderState::complete);
  EXPECT_EQ(reader.take().body, nullptr);
}

TEST(RequestReader, takes_the_path_of_an_absolute_target) {
  EXPECT_EQ(read_whole("GET http://h:1/a?b=c HTTP/1.1\r\nhost: h\r\n\r\n").path, "/a");
  EXPECT_EQ(read_whole("GET https://h HTTP/1.1\r\nhost: h\r\n\r\n").path, "/");
  EXPECT_EQ(read_whole("GET /a?u=http://x/y HTTP/1.1\r\nhost: h\r\n\r\n").path, "/a");
  EXPECT_EQ(read_whole("OPTIONS * HTTP/1.1\r\nhost: h\r\n\r\n").path, "*");
}

TEST(RequestReader, refuses_what_two_servers_could_read_differently) {
  const std::string start = "POST / HTTP/1.1\r\nhost: h\r\n";
  for (const char* rest : {
           "content-length: 3\r\ntransfer-encoding: chunked\r\n\r\nabc",
           "transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n",
           "content-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
           "content-length: +3\r\n\r\nabc",
           "content-length: 3 \t 4\r\n\r\nabc",
           "content-length: -1\r\n\r\n",
           "content-length: 99999999999999999999\r\n\r\n",
           "host: other\r\n\r\n",
           "no colon\r\n\r\n",
           "space : x\r\n\r\n",
           "control: \x01x\r\n\r\n",
           "line: a\nb: c\r\n\r\n",
           "transfer-encoding: chunked\r\n\r\nzz\r\n",
           "transfer-encoding: chunked\r\n\r\n1\r\nabc\r\n",
           "transfer-encoding: chunked\r\n\r\n-1\r\n",
       }) {
    const Outcome outcome = read(start + rest);
    EXPECT_EQ(outcome.state, ReaderState::broken) << rest;
    EXPECT_EQ(outcome.refusal, 400) << rest;
  }
  EXPECT_EQ(read("GET / HTTP/1.1\r\n\r\n").refusal, 400);  // no host
}

TEST(RequestReader, refuses_codings_that_it_does_not_speak) {
  const std::string start = "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: ";
  EXPECT_EQ(read(start + "gzip\r\n\r\n").refusal, 501);
  EXPECT_EQ(read(start + "gzip, chunked\r\n\r\n0\r\n\r\n").refusal, 501);
  EXPECT_EQ(read(start + "chunked, identity\r\n\r\n0\r\n\r\n").refusal, 501);
  EXPECT_EQ(read("POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n").refusal, 501);
}

TEST(RequestReader, refuses_bad_lines_versions_and_targets) {
  EXPECT_EQ(read("\x16\x03\x01\x02\x03garbage\r\n\r\n").refusal, 400);
  EXPECT_EQ(read("GET / HTTP/2.0\r\nhost: h\r\n\r\n").refusal, 505);
  EXPECT_EQ(read("GET /%zz HTTP/1.1\r\nhost: h\r\n\r\n").refusal, 400);
  EXPECT_EQ(read("GET /?a=%00 HTTP/1.1\r\nhost: h\r\n\r\n").refusal, 400);
  EXPECT_EQ(read("GET relative HTTP/1.1\r\nhost: h\r\n\r\n").refusal, 400);
  EXPECT_EQ(read("CONNECT h:443 HTTP/1.1\r\nhost: h\r\n\r\n").refusal, 400);
  EXPECT_EQ(read("GET / HTTP/1.1\r\nhost: h\r\nexpect: a-miracle\r\n\r\n").refusal, 417);
}

TEST(RequestReader, refuses_more_than_its_limits) {
  const std::string start = "POST / HTTP/1.1\r\nhost: h\r\n";
  EXPECT_EQ(read(start + "content-length: 65\r\n\r\n").refusal, 413);
  EXPECT_EQ(read(start + "transfer-encoding: chunked\r\n\r\n41\r\n").refusal, 413);
  EXPECT_EQ(read(start + "content-length: 64\r\n\r\n" + std::string(64, 'x')).state,
            ReaderState::complete);
  EXPECT_EQ(read(start + "long: " + std::string(2000, 'x') + "\r\n\r\n").refusal, 431);
  EXPECT_EQ(read("GET /" + std::string(2000, 'x')).refusal, 431);
}

TEST(RequestReader, bounds_the_whole_head_when_it_comes_line_by_line) {
  // Whole lines, so that none stays behind for Beast's own limit to see.
  RequestReader reader(small);
  std::string rest = "GET / HTTP/1.1\r\nhost: h\r\n";
  int lines = 0;
  for (; reader.state() == ReaderState::head && lines < 1000; ++lines) {
    rest += "a: 12345678\r\n";
    rest.erase(0, reader.feed(rest));
  }
  EXPECT_EQ(reader.refusal(), 431);
  EXPECT_LT(lines, 100);
}

TEST(RequestReader, bounds_chunk_extensions_and_trailers) {
  for (const char* start : {"1;ext=", "0\r\ntrailer: "}) {
    RequestReader reader(small);
    std::string rest =
        std::string("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n") + start;
    for (int i = 0; i < 1000 && reader.state() < ReaderState::complete; ++i) {
      rest += "xxxxxxxx";
      rest.erase(0, reader.feed(rest));
    }
    EXPECT_EQ(reader.refusal(), 431) << start;
  }
}

TEST(RequestReader, knows_who_waits_for_continue_and_who_stays) {
  RequestReader reader(small);
  reader.feed("PUT / HTTP/1.1\r\nhost: h\r\nexpect: 100-Continue\r\ncontent-length: 1\r\n\r\n");
  EXPECT_EQ(reader.state(), ReaderState::body);
  EXPECT_TRUE(reader.expects_continue());
  EXPECT_TRUE(reader.keeps_alive());
  RequestReader old(small);
  old.feed("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.state(), ReaderState::complete);
  EXPECT_TRUE(old.is_http_1_0());
  EXPECT_FALSE(old.keeps_alive());
  RequestReader closing(small);
  closing.feed("GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
  EXPECT_FALSE(closing.keeps_alive());
}

TEST(ResponseReader, reads_a_response_and_skips_interim_ones) {
  ResponseReader reader("GET", small);
  const std::string text =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: x\r\n\r\n"
      "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno";
  EXPECT_EQ(reader.feed(text), text.size());
  ASSERT_EQ(reader.state(), ReaderState::complete);
  const Response response = reader.take();
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(*response.body, "no");
  EXPECT_FALSE(response.headers.contains("link"));
}

TEST(ResponseReader, hands_out_a_body_as_it_comes) {
  ResponseReader reader("GET", small);
  std::string rest = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n";
  rest.erase(0, reader.feed(rest));
  EXPECT_EQ(reader.state(), ReaderState::body);
  EXPECT_EQ(reader.take_body(), "abc");
  rest += "1\r\nd\r\n0\r\n\r\n";
  rest.erase(0, reader.feed(rest));
  EXPECT_EQ(reader.take_body(), "d");
  EXPECT_EQ(reader.state(), ReaderState::complete);
}

TEST(ResponseReader, a_body_without_length_ends_with_its_connection) {
  ResponseReader reader("GET", small);
  reader.feed("HTTP/1.1 200 OK\r\n\r\nabc");
  EXPECT_EQ(reader.state(), ReaderState::body);
  reader.feed_end();
  ASSERT_EQ(reader.state(), ReaderState::complete);
  EXPECT_EQ(*reader.take().body, "abc");
  ResponseReader cut("GET", small);
  cut.feed("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
  cut.feed_end();
  EXPECT_EQ(cut.state(), ReaderState::broken);
}

TEST(ResponseReader, knows_responses_without_a_body) {
  ResponseReader head("HEAD", small);
  head.feed("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n");
  EXPECT_EQ(head.state(), ReaderState::complete);
  ResponseReader none("DELETE", small);
  none.feed("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(none.state(), ReaderState::complete);
}

TEST(ResponseReader, refuses_a_body_above_the_limit) {
  ResponseReader reader("GET", small);
  reader.feed("HTTP/1.1 200 OK\r\n\r\n" + std::string(65, 'x'));
  EXPECT_EQ(reader.state(), ReaderState::broken);
  EXPECT_TRUE(reader.is_too_large());
}

TEST(WriteHead, writes_what_the_reader_reads) {
  Request request;
  request.method = "PUT";
  request.path = "/a b";
  request.query = {{"q", "1&2"}};
  request.headers = {{"accept", "x"}, {"content-length", "99"}, {"transfer-encoding", "chunked"}};
  request.body = bytes("abc");
  const std::string text = write_head(request, "h:1", "Bearer t") + *request.body;
  const Request back = read_whole(text);
  EXPECT_EQ(back.method, "PUT");
  EXPECT_EQ(back.path, request.path);
  EXPECT_EQ(back.query, request.query);
  EXPECT_EQ(back.header("authorization"), "Bearer t");
  EXPECT_EQ(back.header("accept"), "x");
  EXPECT_EQ(*back.body, "abc");
}

TEST(WriteHead, frames_a_response) {
  Response response;
  response.status = 201;
  response.headers = {{"content-type", "text/plain"}, {"content-length", "7"}};
  response.body = bytes("abc");
  EXPECT_EQ(write_head(response, {}),
            "HTTP/1.1 201 Created\r\ncontent-type: text/plain\r\ncontent-length: 3\r\n\r\n");
  EXPECT_EQ(write_head(response, {.framing = Framing::chunked, .keep_alive = false, .date = "d"}),
            "HTTP/1.1 201 Created\r\ncontent-type: text/plain\r\ndate: d\r\n"
            "transfer-encoding: chunked\r\nconnection: close\r\n\r\n");
  response = Response{.status = 204, .headers = {}, .body = nullptr};
  EXPECT_EQ(write_head(response, {}), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(WriteHeadDeathTest, a_header_that_breaks_the_framing_is_a_bug) {
  Response response;
  response.headers["x"] = "a\r\nset-cookie: b";
  EXPECT_DEATH(write_head(response, {}), "header");
}

TEST(Wire, writes_chunks_and_dates) {
  EXPECT_EQ(chunk_prefix(500), "1f4\r\n");
  // The example of RFC 9110 section 5.6.7.
  EXPECT_EQ(format_http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(Wire, a_refusal_is_a_status_of_kubernetes) {
  const Response response = refusal_response(413, "too \"large\"\n");
  EXPECT_EQ(*response.body,
            R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",)"
            R"("message":"too \"large\" ","reason":"RequestEntityTooLarge","code":413})");
}

}  // namespace
}  // namespace freehold::http
