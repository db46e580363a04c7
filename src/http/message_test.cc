#include "http/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/address.h"
#include "http/outbox.h"

namespace freehold::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(Query, decodes_names_and_values) {
  const auto query = decode_query("a=1&b=%20x&c&d=&watch=true&l=a%3Db%2Cc&plus=a+b&=v&&e=1=2");
  ASSERT_TRUE(query.ok());
  EXPECT_THAT(*query, ElementsAre(Pair("a", "1"), Pair("b", " x"), Pair("c", ""), Pair("d", ""),
                                  Pair("watch", "true"), Pair("l", "a=b,c"), Pair("plus", "a b"),
                                  Pair("", "v"), Pair("e", "1=2")));
  EXPECT_TRUE(decode_query("")->empty());
}

TEST(Query, refuses_broken_escapes_and_bytes_that_are_no_text) {
  for (const char* text : {"a=%", "a=%1", "a=%zz", "%4=1", "a=%00", "a=%ff", "a=%c0%80", "%"}) {
    const auto query = decode_query(text);
    ASSERT_FALSE(query.ok()) << text;
    EXPECT_EQ(query.error().reason, Reason::bad_request) << text;
  }
}

TEST(Query, what_is_encoded_decodes_to_the_same) {
  const Query query = {{"a b", "c&d=e+f"}, {"unicode", "\xC3\xA4"}, {"", ""}, {"plain", "x-._~"}};
  const std::string text = encode_query(query);
  EXPECT_EQ(text, "a%20b=c%26d%3De%2Bf&unicode=%C3%A4&=&plain=x-._~");
  EXPECT_EQ(decode_query(text).value(), query);
}

TEST(Path, what_is_encoded_decodes_to_the_same) {
  const std::string path = "/apis/a+b/n\xC3\xA4me with%percent?and#rest:x@y";
  const std::string text = encode_path(path);
  EXPECT_EQ(text, "/apis/a+b/n%C3%A4me%20with%25percent%3Fand%23rest:x@y");
  EXPECT_EQ(percent_decode(text).value(), path);
}

TEST(Request, finds_headers_and_the_first_parameter_of_a_name) {
  Request request;
  request.headers = {{"accept", "text/plain"}};
  request.query = {{"a", "1"}, {"a", "2"}};
  EXPECT_EQ(request.header("accept"), "text/plain");
  EXPECT_EQ(request.header("host"), "");
  EXPECT_EQ(request.parameter("a"), "1");
  EXPECT_EQ(request.parameter("b"), std::nullopt);
}

TEST(Address, splits_host_and_port) {
  EXPECT_EQ(parse_host_port("127.0.0.1:6443")->host, "127.0.0.1");
  EXPECT_EQ(parse_host_port("127.0.0.1:6443")->port, 6443);
  EXPECT_EQ(parse_host_port("[::1]:0")->host, "::1");
  EXPECT_EQ(parse_host_port(":6443")->host, "");
  for (const char* text : {"127.0.0.1:6443", "[::1]:0", ":6443", "node-7.example:1"})
    EXPECT_EQ(print_host_port(*parse_host_port(text)), text);
  for (const char* any : {"", "0.0.0.0", "::", "0:0:0:0:0:0:0:0"}) EXPECT_TRUE(is_any_host(any));
  for (const char* one : {"127.0.0.1", "::1", "10.0.0.0", "localhost"})
    EXPECT_FALSE(is_any_host(one)) << one;
  for (const char* text :
       {"", "a", "::1:6443", "a:", "a:65536", "a:-1", "a b:1", "a/b:1", "a:1x"}) {
    EXPECT_FALSE(parse_host_port(text).ok()) << text;
  }
}

TEST(Address, reads_urls) {
  const auto url = parse_url("https://node-1.example:6443/").value();
  EXPECT_EQ(url.scheme, Scheme::https);
  EXPECT_EQ(url.address.host, "node-1.example");
  EXPECT_EQ(url.address.port, 6443);
  EXPECT_EQ(url.authority, "node-1.example:6443");
  EXPECT_EQ(parse_url("https://[::1]")->address.port, 443);
  EXPECT_EQ(parse_url("http://localhost")->address.port, 80);
  for (const char* text : {"", "ftp://a", "https://", "https://:1", "https://a:0", "https://a/b",
                           "https://u@a", "https://a:1\r\nx:1"}) {
    const auto bad = parse_url(text);
    ASSERT_FALSE(bad.ok()) << text;
    EXPECT_EQ(bad.error().reason, Reason::invalid);
  }
}

TEST(Outbox, puts_small_pieces_into_one_record) {
  Outbox outbox;
  Scratch scratch;
  outbox.push("head ");
  outbox.push(bytes("body"));
  outbox.push(std::string());
  EXPECT_EQ(outbox.gather(scratch), "head body");
  outbox.consume(7);
  EXPECT_EQ(outbox.gather(scratch), "dy");
  outbox.push(" more");
  EXPECT_EQ(outbox.gather(scratch), "dy more");
  outbox.consume(7);
  EXPECT_TRUE(outbox.empty());
}

TEST(Outbox, sends_a_large_piece_where_it_lies) {
  Outbox outbox;
  Scratch scratch;
  const Bytes large = bytes(std::string(40'000, 'x'));
  outbox.push("head");
  outbox.push(large);
  EXPECT_EQ(outbox.gather(scratch).size(), record_bytes);
  EXPECT_EQ(outbox.gather(scratch).data(), scratch.data());
  outbox.consume(record_bytes);
  EXPECT_EQ(outbox.gather(scratch).data(), large->data() + record_bytes - 4);
  EXPECT_EQ(outbox.size(), large->size() + 4 - record_bytes);
}

TEST(Outbox, keeps_order_over_many_pieces_and_partial_writes) {
  Outbox outbox;
  Scratch scratch;
  std::string in, out;
  uint64_t step = 1;
  for (int i = 0; i < 500; ++i) {
    std::string piece(static_cast<size_t>(i % 97), static_cast<char>('a' + i % 26));
    in += piece;
    if (i % 2 == 0) {
      outbox.push(std::move(piece));
    } else {
      outbox.push(bytes(std::move(piece)));
    }
    const std::string_view next = outbox.gather(scratch);
    step = step * 31 % 127;
    const size_t taken = std::min<size_t>(next.size(), step);
    out += next.substr(0, taken);
    outbox.consume(taken);
  }
  while (!outbox.empty()) {
    const std::string_view next = outbox.gather(scratch);
    out += next;
    outbox.consume(next.size());
  }
  EXPECT_EQ(in, out);
}

}  // namespace
}  // namespace freehold::http
