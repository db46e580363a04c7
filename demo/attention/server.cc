// An attention block behind HTTP: GET /v1/attention?seed=N&tokens=M, /healthz, and /metrics for
// Prometheus with a latency histogram. One thread per CPU that it may use. Listens on
// 127.0.0.1:$PORT_HTTP. What the demo runs under a contract.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "attention.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array<double, 14> bounds{0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015,
                                        0.02,  0.03,  0.05,  0.075, 0.1,    0.25, 1};

struct Metrics {
  std::array<std::atomic<uint64_t>, bounds.size() + 1> buckets{};
  std::atomic<uint64_t> received{0}, done{0}, micros{0};

  void observe(double seconds) {
    size_t i = 0;
    while (i < bounds.size() && seconds > bounds[i]) ++i;
    ++buckets[i];
    micros += static_cast<uint64_t>(seconds * 1e6);
    ++done;
  }
  std::string text() const {
    std::string out =
        "# HELP attention_requests_received_total Requests that came in.\n"
        "# TYPE attention_requests_received_total counter\n"
        "attention_requests_received_total " +
        std::to_string(received) +
        "\n# HELP attention_requests_total Requests that were answered.\n"
        "# TYPE attention_requests_total counter\n"
        "attention_requests_total " +
        std::to_string(done) +
        "\n# HELP attention_request_duration_seconds Time from a request's arrival to its answer.\n"
        "# TYPE attention_request_duration_seconds histogram\n";
    uint64_t sum = 0;
    char line[128];
    for (size_t i = 0; i <= bounds.size(); ++i) {
      sum += buckets[i];
      if (i < bounds.size())
        std::snprintf(line, sizeof line, "%g", bounds[i]);
      else
        std::snprintf(line, sizeof line, "+Inf");
      out += "attention_request_duration_seconds_bucket{le=\"" + std::string(line) + "\"} " +
             std::to_string(sum) + "\n";
    }
    std::snprintf(line, sizeof line, "%.6f", static_cast<double>(micros) / 1e6);
    out += "attention_request_duration_seconds_sum " + std::string(line) + "\n";
    return out + "attention_request_duration_seconds_count " + std::to_string(sum) + "\n";
  }
};

uint64_t number(std::string_view path, std::string_view name, uint64_t otherwise) {
  const size_t at = path.find(name);
  return at == std::string_view::npos ? otherwise
                                      : std::strtoull(path.data() + at + name.size(), nullptr, 10);
}

std::string answer(std::string_view path, attention::Block& block, Metrics& metrics,
                   Clock::time_point arrived) {
  std::string body, type = "text/plain; version=0.0.4", status = "200 OK";
  if (path.starts_with("/metrics")) {
    body = metrics.text();
  } else if (path.starts_with("/healthz")) {
    body = "ok\n";
  } else if (path.starts_with("/v1/attention")) {
    ++metrics.received;
    const double mean =
        block.run(number(path, "tokens=", block.shape().tokens), number(path, "seed=", 1));
    char text[64];
    std::snprintf(text, sizeof text, "{\"mean\":%.9f}\n", mean);
    body = text;
    type = "application/json";
    metrics.observe(std::chrono::duration<double>(Clock::now() - arrived).count());
  } else {
    status = "404 Not Found";
    body = "no such path\n";
  }
  return "HTTP/1.1 " + status + "\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

bool send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

// One connection, request after request; headers are not needed, so a request ends at the empty
// line.
void serve(int fd, attention::Block& block, Metrics& metrics) {
  const timeval patience{5, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  std::string buffer;
  char chunk[4096];
  for (;;) {
    size_t end;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
      if (buffer.size() > 16384) return;
      const ssize_t n = recv(fd, chunk, sizeof chunk, 0);
      if (n <= 0) return;
      buffer.append(chunk, static_cast<size_t>(n));
    }
    const auto arrived = Clock::now();
    const std::string head = buffer.substr(0, end);
    buffer.erase(0, end + 4);
    const size_t from = head.find(' ');
    const size_t to = from == std::string::npos ? from : head.find(' ', from + 1);
    if (to == std::string::npos) return;
    const bool close = head.find("onnection: close") != std::string::npos;
    if (!send_all(fd, answer(std::string_view(head).substr(from + 1, to - from - 1), block, metrics,
                             arrived)) ||
        close)
      return;
  }
}

}  // namespace

int main() {
  const char* port = std::getenv("PORT_HTTP");
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port ? std::atoi(port) : 8080));
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(fd, 128) != 0) {
    std::perror("attention-server: cannot listen");
    return 1;
  }
  cpu_set_t allowed;
  sched_getaffinity(0, sizeof allowed, &allowed);
  const int cpus = CPU_COUNT(&allowed);
  std::printf("attention-server: %d CPU, port %d, pid %d\n", cpus, ntohs(address.sin_port),
              getpid());
  std::fflush(stdout);
  Metrics metrics;
  // A scrape or a probe must not wait behind a keep-alive connection: a few more threads than CPUs.
  std::vector<std::thread> threads;
  for (int i = 0; i < cpus + 7; ++i)
    threads.emplace_back([&] {
      attention::Block block({}, 42);
      for (;;) {
        const int client = accept4(fd, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) continue;
        serve(client, block, metrics);
        close(client);
      }
    });
  for (auto& t : threads) t.join();
}
