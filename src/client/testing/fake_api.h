// A control plane in memory behind a fake Transport, and a Runtime of virtual time to run it: for
// tests of those who speak to the resource API. It stores whole objects, counts revisions, watches,
// and can be cut off.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "api/object.h"
#include "http/client.h"
#include "json/value.h"
#include "runtime/runtime.h"

namespace freehold::client::testing {

class VirtualRuntime final : public Runtime {
 public:
  Time now() const override { return now_; }
  Duration uptime() const override { return uptime_; }
  Random& random() override { return random_; }
  std::string random_token(size_t bytes) override { return std::string(bytes * 2, 'a'); }
  void after(Duration delay, Task task) override;
  void post(Task task) override { after(Duration{}, std::move(task)); }

  void pass(Duration time);  // runs what comes due
  void set_wall(Time now) { now_ = now; }

 private:
  struct Due {
    Duration at;
    int64_t order;
    bool operator<(const Due& other) const {
      return at.us != other.at.us ? at.us < other.at.us : order < other.order;
    }
  };
  Time now_{1'700'000'000'000'000};
  Duration uptime_ = seconds(1000);
  int64_t order_ = 0;
  Random random_{1};
  std::map<Due, Task> tasks_;
};

class FakeApi final : public http::Transport {
 public:
  explicit FakeApi(Runtime& runtime) : runtime_(runtime) {}
  void request(http::Request request, Duration timeout,
               std::function<void(Result<http::Response>)> done) override;
  std::unique_ptr<http::Call> stream(http::Request request, http::StreamEvents events) override;

  // As a controller would.
  template <class T>
  void put(T value) {
    api::Object object = api::Object::of(std::move(value));
    std::string path = path_of_object(object);
    store(std::move(path), std::move(object));
  }
  template <class T>
  const T* find(std::string_view ns, std::string_view name) const {
    const auto found = objects_.find(path_of_name(api::kind_of<T>(), ns, name));
    return found == objects_.end() ? nullptr : found->second.template as<T>();
  }
  void remove(const api::Kind& kind, std::string_view ns, std::string_view name);
  void cut(bool away);  // requests fail and watches end, until it is called again
  void end_watches(bool properly);
  void know(bool known);                   // whoever is not known gets 401, and no watch goes on
  void compact() { oldest_ = revision_; }  // older watches get 410

  // Other paths than those of resources, e.g. "/join".
  std::function<http::Response(const http::Request&)> other;
  // What is wrong with a write; empty: nothing.
  std::function<std::string(const http::Request&)> objection;
  std::vector<std::string> log;  // "PUT /apis/…"
  size_t watches() const { return watches_.size(); }

 private:
  struct Event {
    int64_t revision;
    std::string type, path;
    api::Object object;
  };
  struct Watch {
    const api::Kind* kind;
    std::string prefix, node;
    http::StreamEvents events;
  };
  struct WatchCall;
  static std::string path_of_object(const api::Object& object);
  static std::string path_of_name(const api::Kind& kind, std::string_view ns,
                                  std::string_view name);
  void store(const std::string& path, api::Object object);
  http::Response answer(const http::Request& request);
  http::Response list(const api::Kind& kind, const std::string& prefix,
                      const http::Request& request);
  http::Response write(const api::Kind& kind, std::string path, bool is_status,
                       const http::Request& request);
  void tell(const Event& event);
  void send(Watch& watch, const Event& event);

  Runtime& runtime_;
  std::map<std::string, api::Object, std::less<>> objects_;  // by path
  std::vector<Event> events_;
  std::list<std::shared_ptr<Watch>> watches_;
  int64_t revision_ = 10, oldest_ = 0;
  bool away_ = false, known_ = true;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace freehold::client::testing
