#include "agent/logs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "agent/run.h"
#include "agent/testing/bench.h"
#include "base/limits.h"

namespace freehold::agent {
namespace {

using client::testing::VirtualRuntime;

// What the reader of a log sees; it takes what is queued when the test says so.
struct Reader {
  int status = 0;
  std::string text;
  size_t queued = 0, most_queued = 0;
  bool is_finished = false, is_gone = false, is_cut = false, is_to_be_whole = false;
  Duration may_rest{};
  std::function<void()> drained, closed;

  void take_all() {
    queued = 0;
    if (const auto handler = std::exchange(drained, nullptr)) handler();
  }
  void go_away() {
    is_gone = true;
    if (const auto handler = std::exchange(closed, nullptr)) handler();
  }
};

class ReaderStream final : public http::Stream {
 public:
  explicit ReaderStream(Reader& reader) : reader_(reader) {}
  void send(http::Bytes chunk) override {
    reader_.text += *chunk;
    reader_.queued += chunk->size();
    reader_.most_queued = std::max(reader_.most_queued, reader_.queued);
  }
  void finish() override { reader_.is_finished = true; }
  void cut() override { reader_.is_cut = true; }
  void must_finish() override { reader_.is_to_be_whole = true; }
  bool closed() const override { return reader_.is_gone || reader_.is_finished || reader_.is_cut; }
  size_t queued_bytes() const override { return reader_.queued; }
  void on_drained(std::function<void()> handler) override { reader_.drained = std::move(handler); }
  void on_closed(std::function<void()> handler) override { reader_.closed = std::move(handler); }
  void allow_pause(Duration longest) override { reader_.may_rest = longest; }

 private:
  Reader& reader_;
};

class ReaderResponder final : public http::Responder {
 public:
  explicit ReaderResponder(Reader& reader) : reader_(reader) {}
  void respond(http::Response response) override { reader_.status = response.status; }
  std::shared_ptr<http::Stream> stream(http::Response head) override {
    reader_.status = head.status;
    return std::make_shared<ReaderStream>(reader_);
  }

 private:
  Reader& reader_;
};

// A log in pieces, as a file would give it.
struct Pieces final : LogReader {
  Pieces(std::deque<std::string>& p, int& o, const bool& b) : pieces(p), open(o), is_broken(b) {
    ++open;
  }
  ~Pieces() override { --open; }
  Result<std::string> next(size_t) override {
    if (is_broken) return Error{Reason::internal, "input/output error", {}};
    if (pieces.empty()) return std::string();
    std::string first = std::move(pieces.front());
    pieces.pop_front();
    return first;
  }
  std::deque<std::string>& pieces;
  int& open;
  const bool& is_broken;
};

class Logs : public ::testing::Test {
 protected:
  Logs() {
    host_.log = [this] { return std::make_unique<Pieces>(pieces_, open_, is_broken_); };
  }
  void write(const std::string& text) {
    pieces_.push_back("2026-01-01T00:00:00Z stdout F " + text + "\n");
  }
  void ask(Reader& reader, http::Query query = {}) {
    http::Request request;
    request.path = "/logs/team-a/x";
    request.query = std::move(query);
    request.peer.certificate_common_name = "freehold:server";
    handler_.handle(std::move(request), std::make_unique<ReaderResponder>(reader));
  }

