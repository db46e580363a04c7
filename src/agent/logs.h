// LogHandler: hands out the logs of instances to the API server and to nobody else.
// GET /logs/<namespace>/<instance>?tail=N&follow=true&previous=true&timestamps=true&contract=UID,
// as plain text. With a contract, only of an instance of that one. Loop thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "agent/host.h"
#include "http/server.h"
#include "runtime/runtime.h"

namespace freehold::agent {

class LogHandler final : public http::Handler {
 public:
  // `contract`: a uid, or empty for any.
  using IdOf = std::function<std::string(std::string_view ns, std::string_view name,
                                         std::string_view contract)>;
  LogHandler(Runtime& runtime, Host& host, IdOf id_of);
  ~LogHandler() override;
  void handle(http::Request request, std::unique_ptr<http::Responder> responder) override;

 private:
  struct Feed;
  void answer(http::Responder& responder, const Error& error);

  Runtime& runtime_;
  Host& host_;
  const IdOf id_of_;
  std::shared_ptr<int> open_ = std::make_shared<int>(0);  // feeds
};

// Lines as the shim wrote them → what people read: the text alone, or behind its time.
enum class Timestamps : uint8_t { no, yes };
std::string readable_log(std::string_view lines, Timestamps timestamps);

}  // namespace freehold::agent
