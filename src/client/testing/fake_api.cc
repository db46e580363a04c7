#include "client/testing/fake_api.h"

#include <algorithm>
#include <utility>

#include "api/node.h"
#include "api/registry.h"
#include "api/workload.h"
#include "base/strings.h"
#include "client/remote.h"
#include "json/patch.h"

namespace freehold::client::testing {
namespace {

http::Response response(int code, std::string body) {
  http::Response out;
  out.status = code;
  out.body = http::bytes(std::move(body));
  return out;
}

http::Response refuse(Reason reason, const std::string& message) {
  json::Object status;
  status["kind"] = "Status";
  status["reason"] = reason_name(reason);
  status["message"] = message;
  status["code"] = reason_http_code(reason);
  return response(reason_http_code(reason), json::print(std::move(status)));
}

struct Place {
  const api::Kind* kind = nullptr;
  std::string path;  // without the subresource
  bool is_collection = false, is_status = false;
};

Place place_of(const std::string& path) {
  Place place;
  auto parts = split(path, '/');
  size_t at = 2;
  std::string_view group;
  if (parts.size() > 3 && parts[1] == "apis") group = parts[at++];
  if (parts.size() <= at + 1) return place;
  const std::string_view version = parts[at++];
  if (parts.size() > at + 2 && parts[at] == "namespaces") at += 2;
  place.kind = api::find_resource(group, version, parts[at]);
  const size_t rest = parts.size() - at;
  place.is_collection = rest == 1;
  place.is_status = rest == 3;
  place.path = place.is_status ? path.substr(0, path.rfind('/')) : path;
  return place;
}

std::string node_of(const api::Object& object) {
  const auto* instance = object.as<api::Instance>();
  return instance == nullptr ? "" : instance->spec.node;
}

std::string node_asked(const http::Request& request) {
  const auto selector = request.parameter("fieldSelector");
  constexpr std::string_view start = "spec.node=";
  return selector && selector->starts_with(start) ? std::string(selector->substr(start.size()))
                                                  : "";
}

}  // namespace

void VirtualRuntime::after(Duration delay, Task task) {
  tasks_.emplace(Due{uptime_ + std::max(delay, Duration{}), ++order_}, std::move(task));
}

void VirtualRuntime::pass(Duration time) {
  const Duration end = uptime_ + time;
  while (!tasks_.empty() && tasks_.begin()->first.at <= end) {
    auto next = tasks_.extract(tasks_.begin());
    const Duration step = next.key().at - uptime_;
    uptime_ = uptime_ + step;
    now_ = now_ + step;
    next.mapped()();
  }
  now_ = now_ + (end - uptime_);
  uptime_ = end;
}

struct FakeApi::WatchCall final : http::Call {
  WatchCall(FakeApi& a, std::shared_ptr<Watch> w) : api(a), alive(a.alive_), watch(std::move(w)) {}
  ~WatchCall() override {
    watch->events = {};
    if (!alive.expired()) api.watches_.remove(watch);
  }
  FakeApi& api;
  std::weak_ptr<int> alive;
  std::shared_ptr<Watch> watch;
};

std::string FakeApi::path_of_name(const api::Kind& kind, std::string_view ns,
                                  std::string_view name) {
  return path_of({&kind, std::string(ns), std::string(name)});
}
std::string FakeApi::path_of_object(const api::Object& object) {
  return path_of_name(object.kind(), object.meta().ns, object.meta().name);
}

void FakeApi::store(const std::string& path, api::Object object) {
  api::ObjectMeta& meta = object.meta();
  const bool is_new = !objects_.contains(path);
  if (meta.uid.empty()) meta.uid = "uid-" + meta.name;
  meta.resource_version = std::to_string(++revision_);
  const bool is_gone = meta.deletion_timestamp.is_set() && meta.finalizers.empty();
  if (is_gone)
    objects_.erase(path);
  else
    objects_[path] = object;
  tell({revision_, is_gone ? "DELETED" : is_new ? "ADDED" : "MODIFIED", path, object});
}

void FakeApi::remove(const api::Kind& kind, std::string_view ns, std::string_view name) {
  const auto found = objects_.find(path_of_name(kind, ns, name));
  if (found == objects_.end()) return;
  api::Object object = found->second.clone();
  object.meta().deletion_timestamp = runtime_.now();
  store(std::string(found->first), std::move(object));  // it may go
}

void FakeApi::tell(const Event& event) {
  events_.push_back(event);
  for (const auto& watch : std::list(watches_)) send(*watch, event);
}

void FakeApi::send(Watch& watch, const Event& event) {
  if (&event.object.kind() != watch.kind || !event.path.starts_with(watch.prefix)) return;
  if (!watch.node.empty() && node_of(event.object) != watch.node) return;
  const std::string line =
      R"({"type":")" + event.type + R"(","object":)" + event.object.print() + "}\n";
  runtime_.post(
      [events = &watch.events, line, alive = std::weak_ptr<int>(alive_), this, w = &watch] {
        if (alive.expired()) return;
        for (const auto& one : watches_)
          if (one.get() == w && events->on_data) {
            // In two pieces: lines do not come as chunks.
            const auto on_data = events->on_data;
            on_data(std::string_view(line).substr(0, line.size() / 2));
            on_data(std::string_view(line).substr(line.size() / 2));
            return;
          }
      });
}

void FakeApi::cut(bool away) {
  away_ = away;
  if (away) end_watches(false);
}

void FakeApi::know(bool known) {
  known_ = known;
  if (!known) end_watches(false);
}

void FakeApi::end_watches(bool properly) {
  for (const auto& watch : std::exchange(watches_, {}))
    runtime_.post([watch, properly] {
      if (const auto end = watch->events.on_end)
        end(properly ? Result<void>() : Error{Reason::unavailable, "cut", {}});
    });
}

void FakeApi::request(http::Request request, Duration,
                      std::function<void(Result<http::Response>)> done) {
  log.push_back(request.method + " " + request.path);
  runtime_.after(milliseconds(1), [this, request = std::move(request), done = std::move(done),
                                   alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    if (away_) return done(Error{Reason::unavailable, "nobody there", {}});
    if (!known_) return done(refuse(Reason::unauthorized, "the node was deleted"));
    done(answer(request));
  });
}

http::Response FakeApi::answer(const http::Request& request) {
  const Place place = place_of(request.path);
  if (place.kind == nullptr) {
    if (other) return other(request);
    return refuse(Reason::not_found, "no such path: " + request.path);
  }
  if (request.method == "GET" && place.is_collection) return list(*place.kind, place.path, request);
  if (request.method == "GET" || request.method == "DELETE") {
    const auto found = objects_.find(place.path);
    if (found == objects_.end()) return refuse(Reason::not_found, place.path + " not found");
    const std::string body = found->second.print();
    if (request.method == "DELETE")
      remove(*place.kind, found->second.meta().ns, found->second.meta().name);
    return response(200, body);
  }
  const std::string wrong = objection ? objection(request) : std::string();
  if (!wrong.empty()) return refuse(Reason::invalid, wrong);
  return write(*place.kind, place.path, place.is_status, request);
}

http::Response FakeApi::list(const api::Kind& kind, const std::string& prefix,
                             const http::Request& request) {
  const std::string node = node_asked(request);
  const size_t page = 2;  // small, so that everyone must turn pages
  const auto from = request.parameter("continue");
  std::string items, next;
  size_t count = 0;
  const bool all = prefix == path_of({&kind, "", ""});
  for (const auto& [path, object] : objects_) {
    if (&object.kind() != &kind || (!all && !path.starts_with(prefix + "/"))) continue;
    if (!node.empty() && node_of(object) != node) continue;
    if (from && path <= *from) continue;
    if (count++ == page) break;
    items += (items.empty() ? "" : ",") + object.print();
    next = path;
  }
  const std::string more = count > page ? R"(,"continue":")" + next + "\"" : "";
  return response(200, R"({"kind":"List","metadata":{"resourceVersion":")" +
                           std::to_string(revision_) + "\"" + more + R"(},"items":[)" + items +
                           "]}");
}

