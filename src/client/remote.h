// Remote: the resource API over a Transport, typed. What agents, the CLI and tests call. Errors
// carry the server's own reason and message. Callbacks run on the loop thread and never inside the
// call.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/object.h"
#include "base/result.h"
#include "http/client.h"
#include "runtime/runtime.h"

namespace freehold::client {

struct Target {  // an object, or a collection when `name` is empty
  const api::Kind* kind = nullptr;
  std::string ns, name;       // empty ns with a namespaced kind: all namespaces (lists only)
  std::string subresource{};  // "status"
};
struct ListOptions {
  std::string label_selector, field_selector;
  std::string resource_version{};  // watches start after it
};
struct Listed {
  std::vector<api::Object> items;
  std::string resource_version;
};
enum class EventType : uint8_t { added, modified, deleted, bookmark };
struct WatchEvents {
  std::function<void(EventType, api::Object)> on_event;  // bookmark: only metadata.resourceVersion
  std::function<void(Result<void>)> on_end;
};

std::string path_of(
    const Target& target);  // "/apis/freehold.dev/v1alpha1/namespaces/a/contracts/x/status"
Error error_of(const http::Response& response);  // from a Status body, or from the code

class Remote {
 public:
  Remote(http::Transport& transport, Duration timeout = seconds(10))
      : transport_(transport), timeout_(timeout) {}
  using ObjectDone = std::function<void(Result<api::Object>)>;

  void get(const Target& target, ObjectDone done);
  void list(const Target& target, const ListOptions& options,
            std::function<void(Result<Listed>)> done);
  void create(const api::Object& object, ObjectDone done);
  void update(const api::Object& object, std::string_view subresource, ObjectDone done);  // PUT
  void merge_patch(const Target& target, const json::Value& patch, ObjectDone done);
  void remove(const Target& target, std::function<void(Result<void>)> done);
  std::unique_ptr<http::Call> watch(const Target& target, const ListOptions& options,
                                    WatchEvents events);
  // Anything else, e.g. POST of a Plan; the response as it came, errors for codes of 400 and above.
  void raw(http::Request request, std::function<void(Result<http::Response>)> done);

 private:
  http::Transport& transport_;
  Duration timeout_;
};

// List and follow one collection for as long as it lives: lists again after a break, with jittered
// back-off. Level-triggered: `changed` is told after every list, also one that failed, and every
// event.
class Reflector {
 public:
  using Items = std::map<std::string, api::Object, std::less<>>;  // by "ns/name"
  Reflector(Runtime& runtime, Remote& remote, Target target, ListOptions options,
            std::function<void()> changed);
  ~Reflector();
  const Items& items() const;
  bool synced() const;         // a list has arrived since the start
  bool connected() const;      // a watch is running now
  const Error* error() const;  // why the last list or watch failed; null once a list has arrived

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace freehold::client
