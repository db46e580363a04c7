// A call that is paused and resumed.
#include <gtest/gtest.h>

#include <atomic>
#include <optional>

#include "http/testing/fixture.h"

namespace freehold::http {
namespace {

using testing::call;
using testing::run_until;
using testing::TestServer;

// One stream of a server, and what its reader has seen of it.
class PausedCall : public ::testing::Test {
 protected:
  static constexpr size_t total = 32u << 20;
  static constexpr size_t read_at_once = 16u << 10;  // what one read of the socket may bring

  static ServerOptions options() {
    ServerOptions options;
    options.stream_queue_bytes = total * 4;
    return options;
  }

  void answer(const Request& request, std::unique_ptr<Responder> responder) {
    if (request.path == "/other") return responder->respond({});
    stream_ = responder->stream({});
    stream_->on_closed([this] { closed_ = true; });
  }

  void open() {
    StreamEvents events;
    events.on_head = [this](const Response&) {
      has_head_ = true;
      if (pause_at_head_) call_->pause();
    };
    events.on_data = [this](std::string_view data) {
      read_ += data.size();
      if (read_ >= pause_at_) call_->pause();
    };
    events.on_end = [this](Result<void> end) { end_ = std::move(end); };
    call_ = transport_->stream({}, std::move(events));
  }

  void send(size_t size) {
    server_.on_loop([&] { stream_->send(bytes(std::string(size, 'x'))); });
  }
  void finish() {
    server_.on_loop([&] { stream_->finish(); });
  }
  // Time enough for a read that nothing held back: other requests on the same loop are answered.
  void let_others_go() {
    for (int i = 0; i < 20; ++i) {
      Request request;
      request.path = "/other";
      ASSERT_TRUE(call(loop_, *transport_, std::move(request)).ok());
    }
  }
  ~PausedCall() override {
    call_.reset();
    server_.on_loop([&] { stream_.reset(); });
  }

  std::shared_ptr<Stream> stream_;  // on the server's loop only
  std::atomic<bool> closed_ = false;
  TestServer server_{[this](const Request& request, std::unique_ptr<Responder> responder) {
                       answer(request, std::move(responder));
                     },
                     options()};
  Loop loop_;
  std::unique_ptr<Transport> transport_ = connect(loop_, server_.client_options()).value();
  std::unique_ptr<Call> call_;
  bool has_head_ = false, pause_at_head_ = false;
  size_t read_ = 0, pause_at_ = SIZE_MAX;
  std::optional<Result<void>> end_;
};

TEST_F(PausedCall, reads_no_further_and_then_all_the_rest) {
  pause_at_ = 1u << 20;
  open();
  run_until(loop_, [&] { return has_head_; });
  send(total);
  run_until(loop_, [&] { return read_ >= pause_at_; });
  EXPECT_LE(read_, pause_at_ + read_at_once);
  const size_t before = read_;
  let_others_go();
  EXPECT_EQ(read_, before);
  pause_at_ = SIZE_MAX;
  call_->resume();
  EXPECT_EQ(read_, before);  // not from inside
  run_until(loop_, [&] { return read_ == total; });
  finish();
  run_until(loop_, [&] { return end_.has_value(); });
  EXPECT_TRUE(end_->ok());
}

TEST_F(PausedCall, holds_its_server_back) {
  pause_at_ = 1;
  open();
  run_until(loop_, [&] { return has_head_; });
  // More than any system keeps between two ends.
  for (int i = 0; i < 8; ++i) send(total / 4);
  let_others_go();
  EXPECT_LE(read_, read_at_once);
  server_.on_loop([&] { EXPECT_GT(stream_->queued_bytes(), 0u); });
}

TEST_F(PausedCall, notices_the_end_once_it_goes_on) {
  pause_at_head_ = true;
  open();
  run_until(loop_, [&] { return has_head_; });
  send(100);
  finish();
  let_others_go();
  EXPECT_EQ(read_, 0u);
  EXPECT_FALSE(end_.has_value());
  call_->resume();
  run_until(loop_, [&] { return end_.has_value(); });
  EXPECT_TRUE(end_->ok());
  EXPECT_EQ(read_, 100u);
}

TEST_F(PausedCall, hears_of_the_head_when_paused_before_it) {
  open();
  call_->pause();
  run_until(loop_, [&] { return has_head_; });
  send(100);
  let_others_go();
  EXPECT_EQ(read_, 0u);
  call_->resume();
  run_until(loop_, [&] { return read_ == 100; });
}

TEST_F(PausedCall, may_be_resumed_when_it_was_not_paused_and_paused_twice) {
  open();
  call_->resume();
  run_until(loop_, [&] { return has_head_; });
  send(100);
  run_until(loop_, [&] { return read_ == 100; });
  call_->pause();
  call_->pause();
  call_->resume();
  call_->resume();
  send(100);
  run_until(loop_, [&] { return read_ == 200; });
  finish();
  run_until(loop_, [&] { return end_.has_value(); });
  call_->pause();  // after the end
  call_->resume();
  let_others_go();
}

TEST_F(PausedCall, is_dropped_like_any_other) {
  pause_at_head_ = true;
  open();
  run_until(loop_, [&] { return has_head_; });
  send(total);
  call_.reset();
  run_until(loop_, [&] { return closed_.load(); });
  EXPECT_FALSE(end_.has_value());
}

}  // namespace
}  // namespace freehold::http
