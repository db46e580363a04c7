// The way from the command line to a control plane: a kubeconfig, a connection, and calls that wait
// for their answer. A Session owns its loop and runs it inside each call, so commands read from top
// to bottom. One thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/render.h"
#include "client/remote.h"
#include "http/client.h"
#include "runtime/loop.h"

namespace freehold::cli {

// What every command that talks to a server takes.
struct ClientOptions {
  std::string kubeconfig, context, ns;
  Output output = Output::table;
};

struct Kubeconfig {
  http::ClientOptions client;
  std::string ns = "default";
};
// The current context, or the one that is named. Files are found from `directory`. Errors:
// `invalid`, with what is missing; what would run programs or skip the check of certificates is
// refused.
Result<Kubeconfig> parse_kubeconfig(std::string_view text, const std::string& directory,
                                    std::string_view context);

std::string default_data_dir();
// The file that was named, $FREEHOLD_KUBECONFIG, $KUBECONFIG, or that of the default data
// directory.
std::string kubeconfig_path(const std::string& named);

class Session {
 public:
  static Result<std::unique_ptr<Session>> open(const ClientOptions& options);

  Loop& loop() { return loop_; }
  http::Transport& transport() { return *transport_; }
  client::Remote& remote() { return *remote_; }
  const std::string& ns() const { return ns_; }
  const std::string& url() const { return url_; }
  // Of the session for namespaced kinds, else empty.
  client::Target target(const api::Kind& kind, std::string name = {}) const;

  Result<api::Object> get(const client::Target& target);
  Result<std::vector<api::Object>> list(const client::Target& target,
                                        const client::ListOptions& options = {});
  Result<api::Object> patch(const client::Target& target, const json::Value& patch);
  Result<void> remove(const client::Target& target);
  // Any request; the body of the answer, read as JSON.
  Result<json::Value> send(http::Request request);
  Result<json::Value> post(std::string path, const json::Value& body, http::Query query = {});

  // Starts something, and runs the loop until it calls back.
  template <class T>
  Result<T> await(const std::function<void(std::function<void(Result<T>)>)>& start) {
    auto result = std::make_shared<std::optional<Result<T>>>();
    start([this, result](Result<T> r) {
      result->emplace(std::move(r));
      loop_.stop();
    });
    if (!*result) loop_.run();
    if (!*result) return Error{Reason::internal, "the call ended without an answer"};
    return std::move(**result);
  }

 private:
  Loop loop_;
  std::unique_ptr<http::Transport> transport_;
  std::unique_ptr<client::Remote> remote_;
  std::string ns_, url_;
};

// "contract/chat" or "contract"; a name that no kind has is `bad_request`, with the nearest one.
Result<const api::Kind*> find_kind(std::string_view name);
struct Named {
  const api::Kind* kind = nullptr;
  std::string name;  // empty: all of the kind
};
// KIND, KIND NAME…, KIND/NAME… and KIND,KIND.
Result<std::vector<Named>> parse_names(const std::vector<std::string>& arguments);
// Exactly one object: KIND/NAME, or with `kind`, a bare name of it.
Result<Named> parse_name(const std::string& argument, const api::Kind* kind = nullptr);
std::string title(const api::Kind& kind, std::string_view name);  // "contract/chat"

}  // namespace freehold::cli
