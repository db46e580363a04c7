#include "client/remote.h"

#include <utility>

#include "base/limits.h"
#include "client/wire.h"
#include "json/value.h"

namespace freehold::client {
namespace {

std::string_view body_of(const http::Response& response) {
  return response.body ? std::string_view(*response.body) : std::string_view();
}

http::Request with_body(std::string method, std::string path, std::string body) {
  http::Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.headers["content-type"] = "application/json";
  request.headers["accept"] = "application/json";
  request.body = http::bytes(std::move(body));
  return request;
}

http::Request without_body(std::string method, std::string path) {
  http::Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.headers["accept"] = "application/json";
  return request;
}

void add_selectors(http::Request& request, const ListOptions& options) {
  if (!options.label_selector.empty())
    request.query.emplace_back("labelSelector", options.label_selector);
  if (!options.field_selector.empty())
    request.query.emplace_back("fieldSelector", options.field_selector);
}

Target target_of(const api::Object& object, std::string_view subresource) {
  const api::ObjectMeta& meta = object.meta();
  return {&object.kind(), object.kind().namespaced ? meta.ns : std::string(), meta.name,
          std::string(subresource)};
}

auto read_object(const api::Kind& kind, Remote::ObjectDone done) {
  return [&kind, done = std::move(done)](Result<http::Response> response) {
    if (!response.ok()) return done(std::move(response).error());
    if (response->status >= 400) return done(error_of(*response));
    done(api::decode(kind, body_of(*response)));
  };
}

// Collects the pages of one list.
struct Paging : std::enable_shared_from_this<Paging> {
  Paging(http::Transport& t, Duration limit) : transport(t), timeout(limit) {}
  void ask(const std::string& next) {
    http::Request page = request;
    if (!next.empty()) page.query.emplace_back("continue", next);
    transport.request(std::move(page), timeout,
                      [self = shared_from_this()](Result<http::Response> response) {
                        self->take(std::move(response));
                      });
  }
  void take(Result<http::Response> response) {
    if (!response.ok()) return done(std::move(response).error());
    if (response->status >= 400) return done(error_of(*response));
    Result<Page> page = read_list(*kind, body_of(*response));
    if (!page.ok()) return done(std::move(page).error());
    for (api::Object& object : page->listed.items) listed.items.push_back(std::move(object));
    listed.resource_version = std::move(page->listed.resource_version);
    if (page->next.empty()) return done(std::move(listed));
    ask(page->next);
  }
  http::Transport& transport;
  const Duration timeout;
  const api::Kind* kind = nullptr;
  http::Request request;
  Listed listed;
  std::function<void(Result<Listed>)> done;
};

// One watch: lines become events until the first that cannot be read.
struct Watching {
  void end(Result<void> result) {
    over = true;
    if (const auto tell = std::exchange(events.on_end, nullptr)) tell(std::move(result));
  }
  const api::Kind* kind = nullptr;
  WatchEvents events;
  http::LineSplitter lines;
  int status = 200;
  std::string refusal;
  bool over = false;
};

void take_data(const std::shared_ptr<Watching>& watching, std::string_view chunk) {
  if (watching->over) return;
  if (watching->status >= 400) {
    if (watching->refusal.size() < limits::object_bytes) watching->refusal.append(chunk);
    return;
  }
  auto fed = watching->lines.feed(chunk, [&](std::string_view line) {
    if (watching->over || line.empty()) return;
    Result<WatchLine> event = read_watch_line(*watching->kind, line);
    if (!event.ok()) return watching->end(std::move(event).error());
    watching->events.on_event(event->type, std::move(event->object));
  });
  if (!fed.ok() && !watching->over) watching->end(std::move(fed).error());
}

}  // namespace

std::string path_of(const Target& target) {
  const api::Kind& kind = *target.kind;
  std::string path = kind.group.empty() ? "/api/" : "/apis/";
  if (!kind.group.empty()) path.append(kind.group).append("/");
  path.append(kind.version);
  if (kind.namespaced && !target.ns.empty()) path.append("/namespaces/").append(target.ns);
  path.append("/").append(kind.plural);
  if (!target.name.empty()) path.append("/").append(target.name);
  if (!target.subresource.empty()) path.append("/").append(target.subresource);
  return path;
}

Error error_of(const http::Response& response) {
  return read_status(body_of(response), response.status);
}

void Remote::get(const Target& target, ObjectDone done) {
  transport_.request(without_body("GET", path_of(target)), timeout_,
                     read_object(*target.kind, std::move(done)));
}

void Remote::list(const Target& target, const ListOptions& options,
                  std::function<void(Result<Listed>)> done) {
  auto paging = std::make_shared<Paging>(transport_, timeout_);
  paging->kind = target.kind;
  paging->request = without_body("GET", path_of(target));
  add_selectors(paging->request, options);
  paging->request.query.emplace_back("limit", std::to_string(limits::list_page));
  paging->done = std::move(done);
  paging->ask("");
}

void Remote::create(const api::Object& object, ObjectDone done) {
  Target target = target_of(object, "");
  target.name.clear();
  transport_.request(with_body("POST", path_of(target), object.print()), timeout_,
                     read_object(object.kind(), std::move(done)));
}

void Remote::update(const api::Object& object, std::string_view subresource, ObjectDone done) {
  transport_.request(with_body("PUT", path_of(target_of(object, subresource)), object.print()),
                     timeout_, read_object(object.kind(), std::move(done)));
}

void Remote::merge_patch(const Target& target, const json::Value& patch, ObjectDone done) {
  http::Request request = with_body("PATCH", path_of(target), json::print(patch));
  request.headers["content-type"] = "application/merge-patch+json";
  transport_.request(std::move(request), timeout_, read_object(*target.kind, std::move(done)));
}

void Remote::remove(const Target& target, std::function<void(Result<void>)> done) {
  transport_.request(without_body("DELETE", path_of(target)), timeout_,
                     [done = std::move(done)](Result<http::Response> response) {
                       if (!response.ok()) return done(std::move(response).error());
                       if (response->status >= 400) return done(error_of(*response));
                       done({});
                     });
}

std::unique_ptr<http::Call> Remote::watch(const Target& target, const ListOptions& options,
                                          WatchEvents events) {
  http::Request request = without_body("GET", path_of(target));
  request.query.emplace_back("watch", "true");
  request.query.emplace_back("allowWatchBookmarks", "true");
  add_selectors(request, options);
  if (!options.resource_version.empty())
    request.query.emplace_back("resourceVersion", options.resource_version);
  auto watching = std::make_shared<Watching>();
  watching->kind = target.kind;
  watching->events = std::move(events);
  http::StreamEvents stream;
  stream.on_head = [watching](const http::Response& head) { watching->status = head.status; };
  stream.on_data = [watching](std::string_view chunk) { take_data(watching, chunk); };
  stream.on_end = [watching](Result<void> end) {
    if (watching->over) return;
    if (watching->status >= 400)
      return watching->end(read_status(watching->refusal, watching->status));
    watching->end(std::move(end));
  };
  return transport_.stream(std::move(request), std::move(stream));
}

void Remote::raw(http::Request request, std::function<void(Result<http::Response>)> done) {
  transport_.request(std::move(request), timeout_,
                     [done = std::move(done)](Result<http::Response> response) {
                       if (response.ok() && response->status >= 400)
                         return done(error_of(*response));
                       done(std::move(response));
                     });
}

}  // namespace freehold::client