  VirtualRuntime runtime_;
  testing::FakeHost host_{runtime_};
  std::deque<std::string> pieces_;
  int open_ = 0;  // readers of files
  bool is_broken_ = false;
  LogHandler handler_{runtime_, host_,
                      [](std::string_view, std::string_view, std::string_view contract) {
                        return contract.empty() || contract == "c-1" ? "uid-x" : "";
                      }};
};

TEST_F(Logs, the_next_piece_is_read_once_the_one_before_is_taken) {
  constexpr size_t count = 500;
  const std::string line(64u << 10, '~');
  for (size_t i = 0; i < count; ++i) write(line);
  Reader reader;
  ask(reader);
  EXPECT_EQ(reader.status, 200);
  runtime_.pass(hours(1));  // the reader takes nothing
  EXPECT_EQ(pieces_.size(), count - 1);
  for (size_t i = 0; i <= count && !reader.is_finished; ++i) {
    EXPECT_EQ(pieces_.size(), count - 1 - i);
    reader.take_all();
  }
  EXPECT_TRUE(reader.is_finished);
  EXPECT_EQ(reader.text.size(), count * (line.size() + 1));
  EXPECT_EQ(reader.most_queued, line.size() + 1);
  EXPECT_EQ(open_, 0);
}

TEST_F(Logs, a_reader_may_rest_for_as_long_as_a_page_is_read) {
  write("one");
  Reader reader;
  ask(reader);
  EXPECT_EQ(reader.may_rest, seconds(limits::reader_pause_s));
  reader.go_away();
}

TEST_F(Logs, who_names_a_contract_reads_no_log_of_another) {
  write("one");
  Reader other, own;
  ask(other, {{"contract", "c-2"}});
  EXPECT_EQ(other.status, 404);
  ask(own, {{"contract", "c-1"}});
  EXPECT_EQ(own.status, 200);
  own.go_away();
}

TEST_F(Logs, who_follows_gets_what_is_written_later) {
  write("one");
  Reader reader;
  ask(reader, {{"follow", "true"}});
  reader.take_all();
  EXPECT_EQ(reader.text, "one\n");
  write("two");
  runtime_.pass(seconds(1));
  reader.take_all();
  EXPECT_EQ(reader.text, "one\ntwo\n");
  EXPECT_FALSE(reader.is_finished);
  EXPECT_EQ(open_, 1);
  reader.go_away();
  EXPECT_EQ(open_, 0);
}

TEST_F(Logs, a_log_that_cannot_be_read_to_its_end_is_cut) {
  for (const char* follow : {"false", "true"}) {
    is_broken_ = false;
    write("one");
    Reader reader;
    ask(reader, {{"follow", follow}});
    EXPECT_TRUE(reader.is_to_be_whole);
    is_broken_ = true;
    reader.take_all();
    EXPECT_EQ(reader.text, "one\n");
    EXPECT_TRUE(reader.is_cut);
    EXPECT_FALSE(reader.is_finished);
    EXPECT_EQ(open_, 0);
  }
}

TEST_F(Logs, nothing_is_read_for_a_reader_that_went_while_it_was_waited_for) {
  write("one");
  write("two");
  Reader reader;
  ask(reader);
  const auto drained = reader.drained;
  reader.go_away();
  EXPECT_EQ(open_, 0);
  drained();
  EXPECT_EQ(pieces_.size(), 1u);
}

TEST_F(Logs, as_many_are_read_at_once_as_there_is_room_for) {
  std::deque<Reader> readers(101);
  for (Reader& reader : readers) ask(reader, {{"follow", "true"}});
  EXPECT_EQ(readers[99].status, 200);
  EXPECT_EQ(readers[100].status, 429);
  readers[0].go_away();
  ask(readers[100], {{"follow", "true"}});
  EXPECT_EQ(readers[100].status, 200);
  for (Reader& reader : readers) reader.go_away();
  EXPECT_EQ(open_, 0);
}

TEST(LogEndpoint, is_where_the_log_server_listens) {
  const auto at = [](std::string_view listen, std::string_view address) {
    return log_endpoint({listen, address, "192.0.2.2", 7});
  };
  EXPECT_EQ(at(":0", ""), "192.0.2.2:7");
  EXPECT_EQ(at("0.0.0.0:0", ""), "192.0.2.2:7");
  EXPECT_EQ(at("[::]:0", ""), "192.0.2.2:7");
  EXPECT_EQ(at("127.0.0.1:0", ""), "127.0.0.1:7");
  EXPECT_EQ(at("[fd00::1]:0", ""), "[fd00::1]:7");
  EXPECT_EQ(at("10.0.0.9:7", ""), "10.0.0.9:7");
  EXPECT_EQ(at("127.0.0.1:0", "198.51.100.4"), "198.51.100.4:7") << "what was said is told";
}

}  // namespace
}  // namespace freehold::agent
