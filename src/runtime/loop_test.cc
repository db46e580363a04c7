#include "runtime/loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <set>
#include <thread>
#include <vector>

namespace freehold {
namespace {

using testing::ElementsAre;

TEST(Loop, runs_tasks_in_the_order_of_their_time) {
  Loop loop;
  std::vector<int> ran;
  loop.after(milliseconds(3), [&] { ran.push_back(3); });
  loop.after(milliseconds(1), [&] { ran.push_back(1); });
  loop.after(milliseconds(2), [&] { ran.push_back(2); });
  loop.post([&] { ran.push_back(0); });
  loop.run();
  EXPECT_THAT(ran, ElementsAre(0, 1, 2, 3));
}

TEST(Loop, runs_no_task_before_its_time) {
  Loop loop;
  const Duration start = loop.uptime();
  Duration ran{};
  loop.after(milliseconds(5), [&] { ran = loop.uptime(); });
  loop.run();
  EXPECT_GE(ran - start, milliseconds(5));
}

TEST(Loop, a_task_may_schedule_another_for_now_without_starving_the_rest) {
  Loop loop;
  int spins = 0;
  bool posted = false;
  std::function<void()> spin = [&] {
    ++spins;
    if (!posted) loop.after(Duration{}, spin);
  };
  loop.after(Duration{}, spin);
  loop.post([&] { loop.post([&] { posted = true; }); });
  loop.run();
  EXPECT_TRUE(posted);
  EXPECT_GE(spins, 1);
}

TEST(Loop, a_timer_that_is_dropped_never_runs_and_frees_what_it_held) {
  Loop loop;
  auto held = std::make_shared<int>(1);
  bool ran = false;
  {
    Timer timer = loop.timer(milliseconds(1), [&ran, held] { ran = true; });
    EXPECT_TRUE(timer.pending());
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
  loop.run();
  EXPECT_FALSE(ran);
}

TEST(Loop, a_timer_may_replace_itself_from_its_own_task) {
  Loop loop;
  int rounds = 0;
  Timer timer;
  std::function<void()> tick = [&] {
    EXPECT_FALSE(timer.pending());
    if (++rounds < 3) timer = loop.timer(microseconds(10), tick);
  };
  timer = loop.timer(microseconds(10), tick);
  loop.run();
  EXPECT_EQ(rounds, 3);
  EXPECT_FALSE(timer.pending());
}

TEST(Loop, stop_leaves_the_rest_for_the_next_run) {
  Loop loop;
  int ran = 0;
  loop.after(milliseconds(1), [&] {
    ++ran;
    loop.stop();
  });
  loop.after(milliseconds(2), [&] { ++ran; });
  loop.run();
  EXPECT_EQ(ran, 1);
  loop.run();
  EXPECT_EQ(ran, 2);
}

TEST(Loop, post_may_be_called_from_any_thread) {
  Loop loop;
  const auto home = std::this_thread::get_id();
  int ran = 0;
  loop.after(seconds(20), [] {});  // keeps it running
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 100; ++n) {
        loop.post([&] {
          EXPECT_EQ(std::this_thread::get_id(), home);
          if (++ran == 400) loop.stop();
        });
      }
    });
  }
  loop.run();
  EXPECT_EQ(ran, 400);
}

TEST(Loop, a_task_of_another_thread_keeps_it_running_and_waiting_for_more_does_not) {
  Loop loop;
  int ran = 0;
  std::thread([&] { loop.post([&] { ++ran; }); }).join();
  loop.run();
  EXPECT_EQ(ran, 1);
  loop.post([&] { loop.stop(); });
  std::thread([&] { loop.post([&] { ++ran; }); }).join();
  loop.run();
  loop.run();
  EXPECT_EQ(ran, 2) << "what stop() left ran with the next run()";
  loop.run();  // returns: nothing is left
}

TEST(Loop, the_first_signal_runs_the_task) {
  Loop loop;
  int signals = 0;
  loop.on_signal({SIGUSR1}, [&] {
    ++signals;
    loop.stop();
  });
  loop.post([] { std::raise(SIGUSR1); });
  loop.run();
  EXPECT_EQ(signals, 1);
}

TEST(LoopDeathTest, the_second_signal_ends_the_process) {
  const auto twice = [] {
    Loop loop;
    loop.on_signal({SIGUSR1}, [] { std::raise(SIGUSR1); });
    loop.post([] { std::raise(SIGUSR1); });
    loop.run();
  };
  EXPECT_EXIT(twice(), testing::KilledBySignal(SIGUSR1), "");
}

TEST(Loop, tokens_are_hex_and_differ) {
  Loop loop;
  std::set<std::string> tokens;
  for (int i = 0; i < 100; ++i) {
    const std::string token = loop.random_token(16);
    EXPECT_EQ(token.size(), 32u);
    EXPECT_EQ(token.find_first_not_of("0123456789abcdef"), std::string::npos);
    tokens.insert(token);
  }
  EXPECT_EQ(tokens.size(), 100u);
}

TEST(Loop, the_wall_clock_is_past_the_day_this_was_written_and_uptime_moves_on) {
  Loop loop;
  EXPECT_GT(loop.now().us, int64_t{1'700'000'000} * 1'000'000);
  const Duration before = loop.uptime();
  while (loop.uptime() == before) {
  }
  EXPECT_GT(loop.uptime(), before);
}

}  // namespace
}  // namespace freehold
