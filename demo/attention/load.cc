// A steady load on the attention server: `attention-load URL-PORT RATE SECONDS` sends RATE requests
// a second, whether or not the last one was answered (up to 4 in flight), reconnects when the
// server goes away, and prints one line of JSON a second and a summary.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

int dial(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  a.sin_port = htons(static_cast<uint16_t>(port));
  const timeval patience{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0) return fd;
  close(fd);
  return -1;
}

bool ask(int fd, uint64_t seed) {
  const std::string request =
      "GET /v1/attention?seed=" + std::to_string(seed) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size()))
    return false;
  std::string reply;
  char chunk[2048];
  while (reply.find("}\n") == std::string::npos) {
    const ssize_t n = recv(fd, chunk, sizeof chunk, 0);
    if (n <= 0) return false;
    reply.append(chunk, static_cast<size_t>(n));
  }
  return reply.starts_with("HTTP/1.1 200");
}

struct Tally {
  std::mutex lock;
  std::vector<double> millis;
  uint64_t good = 0, bad = 0;
};

double quantile(std::vector<double>& v, double q) {
  if (v.empty()) return 0;
  const auto at = v.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(v.size() - 1));
  std::nth_element(v.begin(), at, v.end());
  return *at;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: attention-load PORT RATE SECONDS\n");
    return 2;
  }
  const int port = std::atoi(argv[1]);
  const double rate = std::atof(argv[2]), span = std::atof(argv[3]);
  constexpr int lanes = 4;
  Tally second, all;
  std::atomic<uint64_t> next{0};
  const auto begin = Clock::now();
  const auto end =
      begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(span));
  std::vector<std::thread> threads;
  for (int lane = 0; lane < lanes; ++lane)
    threads.emplace_back([&] {
      int fd = -1;
      for (;;) {
        const uint64_t n = next++;
        const auto due = begin + std::chrono::duration_cast<Clock::duration>(
                                     std::chrono::duration<double>(static_cast<double>(n) / rate));
        if (due >= end || Clock::now() >= end) break;  // it may be late: too much was asked for
        std::this_thread::sleep_until(due);
        if (fd < 0) fd = dial(port);
        const bool good = fd >= 0 && ask(fd, n);
        if (!good && fd >= 0) {
          close(fd);
          fd = -1;
        }
        const double ms = std::chrono::duration<double, std::milli>(Clock::now() - due).count();
        for (Tally* t : {&second, &all}) {
          const std::lock_guard hold(t->lock);
          good ? ++t->good : ++t->bad;
          if (good) t->millis.push_back(ms);
        }
      }
      if (fd >= 0) close(fd);
    });
  const auto print = [](const char* what, double at, Tally& t, double over) {
    const std::lock_guard hold(t.lock);
    std::printf("{\"%s\":%.0f,\"rate\":%.1f,\"failed\":%llu,\"p50_ms\":%.2f,\"p95_ms\":%.2f}\n",
                what, at, static_cast<double>(t.good) / over,
                static_cast<unsigned long long>(t.bad), quantile(t.millis, 0.5),
                quantile(t.millis, 0.95));
    std::fflush(stdout);
    t.millis.clear();
    t.good = t.bad = 0;
  };
  for (int s = 1; s <= static_cast<int>(span); ++s) {
    std::this_thread::sleep_until(begin + std::chrono::seconds(s));
    print("second", s, second, 1);
  }
  for (auto& t : threads) t.join();
  print("total", span, all, span);
}
