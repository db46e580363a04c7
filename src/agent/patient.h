// PatientTransport: stops asking where it is not known. An agent whose Node was deleted is answered
// 401; that is said once, and asked again after a pause that grows, while everybody else in the
// agent is answered the same from here. Nothing is ended for it: the work goes on as with the
// control plane away. Loop thread.
#pragma once

#include <functional>
#include <memory>

#include "http/client.h"
#include "runtime/runtime.h"

namespace freehold::agent {

class PatientTransport final : public http::Transport {
 public:
  // References must outlive it. `refused` is told of each 401 that came over the network; may be
  // null.
  PatientTransport(Runtime& runtime, http::Transport& inner, std::function<void()> refused);
  ~PatientTransport() override;
  void request(http::Request request, Duration timeout,
               std::function<void(Result<http::Response>)> done) override;
  std::unique_ptr<http::Call> stream(http::Request request, http::StreamEvents events) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace freehold::agent
