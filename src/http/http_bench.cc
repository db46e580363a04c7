// Budgets, on one core of a current server or laptop and over loopback:
//   round_trip            an echo of 200 bytes, one sequential client, TLS 1.3 keep-alive    < 100
//   us requests              64 requests in flight on 4 connections                             >
//   20,000/s fan_out               one event of 2 kB to 1,000 streams, encrypted for each < 15 us
//   each handshake             a new connection, client and server on one thread                  <
//   2 ms idle_connection       memory of one connection with a quiet stream                       <
//   40 KiB
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "base/check.h"
#include "http/client.h"
#include "http/pki.h"
#include "http/server.h"
#include "runtime/loop.h"

namespace freehold::http {
namespace {

struct Keys {
  KeyPair authority, server;
};

const Keys& keys() {
  static const Keys made = [] {
    const Time now = Loop().now();
    const Validity day{now - hours(1), now + hours(23)};
    Keys all;
    all.authority = make_authority("bench", day).value();
    all.server = issue_server(all.authority, {"127.0.0.1"}, day).value();
    return all;
  }();
  return made;
}

class BenchHandler final : public Handler {
 public:
  void handle(Request request, std::unique_ptr<Responder> responder) override {
    if (request.path == "/stream") {
      streams.push_back(responder->stream({}));
      return;
    }
    Response response;
    response.headers["content-type"] = "application/json";
    response.body = request.body;
    responder->respond(std::move(response));
  }
  std::vector<std::shared_ptr<Stream>> streams;
};

std::unique_ptr<Server> start(Loop& loop, Handler& handler) {
  ServerOptions options;
  options.tls = {keys().server.certificate_pem, keys().server.key_pem,
                 keys().authority.certificate_pem};
  return Server::start(loop, std::move(options), handler).value();
}

std::unique_ptr<Transport> client(Loop& loop, uint16_t port) {
  ClientOptions options;
  options.url = "https://127.0.0.1:" + std::to_string(port);
  options.ca_pem = keys().authority.certificate_pem;
  return connect(loop, std::move(options)).value();
}

Request post() {
  static const Bytes body = bytes(std::string(200, 'x'));
  Request request;
  request.method = "POST";
  request.path = "/apis/freehold.dev/v1alpha1/namespaces/default/contracts";
  request.headers["content-type"] = "application/json";
  request.body = body;
  return request;
}

// Server and client on a thread each, as in production.
void round_trip(benchmark::State& state) {
  Loop server_loop;
  BenchHandler handler;
  auto server = start(server_loop, handler);
  std::jthread thread([&] { server_loop.run(); });
  Loop loop;
  auto transport = client(loop, server->port());
  const auto once = [&] {
    transport->request(post(), seconds(5), [&](Result<Response> result) {
      CHECK(result.ok(), "an echo");
      loop.stop();
    });
    loop.run();
  };
  once();
  for (auto _ : state) once();
  server_loop.stop();
  thread.join();
}
BENCHMARK(round_trip)->UseRealTime()->Unit(benchmark::kMicrosecond);

void requests(benchmark::State& state) {
  Loop server_loop;
  BenchHandler handler;
  auto server = start(server_loop, handler);
  std::jthread thread([&] { server_loop.run(); });
  Loop loop;
  auto transport = client(loop, server->port());
  int64_t left = 0;
  int flying = 0;
  std::function<void()> next = [&] {
    --left;
    ++flying;
    transport->request(post(), seconds(5), [&](Result<Response> result) {
      CHECK(result.ok(), "an echo");
      --flying;
      if (left > 0) next();
      if (flying == 0) loop.stop();
    });
  };
  constexpr int64_t batch = 2000;
  for (auto _ : state) {
    left = batch;
    for (int i = 0; i < 64; ++i) next();
    loop.run();
  }
  state.SetItemsProcessed(state.iterations() * batch);
  server_loop.stop();
  thread.join();
}
BENCHMARK(requests)->UseRealTime()->Unit(benchmark::kMillisecond);

void handshake(benchmark::State& state) {
  Loop loop;
  BenchHandler handler;
  auto server = start(loop, handler);
  auto transport = client(loop, server->port());
  for (auto _ : state) {
    Request stream;
    stream.path = "/stream";
    StreamEvents events;
    events.on_head = [&](const Response&) { loop.stop(); };
    auto call = transport->stream(std::move(stream), std::move(events));
    loop.run();
    handler.streams.clear();
  }
}
BENCHMARK(handshake)->Unit(benchmark::kMicrosecond);

int64_t resident_kib() {
  std::ifstream file("/proc/self/statm");
  int64_t pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

// Counts both ends of each connection in memory, and their work in time: halve for the server
// alone.
void fan_out(benchmark::State& state) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  Loop loop;
  BenchHandler handler;
  auto server = start(loop, handler);
  auto transport = client(loop, server->port());
  constexpr size_t count = 1000;
  const Bytes event = bytes(std::string(2000, 'x'));
  const int64_t before = resident_kib();
  std::vector<std::unique_ptr<Call>> calls;
  size_t heads = 0, received = 0;
  const auto open = [&] {
    Request request;
    request.path = "/stream";
    StreamEvents events;
    events.on_head = [&](const Response&) {
      ++heads;
      loop.stop();
    };
    events.on_data = [&](std::string_view data) {
      received += data.size();
      if (received == count * event->size()) loop.stop();
    };
    calls.push_back(transport->stream(std::move(request), std::move(events)));
    loop.run();
  };
  for (size_t i = 0; i < count; ++i) open();
  CHECK(heads == count, "every stream is open");
  state.counters["KiB_per_connection_both_ends"] =
      static_cast<double>(resident_kib() - before) / count;
  for (auto _ : state) {
    received = 0;
    for (const auto& stream : handler.streams) stream->send(event);
    loop.run();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(count));
  calls.clear();
  transport.reset();
  handler.streams.clear();
}
// Once: memory that an earlier round gave back would hide what this one takes.
BENCHMARK(fan_out)->Iterations(50)->Unit(benchmark::kMillisecond);

void hash_200_bytes(benchmark::State& state) {
  const std::string text(200, 'x');
  for (auto _ : state) benchmark::DoNotOptimize(sha256(text));
}
BENCHMARK(hash_200_bytes);

}  // namespace
}  // namespace freehold::http
