// Desk: a whole control plane over a store in memory, in virtual time, and requests to it from
// whoever the test says. No network: a request goes straight to the handler.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/node.h"
#include "auth/auth.h"
#include "base/check.h"
#include "base/log.h"
#include "base/strings.h"
#include "http/pki.h"
#include "json/value.h"
#include "server/control_plane.h"
#include "store/memory.h"
#include "store/test_runtime.h"

namespace freehold::server::testing {

inline constexpr std::string_view own = "/apis/freehold.dev/v1alpha1";

struct Answer {
  int status = 0;  // 0: none came
  json::Value body;
  std::string text() const { return json::print(body); }
  std::string message() const { return std::string(body.string_at({"message"})); }
};

// A watch as its client sees it. It takes what is sent when the test says so.
struct Watched {
  int status = 0;  // of the head
  std::vector<json::Value> events;
  size_t queued = 0, most_queued = 0;
  bool finished = false;
  std::function<void()> drained;
};

class Desk {
 public:
  Desk() {
    set_log_sink([](const LogRecord&) {});
    options.authority =
        http::make_authority("test", {runtime.now() - hours(1), runtime.now() + hours(1)}).value();
    options.fetch_from_agent = [this](const AgentAddress& agent, const std::string& path,
                                      const http::Query& query, auto responder) {
      fetched.push_back(agent.node + " " + path + "?" + http::encode_query(query));
      responder->respond({});
    };
    store = store::open_memory(runtime, disk);
    plane = ControlPlane::start(runtime, *store, {"example", "fra1", "", ""}, options).value();
    runtime.run_until([&] { return plane->ledger().view().find("/core/namespaces/default"); });
  }
  ~Desk() { set_log_sink(nullptr); }

  static http::Peer admin() { return {"10.0.0.1:1", "admin", {std::string(auth::admins)}}; }
  static http::Peer user(std::string name) { return {"10.0.0.2:1", std::move(name), {}}; }
  // With the certificate of a machine that has joined; a Node that is not there yet is made.
  http::Peer agent(const std::string& node) {
    const auto there = [&] { return plane->ledger().view().get<api::Node>({}, node); };
    if (there() == nullptr)
      send("POST", std::string(own) + "/nodes", R"({"metadata":{"name":")" + node + "\"}}");
    http::Subject subject = auth::subject_of_node(node, there()->metadata.uid);
    return {"10.0.0.3:1", std::move(subject.common_name), std::move(subject.organizations)};
  }

  static http::Request request(std::string method, std::string_view target, std::string body = {}) {
    http::Request r;
    r.method = std::move(method);
    const size_t mark = target.find('?');
    r.path = target.substr(0, mark);
    if (mark != std::string_view::npos)
      r.query = http::decode_query(target.substr(mark + 1)).value();
    r.headers["content-type"] =
        r.method == "PATCH" ? "application/merge-patch+json" : "application/json";
    if (!body.empty()) r.body = http::bytes(std::move(body));
    return r;
  }

  // Does not wait: the answer comes while another is waited for.
  std::shared_ptr<Answer> begin(http::Peer peer, http::Request r) {
    auto answer = std::make_shared<Answer>();
    r.peer = std::move(peer);
    plane->api().handle(std::move(r), std::make_unique<OneAnswer>(answer));
    return answer;
  }
  // Waits for the answer; its status is 0 when none comes within a virtual minute.
  Answer send(http::Peer peer, http::Request r) {
    const auto answer = begin(std::move(peer), std::move(r));
    const Duration end = runtime.uptime() + minutes(1);
    runtime.run_until([&] { return answer->status != 0 || runtime.uptime() > end; });
    return *answer;
  }
  Answer send(http::Peer peer, std::string method, std::string_view target, std::string body = {}) {
    return send(std::move(peer), request(std::move(method), target, std::move(body)));
  }
  Answer send(std::string method, std::string_view target, std::string body = {}) {
    return send(admin(), std::move(method), target, std::move(body));
  }
  std::shared_ptr<Answer> begin(http::Peer peer, std::string method, std::string_view target,
                                std::string body = {}) {
    return begin(std::move(peer), request(std::move(method), target, std::move(body)));
  }
  // As `freehold apply`.
  Answer apply(http::Peer peer, std::string_view objects) {
    return send(std::move(peer), "POST", std::string(own) + "/changes",
                R"({"spec":{"objects":[)" + std::string(objects) + "]}}");
  }
  Answer apply(std::string_view objects) { return apply(admin(), objects); }

  std::shared_ptr<Watched> watch(http::Peer peer, std::string_view target) {
    auto watched = std::make_shared<Watched>();
    http::Request r = request("GET", target);
    r.peer = std::move(peer);
    plane->api().handle(std::move(r), std::make_unique<OneAnswer>(watched));
    return watched;
  }

  void pass(Duration time) {
    const Duration end = runtime.uptime() + time;
    runtime.after(time, [] {});
    runtime.run_until([&] { return runtime.uptime() >= end; });
  }

  TestRuntime runtime;
  std::shared_ptr<store::MemoryDisk> disk = store::make_disk();
  ApiOptions options;
  std::vector<std::string> fetched;  // from agents: node, path and query
  std::unique_ptr<store::Store> store;
  std::unique_ptr<ControlPlane> plane;

 private:
  class OneStream final : public http::Stream {
   public:
    explicit OneStream(std::shared_ptr<Watched> watched) : watched_(std::move(watched)) {}
    void send(http::Bytes chunk) override {
      for (const std::string_view line : split(*chunk, '\n'))
        if (!line.empty()) watched_->events.push_back(json::parse(line).value());
      watched_->queued += chunk->size();
      watched_->most_queued = std::max(watched_->most_queued, watched_->queued);
    }
    void finish() override { watched_->finished = true; }
    void cut() override { watched_->finished = true; }
    bool closed() const override { return false; }
    size_t queued_bytes() const override { return watched_->queued; }
    void on_drained(std::function<void()> handler) override {
      watched_->drained = std::move(handler);
    }
    void on_closed(std::function<void()>) override {}

   private:
    std::shared_ptr<Watched> watched_;
  };

  class OneAnswer final : public http::Responder {
   public:
    explicit OneAnswer(std::shared_ptr<Answer> answer) : answer_(std::move(answer)) {}
    explicit OneAnswer(std::shared_ptr<Watched> watched) : watched_(std::move(watched)) {}
    void respond(http::Response response) override {
      if (watched_) watched_->status = response.status;
      if (!answer_) return;
      answer_->status = response.status;
      if (!response.body) return;
      auto parsed = json::parse(*response.body);
      answer_->body = parsed ? std::move(*parsed) : json::Value(*response.body);
    }
    std::shared_ptr<http::Stream> stream(http::Response head) override {
      CHECK(watched_ != nullptr, "one answer was expected, not a stream");
      watched_->status = head.status;
      return std::make_shared<OneStream>(watched_);
    }

   private:
    std::shared_ptr<Answer> answer_;
    std::shared_ptr<Watched> watched_;
  };
};

}  // namespace freehold::server::testing