http::Response FakeApi::write(const api::Kind& kind, std::string path, bool is_status,
                              const http::Request& request) {
  const auto body = json::parse(request.body ? *request.body : std::string());
  if (!body.ok()) return refuse(Reason::bad_request, "no JSON");
  std::string text = *request.body;
  if (request.method == "POST") path += "/" + std::string(body->string_at({"metadata", "name"}));
  const auto found = objects_.find(path);
  if (request.method == "POST" && found != objects_.end())
    return refuse(Reason::already_exists, path + " exists");
  if (request.method != "POST" && found == objects_.end())
    return refuse(Reason::not_found, path + " not found");
  const std::string_view version = body->string_at({"metadata", "resourceVersion"});
  if (found != objects_.end() && !version.empty() &&
      version != found->second.meta().resource_version)
    return refuse(Reason::conflict, path + " has changed");
  if (request.method == "PATCH") {
    const auto before = json::parse(found->second.print());
    text = json::print(json::merge_patch(*before, *body));
  } else if (found != objects_.end()) {
    // A write of the status touches nothing else, and the other way round.
    const auto before = json::parse(found->second.print());
    json::Object merged = is_status ? *before->as_object() : *body->as_object();
    const json::Value* status = (is_status ? *body : *before).at({"status"});
    merged["status"] = status == nullptr ? json::Value(json::Object{}) : *status;
    text = json::print(std::move(merged));
  }
  auto object = api::decode(kind, text);
  if (!object.ok()) return refuse(Reason::invalid, object.error().message);
  const bool is_gone =
      object->meta().deletion_timestamp.is_set() && object->meta().finalizers.empty();
  store(path, *object);
  return response(request.method == "POST" ? 201 : 200,
                  is_gone ? object->print() : objects_[path].print());
}

std::unique_ptr<http::Call> FakeApi::stream(http::Request request, http::StreamEvents events) {
  log.push_back("WATCH " + request.path);
  const Place place = place_of(request.path);
  auto watch = std::make_shared<Watch>();
  watch->kind = place.kind;
  watch->prefix = place.path == path_of({place.kind, "", ""}) ? "/" : place.path;
  watch->node = node_asked(request);
  watch->events = std::move(events);
  const int64_t since = parse_int(request.parameter("resourceVersion").value_or("0")).value_or(0);
  if (away_) {
    runtime_.post([watch] {
      if (const auto end = watch->events.on_end) end(Error{Reason::unavailable, "nobody", {}});
    });
  } else if (since < oldest_) {
    runtime_.post([watch] {
      const auto data = watch->events.on_data;
      if (data)
        data(R"({"type":"ERROR","object":{"kind":"Status","reason":"Expired","code":410}})"
             "\n");
    });
  } else {
    watches_.push_back(watch);
    for (const Event& event : events_)
      if (event.revision > since) send(*watch, event);
  }
  return std::make_unique<WatchCall>(*this, watch);
}

}  // namespace freehold::client::testing
